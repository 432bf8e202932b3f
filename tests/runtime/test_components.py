"""Components but for pictures: configuration, payloads both ways, messages."""

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside import components
from pageside._errors import ComponentError, InputError, InterfaceError

HERE = Path(__file__).parent


def no_file(suffix: str, data: bytes) -> dict[str, Any]:
    raise AssertionError(f"nothing to write, got {suffix} of {len(data)} bytes")


NAMES = [
    "AnnotatedImage",
    "Audio",
    "Checkbox",
    "CheckboxGroup",
    "ColorPicker",
    "Dataframe",
    "Dropdown",
    "File",
    "Gallery",
    "HTML",
    "HighlightedText",
    "Image",
    "ImageSlider",
    "JSON",
    "Label",
    "LinePlot",
    "Markdown",
    "Number",
    "Plot",
    "Radio",
    "Sketchpad",
    "Slider",
    "State",
    "Textbox",
]


# Variants and second names, as Gradio has them.
ALIASES = {
    "Annotatedimage": "AnnotatedImage",
    "Checkboxgroup": "CheckboxGroup",
    "DataFrame": "Dataframe",
    "Files": "File",
    "Highlight": "HighlightedText",
    "Highlightedtext": "HighlightedText",
    "Json": "JSON",
    "List": "Dataframe",
    "Matrix": "Dataframe",
    "Mic": "Audio",
    "Microphone": "Audio",
    "Numpy": "Dataframe",
    "Paint": "Sketchpad",
    "Text": "Textbox",
    "TextArea": "Textbox",
}
SHORT = sorted({"sketch", *(name.lower() for name in ALIASES)} - {name.lower() for name in NAMES})
KNOWN = ", ".join(sorted([*(name.lower() for name in NAMES), *SHORT]))


def message(kind: type[Exception], work: Any) -> str:
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


def test_modules_and_classes_are_found_by_file() -> None:
    assert list(components.classes()) == NAMES
    assert components.modules() == sorted(name.lower() for name in NAMES)
    assert components.shortcuts() == sorted([*components.modules(), *SHORT])


def test_a_new_file_is_a_new_component(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    source = "from pageside.components.base import Component\nclass DatePicker(Component):\n    shortcuts = ('day',)\n"
    (tmp_path / "datepicker.py").write_text(source)
    monkeypatch.setattr(components, "__path__", [*components.__path__, str(tmp_path)])
    assert ps.DatePicker().type == "datepicker"
    assert isinstance(components.resolve("day", "here"), ps.DatePicker)
    assert "DatePicker" in ps.__all__
    vars(ps).pop("DatePicker")


def test_a_file_without_a_component_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "hollow.py").write_text("x = 1\n")
    monkeypatch.setattr(components, "__path__", [*components.__path__, str(tmp_path)])
    assert message(ComponentError, components.classes) == (
        "components/hollow.py holds no component; it needs a subclass of Component named 'Hollow', "
        "in any mix of upper and lower case"
    )


@pytest.mark.parametrize(("name", "main"), ALIASES.items())
def test_gradio_s_variants_and_second_names(name: str, main: str) -> None:
    kind, component = getattr(ps, name), getattr(ps, main)
    assert getattr(components, name) is kind
    assert issubclass(kind, component)
    assert kind(label="a").type == main.lower()
    assert isinstance(components.resolve(name.lower(), "x"), kind)
    assert kind(label="a").get_config()["props"].keys() == component(label="a").get_config()["props"].keys()
    unknown = message(InterfaceError, lambda: kind(lable="a"))
    assert unknown.endswith("() has no option 'lable'; did you mean 'label'?")


def test_what_variants_are_other_in() -> None:
    assert [(box.lines, box.max_lines) for box in (ps.TextArea(), ps.TextArea(lines=30))] == [(7, 20), (30, 30)]
    assert ps.Microphone(sources=["upload"]).sources == ["microphone"]
    assert ps.Files().file_count == "multiple"
    assert (len(ps.Paint().brush.colors), ps.Paint().brush.color_mode) == (5, "defaults")
    assert (ps.Numpy().value_type, ps.List([1, 2]).column_count) == ("numpy", 1)


def test_a_maker_s_own_subclass_is_drawn_as_the_component() -> None:
    class Name(ps.Textbox):  # type: ignore[misc,name-defined]
        pass

    assert Name().type == "textbox"


def test_a_variant_s_module_is_looked_for_first(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    find = components.find
    monkeypatch.setattr(components, "find", lambda module: asked.append(module) or find(module))
    for name in ("textarea", "text", "file", "files", "highlight"):
        components.resolve(name, "x")
    assert set(asked) == {"textbox", "file", "highlightedtext"}


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ("text", "textbox"),
        ("Textbox", "textbox"),
        ("number", "number"),
        (ps.Image, "image"),
        ("checkbox_group", "checkboxgroup"),
        (ps.TextArea, "textbox"),
    ],
)
def test_resolve(spec: object, kind: str) -> None:
    assert components.resolve(spec, "x").type == kind


