"""ImageSlider: payloads, what is stored, messages."""

from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError, InterfaceError

GREY, DARK = np.full((4, 6, 3), 90, np.uint8), np.full((4, 6), 9, np.uint8)


def test_two_pictures() -> None:
    before, after = ps.ImageSlider().postprocess((GREY, DARK)) or []
    assert [(one["width"], one["height"], one["data"][0]) for one in (before, after)] == [(6, 4, 90), (6, 4, 9)]
    half = ps.ImageSlider().postprocess((GREY, DARK[::2, ::2]))
    assert half is not None
    assert half[1]["width"] == 3


def test_nothing() -> None:
    component = ps.ImageSlider()
    assert component.postprocess(None) is None
    assert component.postprocess((None, None)) is None
    assert component.to_stored(None, lambda *_: {}) is None


def test_both_are_stored() -> None:
    component = ps.ImageSlider()
    stored = component.to_stored(component.postprocess((GREY, DARK)), lambda suffix, data: {"url": f"x{suffix}"})
    assert stored == [{"file": {"url": "x.png"}, "width": 6, "height": 4}] * 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (GREY, "ImageSlider 'Styled': it takes (before, after), two pictures, not ndarray"),
        ((GREY,), "ImageSlider 'Styled': it takes (before, after), two pictures, not tuple"),
        ((GREY, None), "ImageSlider 'Styled': one of its two pictures is None; return both, or None"),
        (
            (GREY, np.zeros((40, 20, 3), np.uint8)),
            "ImageSlider 'Styled': its pictures are 6 x 4 and 20 x 40 pixels; they have to be of one shape",
        ),
        (
            (GREY, "after.png"),
            f"ImageSlider 'Styled': after.png is no file in {Path.cwd()}",
        ),
    ],
)
def test_what_does_not_fit_is_named(value: Any, message: str) -> None:
    with pytest.raises(ComponentError) as caught:
        ps.ImageSlider(label="Styled").postprocess(value)
    assert str(caught.value) == message


def test_options() -> None:
    assert ps.ImageSlider(slider_position=20).props()["slider_position"] == 20
    with pytest.raises(ComponentError, match="slider_position=120"):
        ps.ImageSlider(slider_position=120)
    with pytest.raises(InterfaceError, match="no option 'postion'"):
        ps.ImageSlider(postion=3)
    with pytest.raises(ComponentError, match="it can't be in inputs"):
        ps.Interface(lambda x: x, ps.ImageSlider(), "text")
