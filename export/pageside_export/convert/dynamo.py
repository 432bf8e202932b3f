"""The dynamo exporter: `torch.export` captures the module, `torch.onnx` translates and optimizes it.

In two steps, since the first fails with the maker's own frames; torch.onnx.export alone wraps them away.
"""

from __future__ import annotations

import functools
import gc
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import onnx
import onnx_ir
import torch
from onnxscript import optimizer
from torch.fx.proxy import TracerBase

from pageside_export.convert.flat import Flat
from pageside_export.convert.missing import taken_apart
from pageside_export.errors import ExportError
from pageside_export.modules import Built
from pageside_export.places import is_maker_file, maker_place, place_in_text

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
_FIXED_AXIS = re.compile(r"You marked L\['tensors'\]\[(\d+)\]\.size\(\)\[(\d+)\] as dynamic")
#: A custom operator without register_fake cannot even be captured; it has no ONNX form either.
_NO_FAKE = re.compile(
    r"no fake impl registered for <CustomOpDef\(([\w:.]+)\)>|UnsupportedOperatorException: ([\w:.]+)"
    r"|(?:The operator|run) ([\w.]+::[\w.]+)[^\n]*(?:Meta|fake)"
)
#: An operator whose output's shape hangs on values, and that can't be captured for that: none of them has an ONNX form.
_NO_SHAPE = re.compile(r"DynamicOutputShapeException: ([\w.]+)")
_NO_FUNCTION = re.compile(r"No ONNX function found for <OpOverload\(op='([^']+)'")
_NODE = re.compile(r"Error when translating node %(\w+)")
#: An operator that has an ONNX form, whose own code refuses these arguments.
_REFUSED = re.compile(
    r"Error when translating node %\w+[^\n]*target=torch\.ops\.([\w.]+)\](?s:.*)Error when calling function"
)


def export(built: Built, opset: int, outside: Path | None = None, *, dynamic: bool) -> onnx.ModelProto:
    """Exports with the maker's dynamic axes, or with the example's sizes. Raises ExportError.

    With a folder `outside` large constants go straight to a file there and are never all in memory a second time.
    """
    axes = [built.dynamic_shapes.get(name, {}) if dynamic else {} for name in built.inputs]
    program = _capture(built, axes)
    return _translate(built, program, axes, (opset, outside))


def _capture(built: Built, axes: list[dict[int, str]]) -> torch.export.ExportedProgram:
    # The values of `*tensors` are a tuple in the tuple.
    shapes = (tuple(dict.fromkeys(names, torch.export.Dim.DYNAMIC) for names in axes),)
    try:
        tensors = tuple(built.inputs.values())
        with mock.patch.object(TracerBase, "_filter_traceback_frames", _keeps_maker_frames()):
            program = torch.export.export(Flat(built), tensors, dynamic_shapes=shapes, strict=False)
    except Exception as error:
        raise _capture_failed(built, error) from error
    graphs = [part.graph for part in program.graph_module.modules() if isinstance(part, torch.fx.GraphModule)]
    _forget_failed(graphs)
    for node in (node for graph in graphs for node in graph.nodes):
        if getattr(node.meta.get("val"), "dtype", None) is torch.bfloat16:
            raise in_bfloat16(built, place_in_text(node.meta.get("stack_trace") or "") or built.where)
    return program


def _forget_failed(graphs: list[torch.fx.Graph]) -> None:
    """Takes out calls that raised within the maker's `try`: torch.export leaves them in the graph, without a value."""
    for graph in graphs:
        for node in reversed(graph.nodes):
            if node.op == "call_function" and node.meta.get("val") is None and not (node.users or node.is_impure()):
                graph.erase_node(node)


def _keeps_maker_frames() -> Callable[[TracerBase, traceback.StackSummary], traceback.StackSummary]:
    """What torch keeps of the stack behind a node: it drops all but forward(), and with them the maker's helpers."""
    known = functools.cache(is_maker_file)

    def kept(_: TracerBase, summary: traceback.StackSummary) -> traceback.StackSummary:
        return traceback.StackSummary.from_list([frame for frame in summary if known(frame.filename)])

    return kept


def in_bfloat16(built: Built, where: str) -> ExportError:
    """The refusal of a module that computes in bfloat16, which onnxruntime has hardly any operator for."""
    what = f"{built.name} cannot be exported: the code computes in bfloat16, which no browser runs"
    return ExportError(what, where, "take .bfloat16() and torch.autocast out of forward()")


