"""From a PyTorch module to one ONNX model, the same bytes each time.

`torch.export` captures the module and `torch.onnx` translates it; the exporter's own optimizer folds batch norms,
padding and constants. What would differ between machines (paths, stack traces, versions) is taken out.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import logging
import re
import warnings
from collections.abc import Iterator
from typing import Any

import onnx
import torch

from pageside_export.errors import ExportError
from pageside_export.modules import Built
from pageside_export.places import maker_place, place_in_text

#: What a failed capture says, and what the maker can change. The first that matches is taken.
_REMEDIES = [
    (
        r"data-dependent|GuardOnDataDependent|Could not extract specialized integer",
        "the code depends on the values of a tensor (an `if`, a loop or a shape)",
        "use torch.where, or move that part into demo.py with numpy",
    ),
    (
        r"\.numpy\(\)|\.item\(\)|FakeTensor|fake tensor",
        "the code takes a tensor's values out of PyTorch",
        "keep to torch functions in forward()",
    ),
]
_FIXED_AXIS = re.compile(r"You marked L\['(\w+)'\]\.size\(\)\[(\d+)\] as dynamic")
_NO_FUNCTION = re.compile(r"No ONNX function found for <OpOverload\(op='([^']+)'")
_NODE = re.compile(r"Error when translating node %(\w+)")


def to_onnx(built: Built, opset: int) -> onnx.ModelProto:
    """Exports a module; ExportError names the maker's line and what to change there."""
    with _silent(), torch.no_grad():
        program = _capture(built)
        proto = _translate(built, program, opset)
    _check_names(proto, built)
    return cleaned(proto)


def cleaned(proto: onnx.ModelProto) -> onnx.ModelProto:
    """The model without stack traces, paths, versions and documentation; changes it in place."""
    proto.producer_name, proto.producer_version, proto.doc_string = "pageside", "", ""
    del proto.metadata_props[:]
    for function in proto.functions:
        function.doc_string = ""
        del function.metadata_props[:]
        _clean_nodes(function.node)
    _clean_graph(proto.graph)
    return proto


def serialized(proto: onnx.ModelProto) -> bytes:
    """The model's bytes; equal models have equal bytes."""
    return bytes(proto.SerializeToString(deterministic=True))


def _capture(built: Built) -> torch.export.ExportedProgram:
    dynamic = {
        name: dict.fromkeys(built.dynamic_shapes.get(name, {}), torch.export.Dim.DYNAMIC) for name in built.inputs
    }
    shapes = _like_inputs(built, dynamic)
    try:
        return torch.export.export(built.module, built.args, built.kwargs, dynamic_shapes=shapes, strict=False)
    except Exception as error:
        raise _capture_failed(built, error) from error


def _like_inputs(built: Built, by_name: dict[str, Any]) -> Any:
    """Values in the form in which forward() takes its inputs; those of `*args` are a tuple in the tuple."""
    if not built.positional:
        return by_name
    kinds = [parameter.kind for parameter in inspect.signature(built.module.forward).parameters.values()]
    fixed = [kind for kind in kinds if kind is not inspect.Parameter.VAR_POSITIONAL]
    values = tuple(by_name.values())
    return values if len(fixed) == len(kinds) else (*values[: len(fixed)], values[len(fixed) :])


def _translate(built: Built, program: torch.export.ExportedProgram, opset: int) -> onnx.ModelProto:
    names = {name: built.dynamic_shapes.get(name, {}) for name in built.inputs}
    try:
        result = torch.onnx.export(
            program,
            dynamo=True,
            opset_version=opset,
            input_names=list(built.inputs),
            output_names=built.outputs,
            dynamic_shapes=_like_inputs(built, names) if any(names.values()) else None,
            verbose=False,
        )
    except Exception as error:
        raise _translation_failed(built, program, error) from error
    assert result is not None  # only the old exporter returns None
    return result.model_proto


