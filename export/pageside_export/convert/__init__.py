"""From a PyTorch module to one ONNX model, the same bytes each time.

Three exporters are tried in turn, and what each said is kept: torch.export with the maker's dynamic axes,
torch.export with the example's sizes, TorchScript. A result that is wrong at other sizes is a failure too.
"""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from pageside_export.convert import dynamo, script, sizes
from pageside_export.convert.clean import cleaned, serialized
from pageside_export.convert.flat import is_scripted
from pageside_export.errors import ExportError
from pageside_export.modules import Built

__all__ = ["Attempt", "Converted", "cleaned", "serialized", "to_onnx"]

Sample = Mapping[str, NDArray[Any]]
#: Gives the model, and what the maker must know of it.
Exporter = Callable[[], tuple[onnx.ModelProto, list[str]]]


@dataclass(frozen=True)
class Attempt:
    """One exporter that failed: what it said, and the maker's line."""

    exporter: str
    error: str
    where: str


@dataclass
class Converted:
    """A model in ONNX, and how it came to be."""

    model: onnx.ModelProto
    #: "dynamo-dynamic", "dynamo-fixed" or "torchscript".
    exporter: str
    attempts: list[Attempt] = field(default_factory=list)
    #: What the maker must know, a sentence each.
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """All but the model, for report.json and the cache."""
        attempts = [asdict(attempt) for attempt in self.attempts]
        return {"exporter": self.exporter, "attempts": attempts, "notes": list(self.notes)}


def to_onnx(built: Built, opset: int, samples: Sequence[Sample] = (), outside: Path | None = None) -> Converted:
    """Exports a module. ExportError names the maker's line and what to change there.

    `samples` are inputs that the model must take: a form with fixed sizes is refused where one has other sizes.
    `outside` is a folder for the constants of a big model.
    """
    attempts: list[Attempt] = []
    failures: dict[str, ExportError] = {}
    held: Converted | None = None
    for exporter, export in _chain(built, opset, outside):
        fixed = exporter == "dynamo-fixed" and any(built.dynamic_shapes.values())
        try:
            with _silent(), torch.no_grad():
                model, decided = export()
            notes = _checked(built, model, (samples, outside), fixed=fixed) + decided
        except ExportError as error:
            failures[exporter] = error
            attempts.append(Attempt(exporter, f"{error.what}; {error.todo}", error.where))
            continue
        made = Converted(cleaned(model), exporter, attempts, notes)
        if fixed and not is_scripted(built.module):
            # Right, but less than the maker asked for: taken only if the next one keeps no axis free either.
            held = made
        elif held and sizes.UNCHECKED in notes:
            attempts.append(Attempt(exporter, sizes.UNCHECKED, built.where))
        else:
            if held:
                attempts.append(Attempt(held.exporter, held.notes[0], built.where))
            return made
    if held:
        return held
    raise _telling(built, failures)


def _chain(built: Built, opset: int, outside: Path | None) -> list[tuple[str, Exporter]]:
    dynamic = any(built.dynamic_shapes.values())
    by_dynamo: list[tuple[str, Exporter]] = []
    if dynamic:
        by_dynamo.append(("dynamo-dynamic", lambda: (dynamo.export(built, opset, outside, dynamic=True), [])))
    by_dynamo.append(("dynamo-fixed", lambda: (dynamo.export(built, opset, outside, dynamic=False), [])))
    by_script: list[tuple[str, Exporter]] = [("torchscript", lambda: script.export(built, opset, dynamic=dynamic))]
    # Only TorchScript keeps the branches and loops of a ScriptModule.
    return by_script + by_dynamo if is_scripted(built.module) else by_dynamo + by_script


def _checked(
    built: Built, model: onnx.ModelProto, given: tuple[Sequence[Sample], Path | None], *, fixed: bool
) -> list[str]:
    samples, outside = given
    _check_names(built, model, fixed=fixed)
    _refuse_bfloat16(built, model)
    if wrong := sizes.check_example(built, model, outside):
        todo = "take random numbers, state and Python branches out of forward()"
        raise ExportError(f"{built.name} cannot be exported: {wrong}", built.where, todo)
    if wrong := sizes.check_values(built, model, outside):
        todo = "don't let Python decide by a tensor's values in forward(), or give an example that isn't uniform"
        raise ExportError(f"{built.name} cannot be exported: {wrong}", built.where, todo)
    if fixed:
        return [_fixed_note(built, samples)]
    wrong, notes = sizes.check(built, model, outside)
    if wrong:
        what = f"{built.name} cannot be exported: {wrong}"
        raise ExportError(what, built.where, "don't turn a size into a Python number in forward()")
    return notes


def _refuse_bfloat16(built: Built, model: onnx.ModelProto) -> None:
    kind = onnx.TensorProto.BFLOAT16
    casts = (one.i for node in model.graph.node if node.op_type == "Cast" for one in node.attribute if one.name == "to")
    if kind in casts or any(one.data_type == kind for one in model.graph.initializer):
        raise dynamo.in_bfloat16(built, built.where)


def _fixed_note(built: Built, samples: Sequence[Sample]) -> str:
    """What the maker is told of axes that became fixed. ExportError where the demo itself needs them free."""
    for sample in samples:
        for name, value in sample.items():
            wanted = tuple(built.inputs[name].shape)
            if np.shape(value) != wanted:
                what = f"{built.name} can be exported with fixed sizes only: the demo gives {name!r} as "
                what += f"{np.shape(value)} and build() as {wanted}"
                raise ExportError(what, built.where, "bring the inputs to one size in demo.py")
    labels = [
        f"axis {axis} ({label}) of {name!r} is fixed at {built.inputs[name].shape[axis]}"
        for name, axes in built.dynamic_shapes.items()
        for axis, label in axes.items()
    ]
    return f"{', '.join(labels)}: no exporter could keep it free"


def _telling(built: Built, failures: Mapping[str, ExportError]) -> ExportError:
    """The failure that says most: of the exporter that reads the maker's code as it is written."""
    dynamic, fixed = failures.get("dynamo-dynamic"), failures["dynamo-fixed"]
    if is_scripted(built.module):
        return failures["torchscript"]
    # Fixed sizes were no way out only because the demo's own inputs differ: then the free axis is what to mend.
    return dynamic if dynamic and "with fixed sizes only" in fixed.what else fixed


def _check_names(built: Built, proto: onnx.ModelProto, *, fixed: bool) -> None:
    outputs = [value.name for value in proto.graph.output]
    if outputs != built.outputs:
        what = f"{built.name} was exported with the outputs {', '.join(outputs)} in place of {', '.join(built.outputs)}"
        raise ExportError(what, built.where, "return each tensor once, in a dict or tuple, from forward()")
    for value in () if fixed else proto.graph.input:
        for axis, label in built.dynamic_shapes.get(value.name, {}).items():
            dim = value.type.tensor_type.shape.dim[axis]
            if not dim.dim_param:
                what = f"axis {axis} ({label}) of {value.name!r} became the fixed size {dim.dim_value}"
                raise ExportError(what, built.where, "don't turn its size into a Python number in forward()")


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """The exporters print graphs, warnings and advice; a failure is told in our own words instead."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