def _translate(
    built: Built, program: torch.export.ExportedProgram, axes: list[dict[int, str]], how: tuple[int, Path | None]
) -> onnx.ModelProto:
    opset, outside = how
    try:
        result = torch.onnx.export(
            taken_apart(program),
            dynamo=True,
            opset_version=opset,
            input_names=list(built.inputs),
            output_names=built.outputs,
            dynamic_shapes=(tuple(axes),) if any(axes) else None,
            verbose=False,
        )
    except Exception as error:
        raise _translation_failed(built, program, error) from error
    assert result is not None  # only the old exporter returns None
    if outside is None:
        _fold_pieces(result.model)
        return result.model_proto
    file = outside / f"exported{'-dynamic' if any(axes) else ''}.onnx"
    result.save(file, external_data=True)
    _forget_constants()
    return onnx.load(file, load_external_data=False)


def _fold_pieces(model: onnx_ir.Model) -> None:
    """Cuts and joins constants now, which the translation leaves to the runtime where they are large.

    An LSTM's weights come with the gates in another order. As pieces of a constant no recipe would take them for
    weights. Operators that may enlarge or repeat a constant stay.
    """
    pieces = {"Slice", "Split", "Concat", "Unsqueeze", "Squeeze"}
    optimizer.fold_constants(
        model,
        output_size_limit=sys.maxsize,
        should_fold=lambda node: True if node.op_type in pieces else None,
    )
    optimizer.remove_unused_nodes(model)


def _forget_constants() -> None:
    """Lets go of a finished translation's weights.

    onnxscript's rewrite rules hold the last graph that they matched, and with it the module's parameters, as long as
    the process lives; no public name leads there.
    """
    for found in gc.get_objects():
        if isinstance(found, onnx_ir.Value):
            found.const_value = None


def _capture_failed(built: Built, error: Exception) -> ExportError:
    text = f"{type(error).__name__}: {error}"
    where = place_in_text(str(error)) or maker_place(error) or built.where
    if axis := _FIXED_AXIS.search(text):
        name, number = list(built.inputs)[int(axis.group(1))], int(axis.group(2))
        label = built.dynamic_shapes.get(name, {}).get(number, number)
        what = f"{built.name} cannot be exported: axis {number} ({label}) of {name!r} is fixed by the code"
        return ExportError(what, where, "take it out of dynamic_shapes, or don't read its size as a Python number")
    if operator := _NO_FAKE.search(text) or _NO_SHAPE.search(text):
        return _no_operator(built, next(filter(None, operator.groups())), where)
    for pattern, what, todo in _REMEDIES:
        if re.search(pattern, text):
            return ExportError(f"{built.name} cannot be exported: {what}", where, todo)
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ExportError(f"{built.name} cannot be exported: {first}", where, "--debug shows PyTorch's own words")


def _translation_failed(built: Built, program: torch.export.ExportedProgram, error: Exception) -> ExportError:
    text = "\n".join(_chain(error))
    node = _NODE.search(text)
    where = _node_place(program, node.group(1) if node else "") or maker_place(error) or built.where
    if operator := _NO_FUNCTION.search(text):
        return _no_operator(built, operator.group(1), where, of_complex="complex-valued input" in text)
    last = (_chain(error)[-1].strip().splitlines() or [type(error).__name__])[0]
    if operator := _REFUSED.search(text):
        return _no_operator(built, operator.group(1), where, refused=last)
    return ExportError(f"{built.name} cannot be exported: {last}", where, "--debug shows PyTorch's own words")


def _no_operator(
    built: Built, operator: str, where: str, *, of_complex: bool = False, refused: str = ""
) -> ExportError:
    """`operator` is `aten.linalg_eig.default` or `maker::name`; `refused` is why it has none for these arguments."""
    space, name = re.split(r"::|\.", operator, maxsplit=1)
    # "prims" are what torch takes its own functions apart into.
    name = name.partition(".")[0]
    owner = f"torch's {name}" if space in ("aten", "prims") else f"the custom operator {space}::{name}"
    owner += f" as it is called here ({refused.rstrip('.')})" if refused else ""
    what = f"{built.name} cannot be exported: ONNX has no operator for {owner}"
    if of_complex:
        todo = "compute with real and imaginary parts between torch.view_as_real and torch.view_as_complex"
        return ExportError(f"{what} of complex numbers", where, todo)
    return ExportError(what, where, "write it with other functions, or move that part into demo.py with numpy")


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
