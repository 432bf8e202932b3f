"""The TorchScript exporter: the last resort for modules, and the first for ScriptModules.

It follows one run of forward(), so it bakes in what Python decides on the way. Where PyTorch warns of that in the
maker's code, the attempt has failed. Libraries that are meant to be traced decide so too, by a detector's number of
boxes for one: there runs with other values say whether the decision hangs on them.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from unittest import mock

import onnx
import torch
from torch import Tensor
from torch.jit._trace import TracerWarning

from pageside_export.convert.flat import Flat, is_scripted
from pageside_export.errors import ExportError
from pageside_export.modules import Built
from pageside_export.places import is_maker_file, library_place, maker_place, place

_TORCH = Path(torch.__file__).parent
_NO_OPERATOR = re.compile(r"Exporting the operator '([^']+)'|unsupported.*?operator:? '?([\w:]+)")


def export(built: Built, opset: int, *, dynamic: bool) -> tuple[onnx.ModelProto, list[str]]:
    """The model after one run of forward(), and a note on each line of a library that decided by values there.

    Raises ExportError, also where the maker's code decided so, or a library's decides otherwise for other values.
    """
    content, lines = _traced(built, tuple(built.inputs.values()), opset, dynamic=dynamic)
    if lines:
        others = [_traced(built, tensors, opset, dynamic=dynamic)[0] for tensors in _other_values(built)]
        if not others or any(other != content for other in others):
            raise _decided_by_values(built, lines[0])
    kept = "decides by a tensor's value or size; the export keeps what it did, which was the same for other values"
    return onnx.load_from_string(content), [f"{line} {kept}" for line in lines]


def _traced(built: Built, tensors: tuple[Tensor, ...], opset: int, *, dynamic: bool) -> tuple[bytes, list[str]]:
    """A serialized model, the same bytes for the same decisions; and the lines of libraries that took some."""
    file = io.BytesIO()
    axes = {name: dict(axes) for name, axes in built.dynamic_shapes.items() if axes} if dynamic else {}
    # torch prints the whole graph of a failed export, from C++ and past sys.stdout; it has no working switch.
    quiet = mock.patch.object(torch._C, "_jit_onnx_log")
    with quiet, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            torch.onnx.export(
                _module(built, tensors),
                tensors,
                cast(Any, file),
                dynamo=False,
                opset_version=opset,
                input_names=list(built.inputs),
                output_names=built.outputs,
                dynamic_axes=axes,
            )
        except Exception as error:
            raise _failed(built, error) from error
    return file.getvalue(), _decisions(built, caught)


def _other_values(built: Built) -> Iterator[tuple[Tensor, ...]]:
    """The inputs turned around along all axes; those that are no ids or masks also halved, and with the other sign.

    Only values that the module itself takes.
    """
    turned = [tensor.flip(tuple(range(tensor.dim()))) for tensor in built.inputs.values()]
    for factor in (0.5, -1):
        tensors = tuple(factor * tensor if tensor.is_floating_point() else tensor for tensor in turned)
        try:
            built.run({name: tensor.numpy() for name, tensor in zip(built.inputs, tensors, strict=True)})
        except Exception:
            continue
        yield tensors


def _module(built: Built, tensors: tuple[Tensor, ...]) -> torch.nn.Module:
    """The module to export; the exporter finds ScriptModules only in a traced one."""
    flat = Flat(built)
    if not is_scripted(built.module):
        return flat
    return torch.jit.trace(flat, tensors, check_trace=False)  # type: ignore[no-any-return, no-untyped-call]


def _decisions(built: Built, caught: list[warnings.WarningMessage]) -> list[str]:
    lines: list[str] = []
    for one in caught:
        if Path(one.filename).is_relative_to(_TORCH):
            continue  # its own layers check their inputs' shapes so
        if issubclass(one.category, TracerWarning) and "Converting a tensor to" in str(one.message):
            if is_maker_file(one.filename):
                raise _decided_by_values(built, place(one.filename, one.lineno))
            lines.append(library_place(one.filename, one.lineno))
    return list(dict.fromkeys(lines))


def _decided_by_values(built: Built, where: str) -> ExportError:
    what = f"{built.name} cannot be exported: Python code decides by a tensor's value or size"
    return ExportError(what, where, "use torch.where, or torch.jit.script for this part")


def _failed(built: Built, error: Exception) -> ExportError:
    text = str(error).strip()
    where = maker_place(error) or built.where
    if operator := _NO_OPERATOR.search(text):
        name = (operator.group(1) or operator.group(2)).removeprefix("aten::")
        what = f"{built.name} cannot be exported: ONNX has no operator for torch's {name}"
        return ExportError(what, where, "write it with other functions, or move that part into demo.py with numpy")
    first = text.splitlines()[0] if text else type(error).__name__
    return ExportError(f"{built.name} cannot be exported: {first}", where, "--debug shows PyTorch's own words")
