"""Interface: every kind of function, labels, examples, configuration, launch, and what is wrong with a demo."""

import asyncio
import copy
import functools
import warnings
from typing import Any

import numpy as np
import pageside as gr
import pytest
from pageside import interface as interface_module
from pageside._errors import ComponentError, Error, InputError, InterfaceError

KNOWN = ", ".join(gr.components.shortcuts())


def greet(name):
    return "Hello " + name + "!!"


def answers(interface: gr.Interface, *payloads: Any) -> list[Any]:
    async def collect() -> list[Any]:
        return [outputs async for outputs in interface.process(list(payloads))]

    return asyncio.run(collect())


def wrong(work: Any, kind: type[Exception] = InterfaceError) -> str:
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------- the function


async def later(name):
    await asyncio.sleep(0)
    return name + "!"


def steps(name):
    yield from name


async def later_steps(name):
    for letter in name:
        await asyncio.sleep(0)
        yield letter


class Greeter:
    def __call__(self, name):
        return name + "!"

    def method(self, name):
        yield name + "!"


class Streamer:
    async def __call__(self, name):
        yield name + "!"


def wrapped(fn):
    @functools.wraps(fn)
    def inner(*args):
        return fn(*args)

    return inner


@pytest.mark.parametrize(
    ("fn", "expected", "generator"),
    [
        (greet, [["Hello ab!!"]], False),
        (lambda name: name + "!", [["ab!"]], False),
        (later, [["ab!"]], False),
        (steps, [["a"], ["b"]], True),
        (later_steps, [["a"], ["b"]], True),
        (Greeter(), [["ab!"]], False),
        (Greeter().method, [["ab!"]], True),
        (Streamer(), [["ab!"]], True),
        (functools.partial(lambda first, name: first + name, "x"), [["xab"]], False),
        (functools.partial(steps), [["a"], ["b"]], True),
        (wrapped(later_steps), [["a"], ["b"]], True),
        (str.upper, [["AB"]], False),
    ],
)
def test_every_kind_of_function(fn: Any, expected: list[Any], generator: bool) -> None:
    interface = gr.Interface(fn, "text", "text")
    assert answers(interface, "ab") == expected
    assert interface.get_config()["generator"] is generator


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_generator_is_closed_when_the_caller_stops(kind: str) -> None:
    closed = []

    def endless(x):
        try:
            while True:
                yield x
        finally:
            closed.append(kind)

    async def endless_async(x):
        try:
            while True:
                yield x
        finally:
            closed.append(kind)

    async def first() -> list[Any]:
        running = gr.Interface(endless if kind == "def" else endless_async, "text", "text").process(["a"])
        outputs = await anext(running)
        await running.aclose()
        return outputs

    assert asyncio.run(first()) == ["a"]
    assert closed == [kind]


def test_a_generator_can_be_cancelled_between_steps() -> None:
    def endless(x):
        while True:
            yield x

    async def run() -> None:
        async for _ in gr.Interface(endless, "text", "text").process(["a"]):
            pass

    async def main() -> None:
        task = asyncio.create_task(run())
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore:coroutine")
def test_a_forgotten_await_is_explained() -> None:
    def forgot(name):
        return later(name) + "!"

    with pytest.raises(TypeError) as caught:
        answers(gr.Interface(forgot, "text", "text"), "a")
    assert caught.value.__notes__ == ["A Model is awaited: write `await net(...)`, inside `async def`."]


def test_the_makers_exception_is_left_as_it_is() -> None:
    def fails(x):
        raise gr.Error("Please draw", duration=3, title="Empty")

    with pytest.raises(gr.Error, match="Please draw") as caught:
        answers(gr.Interface(fails, "text", "text"), "a")
    assert (caught.value.title, caught.value.duration, str(gr.Error())) == ("Empty", 3, "Error raised.")


# ------------------------------------------------------------------------------------------------ signature and labels


def test_labels_default_to_parameters() -> None:
    both = gr.Interface(lambda photo, strength=1: (0, 1), ["image", gr.Number(label="How much")], ["number", "text"])
    assert [one.label for one in both.inputs] == ["photo", "How much"]
    assert [one.label for one in both.outputs] == ["output 0", "output 1"]
    assert gr.Interface(greet, "text", "text").outputs[0].label == "output"
    starred = gr.Interface(lambda *values: "", ["text", "text"], "text")
    assert [one.label for one in starred.inputs] == ["input 0", "input 1"]


