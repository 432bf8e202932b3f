"""Dataframe: what the maker gives and gets, without pandas; limits, kinds, messages."""

import json
import math
import warnings
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside import components
from pageside._errors import ComponentError, InputError, InterfaceError

HERE = Path(__file__).parent


class Frame:
    """What of a pandas DataFrame is used, and what the tests ask of one."""

    def __init__(self, data: list[Any], columns: list[Any]) -> None:
        self.rows = data
        self.columns = columns

    def itertuples(self, *, index: bool, name: str | None) -> Any:
        assert (index, name) == (False, None)
        return map(tuple, self.rows)


class NAType:
    def __repr__(self) -> str:
        return "<NA>"


def message(kind: type[Exception], work: Any) -> str:
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


def shown(value: Any, **options: Any) -> Any:
    table = ps.Dataframe(label="Rows", **options)
    payload = table.postprocess(value)
    assert payload is not None
    assert isinstance(payload["data"], str)
    stored = table.to_stored(payload, lambda suffix, data: {})
    return stored["headers"], stored["data"]


def test_both_names_are_one_component() -> None:
    assert ps.DataFrame is ps.Dataframe
    assert ps.DataFrame().type == "dataframe"
    assert "DataFrame" not in ps.__all__
    with pytest.raises(AttributeError, match="pageside has no 'DATAFRAME'"):
        _ = ps.DATAFRAME


@pytest.mark.parametrize(
    ("name", "value_type", "rows", "columns"),
    [("dataframe", "pandas", 3, 3), ("numpy", "numpy", 1, 3), ("Matrix", "array", 1, 3), ("list", "array", 1, 1)],
)
def test_shortcuts(name: str, value_type: str, rows: int, columns: int) -> None:
    table = components.resolve(name, "here")
    assert isinstance(table, ps.Dataframe)
    assert (table.value_type, table.row_count, table.column_count) == (value_type, rows, columns)


def test_pandas_is_loaded_for_inputs_that_need_it_alone() -> None:
    def packages(inputs: Any, outputs: Any) -> list[str]:
        return ps.Interface(lambda x: x, inputs, outputs).packages()

    assert packages("dataframe", "text") == ["pandas"]
    assert packages("text", ps.Dataframe(type="pandas")) == []
    assert packages(ps.Dataframe(type="numpy"), "dataframe") == []
    assert packages("matrix", "dataframe") == []


# -------------------------------------------------------------------------------------------------------- what is given


@pytest.mark.parametrize(
    ("value", "headers", "rows"),
    [
        ([[1, "a"], [2, "b"]], ["1", "2"], [[1, "a"], [2, "b"]]),
        ([(1, 2)], ["1", "2"], [[1, 2]]),
        ([1, None], ["1"], [[1], [None]]),
        (np.array([[1, 2], [3, 4]]), ["1", "2"], [[1, 2], [3, 4]]),
        (np.array([0.1, np.nan], np.float32), ["1"], [[0.1], [None]]),
        ([np.arange(2), np.array([0.5, 1])], ["1", "2"], [[0, 1], [0.5, 1.0]]),
        ({"headers": ["x", 2], "data": [[True, "é"]]}, ["x", "2"], [[True, "é"]]),
        ({"data": []}, ["1", "2", "3"], []),
        ({"headers": ["x"], "data": []}, ["x"], []),
        ([[]], ["1", "2", "3"], []),
        (Frame([[1, 0.5]], ["n", "x"]), ["n", "x"], [[1, 0.5]]),
        (SimpleNamespace(data=Frame([[1]], ["styled"])), ["styled"], [[1]]),
        (SimpleNamespace(columns=["p"], rows=lambda: [(1,)]), ["p"], [[1]]),
        (np.zeros((0, 2)), ["1", "2", "3"], []),
    ],
)
def test_what_the_function_returns(value: Any, headers: list[str], rows: list[Any]) -> None:
    assert shown(value) == (headers, rows)


def test_headers_are_those_of_the_component_where_the_value_has_none() -> None:
    assert shown([[1, 2]], headers=["a", "b"])[0] == ["a", "b"]
    assert shown([[1]], headers=["a", "b"])[0] == ["a"]
    assert shown([[1, 2, 3]], headers=["a", "b"])[0] == ["a", "b", "3"]
    assert shown(Frame([[1]], ["own"]), headers=["a", "b"])[0] == ["own"]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (math.nan, None),
        (math.inf, "Infinity"),
        (-np.float64(math.inf), "-Infinity"),
        (np.float32(0.1), 0.1),
        (np.int8(-3), -3),
        (np.bool_(True), True),
        (2**60, str(2**60)),
        (np.datetime64("2024-02-03"), "2024-02-03"),
        (np.datetime64("NaT"), None),
        (date(2024, 2, 3), "2024-02-03"),
        (datetime(2024, 2, 3), "2024-02-03"),
        (datetime(2024, 2, 3, 4, 5), "2024-02-03T04:05:00"),
        (NAType(), None),
        (1 + 2j, "(1+2j)"),
    ],
)
def test_cells_are_json(value: Any, cell: Any) -> None:
    [[got]] = shown([[value]])[1]
    assert (got, type(got)) == (cell, type(cell))


