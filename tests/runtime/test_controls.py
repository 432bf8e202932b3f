"""Slider, Checkbox, Radio, CheckboxGroup and Dropdown: configuration, payloads both ways, messages."""

from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError, InputError

HERE = Path(__file__).parent
INK = [("Ink", "ink"), ("Two", 2), "chalk"]


def message(kind: type[Exception], work: Any) -> str:
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------------- Slider


@pytest.mark.parametrize(("ends", "step"), [((0, 100), 1), ((0, 1), 0.01), ((-5, 5), 0.1), ((0, 640), 1)])
def test_slider_step(ends: tuple[float, float], step: float) -> None:
    assert ps.Slider(*ends).props()["step"] == pytest.approx(step)


def test_slider_values() -> None:
    slider = ps.Slider(1, 5, 2.5, label="size")
    assert slider.props()["value"] == 2.5
    assert [type(slider.preprocess(one)) for one in (2.0, 2.5)] == [int, float]
    assert (slider.preprocess(None), slider.postprocess(None), slider.postprocess(np.float32(4))) == (1, 1, 4)
    assert slider.read_input("3.5", HERE) == 3.5
    assert ps.Slider(1, 5).props()["value"] == 1
    assert ps.Slider(1, 5, randomize=True).props() == {
        "value": None,
        "info": None,
        "precision": None,
        "minimum": 1,
        "maximum": 5,
        "step": 0.01,
        "randomize": True,
    }


def test_slider_messages() -> None:
    assert message(InputError, lambda: ps.Slider(0, 10, label="size").preprocess(11)) == (
        "Slider 'size': 11 is more than the maximum 10"
    )
    assert message(ComponentError, lambda: ps.Slider(2, 2)) == (
        "Slider(minimum=2, maximum=2): minimum must be below maximum, both finite"
    )
    assert message(ComponentError, lambda: ps.Slider(0, 1, 5)) == "Slider(value=5): it is not between 0 and 1"
    assert message(ComponentError, lambda: ps.Slider(step=0)) == "Slider(step=0): it must be above 0"


# ----------------------------------------------------------------------------------------------------------- Checkbox


@pytest.mark.parametrize(
    ("value", "yes"), [(True, True), (None, False), (np.bool_(True), True), (np.array([0]), False)]
)
def test_checkbox_postprocess(value: object, yes: bool) -> None:
    assert ps.Checkbox().postprocess(value) is yes


@pytest.mark.parametrize(("text", "yes"), [("true", True), ("No", False), ("1", True), (False, False), (" on ", True)])
def test_checkbox_read_input(text: object, yes: bool) -> None:
    assert ps.Checkbox().read_input(text, HERE) is yes


def test_checkbox_messages() -> None:
    box = ps.Checkbox(True, label="loud")
    assert (box.props(), box.preprocess(None)) == ({"value": True, "info": None}, False)
    assert message(InputError, lambda: box.read_input("maybe", HERE)) == (
        "Checkbox 'loud': 'maybe' is neither yes nor no; write true or false"
    )
    assert message(ComponentError, lambda: box.postprocess("false")) == (
        "Checkbox 'loud': it takes True or False, not str"
    )
    assert message(ComponentError, lambda: box.postprocess(np.zeros(2))) == (
        "Checkbox 'loud': it takes True or False, not ndarray"
    )


# -------------------------------------------------------------------------------------------------------------- Radio


def test_radio_values() -> None:
    radio = ps.Radio(INK, value="chalk", label="pen")
    assert radio.props() == {
        "choices": [["Ink", "ink"], ["Two", 2], ["chalk", "chalk"]],
        "info": None,
        "value": "chalk",
    }
    assert [radio.preprocess(one) for one in ("ink", 2, None)] == ["ink", 2, None]
    assert [radio.read_input(one, HERE) for one in ("Ink", "2", "chalk", None)] == ["ink", 2, "chalk", None]
    assert radio.postprocess(np.int64(2)) == 2
    assert ps.Radio(INK, type="index").preprocess("chalk") == 2


def test_radio_messages() -> None:
    radio = ps.Radio(INK, label="pen")
    assert message(InputError, lambda: radio.preprocess("Ink")) == (
        "Radio 'pen': 'Ink' is none of the choices; there are 'ink', 2, 'chalk'"
    )
    assert message(ComponentError, lambda: radio.postprocess("pen")) == (
        "Radio 'pen': 'pen' is none of the choices; return one of 'ink', 2, 'chalk', or None"
    )
    assert message(ComponentError, lambda: ps.Radio(["a"], value="b")) == (
        "Radio(value='b'): it is none of the choices; there are 'a'"
    )
    assert message(ComponentError, lambda: ps.Radio(["a"], type="name")) == (
        "Radio(type='name'): it is one of value, index"
    )
    assert message(ComponentError, lambda: ps.Radio("ab")) == (
        "Radio(choices='ab'): it is a list of values or of (name, value) tuples"
    )
    assert message(ComponentError, lambda: ps.Radio([None])) == (
        "Radio(choices=...): None is no text, number or (name, value) tuple"
    )
    assert message(ComponentError, lambda: ps.Radio(["a", ("A", "a")])) == (
        "Radio(choices=...): 'a' is there twice; each value may be there once"
    )


