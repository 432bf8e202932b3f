"""Markdown: what it takes and what its text becomes."""

import pageside as ps
import pytest
from pageside._errors import ComponentError


def test_a_text_comes_without_its_shared_indentation() -> None:
    text = """
        # Title

        - one
          - two
    """
    assert ps.Markdown().postprocess(text) == "# Title\n\n- one\n  - two"
    assert ps.Markdown().postprocess("plain") == "plain"
    assert ps.Markdown().postprocess("") == ""
    assert ps.Markdown().postprocess(None) is None


def test_its_options_reach_the_page() -> None:
    component = ps.Markdown("*before*", line_breaks=True, height=200, label="Words")
    assert component.get_config() == {
        "type": "markdown",
        "label": "Words",
        "props": {
            "value": "*before*",
            "line_breaks": True,
            "height": 200,
            "max_height": None,
            "min_height": None,
            "info": None,
        },
    }


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(ComponentError, match=r"^Markdown 'Words': it takes a text in Markdown, not int$"):
        ps.Markdown(label="Words").postprocess(3)


def test_options_of_gradio_s_server_warn() -> None:
    with pytest.warns(UserWarning, match=r"Markdown\(latex_delimiters=...\) has no effect on a static page"):
        ps.Markdown(latex_delimiters=[])
