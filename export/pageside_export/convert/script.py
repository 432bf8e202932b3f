"""The TorchScript exporter: the last resort for modules, and the first for ScriptModules.

It follows one run of forward(), so it bakes in what Python decides on the way. Where PyTorch warns of that, the
attempt has failed.
"""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path
from typing import Any, cast
from unittest import mock

import onnx
import torch
from torch.jit._trace import TracerWarning

from pageside_export.convert.flat import Flat, is_scripted
from pageside_export.errors import ExportError
from pageside_export.modules import Built
from pageside_export.places import is_maker_file, maker_place, place

_TORCH = Path(torch.__file__).parent
_NO_OPERATOR = re.compile(r"Exporting the operator '([^']+)'|unsupported.*?operator:? '?([\w:]+)")


def export(built: Built, opset: int, *, dynamic: bool) -> onnx.ModelProto:
    """Exports by running forward() once. Raises ExportError, also where Python code decided by a tensor's values."""
    file, tensors = io.BytesIO(), tuple(built.inputs.values())
    axes = {name: dict(axes) for name, axes in built.dynamic_shapes.items() if axes} if dynamic else {}
    # torch prints the whole graph of a failed export, from C++ and past sys.stdout; it has no working switch.
    quiet = mock.patch.object(torch._C, "_jit_onnx_log")
    with quiet, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            torch.onnx.export(
                _module(built),
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
    _refuse_baked(built, caught)
    return onnx.load_from_string(file.getvalue())


def _module(built: Built) -> torch.nn.Module:
    """The module to export; the exporter finds ScriptModules only in a traced one."""
    flat = Flat(built)
    if not is_scripted(built.module):
        return flat
    return torch.jit.trace(flat, tuple(built.inputs.values()), check_trace=False)  # type: ignore[no-any-return, no-untyped-call]


def _refuse_baked(built: Built, caught: list[warnings.WarningMessage]) -> None:
    for one in caught:
        if Path(one.filename).is_relative_to(_TORCH):
            continue  # its own layers check their inputs' shapes so
        if issubclass(one.category, TracerWarning) and "Converting a tensor to" in str(one.message):
            where = place(one.filename, one.lineno) if is_maker_file(one.filename) else built.where
            what = f"{built.name} cannot be exported: Python code decides by a tensor's value or size"
            raise ExportError(what, where, "use torch.where, or torch.jit.script for this part")


def _failed(built: Built, error: Exception) -> ExportError:
    text = str(error).strip()
    where = maker_place(error) or built.where
    if operator := _NO_OPERATOR.search(text):
        name = (operator.group(1) or operator.group(2)).removeprefix("aten::")
        what = f"{built.name} cannot be exported: ONNX has no operator for torch's {name}"
        return ExportError(what, where, "write it with other functions, or move that part into demo.py with numpy")
    first = text.splitlines()[0] if text else type(error).__name__
    return ExportError(f"{built.name} cannot be exported: {first}", where, "--debug shows PyTorch's own words")
