"""What a maker asks for in `ps.Model(...)`: taken, or refused in words."""

import numpy as np
import pageside
import pytest
from pageside_export.choose import Prefer
from pageside_export.errors import UserError
from pageside_export.quantize import recipes
from pageside_export.verify import FLOAT_TOLERANCE
from pageside_export.wishes import wishes

OUTPUTS = {"boxes": [np.zeros((2, 4), np.float32)], "label": [np.zeros((1, 5), np.float32)]}
FOUND = {"boxes": "boxes", "label": "logits"}


@pytest.fixture(autouse=True)
def _no_models():
    pageside.model.clear()
    yield
    pageside.model.clear()


def asked(**given):
    return wishes(pageside.Model("net", **given), OUTPUTS, FOUND)


def test_without_wishes_the_numbers_decide():
    seen = asked()
    assert (seen.kinds, seen.tolerance, seen.prefer, seen.variant) == (FOUND, {}, Prefer(), None)


def test_a_kind_for_all_outputs_or_for_one():
    assert asked(kind="other").kinds == {"boxes": "other", "label": "other"}
    pageside.model.clear()
    assert asked(kind={"label": "embedding"}).kinds == {"boxes": "boxes", "label": "embedding"}


def test_a_tolerance_bends_the_quantized_variants_and_not_fp32():
    seen = asked(tolerance={"cosine": 0.9})
    bounds = {recipe.ID: seen.bounds(recipe)["label"] for recipe in recipes()}
    assert bounds["fp32"] == FLOAT_TOLERANCE
    assert bounds["int8_weights"].cosine == 0.9


def test_weights_and_a_variant():
    seen = asked(prefer={"bytes": 3, "error": 0}, variant="int4_blocks")
    assert (seen.prefer, seen.variant) == (Prefer(bytes=3, time=1, error=0), "int4_blocks")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"kind": "picture"},
            "demo.py: Model('net', kind='picture'); take from logits, embedding, image, waveform, boxes, other",
        ),
        (
            {"kind": {"box": "boxes"}},
            "demo.py: Model('net', kind={'box': 'boxes'}); there is no output 'box'; the outputs are boxes, label",
        ),
        (
            {"tolerance": 0.9},
            "demo.py: Model('net', tolerance=0.9); it maps some of cosine, largest, norm, top1, equal to numbers, "
            "as {'cosine': 0.98}",
        ),
        (
            {"tolerance": {"cosine": 98}},
            "demo.py: Model('net', tolerance={'cosine': 98}); cosine is a number between 0 and 1",
        ),
        (
            {"tolerance": {"norm": "much"}},
            "demo.py: Model('net', tolerance={'norm': 'much'}); norm is a number of 0 or more",
        ),
        ({"tolerance": {"top1": 1}}, "demo.py: Model('net', tolerance={'top1': 1}); top1 is True or False"),
        (
            {"prefer": {"speed": 2}},
            "demo.py: Model('net', prefer={'speed': 2}); it maps some of bytes, time, error to weights of 0 or more, "
            "as {'bytes': 3}; each is 1 by default",
        ),
        (
            {"prefer": {"time": -1}},
            "demo.py: Model('net', prefer={'time': -1}); it maps some of bytes, time, error to weights of 0 or more, "
            "as {'bytes': 3}; each is 1 by default",
        ),
    ],
)
def test_mistakes(given, message):
    with pytest.raises(UserError) as raised:
        asked(**given)
    assert str(raised.value) == message


def test_a_variant_that_nobody_makes():
    known = ", ".join(recipe.ID for recipe in recipes())
    with pytest.raises(UserError) as raised:
        asked(variant="int2")
    assert str(raised.value) == f"demo.py: Model('net', variant='int2'); take from {known}"
