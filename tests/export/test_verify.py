import numpy as np
import pytest
from pageside_export.verify import (
    FLOAT_TOLERANCE,
    QUANTIZED_TOLERANCE,
    Call,
    Measurement,
    compare,
    cosine,
    distinct,
    misses,
    not_finite,
)


def measured(reference, got):
    return Measurement([compare({"out": np.asarray(reference)}, {"out": np.asarray(got)})])


def why(reference, got, tolerance=QUANTIZED_TOLERANCE):
    return misses(measured(reference, got), tolerance)


def scores(*values):
    return np.array([values], np.float32)


def test_equal_outputs_pass_both_tolerances():
    value = scores(1, 2, 3)
    assert why(value, value, FLOAT_TOLERANCE) == []
    assert measured(value, value).cosine == 1
    assert measured(value, value).top1 == 1


def test_rounding_passes_and_an_error_of_one_percent_does_not():
    rng = np.random.default_rng(0)
    value = rng.normal(size=(1, 100)).astype(np.float32)
    assert why(value, value * (1 + 1e-6), FLOAT_TOLERANCE) == []
    assert why(value, value * 1.01, FLOAT_TOLERANCE)[0].startswith("out of call 1: largest error 1.00e-02")


def test_another_direction_is_a_miss_by_cosine():
    assert "cosine" in why(scores(1, 0, 0.5), scores(0, 1, 0.5))[0]


def test_another_size_is_a_miss_although_its_cosine_is_one():
    assert why(scores(1, 2, 3), scores(2, 4, 6)) == [
        "out of call 1: an error of 1.000 of the output's norm, above 0.15"
    ]


def test_another_largest_element_is_a_miss_but_for_a_tie():
    rest = [0.0] * 50
    reference = np.array([[10.0, 9.5, *rest]])
    flipped = np.array([[9.6, 9.9, *rest]])
    assert "another largest element" in why(reference, flipped)[0]
    tie = np.array([[10.0, 9.99, *rest]])
    assert why(tie, np.array([[9.98, 10.01, *rest]])) == []
    assert measured(tie, np.array([[9.98, 10.01, *rest]])).top1 == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_miss(bad):
    got = scores(1, 2, bad)
    assert why(scores(1, 2, 3), got) == ["out of call 1: it has NaN, infinity or another shape"]
    assert measured(scores(1, 2, 3), got).to_json()["max_abs_error"] is None


def test_a_missing_output_and_another_shape_miss():
    assert compare({"out": scores(1)}, {})[0].finite is False
    assert why(scores(1, 2), scores(1, 2, 3)) == ["out of call 1: it has NaN, infinity or another shape"]


def test_integers_are_counted():
    value = np.arange(1000)
    off = value.copy()
    off[0] += 1
    assert why(value, off, FLOAT_TOLERANCE) == []
    off[:20] += 1
    assert why(value, off) == ["out of call 1: only 98.00% equal, below 99.0%"]


def test_pictures_have_no_largest_element():
    value = np.random.default_rng(0).random((1, 3, 8, 8))
    assert measured(value, value).top1 is None


def test_the_lowest_cosine_and_the_largest_error_are_kept():
    first, second = scores(1, 2, 3), scores(3, 2, 1)
    both = Measurement([compare({"o": first}, {"o": first}), compare({"o": second}, {"o": second + 0.5})])
    assert both.max_abs_error == pytest.approx(0.5)
    assert both.mean_abs_error == pytest.approx(0.25)
    assert both.cosine == pytest.approx(cosine(second, second + 0.5))


def test_zeros_are_equal_to_zeros_only():
    zero = scores(0, 0)
    assert cosine(zero, zero) == 1
    assert cosine(zero, scores(0, 1)) == 0
    assert why(zero, zero, FLOAT_TOLERANCE) == []


@pytest.mark.filterwarnings("error")
def test_infinity_has_no_angle_and_no_warning():
    assert cosine(scores(1, np.inf), scores(1, np.inf)) == 0


def test_distinct_takes_the_calls_that_differ_most():
    def call(angle):
        out = np.array([np.cos(angle), np.sin(angle)])
        return Call({"x": np.array([angle])}, {"out": out})

    calls = [call(angle) for angle in (0, 0.01, 3.1, 0.02, 1.5)]
    assert [float(one.inputs["x"][0]) for one in distinct(calls, 3)] == [0, 3.1, 1.5]


def test_equal_calls_are_taken_once():
    call = Call({"x": scores(1)}, {"out": scores(2)})
    again = Call({"x": scores(1)}, {"out": scores(2)})
    assert distinct([call, again], 3) == [call]


def test_nan_of_pytorch_itself_is_told():
    bad = Call({}, {"out": scores(1, np.nan)})
    assert not_finite([Call({}, {"out": scores(1)}), bad]) == "PyTorch's own output 'out' of call 2 holds NaN"
    assert not_finite([Call({}, {"out": np.array([1])})]) == ""
