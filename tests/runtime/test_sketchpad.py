"""Sketchpad and Brush: configuration, Gradio's dict in three modes, messages."""

from pathlib import Path
from typing import Any

import pageside as ps
import pytest
from pageside._errors import ComponentError, InputError
from PIL import Image


def message(kind: type[Exception], work: Any) -> str:
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


def drawing(background: bytes | None = None) -> dict[str, Any]:
    """Two pixels wide: the left one untouched, the right one half-covered with red ink."""
    return {"width": 2, "height": 1, "data": bytes([0, 0, 0, 0, 255, 0, 0, 128]), "background": background}


def test_configuration() -> None:
    assert ps.Sketchpad(brush=ps.Brush(default_size=20, colors=["black", "#f00"]), canvas_size=(280, 200)).props() == {
        "height": None,
        "width": None,
        "canvas_size": [280, 200],
        "brush": {
            "default_size": 20,
            "colors": ["black", "#f00"],
            "default_color": "black",
            "color_mode": "defaults",
        },
        "eraser": {"default_size": "auto"},
        "info": None,
    }
    assert ps.Sketchpad(eraser=False).props()["eraser"] is False
    assert [type(ps.Interface(len, name, "number").inputs[0]) for name in ("sketchpad", "sketch")] == [ps.Sketchpad] * 2


def test_brush_and_eraser_are_gradio_s() -> None:
    usual = ps.Sketchpad().brush
    assert (usual.default_size, usual.colors, usual.color_mode) == ("auto", ["#000000"], "fixed")
    pen = ps.Brush(10)
    assert (pen.default_size, len(pen.colors), pen.default_color, pen.color_mode) == (
        *(10, 5),
        *("rgb(204, 50, 50)", "defaults"),
    )
    assert vars(ps.Brush(3, "red", "blue", "fixed")) == {
        "default_size": 3,
        "colors": ["red"],
        "default_color": "blue",
        "color_mode": "fixed",
    }
    assert ps.Sketchpad(eraser=ps.Eraser(9)).props()["eraser"] == {"default_size": 9}


def test_paths_of_three_files() -> None:
    value = ps.Sketchpad(type="filepath").preprocess(drawing(bytes([0, 0, 255] * 2)))
    assert value is not None
    paths = [value["background"], *value["layers"], value["composite"]]
    assert [Path(path).name for path in paths] == ["background.png", "layer.png", "composite.png"]
    assert [Image.open(path).getpixel((0, 0)) for path in paths] == [(0, 0, 255, 255), (0, 0, 0, 0), (0, 0, 255, 255)]


def test_nothing_drawn_is_none() -> None:
    assert ps.Sketchpad().preprocess(None) is None


def test_rgba_keeps_what_is_not_drawn_on_transparent() -> None:
    value = ps.Sketchpad().preprocess(drawing())
    assert value is not None
    assert sorted(value) == ["background", "composite", "layers"]
    assert value["composite"].tolist() == [[[0, 0, 0, 0], [255, 0, 0, 128]]]
    assert value["layers"][0].tolist() == value["composite"].tolist()
    assert value["background"].tolist() == [[[0] * 4] * 2]
    value["composite"][:] = 7
    assert value["layers"][0].max() == 255


@pytest.mark.parametrize(
    ("mode", "composite", "background"),
    [("RGB", [[[255, 255, 255], [255, 127, 127]]], [[[255] * 3] * 2]), ("L", [[255, 165]], [[255, 255]])],
)
def test_paper_is_white_without_alpha(mode: str, composite: Any, background: Any) -> None:
    value = ps.Sketchpad(image_mode=mode).preprocess(drawing())
    assert value is not None
    assert value["composite"].tolist() == composite
    assert value["background"].tolist() == background


def test_strokes_lie_over_the_picture() -> None:
    value = ps.Sketchpad().preprocess(drawing(bytes([0, 0, 255, 0, 0, 255])))
    assert value is not None
    assert value["background"].tolist() == [[[0, 0, 255, 255]] * 2]
    assert value["composite"].tolist() == [[[0, 0, 255, 255], [128, 0, 127, 255]]]
    assert value["layers"][0].tolist() == [[[0, 0, 0, 0], [255, 0, 0, 128]]]


def test_pillow_images() -> None:
    value = ps.Sketchpad(type="pil", image_mode="L").preprocess(drawing())
    assert value is not None
    assert (value["composite"].mode, value["composite"].size) == ("L", (2, 1))
    assert ps.Sketchpad(type="pil").packages() == ["pillow"]


def test_an_example_is_drawn_upon(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2), (10, 20, 30)).save(tmp_path / "paper.png")
    pad = ps.Sketchpad(label="Drawing")
    payload = pad.read_input("paper.png", tmp_path)
    value = pad.preprocess(payload)
    assert value is not None
    assert value["composite"].shape == (2, 3, 4)
    assert value["composite"][0, 0].tolist() == [10, 20, 30, 255]
    assert not value["layers"][0].any()
    kept: list[bytes] = []
    stored = pad.to_stored(payload, lambda suffix, data: kept.append(data) or {"url": f"x{suffix}"})
    assert stored == {"file": {"url": "x.png"}, "width": 3, "height": 2}
    assert kept == [(tmp_path / "paper.png").read_bytes()]
    assert message(InputError, lambda: pad.read_input(7, tmp_path)) == (
        "Sketchpad 'Drawing': it takes the path of a picture, not int"
    )
    assert message(InputError, lambda: pad.read_input("no.png", tmp_path)).startswith(
        "Sketchpad 'Drawing': no.png is no file in "
    )


def test_messages() -> None:
    assert message(ComponentError, lambda: ps.Sketchpad(image_mode="CMYK")) == (
        "Sketchpad(image_mode='CMYK'): it is one of RGBA, RGB, L"
    )
    assert message(ComponentError, lambda: ps.Sketchpad(canvas_size=280)) == (
        "Sketchpad(canvas_size=280): it is (width, height), each 1 to 4096 pixels"
    )
    assert message(ComponentError, lambda: ps.Sketchpad(type="file")) == (
        "Sketchpad(type='file'): it is one of numpy, pil, filepath"
    )
    assert message(ComponentError, lambda: ps.Sketchpad(brush=20)) == (
        "Sketchpad(brush=20): give a Brush, as Brush(default_size=20)"
    )
    assert message(ComponentError, lambda: ps.Sketchpad(brush=ps.Brush(default_size=0))) == (
        "Sketchpad(brush=Brush(default_size=0): it is in pixels of the canvas, above 0, or 'auto'"
    )
    assert message(ComponentError, lambda: ps.Sketchpad(eraser=ps.Eraser(-1))) == (
        "Sketchpad(eraser=Eraser(default_size=-1): it is in pixels of the canvas, above 0, or 'auto'"
    )
    assert message(ComponentError, lambda: ps.Sketchpad(eraser=20)) == (
        "Sketchpad(eraser=20): give an Eraser, as Eraser(default_size=20), or False"
    )
    assert message(ComponentError, lambda: ps.Interface(len, "text", "sketchpad")) == (
        "Sketchpad takes values; it can't be in outputs"
    )
