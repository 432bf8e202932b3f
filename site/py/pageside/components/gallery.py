"""Several pictures: small ones side by side, and the one that the visitor opens. Output only."""

from __future__ import annotations

import numpy as np

from pageside import _files, _options
from pageside.components.base import Component
from pageside.components.image import Image

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, ClassVar

# Of an input, which it is not here.
IGNORED = _options.names("file_types sources")
FITS = ("contain", "cover", "fill", "none", "scale-down")


class Gallery(Component):
    """The function returns a list of pictures, each what `Image` takes, or a pair (picture, caption), of any sizes.

    An array (n, h, w, 3) is n pictures. None or an empty list clears the output. `value` is what is there first: such a
    list, its paths relative to the demo. Returned paths need `type="filepath"` in the page, which loads Pillow.

    The small pictures are squares, `columns` of them side by side where there is room; `object_fit` is how they fill
    them: "cover" (cut, the default), "contain", "fill", "none" or "scale-down". With fewer pictures than columns they
    are wider, unless `fit_columns=False`. Below `rows` rows, or `height` (pixels or CSS), the rest is scrolled to.
    A picture that is pressed is opened large, unless `allow_preview=False`; `preview=True` opens the first one,
    `selected_index` another one. The open picture can be downloaded and, where the device can, shared; `buttons=[]`
    leaves that out.
    """

    is_input: ClassVar[bool] = False
    offers: ClassVar[dict[str, bool]] = {"download": True, "share": True}

    def __init__(
        self,
        value: Any = None,
        *,
        label: str | None = None,
        info: str | None = None,
        columns: Any = 2,
        rows: Any = None,
        height: int | float | str | None = None,
        allow_preview: bool = True,
        preview: bool | None = None,
        selected_index: int | None = None,
        object_fit: str | None = None,
        type: str = "numpy",
        fit_columns: bool = True,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("Gallery", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self.first_file = value
        self.columns = self._count("columns", columns) or 2
        self.rows = self._count("rows", rows)
        self.height = height
        self.allow_preview = allow_preview
        self.selected_index = 0 if preview and selected_index is None else selected_index
        self.object_fit = object_fit
        self.fit_columns = fit_columns
        self.value_type = type
        self._check()
        self._picture = _Picture(type=type, max_side=None)

    def _check(self) -> None:
        if self.object_fit not in (None, *FITS):
            raise self.bad_option(f"object_fit={self.object_fit!r}): it is one of {', '.join(FITS)}")
        if self.value_type not in _files.TYPES:
            raise self.bad_option(f"type={self.value_type!r}): it is one of {', '.join(_files.TYPES)}")
        if self.selected_index is not None and self.selected_index < 0:
            raise self.bad_option(f"selected_index={self.selected_index}): the first picture is 0")

    def _count(self, name: str, given: Any) -> int | None:
        """One number; of older Gradio's for each width of the screen, the widest one's, which is the last."""
        sizes = list(given.values()) if isinstance(given, dict) else given
        number = sizes[-1] if isinstance(sizes, (list, tuple)) and sizes else sizes
        if number is None:
            return None
        if not isinstance(number, int) or number < 1:
            raise self.bad_option(f"{name}={given!r}): it is a whole number, at least 1")
        return number

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs."""
        return {
            "columns": self.columns,
            "rows": self.rows,
            "height": self.height,
            "allow_preview": self.allow_preview,
            "selected_index": self.selected_index,
            "object_fit": self.object_fit,
            "fit_columns": self.fit_columns,
            "info": self.info,
        }

    def packages(self) -> list[str]:
        """Pillow, for `type="pil"` and `type="filepath"`."""
        return self._picture.packages()

    def postprocess(self, value: Any) -> list[dict[str, Any]] | None:
        """[{image: ImagePayload, caption: str or None}]; None for None."""
        return self._each(value, self._picture.postprocess)

    def read_input(self, value: Any, base: Path) -> list[dict[str, Any]] | None:
        """As `postprocess`, of the first value: paths are relative to `base`."""
        return self._each(value, lambda picture: self._picture.read_input(picture, base))

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """Each picture as `Image` keeps it, with its caption."""
        if payload is None:
            return None
        return [{**one, "image": self._picture.to_stored(one["image"], write)} for one in payload]

    def _each(self, value: Any, read: Callable[[Any], dict[str, Any] | None]) -> list[dict[str, Any]] | None:
        if value is None:
            return None
        if isinstance(value, np.ndarray) and value.ndim < 4:
            hint = f"an array of shape {value.shape}; for one picture return [picture]"
            raise self.bad_output(f"it takes a list of pictures, or an array (n, h, w, 3), not {hint}")
        if not isinstance(value, (list, tuple, np.ndarray)):
            hint = "; return [picture]" if isinstance(value, str) or hasattr(value, "size") else ""
            raise self.bad_output(f"it takes a list of pictures, not {type(value).__name__}{hint}")
        found = []
        for number, one in enumerate(value, 1):
            self._picture.where = f"{self.named()}: picture {number} of {len(value)}"
            picture, caption = self._captioned(one)
            image = read(picture)
            if image is None:
                raise self._picture.bad_output("it is None; leave it out of the list")
            found.append({"image": image, "caption": caption})
        return found

    def _captioned(self, one: Any) -> tuple[Any, str | None]:
        if not isinstance(one, (tuple, list)):
            return one, None
        if len(one) != 2:
            raise self._picture.bad_output(f"it is {len(one)} values; give a picture, or (picture, caption)")
        picture, caption = one
        if caption is not None and not isinstance(caption, str):
            raise self._picture.bad_output(f"its caption is {type(caption).__name__}; a caption is text, or None")
        return picture, caption or None


class _Picture(Image):
    """One of a gallery's, which messages name."""

    where = "Gallery"

    def named(self) -> str:
        return self.where
