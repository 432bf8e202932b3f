"""The maker's function in all its forms: def, async def, generator, async generator, lambda, callable object."""

from __future__ import annotations

from asyncio import sleep
from contextlib import aclosing, closing
from contextvars import ContextVar
from types import AsyncGeneratorType, GeneratorType
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from typing import Any

# Of a code object: CO_GENERATOR and CO_ASYNC_GENERATOR.
GENERATOR = 0x20 | 0x200


class Parameters(NamedTuple):
    """What a function takes by place. `most` is None with *args; `required` counts those without a default, `optional`
    tells of each whether its default is None.

    What is no input is counted nowhere; `others` has it, each with its place among all.
    """

    names: list[str]
    required: int
    optional: list[bool]
    most: int | None
    keyword_only: list[str]
    others: list[tuple[int, NoInput]]


class NoInput:
    """As the default of a parameter: what is handed in there is no input. `Progress` is one."""


class Watched:
    """A call that somebody watches.

    `tell` takes what a Progress says of it, Levels of `protocol.d.ts` from the outermost on, `notify` a Notice, what
    `Info` and its like say. `track` is Progress's own.
    """

    def __init__(
        self, tell: Callable[[list[dict[str, Any]]], Any], notify: Callable[[dict[str, Any]], Any] | None = None
    ) -> None:
        self.tell = tell
        self.notify = notify
        self.track: Any = None


watched: ContextVar[Watched | None] = ContextVar("watched", default=None)
"""The call that runs, where it is watched; set by the page for each."""


def name_of(fn: Callable[..., Any]) -> str:
    """`classify`; "the lambda"; the class of a callable object; the function within a partial."""
    inner = getattr(fn, "func", fn)
    name = str(getattr(inner, "__name__", type(inner).__name__))
    return "the lambda" if name == "<lambda>" else name


def is_generator(fn: Any) -> bool:
    """Whether a call streams several answers."""
    inner = getattr(fn, "func", fn)
    while hasattr(inner, "__wrapped__"):
        inner = inner.__wrapped__
    if not hasattr(inner, "__code__"):
        # Of a callable object; a bound method passes its attributes on to its function.
        inner = getattr(type(inner), "__call__", inner)  # noqa: B004
    code = getattr(inner, "__code__", None)
    return bool(code is not None and code.co_flags & GENERATOR)


def parameters(fn: Callable[..., Any]) -> Parameters | None:
    """None where Python can't tell, as for some functions written in C."""
    import inspect

    try:
        found = list(inspect.signature(fn).parameters.values())
    except (TypeError, ValueError):
        return None
    places = [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    by_place = [p for p in places if not isinstance(p.default, NoInput)]
    starred = any(p.kind is p.VAR_POSITIONAL for p in found)
    return Parameters(
        names=[p.name for p in by_place],
        required=sum(p.default is p.empty for p in by_place),
        optional=[p.default is None for p in by_place],
        most=None if starred else len(by_place),
        keyword_only=[p.name for p in found if p.kind is p.KEYWORD_ONLY and p.default is p.empty],
        others=[(place, p.default) for place, p in enumerate(places) if isinstance(p.default, NoInput)],
    )


async def results(fn: Callable[..., Any], values: list[Any]) -> AsyncGenerator[Any, None]:
    """What `fn(*values)` returns, or each value that it yields.

    Between two steps of a generator other tasks get their turn, so that a call can be cancelled there; where the caller
    stops early, the maker's generator is closed.
    """
    try:
        returned = fn(*values)
        if hasattr(returned, "__await__"):
            returned = await returned
        if isinstance(returned, GeneratorType):
            returned = _stepped(returned)
        if not isinstance(returned, AsyncGeneratorType):
            yield returned
            return
        async with aclosing(returned) as steps:
            async for value in steps:
                yield value
                await sleep(0)
    except (TypeError, AttributeError) as error:
        # The first mistake of everyone who comes from Gradio.
        if "coroutine" in str(error):
            error.add_note("A Model is awaited: write `await net(...)`, inside `async def`.")
        raise


async def _stepped(generator: Generator[Any, Any, Any]) -> AsyncGenerator[Any, None]:
    with closing(generator):
        for value in generator:
            yield value
