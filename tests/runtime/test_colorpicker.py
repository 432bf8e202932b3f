"""ColorPicker: values both ways, messages."""

from pathlib import Path
from typing import Any

import pageside as ps
import pytest
from pageside._errors import ComponentError, InputError


@pytest.mark.parametrize(
    ("given", "color"),
    [
        ("#ff8800", "#ff8800"),
        (" #FF8800\n", "#ff8800"),
        ("#F80", "#ff8800"),
        ("rgb(255, 136, 0)", "#ff8800"),
        ("rgb(255 136 0)", "#ff8800"),
        ("rgba(254.6, 136.2, 0, 1)", "#ff8800"),
        ("rgb(255 136 0 / 1.0)", "#ff8800"),
        (None, None),
    ],
)
def test_every_way_to_write_it(given: str | None, color: str | None) -> None:
    component = ps.ColorPicker()
    assert component.postprocess(given) == color
    assert component.preprocess(given) == color
    assert component.read_input(given, Path()) == color
    assert ps.ColorPicker(given).props()["value"] == color


def test_no_colour_is_none() -> None:
    assert ps.ColorPicker().props()["value"] is None
    assert ps.ColorPicker().read_input("", Path()) is None
    assert ps.ColorPicker(lambda: "#000").value == "#000000"


@pytest.mark.parametrize("given", ["red", "#12", "#12345678", "rgb(256, 0, 0)", "rgba(1, 2, 3, 0.5)", "ff8800", "", 7])
def test_what_is_no_colour_is_named(given: Any) -> None:
    message = f"ColorPicker 'Ink': {given!r} is no colour; write '#rrggbb', '#rgb' or 'rgb(r, g, b)'"
    with pytest.raises(ComponentError) as wrong:
        ps.ColorPicker(label="Ink").postprocess(given)
    assert str(wrong.value) == message
    if given != "":
        with pytest.raises(InputError) as caught:
            ps.ColorPicker(label="Ink").preprocess(given)
        assert str(caught.value) == message


def test_in_and_out_by_its_name() -> None:
    interface = ps.Interface(lambda color: color, "colorpicker", "colorpicker")
    assert interface.get_config()["inputs"][0]["type"] == "colorpicker"