def test_arrays_of_dates() -> None:
    for unit in ("D", "s", "ns"):
        assert shown(np.array(["2024-02-03", "NaT"], f"M8[{unit}]"))[1] == [["2024-02-03"], [None]]
    assert shown(np.array([["2024-02-03T04:05"]], "M8[ns]"))[1] == [["2024-02-03T04:05:00"]]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (3, "it takes a DataFrame, an array, a list of lists, or a dict with headers and data, not int"),
        ("a.csv", "it takes a DataFrame, an array, a list of lists, or a dict with headers and data, not str"),
        ({"x": [1]}, "it got a dict with x; it takes headers and data"),
        (np.zeros((2, 2, 2)), "it takes an array of 1 or 2 dimensions, not of shape (2, 2, 2)"),
        ([[1, 2], [3]], "its rows are not equally long: 2 cells in row 1, 1 in row 2"),
        ([[1], 2], "row 2 is 2; give a list with its cells"),
    ],
)
def test_what_is_no_table(value: Any, words: str) -> None:
    assert (
        message(ComponentError, lambda: ps.Dataframe(label="Rows").postprocess(value)) == f"Dataframe 'Rows': {words}"
    )
    if not isinstance(value, str):
        assert message(InputError, lambda: ps.Dataframe(label="Rows").read_input(value, HERE)).endswith(words)


def test_nothing_clears() -> None:
    table = ps.Dataframe()
    assert table.postprocess(None) is None
    assert table.to_stored(None, lambda suffix, data: {}) is None
    assert table.props()["value"] is None


# -------------------------------------------------------------------------------------------------------- what is taken


def taken(data: list[Any], **options: Any) -> Any:
    headers = [f"c{number}" for number in range(1, len(data[0]) + 1)] if data else []
    return ps.Dataframe(label="Rows", **options).preprocess({"headers": headers, "data": data})


def test_as_lists() -> None:
    kinds = ["str", "number", "bool", "date"]
    data = [["a", 2.0, True, "2024-02-03"], ["", "-0.5 ", "yes", None], [None, "", None, ""]]
    assert taken(data, type="array", datatype=kinds) == [
        ["a", 2, True, "2024-02-03"],
        ["", -0.5, True, None],
        [None, None, False, ""],
    ]


@pytest.mark.parametrize(
    ("data", "kind", "dtype", "array"),
    [
        ([[1, 2.5], [None, 4]], "number", np.float64, [[1, 2.5], [math.nan, 4]]),
        ([[1, 2], [3, 4]], "str", np.float64, [[1, 2], [3, 4]]),
        ([["", ""]], "number", np.float64, [[math.nan, math.nan]]),
        ([[True], [False]], "bool", np.bool_, [[True], [False]]),
        ([["a", "b"]], "str", np.dtype("<U1"), [["a", "b"]]),
        ([["a", 1], ["b", None]], ["str", "number"], np.object_, [["a", 1], ["b", None]]),
        ([[None, "b"]], "str", np.object_, [[None, "b"]]),
    ],
)
def test_as_an_array(data: list[Any], kind: Any, dtype: Any, array: list[Any]) -> None:
    got = taken(data, type="numpy", datatype=kind)
    assert got.dtype == dtype
    assert got.shape == (len(data), len(data[0]))
    np.testing.assert_array_equal(got, np.array(array, dtype))


def test_an_empty_table() -> None:
    table = ps.Dataframe(type="array", headers=["a", "b", "c"], datatype=["str", "number", "bool"], row_count=2)
    assert table.preprocess(None) == [["", None, False]] * 2
    assert ps.Dataframe(type="numpy").preprocess({"headers": ["a", "b"], "data": []}).shape == (0, 2)


def test_as_a_data_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "pageside.components.dataframe.import_module", lambda name: {"pandas": SimpleNamespace(DataFrame=Frame)}[name]
    )
    frame = taken([["a", ""], [None, 2]], datatype=["str", "number"])
    assert frame.columns == ["c1", "c2"]
    assert [row[0] for row in frame.rows] == ["a", None]
    assert math.isnan(frame.rows[0][1])


def test_without_pandas_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("pageside.components.dataframe.import_module", missing)
    assert message(ComponentError, lambda: taken([[1]])) == (
        "Dataframe 'Rows': its function gets a pandas DataFrame, and pandas is missing; pip install pandas, "
        'or give the component type="numpy" or type="array"'
    )


