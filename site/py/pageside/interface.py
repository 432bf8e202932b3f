"""The interface of a demo: a function with components before and after it. Gradio's names."""

from __future__ import annotations

from contextlib import aclosing

from pageside import _calls, _options, components
from pageside._errors import ComponentError, InputError, InterfaceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from typing import Any, Literal

    from pageside.components import Component

launch_hook: Callable[[Interface, dict[str, Any]], Any] | None = None
"""What `launch()` does. Set by a loader and by the page; None starts a local page."""

# Gradio's options that its server or its theme engine carries out.
GRADIO_ONLY = _options.names(
    """allow_duplication allow_flagging analytics_enabled api_description api_name
    api_visibility cache_examples cache_mode concurrency_limit css css_paths deep_link delete_cache
    examples_per_page fill_width flagging_callback flagging_dir flagging_mode flagging_options head head_paths js
    max_batch_size run_examples_on_click show_progress stream_every theme time_limit
    validator"""
)
GRADIO_ONLY_BUTTON = _options.names(
    """elem_classes elem_id every icon inputs interactive key link link_target min_width preserved_by_key render scale
    size variant visible"""
)
QUEUE = _options.names("api_open default_concurrency_limit max_size status_update_rate")
KNOWN = _options.names(
    """fn inputs outputs examples title description article live additional_inputs additional_inputs_accordion
    example_labels preload_example submit_btn stop_btn clear_btn"""
)


class Accordion:
    """What `additional_inputs_accordion` takes: the words above a part that opens, and whether it is open at first."""

    def __init__(self, label: str | None = None, *, open: bool = True) -> None:  # noqa: A002 - Gradio's name
        self.label = label
        self.open = open


class Button:
    """What `submit_btn`, `stop_btn` and `clear_btn` take too: a button's words."""

    def __init__(self, value: str = "Run", **gradio: Any) -> None:
        _options.accept("Button", gradio, GRADIO_ONLY_BUTTON, ("value",))
        self.value = value