def test_resolve_messages() -> None:
    assert message(ComponentError, lambda: components.resolve("txt", "Interface(inputs=...)")) == (
        f"Interface(inputs=...) got 'txt', which is no component; there are {KNOWN}"
    )
    assert message(ComponentError, lambda: components.resolve(3, "Interface(inputs=...)")) == (
        "Interface(inputs=...) got 3, a int; give a component, as Textbox(), or its name, as 'text'"
    )


@pytest.mark.parametrize("name", list(components.classes()))
def test_config_is_json(name: str) -> None:
    config = getattr(ps, name)(label="a").get_config()
    assert json.loads(json.dumps(config)) == config
    assert (config["type"], config["label"]) == (name.lower(), "a")


def test_options_of_gradio_warn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pageside._options._warned", set())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ps.Textbox(elem_id="a", scale=2)
        ps.Textbox(elem_id="b")
    assert [str(one.message) for one in caught] == [
        "Textbox(elem_id=...) has no effect on a static page; it is ignored",
        "Textbox(scale=...) has no effect on a static page; it is ignored",
    ]
    assert {one.filename for one in caught} == {__file__}


@pytest.mark.parametrize("name", sorted(set(components.classes()) - {"State"}))
def test_every_component_can_hide_itself_or_its_label(name: str) -> None:
    kind = getattr(ps, name)
    usual = kind(label="a", show_label=True, visible=True).get_config()["props"]
    assert not {"show_label", "visible", "buttons"} & set(usual)
    hidden = kind(label="a", show_label=False, visible="hidden").get_config()
    assert (hidden["label"], hidden["props"]) == ("a", usual | {"show_label": False, "visible": False})


@pytest.mark.parametrize(
    ("given", "buttons"),
    [
        ({}, None),
        ({"buttons": ["download", "share", "fullscreen"]}, None),
        ({"buttons": ["share"]}, ["share"]),
        ({"buttons": []}, []),
        ({"show_download_button": False}, ["share"]),
        ({"buttons": [], "show_share_button": True}, ["share"]),
    ],
)
def test_buttons_below_an_answer(given: dict[str, Any], buttons: list[str] | None) -> None:
    for kind in (ps.Image, ps.ImageSlider, ps.Audio):
        assert kind(**given).get_config()["props"].get("buttons") == buttons
    assert ps.Textbox(show_copy_button=True).get_config()["props"]["buttons"] == ["copy"]


def test_buttons_that_a_component_does_not_offer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pageside._options._warned", set())
    with pytest.warns(UserWarning, match=r"Number\(buttons=...\) has no effect on a static page"):
        ps.Number(buttons=["copy"])


def test_an_unknown_option_names_the_nearest() -> None:
    assert message(InterfaceError, lambda: ps.Textbox(max_line=3)) == (
        "Textbox() has no option 'max_line'; did you mean 'max_lines'?"
    )
    assert message(InterfaceError, lambda: ps.Label(qqqq=3)).startswith("Label() has no option 'qqqq'; it takes ")


# ------------------------------------------------------------------------------------------------------------ Textbox


@pytest.mark.parametrize(("value", "payload"), [("a\nb", "a\nb"), (None, ""), (3, "3"), (np.float32(0.5), "0.5")])
def test_textbox_postprocess(value: object, payload: str) -> None:
    assert ps.Textbox().postprocess(value) == payload


def test_textbox_reads_text_never_a_path() -> None:
    box = ps.Textbox()
    assert box.read_input("README.md", HERE) == "README.md"
    assert box.preprocess(None) == ""
    assert box.to_stored("a", no_file) == "a"


def test_textbox_messages() -> None:
    assert message(ComponentError, lambda: ps.Textbox(type="url")) == (
        "Textbox(type='url'): it is one of text, password, email"
    )
    assert message(ComponentError, lambda: ps.Textbox(text_align="middle")) == (
        "Textbox(text_align='middle'): it is 'left' or 'right'"
    )
    assert message(ComponentError, lambda: ps.Textbox(lines=0)) == "Textbox(lines=0): it needs at least 1 line"
    assert message(InputError, lambda: ps.Textbox(max_length=3, label="name").preprocess("abcd")) == (
        "Textbox 'name': the text has 4 characters; at most 3 are allowed"
    )


