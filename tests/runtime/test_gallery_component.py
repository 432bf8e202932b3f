"""Gallery: payloads, what is stored, first values, messages."""

from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError, InterfaceError
from PIL import Image as PillowImage

GREY, DARK = np.full((4, 6, 3), 90, np.uint8), np.full((8, 2), 0.1)


def sizes(payload: Any) -> list[tuple[int, int, str | None]]:
    return [(one["image"]["width"], one["image"]["height"], one["caption"]) for one in payload]


def test_pictures_of_any_size_and_kind(tmp_path: Path) -> None:
    PillowImage.fromarray(GREY).save(tmp_path / "grey.png")
    clear = PillowImage.new("RGBA", (3, 3), (9, 9, 9, 0))
    payload = ps.Gallery().postprocess([GREY, (DARK, "dark"), [clear, None], (tmp_path / "grey.png", "")])
    assert payload is not None
    assert sizes(payload) == [(6, 4, None), (2, 8, "dark"), (3, 3, None), (6, 4, None)]
    assert payload[1]["image"]["data"][0] == 26
    # What is transparent stays so, as of Image.
    assert len(payload[2]["image"]["data"]) == 3 * 3 * 4


def test_an_array_of_pictures() -> None:
    assert sizes(ps.Gallery().postprocess(np.stack([GREY, GREY]))) == [(6, 4, None)] * 2


def test_nothing() -> None:
    component = ps.Gallery()
    assert component.postprocess(None) is None
    assert component.postprocess([]) == []
    assert component.to_stored(None, lambda *_: {}) is None


def test_each_is_stored() -> None:
    component = ps.Gallery()
    stored = component.to_stored(component.postprocess([(GREY, "a"), DARK]), lambda suffix, data: {"url": f"x{suffix}"})
    assert stored == [
        {"image": {"file": {"url": "x.png"}, "width": 6, "height": 4}, "caption": "a"},
        {"image": {"file": {"url": "x.png"}, "width": 2, "height": 8}, "caption": None},
    ]


def test_the_first_value_is_relative_to_the_demo(tmp_path: Path) -> None:
    PillowImage.fromarray(GREY).save(tmp_path / "grey.png")
    component = ps.Gallery([("grey.png", "a file"), DARK])
    assert sizes(component.read_input(component.first_file, tmp_path)) == [(6, 4, "a file"), (2, 8, None)]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (GREY, "it takes a list of pictures, or an array (n, h, w, 3), not an array of shape (4, 6, 3); for one"),
        ("cat.png", "it takes a list of pictures, not str; return [picture]"),
        ({"a": 1}, "it takes a list of pictures, not dict"),
        ([GREY, np.full((2, 2), 300)], "picture 2 of 2: it got int64 values of 300 to 300; they are 0 to 255"),
        ([None], "picture 1 of 1: it is None; leave it out of the list"),
        ([(GREY, "a", "b")], "picture 1 of 1: it is 3 values; give a picture, or (picture, caption)"),
        ([(GREY, 0.9)], "picture 1 of 1: its caption is float; a caption is text, or None"),
        (["a.png"], f"picture 1 of 1: a.png is no file in {Path.cwd()}"),
    ],
)
def test_what_does_not_fit_is_named(value: Any, message: str) -> None:
    with pytest.raises(ComponentError) as caught:
        ps.Gallery(label="Found").postprocess(value)
    assert str(caught.value).startswith(f"Gallery 'Found': {message}")


def test_options() -> None:
    props = ps.Gallery(columns=[1, 2, 4], rows={"sm": 1, "lg": 2}, preview=True, object_fit="contain").props()
    assert (props["columns"], props["rows"], props["selected_index"], props["object_fit"]) == (4, 2, 0, "contain")
    assert ps.Gallery(columns=None, preview=True, selected_index=3).props()["selected_index"] == 3
    assert ps.Gallery().props()["columns"] == 2
    assert ps.Gallery().packages() == []
    assert ps.Gallery(type="filepath").packages() == ["pillow"]
    assert ps.Gallery(show_share_button=False).buttons == ["download"]
    assert ps.Gallery(buttons=["download_all", "share"]).buttons == ["share"]
    with pytest.warns(UserWarning, match="Gallery\\(format=...\\) has no effect"):
        ps.Gallery(format="png")
    with pytest.warns(UserWarning, match="Gallery\\(file_types=...\\) has no effect"):
        ps.Gallery(file_types=["image"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": 0}, "Gallery(columns=0): it is a whole number, at least 1"),
        ({"rows": (1, "2")}, "Gallery(rows=(1, '2')): it is a whole number, at least 1"),
        ({"object_fit": "big"}, "Gallery(object_fit='big'): it is one of contain, cover, fill, none, scale-down"),
        ({"selected_index": -1}, "Gallery(selected_index=-1): the first picture is 0"),
        ({"type": "list"}, "Gallery(type='list'): it is one of numpy, pil, filepath"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ComponentError) as caught:
        ps.Gallery(**options)
    assert str(caught.value) == message


def test_it_is_an_output() -> None:
    with pytest.raises(ComponentError, match="it can't be in inputs"):
        ps.Interface(lambda x: x, ps.Gallery(), "text")
    with pytest.raises(InterfaceError, match="did you mean 'columns'"):
        ps.Gallery(column=3)