@pytest.mark.parametrize(
    ("fn", "inputs", "problem"),
    [
        (greet, ["text", "text"], "greet takes 1 argument (name), but there are 2 inputs"),
        (greet, None, "greet takes 1 argument (name), but there are 0 inputs"),
        (lambda a, b=1: "", [], "the lambda takes 1 to 2 arguments (a, b), but there are 0 inputs"),
        (lambda a, *b: "", [], "the lambda takes at least 1 argument (a), but there are 0 inputs"),
        (lambda: "", "text", "the lambda takes 0 arguments, but there is 1 input"),
    ],
)
def test_the_signature_is_checked(fn: Any, inputs: Any, problem: str) -> None:
    assert wrong(lambda: gr.Interface(fn, inputs, "text")) == f"{problem}; give one component for each argument"


def test_keyword_only_parameters() -> None:
    def fn(*, name):
        return name

    assert wrong(lambda: gr.Interface(fn, "text", "text")) == (
        "fn takes 'name' by name only; inputs are given by place: give it a default or remove the * before it"
    )


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        ("ab", "the lambda returned one value (str), but there are 2 outputs"),
        (("a",), "the lambda returned 1 value, but there are 2 outputs"),
        (["a", "b", "c"], "the lambda returned 3 values, but there are 2 outputs"),
    ],
)
def test_the_number_of_outputs_is_checked(returned: Any, problem: str) -> None:
    interface = gr.Interface(lambda x: returned, "text", ["text", "text"])
    assert wrong(lambda: answers(interface, "a")) == f"{problem}; return a tuple with one value for each"


def test_one_output_takes_the_value_whole_and_none_takes_nothing() -> None:
    assert answers(gr.Interface(lambda x: ["a", "b"], "text", "text"), "") == [["['a', 'b']"]]
    assert answers(gr.Interface(lambda x: "ignored", "text", None), "") == [[]]
    assert answers(gr.Interface(lambda: 3, None, "number")) == [[3]]


def test_wrong_inputs() -> None:
    assert wrong(lambda: answers(gr.Interface(greet, "text", "text")), InputError) == "0 values given; greet takes 1"


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (lambda: gr.Interface("greet", "text", "text"), "Interface(fn='greet'): fn is the function to call, not str"),
        (lambda: gr.Interface(greet, "label", "text"), "Label shows answers; it can't be in inputs"),
        (
            lambda: gr.Interface(greet, "txt", "text"),
            f"Interface(inputs=...) got 'txt', which is no component; there are {KNOWN}",
        ),
        (
            lambda: gr.Interface(greet, "text", "text", titel="x"),
            "Interface() has no option 'titel'; did you mean 'title'?",
        ),
        (
            lambda: gr.Interface(greet, "text", "text", batch=True),
            "Interface(batch=True): a page makes one call at a time; let fn take single values",
        ),
    ],
)
def test_constructor_messages(build: Any, problem: str) -> None:
    assert wrong(build) == problem


def test_one_component_for_both_sides() -> None:
    box = gr.Textbox()
    assert wrong(lambda: gr.Interface(greet, box, box), ComponentError) == (
        "one Textbox is both input and output; make two"
    )


# ----------------------------------------------------------------------------------------------- options and examples


def test_config() -> None:
    interface = gr.Interface(
        greet, "text", "text", title="T", description="*D*", article="A", live=True, submit_btn="Go", clear_btn="No"
    )
    config = interface.get_config()
    assert {key: value for key, value in config.items() if key not in ("inputs", "outputs")} == {
        "title": "T",
        "description": "*D*",
        "article": "A",
        "live": True,
        "generator": False,
        "submit_label": "Go",
        "stop_label": "Stop",
        "clear_label": "No",
    }
    assert [one["type"] for one in (*config["inputs"], *config["outputs"])] == ["textbox", "textbox"]


