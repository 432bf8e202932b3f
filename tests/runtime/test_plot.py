"""Plot's messages; what it draws is tested in Pyodide, with matplotlib (tests/pyodide/test_plot.py)."""

import pageside as ps
import pytest
from pageside import _options
from pageside._errors import ComponentError


def test_nothing_and_what_is_no_figure() -> None:
    component = ps.Plot(label="Curve")
    assert component.postprocess(None) is None
    assert component.to_stored(None, lambda *_: {}) is None
    with pytest.raises(ComponentError, match=r"^Plot 'Curve': it takes a matplotlib Figure, not dict$"):
        component.postprocess({"data": []})


def test_a_first_figure_is_ignored_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of the other outputs whose first value is no text."""
    monkeypatch.setattr(_options, "_warned", set())
    for make, name in ((ps.Plot, "Plot"), (ps.AnnotatedImage, "AnnotatedImage")):
        with pytest.warns(UserWarning, match=rf"{name}\(value=...\) has no effect on a static page; it is ignored"):
            make("anything")
