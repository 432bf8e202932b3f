"""Files of any kind, in or out."""

from __future__ import annotations

import os

import numpy as np

from pageside import _files, _options
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

COUNTS = ("single", "multiple", "directory")
TYPES = ("filepath", "binary")
KINDS = ("file", "image", "audio", "video", "text")
IGNORED = _options.names("allow_reordering")
# All files of one value together, in bytes: they are in memory twice while they cross to the function.
MOST = 512_000_000


class FilePath(str):
    """A path; `name` is the path too, as of what Gradio gives."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """The whole path."""
        return str(self)


class File(Component):
    """Files. The function gets a path (str) that ends in the file's own name; with `type="binary"` its bytes.

    With `file_count="multiple"` or "directory" it gets a list of them. The visitor's next files take the place of the
    last ones. `file_types` has endings (".csv"), kinds ("image", "audio", "video", "text") or MIME types; others are
    refused. 512 MB together is the most.

    The function returns the path of a file that it wrote, or a list of paths; the page offers each for download. None
    or an empty list clears the output. `value` is what is there first: a path relative to the demo, or a list of paths.
    `height` is the list's greatest height, pixels or CSS.
    """

    def __init__(
        self,
        value: Any = None,
        *,
        file_count: str = "single",
        file_types: list[str] | tuple[str, ...] | None = None,
        type: str = "filepath",
        height: int | str | float | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("File", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self.first_file = value
        self.file_count = file_count
        self.file_types = file_types
        self.value_type = type
        self.height = height
        self._check()
        # What lies in memory of the last call.
        self._placed: list[str] = []

    def _check(self) -> None:
        if self.file_count not in COUNTS:
            raise self.bad_option(f"file_count={self.file_count!r}): it is one of {', '.join(COUNTS)}")
        if self.value_type not in TYPES:
            raise self.bad_option(f"type={self.value_type!r}): it is 'filepath' or 'binary'")
        if self.file_types is not None and not isinstance(self.file_types, (list, tuple)):
            raise self.bad_option(f"file_types={self.file_types!r}): it is a list, as ['.csv', 'image']")
        for kind in self.file_types or ():
            if kind not in KINDS and not kind.startswith(".") and "/" not in kind:
                known = f"an ending ('.{kind}'), a MIME type, or one of {', '.join(KINDS)}"
                raise self.bad_option(f"file_types={self.file_types!r}): {kind!r} is none; it is {known}")

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs."""
        types = None if self.file_types is None or "file" in self.file_types else list(self.file_types)
        return {"file_count": self.file_count, "file_types": types, "height": self.height, "info": self.info}

    def preprocess(self, payload: Any) -> Any:
        """A path or bytes of {name, data} or {path}; a list of them for a list; None where there is no file."""
        self._forget()
        if payload is None:
            return None
        if self.file_count == "single":
            return self._given(payload)
        return [self._given(one) for one in payload]

    def postprocess(self, value: Any) -> Any:
        """{name, data}, uint8, of a path; a list of them of a list of paths."""
        if value is None or isinstance(value, (list, tuple)):
            found = [self._opened(path) for path in value or ()]
            self._check_size(sum(len(one["data"]) for one in found), self.bad_output)
            return found or None
        return self._opened(value)

    def read_input(self, value: Any, base: Path) -> Any:
        """{path} of a path relative to `base`, or a list of them; a folder stands for what is in it."""
        if value is None or (isinstance(value, (str, list, tuple)) and not value):
            return None
        given = value if isinstance(value, (list, tuple)) else [value]
        paths = [path for one in given for path in self._found(one, base)]
        self._check_size(sum(path.stat().st_size for path in paths), self.bad_input)
        if self.file_count != "single":
            return [{"path": str(path)} for path in paths]
        if len(paths) != 1:
            raise self.bad_input(f"it takes one file and got {len(paths)}; file_count='multiple' takes several")
        return {"path": str(paths[0])}

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """{file, name, size}, or a list of them; None for no file."""
        if payload is None:
            return None
        if isinstance(payload, list):
            return [self.to_stored(one, write) for one in payload]
        content = _bytes(payload)
        # By no ending of its own: a host might run it, unpack it, or show it as a page of the site.
        return {"file": write(".bin", content), "name": _basename(payload), "size": len(content)}

    def _given(self, payload: dict[str, Any]) -> FilePath | bytes:
        if self.value_type == "binary":
            return _bytes(payload)
        if "path" in payload:
            return FilePath(payload["path"])
        name = _basename(payload)
        stem, ending = os.path.splitext(name)  # noqa: PTH122
        taken = {os.path.basename(path) for path in self._placed}  # noqa: PTH119
        # Two of one name come from two folders.
        names = (f"{stem}-{number}{ending}" if number > 1 else name for number in range(1, len(taken) + 2))
        path = _files.place(self, next(one for one in names if one not in taken), payload["data"])
        self._placed.append(path)
        return FilePath(path)

    def _forget(self) -> None:
        for path in self._placed:
            # The maker may have moved it.
            if os.path.exists(path):  # noqa: PTH110
                os.remove(path)  # noqa: PTH107
        self._placed = []

    def _found(self, given: Any, base: Path) -> list[Path]:
        if not isinstance(given, str) and not hasattr(given, "__fspath__"):
            raise self.bad_input(f"it takes a file's path, not {type(given).__name__}")
        if "://" in str(given):
            raise self.bad_input(f"{given} is a URL; save the file beside the demo and give its path")
        path = base / given
        if path.is_dir() and self.file_count == "directory":
            return sorted(one for one in path.rglob("*") if one.is_file())
        if not path.is_file():
            raise self.bad_input(f"{path.name} is no file in {path.parent}")
        if not self._takes(path.name):
            raise self.bad_input(f"{path.name} is none of {', '.join(self.file_types or ())}")
        return [path]

    def _takes(self, name: str) -> bool:
        """By its name alone; the page asks the browser too."""
        from mimetypes import guess_type

        mime = guess_type(name)[0] or ""
        types = self.file_types or ["file"]
        return any(
            name.lower().endswith(kind.lower()) if kind[0] == "." else kind in ("file", mime, mime.partition("/")[0])
            for kind in types
        )

    def _opened(self, path: Any) -> dict[str, Any]:
        from pathlib import Path

        if isinstance(path, bytes):
            raise self.bad_output("it got a file's bytes; write them to a file and return its path")
        if not isinstance(path, str) and not hasattr(path, "__fspath__"):
            raise self.bad_output(f"it takes a file's path or a list of paths, not {type(path).__name__}")
        if "://" in str(path):
            raise self.bad_output(f"it got {str(path)!r}; a page reads no other site's files: save it beside the demo")
        file = Path(path).absolute()
        if not file.is_file():
            raise self.bad_output(f"{file.name} is no file in {file.parent}")
        self._check_size(file.stat().st_size, self.bad_output)
        return {"name": file.name, "data": np.frombuffer(file.read_bytes(), np.uint8)}

    def _check_size(self, size: int, fail: Callable[[str], Exception]) -> None:
        if size > MOST:
            raise fail(f"{size / 1e6:.0f} MB are too much for a page; {MOST // 1_000_000} MB is the most")


class Files(File):
    """Several files."""

    def __init__(self, value: Any = None, *, file_count: str = "multiple", **options: Any) -> None:
        super().__init__(value, file_count=file_count, **options)


def _bytes(payload: dict[str, Any]) -> bytes:
    if "path" in payload:
        with open(payload["path"], "rb") as file:  # noqa: PTH123
            return file.read()
    return bytes(payload["data"])


def _basename(payload: dict[str, Any]) -> str:
    """A name that is safe as the last part of a path."""
    whole = str(payload.get("path") or payload["name"])
    name = "".join(letter for letter in whole.replace("\\", "/").rpartition("/")[2] if letter.isprintable())
    stem, ending = os.path.splitext(name.strip(" ."))  # noqa: PTH122
    return f"{stem[:100]}{ending[:20]}" or "file"
