"""Who answers `await net(...)`: torch, onnxruntime or, in the page, onnxruntime-web."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple, Protocol

from pageside._errors import EngineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from pageside.model import Model

ENTRY_POINTS = "pageside.engines"


class TensorSpec(NamedTuple):
    """One input or output: `dtype` as NumPy names it; `shape` holds a number, or a name where the size is free."""

    name: str
    dtype: str
    shape: tuple[int | str, ...]

    def __str__(self) -> str:
        return f"{self.name} ({self.dtype} {' x '.join(map(str, self.shape)) or 'scalar'})"


class ModelSpecs(NamedTuple):
    """The inputs and outputs of a model, in its own order."""

    inputs: list[TensorSpec]
    outputs: list[TensorSpec]


class Engine(Protocol):
    """Runs models."""

    def specs(self, model: Model) -> ModelSpecs:
        """What the model takes and gives."""

    async def run(self, model: Model, feeds: dict[str, Any]) -> dict[str, Any]:
        """The outputs by name. `feeds` holds every input, C-contiguous, of the dtype and a shape that `specs` gives.

        Both are arrays; an engine that answers with a Kept is given it back as it is.
        """


_used: ContextVar[Engine | None] = ContextVar("pageside_engine", default=None)
_defaults: dict[str, Engine] = {}


@contextmanager
def use(engine: Engine) -> Iterator[Engine]:
    """Within the block this engine answers: `with use(OnnxEngine(...)): ...`."""
    token = _used.set(engine)
    try:
        yield engine
    finally:
        _used.reset(token)


def set_default(engine: Engine) -> None:
    """Take this engine where none is in use. The page does so at its start."""
    _defaults["engine"] = engine


def current() -> Engine:
    """The engine of the innermost `use`, else the default, else the installed torch engine. Raises EngineError."""
    engine = _used.get() or _defaults.get("engine")
    if engine is None:
        engine = _installed()
        set_default(engine)
    return engine


def _installed() -> Engine:
    from importlib.metadata import entry_points

    found = [entry for entry in entry_points(group=ENTRY_POINTS) if entry.name == "torch"]
    if not found:
        raise EngineError(
            "no engine can run the model here; install Pageside with PyTorch: pip install 'pageside[torch]'"
        )
    engine: Engine = found[0].load()()
    return engine
