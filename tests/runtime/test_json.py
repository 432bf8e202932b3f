"""JSON: what becomes of Python's values, and what is refused."""

import json
import math
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError


@dataclass
class Found:
    name: str
    score: np.float32


def shown(value: Any) -> Any:
    component = ps.JSON(label="Data")
    payload = component.postprocess(value)
    assert payload is None or isinstance(payload, str)
    return component.to_stored(payload, None)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ({"a": [1, 2.5, None, True, "é"], "b": {}}, {"a": [1, 2.5, None, True, "é"], "b": {}}),
        ((1, {3, 1, 2}), [1, [1, 2, 3]]),
        (7, 7),
        (False, False),
        (None, None),
        ('{"a": [1, NaN]}', {"a": [1, "NaN"]}),
        ('"text"', "text"),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.float32(0.1), 0.1),
        (np.array([[0.1, 0.2]], np.float32), [[0.1, 0.2]]),
        (np.array([1, 2], np.uint8), [1, 2]),
        (np.array(["a"]), ["a"]),
        ([math.nan, math.inf, -np.inf, np.float16("nan")], ["NaN", "Infinity", "-Infinity", "NaN"]),
        ({2**53 - 1: 2**53, "np": np.uint64(2**64 - 1)}, {str(2**53 - 1): str(2**53), "np": str(2**64 - 1)}),
        ({1: "a", None: "b", (1, 2): "c", np.int64(5): "d"}, {"1": "a", "None": "b", "[1, 2]": "c", "5": "d"}),
        ([Found("cat", np.float32(0.9)), PurePosixPath("a/b")], [{"name": "cat", "score": 0.9}, "a/b"]),
    ],
)
def test_what_is_shown(value: Any, seen: Any) -> None:
    # Of equal numbers, True and 1 among them, JSON tells which is meant.
    assert json.dumps(shown(value)) == json.dumps(seen)


def test_keys_with_quotes_and_nothing_in_them_cross_to_the_page() -> None:
    value = {'a"b': None, "__proto__": {"x": None}, "": None}
    assert shown(value) == value


def test_messages() -> None:
    component = ps.JSON(label="Data")
    with pytest.raises(ComponentError) as caught:
        component.postprocess("{'a': 1}")
    assert str(caught.value) == (
        "JSON 'Data': \"{'a': 1}\" is no text of JSON: Expecting property name enclosed in double quotes: "
        "line 1 column 2 (char 1); return a dict or a list"
    )
    loop: list[Any] = []
    loop.append(loop)
    for value in (loop, "[" * 100_000):
        with pytest.raises(ComponentError, match=r"^JSON 'Data': it got data that holds itself, or is nested too deep"):
            component.postprocess(value)
    with pytest.raises(ComponentError, match=r"'\[11111.*1…' is no text of JSON"):
        component.postprocess("[" + "1" * 100)


def test_its_options_reach_the_page() -> None:
    component = ps.JSON(lambda: {"a": np.float32(0.5)}, open=True, show_indices=True, height=200, label="Data")
    assert component.get_config() == {
        "type": "json",
        "label": "Data",
        "props": {
            "value": {"a": 0.5},
            "open": True,
            "show_indices": True,
            "height": 200,
            "max_height": 500,
            "min_height": None,
            "info": None,
        },
    }
    assert ps.JSON(buttons=[]).get_config()["props"]["buttons"] == []
    assert ps.JSON(show_copy_button=False).get_config()["props"]["buttons"] == []


def test_it_shows_answers_only() -> None:
    with pytest.raises(ComponentError, match=r"JSON shows answers; it can't be in inputs"):
        ps.Interface(lambda x: x, "json", "json")