class Interface:
    """A page for one function.

    `fn` is a def, async def, generator, async generator, lambda or callable object that takes one argument for each
    input; a parameter whose default is a `Progress` is none. `inputs` and `outputs` are a component, its name ("text"),
    or a list of them. `examples` is a list with a list of values for each example, or a list of values where there is
    one input; pictures by path, relative to the demo. A folder's path stands for the rows of its log.csv, or for its
    files where there is one input. `example_labels` names each; the page opens with that of place `preload_example`,
    for False with none. `additional_inputs` stand below the others in a part that is closed at first, named by
    `additional_inputs_accordion`; an example may leave them out.
    `title` is the function's name without it; `description` and `article` are Markdown, above and below.
    `submit_btn`, `stop_btn` and `clear_btn` are the buttons' words; `clear_btn=None` leaves that button out.
    With `live=True` the page runs on every change. Gradio's other options are accepted and warn once.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        inputs: Any,
        outputs: Any,
        examples: list[Any] | str | None = None,
        *,
        title: str | None = None,
        description: str | None = None,
        article: str | None = None,
        live: bool = False,
        additional_inputs: Any = None,
        additional_inputs_accordion: str | Accordion | None = None,
        example_labels: list[str] | None = None,
        preload_example: int | Literal[False] = 0,
        submit_btn: str | Button = "Submit",
        stop_btn: str | Button = "Stop",
        clear_btn: str | Button | None = "Clear",
        **gradio: Any,
    ) -> None:
        if not callable(fn):
            raise InterfaceError(f"Interface(fn={fn!r}): fn is the function to call, not {type(fn).__name__}")
        if gradio.pop("batch", False):
            raise InterfaceError("Interface(batch=True): a page makes one call at a time; let fn take single values")
        _options.accept("Interface", gradio, GRADIO_ONLY, KNOWN)
        self.fn = fn
        additional = _components(additional_inputs, "additional_inputs")
        self._takes = _components(inputs, "inputs") + additional
        self._gives = _components(outputs, "outputs")
        # What the visitor sees of them.
        self.inputs = [component for component in self._takes if not component.is_session]
        self.outputs = [component for component in self._gives if not component.is_session]
        self.additional = sum(not component.is_session for component in additional)
        self.accordion = _accordion(additional_inputs_accordion)
        self.title = title or _title(fn)
        self.description = description or ""
        self.article = article or ""
        self.live = live
        self.submit_btn = _words("submit_btn", submit_btn)
        self.stop_btn = _words("stop_btn", stop_btn)
        self.clear_btn = "" if clear_btn is None else _words("clear_btn", clear_btn)
        self._others: list[tuple[int, _calls.NoInput]] = []
        self._check_roles()
        self._label(self._check_signature())
        self.examples_folder = examples if isinstance(examples, str) else ""
        self.examples = self._rows(self._from_folder(examples) if isinstance(examples, str) else examples)
        self.example_labels = self._names(example_labels)
        self.preload_example = self._preloaded(preload_example)

    def __repr__(self) -> str:
        return f"Interface({_calls.name_of(self.fn)}, {self.inputs} -> {self.outputs})"

    def launch(self, **options: Any) -> Any:
        """Show the page: a local server for a script, an iframe in a notebook. A build and the page take note of it.

        `options` are those of `pageside_export.launch.launch`; Gradio's (`share`, `server_port`) are known there.
        """
        if launch_hook is not None:
            return launch_hook(self, options)
        from importlib import import_module

        try:
            start = import_module("pageside_export.launch").launch
        except ModuleNotFoundError as error:
            if error.name not in ("pageside_export", "pageside_export.launch"):
                raise
            raise InterfaceError("launch() needs Pageside's tools, which are not here; pip install pageside") from None
        return start(self, **options)

    def queue(self, **options: Any) -> Interface:
        """The interface itself, so that Gradio's `queue().launch()` runs: a page has one queue, with nothing to set."""
        _options.accept("queue", options, QUEUE, ())
        return self

    def get_config(self) -> dict[str, Any]:
        """InterfaceConfig of `protocol.d.ts`, with the Markdown `description` and `article` in place of their HTML."""
        first = self.preload_example
        accordion = {"count": self.additional, "label": self.accordion.label, "open": self.accordion.open}
        return {
            "title": self.title,
            "description": self.description,
            "article": self.article,
            "inputs": [component.get_config() for component in self.inputs],
            "outputs": [component.get_config() for component in self.outputs],
            "live": self.live,
            "generator": _calls.is_generator(self.fn),
            "submit_label": self.submit_btn,
            "stop_label": self.stop_btn,
            "clear_label": self.clear_btn,
            **({"additional": accordion} if self.additional else {}),
            **({"preload_example": first} if first or first is False else {}),
        }

    def packages(self) -> list[str]:
        """Packages that the components need in the page, beside numpy."""
        named = {name for component in (*self.inputs, *self.outputs) for name in component.packages()}
        return sorted(named.union(*(component.input_packages() for component in self.inputs)))

    async def process(
        self, payloads: list[Any], session: dict[int, Any] | None = None
    ) -> AsyncGenerator[list[Any], None]:
        """One call: a list of output payloads for each value that the function returns or yields.

        `payloads` has one for each input. `session` holds the values of State components, by their place among them,
        and gets the new ones; None and an empty one begin with the first values. Raises InputError for a value that a
        component refuses, InterfaceError for returned values that don't fit, and whatever the maker's function raises.
        """
        if len(payloads) != len(self.inputs):
            raise InputError(f"{_count(len(payloads), 'value')} given; {self._name} takes {len(self.inputs)}")
        session = {} if session is None else session
        given = iter(payloads)
        values = [
            self._kept(component, session) if component.is_session else component.preprocess(next(given))
            for component in self._takes
        ]
        for place, other in self._others:
            # Behind the inputs it is there by default.
            if place < len(values):
                values.insert(place, other)
        async with aclosing(_calls.results(self.fn, values)) as results:
            async for returned in results:
                yield self._payloads(returned, session)

    @property
    def _name(self) -> str:
        return _calls.name_of(self.fn)

    def _kept(self, component: Component, session: dict[int, Any]) -> Any:
        place = [other for other in self._takes if other.is_session].index(component)
        if place not in session:
            session[place] = component.first()  # type: ignore[attr-defined]
        return session[place]

    def _payloads(self, returned: Any, session: dict[int, Any]) -> list[Any]:
        wanted = len(self._gives)
        if wanted == 0:
            return []
        values = [returned] if wanted == 1 else returned
        if not isinstance(values, (list, tuple)):
            raise InterfaceError(
                f"{self._name} returned one value ({type(values).__name__}), but there are {wanted} outputs; "
                "return a tuple with one value for each"
            )
        if len(values) != wanted:
            raise InterfaceError(
                f"{self._name} returned {_count(len(values), 'value')}, but there are {wanted} outputs; "
                "return a tuple with one value for each"
            )
        pairs = list(zip(self._gives, values, strict=True))
        session |= enumerate(value for component, value in pairs if component.is_session)
        return [component.postprocess(value) for component, value in pairs if not component.is_session]

    def _check_roles(self) -> None:
        kept = [sum(component.is_session for component in side) for side in (self._takes, self._gives)]
        if kept[0] != kept[1]:
            raise ComponentError(
                f"{_count(kept[0], 'State')} among the inputs, {kept[1]} among the outputs; "
                "the function takes each and returns it"
            )
        for component in self.inputs:
            if not component.is_input:
                raise ComponentError(f"{type(component).__name__} shows answers; it can't be in inputs")
        for component in self.outputs:
            if not component.is_output:
                raise ComponentError(f"{type(component).__name__} takes values; it can't be in outputs")
        # A State may be one object, as Gradio's examples have it.
        both = [component for component in self.inputs if any(component is other for other in self.outputs)]
        if both:
            raise ComponentError(f"one {type(both[0]).__name__} is both input and output; make two")

    def _check_signature(self) -> list[str]:
        """The parameters' names."""
        found = _calls.parameters(self.fn)
        if found is None:
            return []
        self._others = found.others
        if found.keyword_only:
            raise InterfaceError(
                f"{self._name} takes {found.keyword_only[0]!r} by name only; inputs are given by place: "
                "give it a default or remove the * before it"
            )
        given = len(self._takes)
        if given < found.required or (found.most is not None and given > found.most):
            listed = ", ".join(found.names)
            takes = f"{_span(found)} ({listed})" if listed else _span(found)
            raise InterfaceError(
                f"{self._name} takes {takes}, but there {_are(given, 'input')}; give one component for each argument"
            )
        for component, optional in zip(self._takes, found.optional, strict=False):
            component.optional = optional
        return found.names

    def _label(self, names: list[str]) -> None:
        for index, component in enumerate(self._takes):
            if component.label is None:
                component.label = names[index] if index < len(names) else f"input {index}"
        for index, component in enumerate(self.outputs):
            if component.label is None:
                component.label = "output" if len(self.outputs) == 1 else f"output {index}"

    def _from_folder(self, folder: str) -> list[list[str]]:
        from pageside._examples import listed

        return listed(folder, len(self.inputs))

    def _rows(self, examples: Any) -> list[list[Any]]:
        if examples is None:
            return []
        if not isinstance(examples, (list, tuple)):
            raise InterfaceError(f"Interface(examples={examples!r}): it is a list with the values of each example")
        wanted = len(self.inputs)
        rows = [list(row) if isinstance(row, (list, tuple)) else [row] for row in examples]
        for number, row in enumerate(rows, 1):
            if wanted - self.additional <= len(row) < wanted:
                row += [getattr(component, "value", None) for component in self.inputs[len(row) :]]
            if len(row) != wanted:
                raise InterfaceError(
                    f"example {number} has {_count(len(row), 'value')}, but there {_are(wanted, 'input')}; "
                    "give one value for each input"
                )
        return rows

    def _preloaded(self, given: Any) -> int | Literal[False]:
        """The place of the example that the page opens with, from the start."""
        if given is False:
            return False
        count = len(self.examples)
        if not isinstance(given, int) or (count and not -count <= given < count):
            raise InterfaceError(
                f"Interface(preload_example={given!r}): it is the place of one of {_count(count, 'example')}, "
                "from 0, or False"
            )
        return given % count if count else given

    def _names(self, labels: list[str] | None) -> list[str]:
        # A page has its folder's examples from the bundle.
        if self.examples_folder and not self.examples:
            return []
        if labels is not None and len(labels) != len(self.examples):
            raise InterfaceError(
                f"{_count(len(labels), 'example label')} for {_count(len(self.examples), 'example')}; "
                "give one for each, or none"
            )
        return [str(label) for label in labels] if labels is not None else [""] * len(self.examples)


