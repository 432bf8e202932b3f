"""LinePlot: columns to series, what is stored, messages."""

from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError


class Frame:
    """What of a pandas DataFrame is used."""

    def __init__(self, **columns: Any) -> None:
        self.columns = columns

    def keys(self) -> Any:
        return self.columns.keys()

    def __getitem__(self, name: str) -> Any:
        return self.columns[name]


def message(work: Any) -> str:
    with pytest.raises(ComponentError) as caught:
        work()
    return str(caught.value)


def series(plot: ps.LinePlot, value: Any) -> list[tuple[str, list[float], list[float]]]:
    payload = plot.postprocess(value)
    assert payload is not None
    return [(one["name"], one["x"].tolist(), one["y"].tolist()) for one in payload["series"]]


def test_one_line() -> None:
    plot = ps.LinePlot(x="t", y="v", label="Curve")
    for value in ({"t": [1, 2], "v": np.array([3, 4.5])}, Frame(t=[1, 2], v=[3, 4.5], other="abc")):
        assert series(plot, value) == [("", [1.0, 2.0], [3.0, 4.5])]
    assert plot.postprocess(None) is None
    assert plot.props()["x_title"] == "t"


def test_a_line_for_each_name() -> None:
    plot = ps.LinePlot(x="t", y="v", color="who")
    value = {"t": [1, 2, 1, 2], "v": [1, 2, 3, 4], "who": ["b", "a", "a", "b"]}
    assert series(plot, value) == [("b", [1.0, 2.0], [1.0, 4.0]), ("a", [2.0, 1.0], [2.0, 3.0])]


def test_gaps_are_stored_as_null() -> None:
    plot = ps.LinePlot(x="t", y="v")
    payload = plot.postprocess({"t": [1, 2, 3], "v": [1 / 3, None, float("nan")]})
    stored = plot.to_stored(payload, lambda suffix, data: {})
    assert stored == {"series": [{"name": "", "x": [1.0, 2.0, 3.0], "y": [0.333333, None, None]}]}
    assert plot.to_stored(None, lambda suffix, data: {}) is None


def test_a_first_value_is_shown_at_once() -> None:
    assert ps.LinePlot({"t": [1], "v": [2]}, "t", "v").props()["value"] == {
        "series": [{"name": "", "x": [1.0], "y": [2.0]}]
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([1, 2], "LinePlot 'Curve': it takes a DataFrame or a dict of columns, not list"),
        ({"t": [1]}, "LinePlot 'Curve': it got no column 'v', but t"),
        ({"t": [1], "v": [1, 2]}, "LinePlot 'Curve': its columns are not equally long: t 1, v 2"),
        ({"t": [1], "v": 3}, "LinePlot 'Curve': its columns are no sequences; give a list or an array for each name"),
        (
            {"t": [1], "v": ["high"]},
            "LinePlot 'Curve': the column 'v' has a value that is no number: could not convert string to float: 'high'",
        ),
        (
            {"t": [None], "v": [1]},
            "LinePlot 'Curve': the column 't' has a value that is no number; leave its row out",
        ),
    ],
)
def test_what_cannot_be_drawn(value: Any, words: str) -> None:
    assert message(lambda: ps.LinePlot(x="t", y="v", label="Curve").postprocess(value)) == words


def test_options_that_cannot_be() -> None:
    assert message(lambda: ps.LinePlot().postprocess({})) == "LinePlot(x=None, y=None): name the columns to draw"
    assert message(lambda: ps.LinePlot(x="t", y="v", y_lim=[1, 0])) == "LinePlot(y_lim=[1, 0]): it is [lowest, highest]"