def _capture_failed(built: Built, error: Exception) -> ExportError:
    text = f"{type(error).__name__}: {error}"
    where = place_in_text(str(error)) or maker_place(error) or built.where
    if axis := _FIXED_AXIS.search(text):
        name, number = _input_name(built, axis.group(1)), int(axis.group(2))
        label = built.dynamic_shapes.get(name, {}).get(number, number)
        what = f"{built.name} cannot be exported: axis {number} ({label}) of {name!r} is fixed by the code"
        return ExportError(what, where, "take it out of dynamic_shapes, or don't read its size as a Python number")
    for pattern, what, todo in _REMEDIES:
        if re.search(pattern, text):
            return ExportError(f"{built.name} cannot be exported: {what}", where, todo)
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ExportError(f"{built.name} cannot be exported: {first}", where, "--debug shows PyTorch's own words")


def _input_name(built: Built, parameter: str) -> str:
    """The name that build() gives to a parameter of forward()."""
    parameters = list(inspect.signature(built.module.forward).parameters)
    if not built.positional or parameter not in parameters:
        return parameter
    return list(built.inputs)[parameters.index(parameter)]


def _translation_failed(built: Built, program: torch.export.ExportedProgram, error: Exception) -> ExportError:
    text = "\n".join(_chain(error))
    node = _NODE.search(text)
    where = _node_place(program, node.group(1) if node else "") or maker_place(error) or built.where
    if operator := _NO_FUNCTION.search(text):
        name = operator.group(1).removeprefix("aten.")
        what = f"{built.name} cannot be exported: ONNX has no operator for torch's {name}"
        return ExportError(what, where, "write it with other functions, or move that part into demo.py with numpy")
    last = _chain(error)[-1].strip().splitlines()
    return ExportError(
        f"{built.name} cannot be exported: {last[0] if last else type(error).__name__}",
        where,
        "--debug shows PyTorch's own words",
    )


def _chain(error: BaseException) -> list[str]:
    texts, current = [], error
    while current is not None:
        texts.append(str(current))
        current = current.__cause__ or current.__context__  # type: ignore[assignment]
    return texts


def _node_place(program: torch.export.ExportedProgram, name: str) -> str:
    """The maker's line behind a node, which may come from the decomposition of a larger one."""
    trace = _stack_trace(program, name) or _stack_trace(program.run_decompositions(), name)
    return place_in_text(trace)


def _stack_trace(program: torch.export.ExportedProgram, name: str) -> str:
    found = (node.meta.get("stack_trace") for node in program.graph.nodes if node.name == name)
    return next(found, None) or ""


def _check_names(proto: onnx.ModelProto, built: Built) -> None:
    outputs = [value.name for value in proto.graph.output]
    if outputs != built.outputs:
        what = f"{built.name} was exported with the outputs {', '.join(outputs)} in place of {', '.join(built.outputs)}"
        raise ExportError(what, built.where, "return a flat dict or tuple of tensors from forward()")
    for value in proto.graph.input:
        for axis, label in built.dynamic_shapes.get(value.name, {}).items():
            dim = value.type.tensor_type.shape.dim[axis]
            if not dim.dim_param:
                what = f"axis {axis} ({label}) of {value.name!r} became the fixed size {dim.dim_value}"
                raise ExportError(what, built.where, "don't turn its size into a Python number in forward()")


def _clean_graph(graph: onnx.GraphProto) -> None:
    graph.doc_string = ""
    graph.name = "main"
    del graph.metadata_props[:]
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.doc_string = ""
        del value.metadata_props[:]
    # Shapes of inner values are inferred again by every runtime, and only cost bytes.
    del graph.value_info[:]
    _clean_nodes(graph.node)


def _clean_nodes(nodes: Any) -> None:
    for node in nodes:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            attribute.doc_string = ""
            for graph in (attribute.g, *attribute.graphs) if attribute.type in (5, 10) else ():
                _clean_graph(graph)


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """The exporter prints graphs, warnings and advice; a failure is told in our own words instead."""
    previous = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(previous)
