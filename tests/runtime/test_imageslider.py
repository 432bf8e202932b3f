"""ImageSlider: payloads, what is stored, messages."""

from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside import _pictures
from pageside._errors import ComponentError, InputError, InterfaceError

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


@pytest.mark.parametrize(("value", "place"), [(GREY, 0), ((GREY,), 0), ((GREY, None), 0), ([None, GREY], 1)])
def test_one_picture(value: Any, place: int) -> None:
    component = ps.ImageSlider()
    found = component.postprocess(value)
    assert found is not None
    assert [one is None for one in found] == [place == 1, place == 0]
    stored = component.to_stored(found, lambda suffix, data: {"url": f"x{suffix}"})
    assert stored[place] == {"file": {"url": "x.png"}, "width": 6, "height": 4}
    assert stored[1 - place] is None


def test_a_stack_of_two() -> None:
    found = ps.ImageSlider().postprocess(np.stack((GREY, GREY)))
    assert found is not None
    assert len([one for one in found if one]) == 2


def test_first_value(tmp_path: Path) -> None:
    for name in ("before", "after"):
        (tmp_path / f"{name}.png").write_bytes(_pictures.png(GREY))
    slider = ps.ImageSlider(("before.png", "after.png"), label="Styled")
    found = slider.read_input(slider.first_file, tmp_path)
    assert [(one["width"], one["data"].tolist() == [90] * 72) for one in found or [] if one] == [(6, True)] * 2
    with pytest.raises(InputError) as caught:
        slider.read_input(("before.png", "no.png"), tmp_path)
    assert str(caught.value) == f"ImageSlider 'Styled': no.png is no file in {tmp_path}"


def test_both_are_stored() -> None:
    component = ps.ImageSlider()
    stored = component.to_stored(component.postprocess((GREY, DARK)), lambda suffix, data: {"url": f"x{suffix}"})
    assert stored == [{"file": {"url": "x.png"}, "width": 6, "height": 4}] * 2


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ((GREY, GREY, GREY), "ImageSlider 'Styled': it takes (before, after), two pictures, not 3"),
        (7, "ImageSlider 'Styled': it takes a NumPy array or a Pillow image, not int"),
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
    assert ps.ImageSlider().props()["max_height"] == 500
    assert (ps.ImageSlider(type="filepath").packages(), ps.ImageSlider().packages()) == (["pillow"], [])
    with pytest.raises(ComponentError, match=r"ImageSlider\(type='file'\): it is one of numpy, pil, filepath"):
        ps.ImageSlider(type="file")
    assert ps.ImageSlider(slider_position=20).props()["slider_position"] == 20
    with pytest.raises(ComponentError, match="slider_position=120"):
        ps.ImageSlider(slider_position=120)
    with pytest.raises(InterfaceError, match="no option 'postion'"):
        ps.ImageSlider(postion=3)
    with pytest.raises(ComponentError, match="it can't be in inputs"):
        ps.Interface(lambda x: x, ps.ImageSlider(), "text")