@pytest.mark.parametrize("text", ["many", "nan", "inf", "1,5"])
def test_a_number_that_is_none_is_refused(text: str) -> None:
    assert message(InputError, lambda: taken([["a", 1], ["b", text]], datatype=["str", "number"], type="array")) == (
        f"Dataframe 'Rows': row 2, c2: {text!r} is not a number; write it as 3 or -0.5"
    )


def test_examples_and_the_command_line() -> None:
    table = ps.Dataframe(type="array", label="Rows", headers=["a", "b"])
    assert table.read_input([[1, 2], [3, 4]], HERE) == {"headers": ["a", "b"], "data": [[1, 2], [3, 4]]}
    assert table.read_input('{"headers": ["x"], "data": [[1]]}', HERE) == {"headers": ["x"], "data": [[1]]}
    assert table.read_input("[[1, null]]", HERE) == {"headers": ["a", "b"], "data": [[1, None]]}
    assert table.read_input(None, HERE) is None
    assert message(InputError, lambda: table.read_input("rows.csv", HERE)) == (
        "Dataframe 'Rows': 'rows.csv' is no table; write its rows as [[1, 2], [3, 4]]"
    )
    payload = table.read_input([[1, 2]], HERE)
    assert table.to_stored(payload, lambda suffix, data: {}) == payload
    demo = ps.Interface(lambda rows: rows, table, "matrix", examples=[[[[1, 2], [3, 4]]]])
    assert demo.examples == [[[[1, 2], [3, 4]]]]


# -------------------------------------------------------------------------------------------------------------- options


@pytest.mark.parametrize(
    ("given", "count", "limits"),
    [
        ({}, 3, [1, None]),
        ({"row_count": 5}, 5, [1, None]),
        ({"row_count": (2, "dynamic")}, 2, [1, None]),
        ({"row_count": (2, "fixed")}, 2, None),
        ({"row_count": 4, "row_limits": (2, 6)}, 4, [2, 6]),
        ({"row_limits": (None, 6)}, 3, [1, 6]),
    ],
)
def test_rows(given: dict[str, Any], count: int, limits: list[Any] | None) -> None:
    props = ps.Dataframe(**given).props()
    assert (props["row_count"], props["rows"]) == (count, limits)


@pytest.mark.parametrize(
    ("given", "headers", "limits"),
    [
        ({}, ["1", "2", "3"], [1, None]),
        ({"headers": ["a", "b"]}, ["a", "b"], [1, None]),
        ({"col_count": (2, "fixed")}, ["1", "2"], None),
        ({"column_count": 1, "column_limits": (1, 2)}, ["1"], [1, 2]),
        ({"headers": ["a", "b"], "static_columns": [0]}, ["a", "b"], None),
    ],
)
def test_columns(given: dict[str, Any], headers: list[str], limits: list[Any] | None) -> None:
    props = ps.Dataframe(**given).props()
    assert (props["headers"], props["column_count"], props["columns"]) == (headers, len(headers), limits)


def test_a_first_value_and_its_kinds() -> None:
    table = ps.Dataframe(lambda: [["a", 1, True, None]], datatype="auto")
    assert table.props()["value"] == {"headers": ["1", "2", "3", "4"], "data": [["a", 1, True, None]]}
    assert table.datatype == ["str", "number", "bool", "str"]
    assert ps.Dataframe(datatype="auto").datatype == "str"
    assert json.dumps(table.get_config(), allow_nan=False)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"type": "polars"}, "Dataframe(type='polars'): it is one of pandas, numpy, array"),
        (
            {"datatype": ["str", "int"]},
            "Dataframe(datatype='int'): it is one of str, number, bool, date, markdown, html, image, auto",
        ),
        ({"row_count": 0}, 'Dataframe(row_count=0): it is a number of at least 1, or (number, "fixed")'),
        (
            {"row_count": (2, "some")},
            "Dataframe(row_count=(2, 'some')): it is a number of at least 1, or (number, \"fixed\")",
        ),
        ({"column_limits": (3, 2)}, "Dataframe(column_limits=(3, 2)): it is (least, most)"),
        (
            {"headers": ["a"], "column_count": 2},
            "Dataframe(headers=['a'], column_count=2): their numbers differ",
        ),
    ],
)
def test_options_that_cannot_be(given: dict[str, Any], words: str) -> None:
    assert message(ComponentError, lambda: ps.Dataframe(**given)) == words


def test_options_of_gradio_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pageside._options._warned", set())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ps.Dataframe(show_search="filter", pinned_columns=1, latex_delimiters=[], show_fullscreen_button=True)
    names = ["latex_delimiters", "pinned_columns", "show_search", "show_fullscreen_button"]
    told = [f"Dataframe({name}=...) has no effect on a static page; it is ignored" for name in names]
    assert [str(one.message) for one in caught] == told
    assert ps.Dataframe(show_copy_button=False).get_config()["props"]["buttons"] == []
    assert message(InterfaceError, lambda: ps.Dataframe(row_counts=3)).endswith("did you mean 'row_count'?")
