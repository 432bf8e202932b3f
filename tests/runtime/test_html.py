"""HTML: what it takes; what the page leaves out is tested in a browser."""

import pageside as ps
import pytest
from pageside._errors import ComponentError


def test_a_text_goes_as_it_is() -> None:
    component = ps.HTML()
    assert component.postprocess("<b>bold</b>") == "<b>bold</b>"
    assert component.postprocess("") == ""
    assert component.postprocess(None) is None
    assert component.to_stored("<b>", None) == "<b>"


def test_its_options_reach_the_page() -> None:
    component = ps.HTML(lambda: "<i>first</i>", min_height=20, max_height="10em", padding=True, label="Words")
    props = {"value": "<i>first</i>", "min_height": 20, "max_height": "10em", "padding": True, "info": None}
    assert component.get_config() == {"type": "html", "label": "Words", "props": {**props, "show_label": False}}
    assert "show_label" not in ps.HTML(show_label=True).get_config()["props"]
    assert ps.HTML(show_label=None).show_label is False


def test_messages() -> None:
    with pytest.raises(ComponentError, match=r"^HTML 'Words': it takes a text of HTML, not int$"):
        ps.HTML(label="Words").postprocess(3)
    with pytest.raises(ComponentError) as caught:
        ps.HTML(html_template="<b>${value}</b>")
    assert str(caught.value) == (
        "HTML(html_template='<b>${value}</b>'): a page fills no template; return the whole HTML"
    )
    with pytest.raises(ComponentError, match=r"HTML shows answers; it can't be in inputs"):
        ps.Interface(lambda x: x, "html", "html")


@pytest.mark.parametrize("name", ["js_on_load", "css_template", "head", "server_functions", "apply_default_css"])
def test_options_of_gradio_s_server_warn(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pageside._options._warned", set())
    with pytest.warns(UserWarning, match=rf"HTML\({name}=...\) has no effect on a static page"):
        ps.HTML(**{name: "x"})
