"""A table, in or out."""

from __future__ import annotations

import json
import math
from importlib import import_module

import numpy as np

from pageside import _options
from pageside._errors import ComponentError, InputError
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any, ClassVar

    Cell = str | int | float | bool | None
    Count = int | tuple[int, str] | None
    Limits = tuple[int | None, int | None] | None

TYPES = ("pandas", "numpy", "array")
KINDS = ("str", "number", "bool", "date", "markdown", "html", "image", "auto")
IGNORED = _options.names("height latex_delimiters line_breaks max_cols max_rows overflow_row_behaviour pinned_columns")
IGNORED |= _options.names("show_search")
# Larger ones lose digits in JavaScript.
SAFE_INTEGER = 2**53


class Dataframe(Component):
    """A table. As an input the visitor edits its cells, pastes from a spreadsheet, adds and removes rows and columns.

    `type` is what the function gets: "pandas" (a DataFrame; the page then loads pandas), "numpy" (an array (rows,
    columns): float64 where all cells are numbers, of objects where kinds differ) or "array" (a list of lists). An empty
    cell of a column of numbers is NaN there, None in a list. The function returns a DataFrame, an array (1-D is one
    column), a list of lists, `{"headers": [...], "data": [[...], ...]}` or None, which clears the output. NaN and None
    are shown as empty cells, dates as ISO text.

    `datatype` is "str", "number", "bool" (checkboxes), "date" or "auto" (as the first value), one for all columns or a
    list; "markdown", "html" and "image" are shown as text. `row_count` and `column_count` (older Gradio's `col_count`)
    are those of an empty table; as (n, "fixed") none is added or removed. `row_limits` and `column_limits` are
    (least, most). `static_columns` are the places of columns that can't be edited; with `interactive=False` none can.
    `column_widths` are pixels or CSS, `max_height` too; `max_chars` shortens long texts.
    """

    offers: ClassVar[dict[str, bool]] = {"copy": True}

    def __init__(
        self,
        value: Any = None,
        *,
        headers: list[str] | None = None,
        row_count: Count = None,
        row_limits: Limits = None,
        col_count: Count = None,
        column_count: Count = None,
        column_limits: Limits = None,
        datatype: str | list[str] | tuple[str, ...] = "str",
        type: str = "pandas",
        max_height: int | str = 500,
        interactive: bool | None = None,
        wrap: bool = False,
        column_widths: list[int | str] | None = None,
        show_row_numbers: bool = False,
        max_chars: int | None = None,
        static_columns: list[int] | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("Dataframe", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        if type not in TYPES:
            raise self.bad_option(f"type={type!r}): it is one of {', '.join(TYPES)}")
        self.value_type = type
        usual = len(headers) if headers else 3
        self.row_count, self.rows = self._count("row", row_count, row_limits, 3)
        given = column_count if col_count is None else col_count
        self.column_count, self.columns = self._count("column", given, column_limits, usual)
        if headers and len(headers) != self.column_count:
            raise self.bad_option(f"headers={headers!r}, column_count={self.column_count}): their numbers differ")
        self.headers = _headers(headers, self.column_count)
        self.max_height = max_height
        self.interactive = interactive is not False
        self.wrap = wrap
        self.column_widths = list(column_widths or [])
        self.show_row_numbers = show_row_numbers
        self.max_chars = max_chars
        self.static_columns = list(static_columns or [])
        if self.static_columns:
            self.columns = None
        value = value() if callable(value) else value
        self.value = None if value is None else self._table(value)
        self.datatype = self._kinds(datatype)

    def props(self) -> dict[str, Any]:
        """The parameters; `rows` and `columns` are [least, most], None where they are fixed."""
        names = (
            *(
                "value",
                "headers",
                "row_count",
                "column_count",
                "rows",
                "columns",
                "datatype",
                "max_height",
                "interactive",
            ),
            *("wrap", "column_widths", "show_row_numbers", "max_chars", "static_columns", "info"),
        )
        return {name: getattr(self, name) for name in names}

    def input_packages(self) -> list[str]:
        """pandas, for `type="pandas"`."""
        return ["pandas"] if self.value_type == "pandas" else []

    def preprocess(self, payload: dict[str, Any] | None) -> Any:
        """{headers, data} as `type` says; None is an empty table. Raises InputError for a number that is none."""
        if payload is None:
            payload = {"headers": self.headers, "data": [[""] * self.column_count] * self.row_count}
        headers = payload["headers"]
        kinds = [self._kind(column) for column in range(len(headers))]
        rows = [
            [self._taken(cell, kinds[at], f"row {number}, {headers[at]}") for at, cell in enumerate(row)]
            for number, row in enumerate(payload["data"], 1)
        ]
        if self.value_type == "array":
            return rows
        if self.value_type == "numpy":
            return _as_array(rows, kinds)
        numbers = [kind == "number" for kind in kinds]
        data = [[_or_nan(cell) if number else cell for cell, number in zip(row, numbers, strict=True)] for row in rows]
        return self._pandas().DataFrame(data, columns=headers)

    def postprocess(self, value: Any) -> dict[str, Any] | None:
        """{headers, data}, the cells as JSON text: it crosses to the page a hundred times faster than one by one."""
        if value is None:
            return None
        table = self._table(value)
        return {**table, "data": json.dumps(table["data"], ensure_ascii=False, allow_nan=False)}

    def read_input(self, value: Any, base: Path) -> dict[str, Any] | None:
        """{headers, data} of what the function may return too, or of a JSON text with a list of rows."""
        del base
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise self.bad_input(f"{value!r} is no table; write its rows as [[1, 2], [3, 4]]") from None
        try:
            return None if value is None else self._table(value)
        except ComponentError as error:
            raise InputError(str(error)) from None

    def to_stored(self, payload: Any, write: Callable[[str, bytes], dict[str, Any]]) -> Any:
        """{headers, data} with a list of rows."""
        del write
        if payload is None or not isinstance(payload["data"], str):
            return payload
        return {**payload, "data": json.loads(payload["data"])}

    def _count(self, what: str, count: Count, limits: Limits, usual: int) -> tuple[int, list[int | None] | None]:
        how = "dynamic"
        number: Any = count
        if isinstance(count, (list, tuple)):
            number, how = count if len(count) == 2 else (0, "")
        number = usual if number is None else number
        if not isinstance(number, int) or number < 1 or how not in ("dynamic", "fixed"):
            raise self.bad_option(f'{what}_count={count!r}): it is a number of at least 1, or (number, "fixed")')
        least, most = (None, None) if limits is None else limits
        if least is not None and most is not None and least > most:
            raise self.bad_option(f"{what}_limits={limits!r}): it is (least, most)")
        return number, None if how == "fixed" else [least or 1, most]

    def _kinds(self, given: str | list[str] | tuple[str, ...]) -> str | list[str]:
        kinds = [given] if isinstance(given, str) else list(given)
        for kind in kinds:
            if kind not in KINDS:
                raise self.bad_option(f"datatype={kind!r}): it is one of {', '.join(KINDS)}")
        if not isinstance(given, str):
            return kinds
        if given != "auto":
            return given
        return [_found(column) for column in zip(*self.value["data"], strict=True)] if self.value else "str"

    def _kind(self, column: int) -> str:
        if isinstance(self.datatype, str):
            return self.datatype
        return self.datatype[column] if column < len(self.datatype) else "str"

    def _taken(self, cell: Cell, kind: str, place: str) -> Cell:
        if isinstance(cell, float) and not math.isfinite(cell):
            cell = None
        if isinstance(cell, float) and cell.is_integer():
            # JavaScript doesn't tell 2.0 from 2, so nobody may.
            return int(cell)
        if kind == "number" and isinstance(cell, str):
            return self._number(cell.strip(), place)
        if kind == "bool" and not isinstance(cell, bool):
            return str(cell).strip().lower() in ("true", "1", "yes")
        return cell

    def _number(self, text: str, place: str) -> int | float | None:
        try:
            number = float(text) if text else None
        except ValueError:
            number = math.nan
        if number is not None and not math.isfinite(number):
            raise self.bad_input(f"{place}: {text!r} is not a number; write it as 3 or -0.5")
        return int(number) if number is not None and number.is_integer() else number

    def _pandas(self) -> Any:
        try:
            return import_module("pandas")
        except ModuleNotFoundError as error:
            if error.name != "pandas":
                raise
            raise ComponentError(
                f"{self.named()}: its function gets a pandas DataFrame, and pandas is missing; pip install pandas, "
                'or give the component type="numpy" or type="array"'
            ) from None

    def _table(self, value: Any) -> dict[str, Any]:
        """{headers, data} with a list of rows, of whatever the maker gave."""
        headers: Any = None
        if not isinstance(value, np.ndarray) and hasattr(getattr(value, "data", None), "itertuples"):
            # pandas' Styler.
            value = value.data
        if isinstance(value, dict):
            if "data" not in value:
                raise self.bad_output(f"it got a dict with {', '.join(map(str, value))}; it takes headers and data")
            headers, value = value.get("headers"), value["data"]
        elif hasattr(value, "columns"):
            headers = list(value.columns)
            # pandas' way, and that of Polars.
            value = list(value.itertuples(index=False, name=None) if hasattr(value, "itertuples") else value.rows())
        rows = self._rows(value)
        width = len(rows[0]) if rows else 0
        for number, row in enumerate(rows, 1):
            if len(row) != width:
                raise self.bad_output(
                    f"its rows are not equally long: {width} cells in row 1, {len(row)} in row {number}"
                )
        names = list(headers if headers is not None else ()) or self.headers
        return {"headers": _headers(names, width or len(names)), "data": rows}

    def _rows(self, value: Any) -> list[list[Cell]]:
        if hasattr(value, "tolist"):
            array = np.asarray(value)
            if array.ndim not in (1, 2):
                raise self.bad_output(f"it takes an array of 1 or 2 dimensions, not of shape {array.shape}")
            if array.dtype in (np.float16, np.float32):
                # The shortest digits that mean this number, 0.1 and not 0.10000000149.
                array = array.astype(str).astype(np.float64)
            # Of dates it would make integers.
            value = list(array) if array.dtype.kind in "mM" else array.tolist()
        if not isinstance(value, (list, tuple)):
            raise self.bad_output(
                "it takes a DataFrame, an array, a list of lists, or a dict with headers and data, "
                f"not {type(value).__name__}"
            )
        if not any(_is_row(row) for row in value):
            return [[_cell(one)] for one in value]
        for number, row in enumerate(value, 1):
            if not _is_row(row):
                raise self.bad_output(f"row {number} is {row!r}; give a list with its cells")
        rows = [[_cell(one) for one in row] for row in value]
        return rows if any(rows) else []


class Numpy(Dataframe):
    """A Dataframe whose value is an array; empty it has one row."""

    def __init__(self, value: Any = None, *, type: str = "numpy", row_count: Count = 1, **options: Any) -> None:
        super().__init__(value, type=type, row_count=row_count, **options)


class Matrix(Dataframe):
    """A Dataframe whose value is a list of lists; empty it has one row."""

    def __init__(self, value: Any = None, *, type: str = "array", row_count: Count = 1, **options: Any) -> None:
        super().__init__(value, type=type, row_count=row_count, **options)


class List(Dataframe):
    """A Dataframe of one column, whose value is a list of lists; empty it has one row."""

    def __init__(
        self, value: Any = None, *, type: str = "array", row_count: Count = 1, col_count: Count = 1, **options: Any
    ) -> None:
        super().__init__(value, type=type, row_count=row_count, col_count=col_count, **options)


# Gradio's other name of it.
DataFrame = Dataframe


def _is_row(value: Any) -> bool:
    return isinstance(value, (list, tuple)) or getattr(value, "ndim", 0) == 1


def _headers(given: Any, width: int) -> list[str]:
    """As many as there are columns; 1, 2, 3 where there are no names."""
    names = [str(name) for name in (given if given is not None else ())]
    return [*names[:width], *(str(number) for number in range(len(names) + 1, width + 1))]


def _cell(value: Any) -> Cell:
    """A JSON value: None for what is missing, text for dates and for all that JSON has no word for."""
    if isinstance(value, np.generic) and value.dtype.kind not in "mM":
        value = float(str(value)) if isinstance(value, np.floating) else value.item()
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= SAFE_INTEGER else str(value)
    if isinstance(value, float):
        if math.isinf(value):
            # float() and JavaScript's Number() both read it.
            return "Infinity" if value > 0 else "-Infinity"
        return None if math.isnan(value) else value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return None if text in ("NaT", "<NA>") else text.removesuffix(".000000000").removesuffix("T00:00:00")


def _found(column: tuple[Cell, ...]) -> str:
    """The datatype of a column's cells."""
    known = [cell for cell in column if cell is not None]
    if known and all(isinstance(cell, bool) for cell in known):
        return "bool"
    return "number" if known and not any(isinstance(cell, (str, bool)) for cell in known) else "str"


def _or_nan(cell: Cell) -> Cell:
    return math.nan if cell is None else cell


def _as_array(rows: list[list[Cell]], kinds: list[str]) -> np.ndarray:
    shape = (len(rows), len(kinds))
    found = {type(cell) for row in rows for cell in row}
    if found <= {int, float, type(None)} and (found & {int, float} or set(kinds) == {"number"}):
        return np.array([[_or_nan(cell) for cell in row] for row in rows], np.float64).reshape(shape)
    if len(found) > 1 or found == {type(None)}:
        array = np.empty(shape, object)
        array[...] = rows
        return array
    return np.array(rows).reshape(shape)