# ------------------------------------------------------------------------------------------------------ CheckboxGroup


def test_checkbox_group_values() -> None:
    group = ps.CheckboxGroup(INK, value=["chalk"], label="pens")
    assert group.props() == {
        "choices": [["Ink", "ink"], ["Two", 2], ["chalk", "chalk"]],
        "info": None,
        "value": ["chalk"],
    }
    assert [group.preprocess(one) for one in ([2, "ink"], [], None)] == [[2, "ink"], [], []]
    assert [group.read_input(one, HERE) for one in (["Ink", "2"], '["chalk"]', "Two", None)] == [
        ["ink", 2],
        ["chalk"],
        [2],
        [],
    ]
    assert group.postprocess([np.int64(2), "ink"]) == [2, "ink"]
    assert group.postprocess(None) == []
    assert ps.CheckboxGroup(INK, type="index").preprocess(["chalk", "ink"]) == [2, 0]
    assert ps.CheckboxGroup(INK).value == []


@pytest.mark.parametrize("text", ['["ink", "chalk"]', "['ink', 'chalk']"])
def test_a_list_as_json_and_as_gradio_logs_it(text: str) -> None:
    assert ps.CheckboxGroup(INK).read_input(text, HERE) == ["ink", "chalk"]


def test_checkbox_group_messages() -> None:
    group = ps.CheckboxGroup(INK, label="pens")
    assert message(InputError, lambda: group.preprocess(["ink", "Ink"])) == (
        "CheckboxGroup 'pens': 'Ink' is none of the choices; there are 'ink', 2, 'chalk'"
    )
    assert message(ComponentError, lambda: group.postprocess(["pen"])) == (
        "CheckboxGroup 'pens': 'pen' is none of the choices; return a list of 'ink', 2, 'chalk'"
    )
    assert message(ComponentError, lambda: ps.CheckboxGroup(["a"], value=["a", "b"])) == (
        "CheckboxGroup(value='b'): it is none of the choices; there are 'a'"
    )
    assert message(InputError, lambda: group.read_input("[ink", HERE)) == (
        "CheckboxGroup 'pens': '[ink' is no list; write it as [\"a\", \"b\"]"
    )


# ----------------------------------------------------------------------------------------------------------- Dropdown


def test_dropdown_begins_with_the_first_choice() -> None:
    assert ps.Dropdown(INK).value == "ink"
    assert ps.Dropdown(INK, value=None).value is None
    assert ps.Dropdown().value is None
    assert ps.Dropdown(INK, multiselect=True).value == []


def test_dropdown_values() -> None:
    several = ps.Dropdown(INK, multiselect=True, value="ink", type="index")
    assert several.props() == {
        "choices": [["Ink", "ink"], ["Two", 2], ["chalk", "chalk"]],
        "info": None,
        "value": ["ink"],
        "multiselect": True,
        "allow_custom_value": False,
        "max_choices": None,
    }
    assert several.preprocess(["chalk", "ink"]) == [2, 0]
    assert several.read_input('["Ink", 2]', HERE) == ["ink", 2]
    assert several.read_input("Two", HERE) == [2]
    assert several.read_input("", HERE) == []
    assert ps.Dropdown(INK).read_input("", HERE) is None
    assert ps.Dropdown(INK, allow_custom_value=True).preprocess("own") == "own"
    assert ps.Dropdown(INK, allow_custom_value=True, type="index").preprocess("own") is None


def test_dropdown_messages() -> None:
    one = ps.Dropdown(INK, label="pen")
    assert message(InputError, lambda: one.preprocess("red")) == (
        "Dropdown 'pen': 'red' is none of the choices; there are 'ink', 2, 'chalk'"
    )
    assert message(ComponentError, lambda: one.postprocess("red")) == (
        "Dropdown 'pen': 'red' is none of the choices; return one of 'ink', 2, 'chalk', or None"
    )
    assert message(ComponentError, lambda: ps.Dropdown(range(12), value=20)) == (
        "Dropdown(value=20): it is none of the choices; there are 0, 1, 2, 3, 4, 5, 6, 7 and 4 more"
    )
    several = ps.Dropdown(INK, multiselect=True, max_choices=1, label="pens")
    assert message(InputError, lambda: several.preprocess(["ink", 2])) == (
        "Dropdown 'pens': 2 are chosen; at most 1 are allowed"
    )
    assert message(InputError, lambda: several.read_input("[a", HERE)) == (
        "Dropdown 'pens': '[a' is no list; write it as [\"a\", \"b\"]"
    )
    assert message(ComponentError, lambda: ps.Dropdown(INK, max_choices=2)) == (
        "Dropdown(max_choices=2): it is at least 1 and needs multiselect=True"
    )
