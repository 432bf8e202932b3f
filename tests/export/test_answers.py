"""How near an answer is to the stored one."""

import base64

import numpy as np
import pytest
from pageside_export.answers import Agreement, compare, cosine, worst


def label(**confidences):
    entries = [{"label": name, "confidence": value} for name, value in confidences.items()]
    return {"label": entries[0]["label"], "confidences": entries}


def picture(array):
    height, width = array.shape[:2]
    return {"width": width, "height": height, "pixels": base64.b64encode(array.tobytes()).decode()}


def test_labels_are_aligned_by_name_not_by_place():
    assert compare(label(cat=0.6, dog=0.4), label(dog=0.4, cat=0.6)).cosine == pytest.approx(1)
    assert compare(label(cat=0.9, dog=0.1), label(dog=0.9, cat=0.1)).cosine < 0.3
    assert compare(label(cat=1.0), label(dog=1.0)).cosine == 0


def test_labels_without_confidences():
    plain = {"label": "cat", "confidences": None}
    assert compare(plain, plain) == Agreement(1.0)
    other = compare(plain, {"label": "dog", "confidences": None})
    assert other == Agreement(0.0, "labels it 'dog' where PyTorch says 'cat'")


def test_numbers():
    assert compare(2.0, 2).cosine == 1
    assert compare(100.0, 99.0).cosine == pytest.approx(0.99)
    assert compare(1.0, -1.0).cosine < 0
    assert compare(0, 0).cosine == 1
    assert compare(float("nan"), 1.0).cosine == 0
    assert compare(float("inf"), 1.0).cosine == 0


def test_texts_are_equal_or_not():
    assert compare("Hello", "Hello") == Agreement(1.0)
    assert compare("Hello", "Hallo") == Agreement(0.0, "answers 'Hallo' where PyTorch's answer is 'Hello'")
    assert compare(None, None) == Agreement(1.0)
    assert compare(True, 1).cosine == 1


def test_pictures():
    image = np.random.default_rng(0).integers(0, 255, (4, 5, 3), np.uint8)
    assert compare(picture(image), picture(image)).cosine == pytest.approx(1)
    found = compare(picture(image), picture(image[:2]))
    assert found.problem == "gives a picture of 5 x 2 pixels where PyTorch's has 5 x 4"


def test_lists_are_as_bad_as_their_worst_element():
    assert compare([1.0, "a"], [1.0, "b"]).problem
    assert compare([1.0], [1.0, 2.0]).problem
    assert worst([Agreement(0.5), Agreement(0.9, "wrong"), Agreement(0.7)]) == Agreement(0.9, "wrong")
    assert worst([]) == Agreement(1.0)


def test_dicts_are_as_bad_as_their_worst_value():
    assert compare({"a": [0.5, "x"], "b": None}, {"a": [0.4999, "x"], "b": None}).cosine == pytest.approx(0.9998)
    assert compare({"a": "x"}, {"a": "y"}).problem == "answers 'y' where PyTorch's answer is 'x'"
    assert compare({"a": 1}, {"b": 1}).problem == "answers {'b': 1} where PyTorch's answer is {'a': 1}"


def test_cosine_of_what_is_not_finite_or_zero():
    assert cosine(np.array([1.0, np.nan]), np.array([1.0, 1.0])) == 0
    assert cosine(np.zeros(3), np.zeros(3)) == 1
    assert cosine(np.zeros(3), np.ones(3)) == 0


def marked(*places, shade=90):
    image = picture(np.full((2, 3, 3), shade, np.uint8))
    return {"image": image, "annotations": [{"label": label, "color": "#fff", **place} for label, place in places]}


def test_marked_pictures_by_their_places():
    one = marked(("face 0.99", {"box": [10, 20, 30, 40]}), ("sky", {}))
    assert compare(one, one).cosine == pytest.approx(1)
    near = compare(one, marked(("face 0.98", {"box": [10.2, 20, 30, 40]}), ("sky", {})))
    assert near.problem == ""
    assert 0.98 < near.cosine < 0.9999
    assert compare(one, marked(("face 0.99", {"box": [90, 20, 10, 40]}), ("sky", {}))).cosine < 0.8
    assert compare(one, marked()) == Agreement(0.0, "marks 0 places where PyTorch's answer marks 2")
    assert compare(one, marked(("cat 0.99", {"box": [10, 20, 30, 40]}), ("sky", {}))) == Agreement(
        0.0, "labels it 'cat #' where PyTorch says 'face #'"
    )
    assert compare(one, marked(("face 0.99", {}), ("sky", {}))) == Agreement(
        0.0, "marks 'face #' by a box or a mask where PyTorch's answer does not"
    )


def test_galleries_by_their_pictures_and_captions():
    shades = [np.full((2, 3, 3), shade, np.uint8) for shade in (90, 200)]
    one = [{"image": picture(shades[0]), "caption": "face 0.99"}, {"image": picture(shades[1]), "caption": None}]
    assert compare(one, one).cosine == pytest.approx(1)
    near = compare(one, [one[0] | {"caption": "face 0.98"}, one[1]])
    assert (near.problem, round(near.cosine, 2)) == ("", 0.99)
    assert compare(one, one[:1]) == Agreement(0.0, "gives 1 pictures where PyTorch's answer has 2")
    assert compare(one, []) == Agreement(0.0, "gives 0 pictures where PyTorch's answer has 2")
    assert compare([], []) == Agreement(1.0)
    small = {"image": picture(shades[0][:1]), "caption": "face 0.99"}
    assert compare(one, [small, one[1]]).problem == "gives a picture of 3 x 1 pixels where PyTorch's has 3 x 2"
    assert compare(one, [one[0] | {"caption": "cat"}, one[1]]).problem == "labels it 'cat' where PyTorch says 'face #'"


def sound(samples, rate=8000):
    return {"rate": rate, "channels": 1, "samples": base64.b64encode(np.asarray(samples, np.int16).tobytes()).decode()}


def test_sounds():
    tone = np.sin(np.arange(100)) * 9000
    assert compare(sound(tone), sound(tone * 0.5)).cosine == pytest.approx(1, abs=1e-6)
    assert compare(sound(tone), sound(-tone)).cosine == pytest.approx(-1, abs=1e-6)
    other = compare(sound(tone), sound(tone[:50], 4000))
    assert other == Agreement(0.0, "gives a sound of 50 samples at 4000 Hz where PyTorch's has 100 samples at 8000 Hz")


def plot(**lines):
    return {"series": [{"name": name, "x": list(range(len(y))), "y": y} for name, y in lines.items()]}


def test_plots():
    assert compare(plot(a=[1.0, 2.0, None]), plot(a=[1.0, 2.0, None])).cosine == pytest.approx(1)
    assert compare(plot(a=[1.0, 2.0]), plot(a=[2.0, 1.0])).cosine == pytest.approx(0.8)
    other = "draws 'a' with other gaps than PyTorch's at 50% of its points"
    assert compare(plot(a=[1.0, None]), plot(a=[1.0, 2.0])).problem == other
    assert compare(plot(a=[1.0] * 19 + [None]), plot(a=[1.0] * 20)) == Agreement(pytest.approx(1))
    assert compare(plot(a=[]), plot(a=[])).cosine == 1
    assert compare(plot(a=[1.0]), plot(b=[1.0])).problem == "draws ['b'] where PyTorch's answer draws ['a']"
    assert compare(plot(a=[1.0]), plot(a=[1.0, 2.0])).problem == "draws 'a' with 2 points where PyTorch's answer has 1"
