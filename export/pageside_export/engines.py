"""The two native engines: torch, the reference, and onnxruntime, the only importer of it here."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from pageside.engine import Engine, ModelSpecs, TensorSpec
from pageside.model import Model

from pageside_export.errors import BuildError
from pageside_export.verify import Call

if TYPE_CHECKING:
    from pageside_export.modules import Built

Arrays = dict[str, NDArray[Any]]
Builder = Callable[[Model], "Built"]


class TorchEngine:
    """Answers with the maker's own modules; each is built once."""

    def __init__(self, build: Builder) -> None:
        self._build = build
        self._built: WeakKeyDictionary[Model, Built] = WeakKeyDictionary()

    def built(self, model: Model) -> Built:
        """The module behind a model. Raises BuildError."""
        if model not in self._built:
            self._built[model] = self._build(model)
        return self._built[model]

    def forget(self, model: Model) -> None:
        """Lets a big module go; the next use builds it again."""
        self._built.pop(model, None)

    def specs(self, model: Model) -> ModelSpecs:
        """What the module takes and gives; axes that may follow a dynamic input are named after their place."""
        return torch_specs(self.built(model))

    async def run(self, model: Model, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """One call in PyTorch."""
        return self.built(model).run(feeds)


class RecordingEngine:
    """Passes calls on and keeps them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.calls: dict[str, list[Call]] = {}

    def specs(self, model: Model) -> ModelSpecs:
        """Of the engine that answers."""
        return self._engine.specs(model)

    async def run(self, model: Model, feeds: Arrays) -> Arrays:
        """One call, kept under the model's name."""
        # The maker's function may change its arrays after the call.
        kept = {name: np.array(value) for name, value in feeds.items()}
        outputs = await self._engine.run(model, feeds)
        call = Call(kept, {name: np.array(value) for name, value in outputs.items()})
        self.calls.setdefault(model.name, []).append(call)
        return outputs


@dataclass(frozen=True)
class OnnxModel:
    """An ONNX file, as bytes or by its path, with entries for the session's configuration."""

    source: bytes | Path
    session_config: Mapping[str, str]


class OnnxEngine:
    """Answers with native onnxruntime; `models` by the name of the `Model`."""

    def __init__(self, models: Mapping[str, OnnxModel]) -> None:
        self._sessions = {name: OnnxSession(model) for name, model in models.items()}

    def specs(self, model: Model) -> ModelSpecs:
        """What the ONNX graph takes and gives."""
        return self._session(model).specs()

    async def run(self, model: Model, feeds: Arrays) -> Arrays:
        """One call in onnxruntime."""
        return self._session(model).run(feeds)

    def _session(self, model: Model) -> OnnxSession:
        try:
            return self._sessions[model.name]
        except KeyError:
            known = ", ".join(self._sessions) or "none"
            raise BuildError(f"no exported model {model.name!r}; there are {known}", repr(model)) from None


class OnnxSession:
    """One model in native onnxruntime, on as many threads as onnxruntime takes by itself."""

    def __init__(self, model: OnnxModel, *, profile: Path | None = None, fused: bool = True) -> None:
        """With `fused=False` each operator runs by itself: the same arithmetic in another order."""
        import onnxruntime as ort

        options = ort.SessionOptions()
        # What fails raises; the same in red on standard error says nothing more.
        options.log_severity_level = 4
        if profile is not None:
            options.enable_profiling = True
            options.profile_file_prefix = os.fspath(profile)
            # As the browser has it: no layout of the processor's own.
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        if not fused:
            options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        for key, value in model.session_config.items():
            options.add_session_config_entry(key, value)
        source = model.source if isinstance(model.source, bytes) else os.fspath(model.source)
        # onnxruntime 1.32.0 dies of a segmentation fault where it lays out some float16 graphs (Longformer's) anew; its
        # layout has no float16 kernels.
        unfit = ["NchwcTransformer"] if _is_half(model.source) else []
        self._session = ort.InferenceSession(
            source, options, providers=["CPUExecutionProvider"], disabled_optimizers=unfit
        )
        self._outputs = [value.name for value in self._session.get_outputs()]

    def specs(self) -> ModelSpecs:
        """Names, dtypes and shapes; a free axis has its name."""
        return ModelSpecs(
            [_spec(value) for value in self._session.get_inputs()],
            [_spec(value) for value in self._session.get_outputs()],
        )

    def end_profiling(self) -> str:
        """Writes the profile of a session that was made with one; the file's name."""
        return str(self._session.end_profiling())

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """One call: arrays by input name to arrays by output name."""
        taken = {value.name for value in self._session.get_inputs()}
        values = self._session.run(self._outputs, {name: value for name, value in feeds.items() if name in taken})
        return dict(zip(self._outputs, values, strict=True))


def _is_half(source: bytes | Path) -> bool:
    """Whether a model has weights in float16."""
    from onnx import TensorProto

    from pageside_export.tensors import constant_types

    return TensorProto.FLOAT16 in constant_types(source)


def milliseconds(sessions: Sequence[OnnxSession], feeds: Mapping[str, NDArray[Any]], calls: int) -> list[float]:
    """The fastest of `calls` calls of each session, after two to warm up; fewer where the calls are slow.

    Whatever else this machine does only ever adds, and the sessions take turns, so that it falls on all of them.
    """
    times: list[list[float]] = [[] for _ in sessions]
    started = time.perf_counter()
    for number in range(calls + 2):
        for session, kept in zip(sessions, times, strict=True):
            before = time.perf_counter()
            session.run(feeds)
            if number >= 2:
                kept.append(1000 * (time.perf_counter() - before))
        if number >= 4 and time.perf_counter() - started > 2 * len(sessions):
            break
    return [min(kept) for kept in times]


def operator_shares(model: OnnxModel, feeds: Mapping[str, NDArray[Any]], calls: int = 3) -> dict[str, float]:
    """Each operator type's share of a native call's time, by onnxruntime's profiler; all of them add up to 1."""
    with tempfile.TemporaryDirectory() as folder:
        session = OnnxSession(model, profile=Path(folder) / "profile")
        for _ in range(calls):
            session.run(feeds)
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    spent: dict[str, float] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            name = event["args"]["op_name"]
            spent[name] = spent.get(name, 0.0) + event["dur"]
    whole = sum(spent.values()) or 1.0
    return {name: time / whole for name, time in sorted(spent.items())}


def torch_engine() -> TorchEngine:
    """The engine of the entry point `pageside.engines`: what answers in a plain Python process."""
    from pageside_export.loader import main_builder

    return TorchEngine(main_builder())


def torch_specs(built: Built) -> ModelSpecs:
    """Specs of a module from its example inputs and what it gives for them."""
    inputs = [
        TensorSpec(name, str(value.numpy().dtype), _named(value.shape, built.dynamic_shapes.get(name, {})))
        for name, value in built.inputs.items()
    ]
    dynamic = any(built.dynamic_shapes.values())
    outputs = []
    for name, (dtype, shape) in built.output_shapes.items():
        axes = {axis: f"{name}_{axis}" for axis in range(len(shape))} if dynamic else {}
        outputs.append(TensorSpec(name, dtype, _named(shape, axes)))
    return ModelSpecs(inputs, outputs)


def _named(shape: tuple[int, ...], names: Mapping[int, str]) -> tuple[int | str, ...]:
    return tuple(names.get(axis, int(size)) for axis, size in enumerate(shape))


_DTYPES = {"float": "float32", "double": "float64"}


def _spec(value: Any) -> TensorSpec:
    kind = value.type.removeprefix("tensor(").removesuffix(")")
    return TensorSpec(value.name, _DTYPES.get(kind, kind), tuple(value.shape))
