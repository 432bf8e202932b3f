"""Plot's messages; what it draws is tested in Pyodide, with matplotlib (tests/pyodide/test_plot.py)."""

import pageside as ps
import pytest
from pageside._errors import ComponentError


def test_nothing_and_what_is_no_figure() -> None:
    component = ps.Plot(label="Curve")
    assert component.postprocess(None) is None
    assert component.to_stored(None, lambda *_: {}) is None
    with pytest.raises(ComponentError, match=r"^Plot 'Curve': it takes a matplotlib Figure, not dict$"):
        component.postprocess({"data": []})