@pytest.mark.filterwarnings("ignore:.*no effect on a static page")
def test_the_words_of_the_buttons() -> None:
    made = gr.Interface(greet, "text", "text", submit_btn=gr.Button("Go", variant="primary"), clear_btn=gr.Button("No"))
    assert (made.submit_btn, made.clear_btn) == ("Go", "No")
    assert wrong(lambda: gr.Button("Go", varian="x")) == "Button() has no option 'varian'; did you mean 'variant'?"
    assert gr.Interface(greet, "text", "text", clear_btn=None).get_config()["clear_label"] == ""
    for name, value in (("submit_btn", None), ("stop_btn", ""), ("clear_btn", 3)):
        words: dict[str, Any] = {name: value}
        assert wrong(lambda words=words: gr.Interface(greet, "text", "text", **words)) == (
            f'Interface({name}={value!r}): it is the button\'s words, as {name}="Go"'
        )


@pytest.mark.filterwarnings("ignore:.*no effect on a static page")
def test_values_that_only_gradio_draws_with() -> None:
    look = gr.themes.Soft(primary_hue=gr.themes.colors.red).set(block_radius="2px")
    gr.Interface(greet, "text", "text", theme=look)
    gr.Audio(waveform_options=gr.WaveformOptions(waveform_color="#fff"))
    gr.Image(webcam_options=gr.WebcamOptions(mirror=False))
    pad = gr.Sketchpad(eraser=gr.Eraser(default_size=9), layers=gr.LayerOptions(allow_additional_layers=False))
    assert pad.eraser
    assert "themes" not in gr.__all__
    with pytest.raises(AttributeError):
        copy.copy(gr.themes).__wrapped__  # noqa: B018


def classify_photo(x):
    return x


@pytest.mark.parametrize(
    ("fn", "title"),
    [
        (classify_photo, "Classify photo"),
        (lambda x: x, "Demo"),
        (Greeter(), "Greeter"),
        (functools.partial(greet), "Greet"),
    ],
)
def test_title_of_the_function(fn: Any, title: str) -> None:
    assert gr.Interface(fn, "text", "text").title == title


def test_options_of_gradio_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pageside._options._warned", set())
    with pytest.warns(
        UserWarning, match=r"Interface\(theme=\.\.\.\) has no effect on a static page; it is ignored"
    ) as caught:
        gr.Interface(greet, "text", "text", theme="soft")
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gr.Interface(greet, "text", "text", theme="soft")


def test_additional_inputs_come_after() -> None:
    interface = gr.Interface(lambda a, b: a + str(b), "text", "text", additional_inputs=[gr.Number(2)])
    assert answers(interface, "x", 3) == [["x3"]]
    assert interface.get_config()["additional"] == {"count": 1, "label": "Additional Inputs", "open": False}


def test_additional_inputs_have_an_accordion_and_may_be_left_out_of_examples() -> None:
    def shout(text: str, times: int, mark: str) -> str:
        return text + times * mark

    more = [gr.Number(2), gr.Textbox("!")]
    interface = gr.Interface(
        *(shout, "text", "text"),
        additional_inputs=more,
        additional_inputs_accordion=gr.Accordion("How loud", open=True),
        examples=[["a"], ["b", 3], ["c", 1, "?"]],
        example_labels=["plain", "louder", "asking"],
    )
    assert interface.get_config()["additional"] == {"count": 2, "label": "How loud", "open": True}
    assert interface.examples == [["a", 2, "!"], ["b", 3, "!"], ["c", 1, "?"]]
    assert interface.example_labels == ["plain", "louder", "asking"]
    named = gr.Interface(shout, "text", "text", additional_inputs=more, additional_inputs_accordion="More")
    assert (named.accordion.label, named.accordion.open) == ("More", False)


def test_wrong_accordions_and_labels() -> None:
    def made(**more: Any) -> Any:
        return lambda: gr.Interface(greet, "text", "text", examples=["a", "b"], **more)

    assert wrong(made(example_labels=["one"])) == "1 example label for 2 examples; give one for each, or none"
    assert wrong(made(additional_inputs_accordion=3)) == (
        "additional_inputs_accordion=3: it is a label or an Accordion, not int"
    )


@pytest.mark.parametrize(
    ("inputs", "examples", "rows"),
    [
        ("text", None, []),
        ("text", ["a", "b"], [["a"], ["b"]]),
        ("text", [["a"], ["b"]], [["a"], ["b"]]),
        (["text", "number"], [["a", 1], ("b", 2)], [["a", 1], ["b", 2]]),
    ],
)
def test_examples(inputs: Any, examples: Any, rows: Any) -> None:
    assert gr.Interface(lambda *values: "", inputs, "text", examples=examples).examples == rows


