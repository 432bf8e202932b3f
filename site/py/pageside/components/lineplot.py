"""Lines over an axis of numbers."""

from __future__ import annotations

import numpy as np

from pageside import _options
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ClassVar

IGNORED = _options.names("caption color_title colors_in_legend sort tooltip x_axis_format x_axis_labels_visible x_bin")
IGNORED |= _options.names("x_label_angle y_aggregate y_axis_format y_label_angle")


class LinePlot(Component):
    """The function returns a pandas DataFrame, or a dict of column name to a sequence of equal length.

    `x` and `y` name the columns of numbers to draw, `color` a column of names: one line for each. A y that is NaN or
    None leaves a gap. `x_title`, `y_title` (the columns' names without them) stand at the axes, `title` above. `x_lim`
    and `y_lim` are [lowest, highest], either of them None for what the data has. `color_map` gives names their CSS
    colours; `height` is in pixels or CSS. None clears the output.
    """

    is_input: ClassVar[bool] = False

    def __init__(
        self,
        value: Any = None,
        x: str | None = None,
        y: str | None = None,
        *,
        color: str | None = None,
        title: str | None = None,
        x_title: str | None = None,
        y_title: str | None = None,
        x_lim: list[float | None] | tuple[float | None, float | None] | None = None,
        y_lim: list[float | None] | tuple[float | None, float | None] | None = None,
        color_map: dict[str, str] | None = None,
        height: int | str | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("LinePlot", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self.x, self.y, self.color = x, y, color
        self.title = title
        self.x_title, self.y_title = x_title or x or "", y_title or y or ""
        self.x_lim, self.y_lim = self._limits("x_lim", x_lim), self._limits("y_lim", y_lim)
        self.color_map = dict(color_map or {})
        self.height = height
        self.value = self._as_lists(self.postprocess(value() if callable(value) else value))

    def _limits(self, name: str, given: Any) -> list[float | None]:
        limits = [None, None] if given is None else list(given)
        known = [limit for limit in limits if limit is not None]
        if len(limits) != 2 or known != sorted(set(known)):
            raise self.bad_option(f"{name}={given!r}): it is [lowest, highest]")
        return limits

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs; `value` as it is stored."""
        names = ("title", "x_title", "y_title", "x_lim", "y_lim", "color_map", "height", "info", "value")
        return {name: getattr(self, name) for name in names}

    def postprocess(self, value: Any) -> dict[str, Any] | None:
        """LinePlotPayload: {series: [{name, x, y}]}, float64 (n,) each, in the order of the names' first points."""
        if value is None:
            return None
        if self.x is None or self.y is None:
            raise self.bad_option(f"x={self.x!r}, y={self.y!r}): name the columns to draw")
        columns = self._columns(value)
        x, y = self._numbers(columns, self.x), self._numbers(columns, self.y)
        if not np.isfinite(x).all():
            raise self.bad_output(f"the column {self.x!r} has a value that is no number; leave its row out")
        if self.color is None:
            return {"series": [{"name": "", "x": x, "y": y}]}
        names = np.array([str(name) for name in columns[self.color]], object)
        series = [{"name": name, "x": x[names == name], "y": y[names == name]} for name in dict.fromkeys(names)]
        return {"series": series}

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """The payload with lists, rounded to six digits, None for NaN."""
        del write
        return self._as_lists(payload)

    def _columns(self, value: Any) -> dict[str, list[Any]]:
        wanted = [name for name in (self.x, self.y, self.color) if name is not None]
        try:
            found = [str(name) for name in (value.keys() if hasattr(value, "keys") else ())]
            columns = {name: list(value[name]) for name in wanted if name in found}
        except TypeError:
            raise self.bad_output("its columns are no sequences; give a list or an array for each name") from None
        if not found and not isinstance(value, dict):
            raise self.bad_output(f"it takes a DataFrame or a dict of columns, not {type(value).__name__}")
        missing = [name for name in wanted if name not in columns]
        if missing:
            raise self.bad_output(f"it got no column {missing[0]!r}, but {', '.join(found) or 'none'}")
        lengths = {len(column) for column in columns.values()}
        if len(lengths) > 1:
            sizes = ", ".join(f"{name} {len(column)}" for name, column in columns.items())
            raise self.bad_output(f"its columns are not equally long: {sizes}")
        return columns

    def _numbers(self, columns: dict[str, list[Any]], name: str) -> np.ndarray:
        try:
            return np.array([np.nan if one is None else float(one) for one in columns[name]], np.float64)
        except (TypeError, ValueError) as error:
            raise self.bad_output(f"the column {name!r} has a value that is no number: {error}") from None

    def _as_lists(self, payload: dict[str, Any] | None) -> dict[str, Any] | None:
        if payload is None:
            return None

        def rounded(values: np.ndarray) -> list[float | None]:
            return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values.tolist()]

        return {"series": [{**one, "x": rounded(one["x"]), "y": rounded(one["y"])} for one in payload["series"]]}