def choose(namespace: Mapping[str, Any], launched: list[Interface], where: str = "demo.py") -> Interface:
    """The interface of a demo that has run: the launched one, else its only one, else the one named `demo`.

    `namespace` is the demo's globals. Raises InterfaceError.
    """
    started = list({id(interface): interface for interface in launched}.values())
    if len(started) > 1:
        raise InterfaceError(f"{where}: launch() was called on {len(started)} interfaces; a page has one")
    if started:
        return started[0]
    found = list({id(value): value for value in namespace.values() if isinstance(value, Interface)}.values())
    if len(found) == 1:
        return found[0]
    if isinstance(namespace.get("demo"), Interface):
        chosen: Interface = namespace["demo"]
        return chosen
    if not found:
        raise InterfaceError(f"{where} makes no Interface; write Interface(fn, inputs, outputs).launch()")
    raise InterfaceError(f"{where} makes {len(found)} interfaces; call launch() on one, or name it `demo`")


def _accordion(given: str | Accordion | None) -> Accordion:
    if given is None or isinstance(given, str):
        return Accordion(given or "Additional Inputs", open=False)
    if not isinstance(given, Accordion):
        raise InterfaceError(
            f"additional_inputs_accordion={given!r}: it is a label or an Accordion, not {type(given).__name__}"
        )
    return Accordion(given.label or "Additional Inputs", open=given.open)


def _components(spec: Any, parameter: str) -> list[Component]:
    specs = spec if isinstance(spec, (list, tuple)) else [] if spec is None else [spec]
    return [components.resolve(one, f"Interface({parameter}=...)") for one in specs]


def _words(name: str, value: Any) -> str:
    value = value.value if isinstance(value, Button) else value
    if not isinstance(value, str) or not value:
        raise InterfaceError(f'Interface({name}={value!r}): it is the button\'s words, as {name}="Go"')
    return value


def _title(fn: Callable[..., Any]) -> str:
    name = _calls.name_of(fn)
    words = "Demo" if name == "the lambda" else name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _are(number: int, what: str) -> str:
    return f"{'is' if number == 1 else 'are'} {_count(number, what)}"


def _span(found: _calls.Parameters) -> str:
    if found.most == found.required:
        return _count(found.required, "argument")
    if found.most is None:
        return f"at least {_count(found.required, 'argument')}"
    return f"{found.required} to {_count(found.most, 'argument')}"