def test_an_array_is_one_value() -> None:
    array = np.zeros((2, 2))
    assert gr.Interface(lambda x: x, "image", "image", examples=[array]).examples[0][0] is array


def test_examples_messages() -> None:
    two = ["text", "number"]
    assert wrong(lambda: gr.Interface(lambda a, b: "", two, "text", examples=[["a", 1], ["b"]])) == (
        "example 2 has 1 value, but there are 2 inputs; give one value for each input"
    )
    assert wrong(lambda: gr.Interface(greet, "text", "text", examples=7)) == (
        "Interface(examples=7): it is a list with the values of each example"
    )


def test_packages() -> None:
    assert gr.Interface(lambda x: x, gr.Image(type="pil"), "image").packages() == ["pillow"]
    assert gr.Interface(greet, "text", "text").packages() == []


# ------------------------------------------------------------------------------------------------- launch and choosing


def test_launch_tells_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(interface_module, "launch_hook", lambda interface, options: seen.append((interface, options)))
    demo = gr.Interface(fn=greet, inputs="text", outputs="text")
    demo.launch(share=True)
    assert seen == [(demo, {"share": True})]


def test_the_queue_is_the_page_s() -> None:
    demo = gr.Interface(fn=greet, inputs="text", outputs="text")
    with pytest.warns(UserWarning, match=r"queue\(max_size=...\) has no effect on a static page; it is ignored"):
        assert demo.queue(max_size=20) is demo
    assert wrong(lambda: demo.queue(size=20)) == "queue() has no option 'size'; did you mean 'max_size'?"


def test_launch_without_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", missing)
    assert wrong(gr.Interface(greet, "text", "text").launch) == (
        "launch() needs Pageside's tools, which are not here; pip install pageside"
    )


def test_launch_reaches_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType

    tools = ModuleType("pageside_export.launch")
    tools.launch = lambda interface, **options: (interface, options)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pageside_export.launch", tools)
    demo = gr.Interface(greet, "text", "text")
    assert demo.launch(server_port=1) == (demo, {"server_port": 1})


def test_choose() -> None:
    one, two, demo = (gr.Interface(greet, "text", "text") for _ in range(3))
    choose = interface_module.choose
    assert choose({"a": one, "b": two}, [two, two]) is two
    assert choose({"a": one, "again": one, "x": 3}, []) is one
    assert choose({"a": one, "demo": demo}, []) is demo
    assert wrong(lambda: choose({}, [])) == "demo.py makes no Interface; write Interface(fn, inputs, outputs).launch()"
    assert wrong(lambda: choose({"a": one, "b": two, "demo": 1}, [], "two.py")) == (
        "two.py makes 2 interfaces; call launch() on one, or name it `demo`"
    )
    assert wrong(lambda: choose({}, [one, two])) == "demo.py: launch() was called on 2 interfaces; a page has one"


# ---------------------------------------------------------------------------------------------------------- the module


def test_public_names() -> None:
    beside = [
        "Accordion",
        "Button",
        "Brush",
        "Eraser",
        "Error",
        "Info",
        "Interface",
        "Model",
        "Progress",
        "Success",
        "Warning",
        "ops",
    ]
    assert gr.__all__ == sorted([*beside, *gr.components.classes()])
    assert all(getattr(gr, name) is not None for name in gr.__all__)
    assert set(gr.__all__) <= set(dir(gr))
    assert wrong(lambda: gr.Blocks, AttributeError) == f"pageside has no 'Blocks'; it has {', '.join(gr.__all__)}"
    assert wrong(lambda: gr._x, AttributeError) == "module 'pageside' has no attribute '_x'"


def test_every_error_is_one_family() -> None:
    from pageside import _errors

    classes = [value for value in vars(_errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert len(classes) == 6
    assert all(issubclass(one, Error) for one in classes)
    assert _errors.__doc__ is not None
    assert all(one.__name__ in _errors.__doc__ for one in classes)


def test_an_input_may_be_missing_where_the_parameter_s_default_is_none() -> None:
    def paint(photo: Any, mask: Any = None, strength: float = 1) -> Any:
        return photo

    demo = gr.Interface(paint, ["image", "image", "number"], "image")
    optional = [one["props"].get("optional", False) for one in demo.get_config()["inputs"]]
    assert optional == [False, True, False]