def test_lines_that_do_not_fit() -> None:
    assert ps.Textbox(lines=5, max_lines=2).max_lines == 5
    secret = ps.Textbox(lines=3, max_lines=9, type="password")
    assert (secret.lines, secret.max_lines) == (1, None)


def test_textbox_props() -> None:
    props = ps.Textbox(lambda: "now", lines=2, max_lines=4, placeholder="p", info="i", rtl=True).props()
    assert props == {
        "value": "now",
        "type": "text",
        "lines": 2,
        "max_lines": 4,
        "placeholder": "p",
        "info": "i",
        "max_length": None,
        "autofocus": False,
        "text_align": None,
        "rtl": True,
    }


# ------------------------------------------------------------------------------------------------------------- Number


@pytest.mark.parametrize(
    ("precision", "payload", "value"),
    [
        (None, 3.0, 3),
        (None, 2.5, 2.5),
        (0, 2.6, 3),
        (1, 2.26, 2.3),
        (None, None, None),
        (2, 5, 5),
        (None, 1e300, 1e300),
    ],
)
def test_number_preprocess(precision: int | None, payload: float | None, value: float | None) -> None:
    got = ps.Number(precision=precision).preprocess(payload)
    assert (got, type(got)) == (value, type(value))


def test_number_range() -> None:
    number = ps.Number(minimum=0, maximum=10, label="age")
    assert message(InputError, lambda: number.preprocess(-1)) == "Number 'age': -1 is less than the minimum 0"
    assert message(InputError, lambda: number.preprocess(10.5)) == "Number 'age': 10.5 is more than the maximum 10"
    assert number.preprocess(10) == 10


@pytest.mark.parametrize(("text", "payload"), [("3", 3.0), ("-0.5", -0.5), ("", None), (None, None), (7, 7.0)])
def test_number_read_input(text: object, payload: float | None) -> None:
    assert ps.Number().read_input(text, HERE) == payload


def test_number_messages() -> None:
    number = ps.Number(label="age")
    assert message(InputError, lambda: number.read_input("ten", HERE)) == (
        "Number 'age': 'ten' is not a number; write it as 3 or -0.5"
    )
    assert message(InputError, lambda: number.read_input("inf", HERE)) == "Number 'age': 'inf' is not a finite number"
    assert message(ComponentError, lambda: number.postprocess("many")) == (
        "Number 'age': 'many' is not a number; return an int, a float or None"
    )
    assert message(ComponentError, lambda: ps.Number(minimum=2, maximum=1)) == (
        "Number(minimum=2, maximum=1): minimum is above maximum"
    )
    assert message(ComponentError, lambda: ps.Number(step=0)) == "Number(step=0): it must be above 0"


def test_number_postprocess() -> None:
    number = ps.Number(precision=1)
    assert number.postprocess(np.float32(2.25)) == 2.2
    assert number.postprocess(np.array([4])) == 4
    assert math.isnan(ps.Number().postprocess(math.nan))
    assert ps.Number().to_stored(math.inf, no_file) is None
    assert ps.Number().to_stored(2, no_file) == 2


# -------------------------------------------------------------------------------------------------------------- Label


def test_label_sorts_and_cuts() -> None:
    payload = ps.Label(num_top_classes=2).postprocess({"a": 0.1, "b": np.float32(0.5), "c": 0.5, "d": 0.2})
    assert payload == {
        "label": "b",
        "confidences": [{"label": "b", "confidence": 0.5}, {"label": "c", "confidence": 0.5}],
    }
    assert type(payload["confidences"][0]["confidence"]) is float


@pytest.mark.parametrize(("value", "label"), [("cat", "cat"), (3, "3"), (0.5, "0.5"), (np.int64(7), "7")])
def test_label_of_one(value: object, label: str) -> None:
    assert ps.Label().postprocess(value) == {"label": label, "confidences": None}


@pytest.mark.parametrize("value", [None, {}])
def test_label_cleared(value: object) -> None:
    assert ps.Label().postprocess(value) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": 0.5, "cat": "high"}, "Label 'kind': the confidence of 'cat' is 'high', which is not a number"),
        ({"a": 0.5, "cat": math.nan}, "Label 'kind': the confidence of 'cat' is nan; the model's output is not usable"),
        ({"cat": math.inf}, "Label 'kind': the confidence of 'cat' is inf; the model's output is not usable"),
        (["a"], "Label 'kind': it takes a dict of class to confidence, a text or a number, not list"),
    ],
)
def test_label_messages(value: object, problem: str) -> None:
    assert message(ComponentError, lambda: ps.Label(label="kind").postprocess(value)) == problem


def test_label_option() -> None:
    assert message(ComponentError, lambda: ps.Label(num_top_classes=0)) == (
        "Label(num_top_classes=0): it must be at least 1, or None for all"
    )
