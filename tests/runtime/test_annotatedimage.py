"""AnnotatedImage: payloads, what is stored, messages."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError, InterfaceError
from pageside.components.annotatedimage import PALETTE
from PIL import Image

GREY = np.full((4, 6, 3), 90, np.uint8)


def test_boxes_get_a_colour_by_label() -> None:
    component = ps.AnnotatedImage(label="Faces", color_map={"nose": "#123456"})
    payload = component.postprocess(
        (
            GREY,
            [
                ((0, 1, 2.004, 3), "face"),
                (np.array([1, 1, 2, 2]), "nose"),
                ([0, 0, 0, 0], "ear"),
                ((1, 0, 2, 2), "face"),
            ],
        )
    )
    assert (payload["image"]["width"], payload["image"]["height"]) == (6, 4)
    assert payload["annotations"] == [
        {"label": "face", "color": PALETTE[0], "box": [0.0, 1.0, 2.0, 3.0]},
        {"label": "nose", "color": "#123456", "box": [1.0, 1.0, 2.0, 2.0]},
        {"label": "ear", "color": PALETTE[1], "box": [0.0, 0.0, 0.0, 0.0]},
        {"label": "face", "color": PALETTE[0], "box": [1.0, 0.0, 2.0, 2.0]},
    ]


def test_masks_are_bytes() -> None:
    mask = np.zeros((4, 6), np.float32)
    mask[1, 2], mask[0, 0] = 1, 0.5
    first, second = ps.AnnotatedImage().postprocess((GREY, [(mask, "a"), (mask > 0, "b")]))["annotations"]
    assert first["mask"].dtype == np.uint8
    assert (first["mask"][8], first["mask"][0], first["mask"].sum()) == (255, 128, 383)
    assert (second["mask"] == 255).sum() == 2


def test_nothing_and_no_places() -> None:
    component = ps.AnnotatedImage()
    assert component.postprocess(None) is None
    assert component.postprocess((None, [])) is None
    assert component.postprocess((Image.fromarray(GREY), []))["annotations"] == []
    assert component.to_stored(None, lambda *_: {}) is None


def test_an_answer_is_stored_as_json_and_files() -> None:
    files: list[tuple[str, bytes]] = []

    def write(suffix: str, data: bytes) -> dict[str, Any]:
        files.append((suffix, data))
        return {"url": f"{len(files)}{suffix}"}

    component = ps.AnnotatedImage(color_map={"b": "#f80"})
    payload = component.postprocess((GREY, [((0, 1, 2, 3), "a"), (np.eye(4, 6) > 0, "b")]))
    assert json.loads(json.dumps(component.to_stored(payload, write))) == {
        "image": {"file": {"url": "1.png"}, "width": 6, "height": 4},
        "annotations": [
            {"label": "a", "color": PALETTE[0], "box": [0.0, 1.0, 2.0, 3.0]},
            {"label": "b", "color": "#f80", "mask": {"file": {"url": "2.png"}}},
        ],
    }
    pixels = np.asarray(Image.open(io.BytesIO(files[1][1])))
    assert pixels[1, 1].tolist() == [255, 136, 0, 153]
    assert pixels[0, 1, 3] == 0


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (GREY, "it takes (image, [(box or mask, label), ...]), not an array of shape (4, 6, 3)"),
        (("a.png", []), f"a.png is no file in {Path.cwd()}"),
        ((GREY, 3), "the annotations are a list of (box or mask, label), not 3"),
        ((GREY, [(1, 2, 3)]), "annotation 0 is a pair (box or mask, label), not (1, 2, 3)"),
        ((GREY, [((0, 0, 1, 1), 5)]), "annotation 0 has the label 5; a label is text"),
        ((GREY, [((0, 0, 1), "a")]), "annotation 0 is at (0, 0, 1); a place is (x1, y1, x2, y2) or a mask of (h, w)"),
        ((GREY, [("left", "a")]), "annotation 0 is at 'left'; a place is (x1, y1, x2, y2) or a mask of (h, w)"),
        (
            (GREY, [((0, 0, float("nan"), 1), "a")]),
            "annotation 0 has the box (0.0, 0.0, nan, 1.0); each number has to be finite",
        ),
        (
            (GREY, [((5, 0, 2, 1), "a")]),
            "annotation 0 has the box (5.0, 0.0, 2.0, 1.0); it is (x1, y1, x2, y2) with x1 <= x2 and y1 <= y2, "
            "not a width and height",
        ),
        ((GREY, [(np.zeros((3, 3)), "a")]), "annotation 0 has a mask of shape (3, 3); the picture has (4, 6)"),
        (
            (GREY, [(np.full((4, 6), 2), "a")]),
            "annotation 0 has a mask of int64, 2 to 2; it is bool, or numbers of 0 to 1",
        ),
    ],
)
def test_messages(value: Any, words: str) -> None:
    with pytest.raises(ComponentError) as caught:
        ps.AnnotatedImage(label="Faces").postprocess(value)
    assert str(caught.value) == f"AnnotatedImage 'Faces': {words}"


def test_options() -> None:
    with pytest.raises(ComponentError) as caught:
        ps.AnnotatedImage(color_map={"face": "red"})
    assert str(caught.value) == "AnnotatedImage(color_map={'face': 'red'}): a colour is written '#rrggbb' or '#rgb'"
    with pytest.raises(InterfaceError, match=r"did you mean 'show_legend'\?"):
        ps.AnnotatedImage(show_legends=True)
    props = ps.AnnotatedImage(show_legend=False, height=200, width="50%").props()
    assert props == {"show_legend": False, "height": 200, "width": "50%", "info": None}
