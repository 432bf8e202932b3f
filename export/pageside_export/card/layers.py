"""Where a variant's error arises: the output of each layer with weights, against the fp32 form's, natively.

A recipe keeps the names of the tensors that it does not replace, so the same name is the same quantity in both graphs.
The error at a layer holds that of all layers before it. Nothing is chosen by it, so it costs a visitor and a build
little: two calls, at most `MOST_LAYERS` layers, and no model above `MOST_BYTES`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.exporting import ModelExport, VariantExport
from pageside_export.pack import write_whole
from pageside_export.verify import Arrays, Call

#: With a weight matrix or kernel of at least two axes.
OPERATORS = {"Conv", "ConvTranspose", "Gemm", "MatMul", "Gather", "LSTM", "GRU", "RNN"}

#: All outputs of one call are in memory at once.
MOST_LAYERS = 96
MOST_CALLS = 2
#: Of the fp32 form: it is in memory as a graph and again in the session.
MOST_BYTES = 400_000_000


def measured(model: ModelExport) -> dict[str, Any]:
    """`Layers` of report.d.ts; `reason` says why there are none. Kept beside the export in the cache."""
    if model.variants[0].size > MOST_BYTES:
        return _none(f"not measured for a model of more than {MOST_BYTES // 1_000_000} MB")
    kept, stamp = model.variants[0].path.parent / "layers.json", _stamp(model)
    if (found := _read(kept)) is not None and found["stamp"] == stamp:
        return dict(found["layers"])
    layers = _measure(model)
    write_whole(kept, json.dumps({"stamp": stamp, "layers": layers}).encode())
    return layers


def _measure(model: ModelExport) -> dict[str, Any]:
    graph = onnx.load(str(model.variants[0].path))
    layers = _layers(graph.graph)
    if not layers:
        return _none("no layer has weights of its own")
    calls = model.golden[:MOST_CALLS]
    errors: dict[str, list[float | None]] = {one.id: [0.0] * len(layers) for one in model.variants[1:]}
    skipped: dict[str, str] = {}
    tensors = [tensor for _, _, tensor in layers]
    for call in calls:
        try:
            right = _outputs(model.variants[0], tensors, call)
        except Exception as error:  # as below
            return _none(f"fp32 does not run with its inner tensors as outputs: {_words(error)}")
        for one in model.variants[1:]:
            try:
                got = _outputs(one, tensors, call)
            except Exception as error:  # onnxruntime raises its own kinds; a picture fewer stops no export
                skipped[one.id] = _words(error)
                continue
            pairs = zip(errors[one.id], layers, strict=True)
            errors[one.id] = [_worse(old, _error(right[tensor], got.get(tensor))) for old, (_, _, tensor) in pairs]
    return {
        "reason": None,
        "calls": len(calls),
        "names": [name for name, _, _ in layers],
        "operators": [kind for _, kind, _ in layers],
        "errors": {id_: values for id_, values in errors.items() if id_ not in skipped},
        "skipped": skipped,
    }


def _layers(graph: onnx.GraphProto) -> list[tuple[str, str, str]]:
    """Name, operator and output of each node that reads a weight, in order of calculation; evenly thinned out."""
    weights = {one.name for one in graph.initializer if one.data_type == onnx.TensorProto.FLOAT and len(one.dims) >= 2}
    found = []
    for node in graph.node:
        weight = next((name for name in node.input if name in weights), "")
        if node.op_type in OPERATORS and weight:
            found.append((_name(weight), str(node.op_type), next(name for name in node.output if name)))
    if len(found) <= MOST_LAYERS:
        return found
    places = np.linspace(0, len(found) - 1, MOST_LAYERS).round().astype(int)
    return [found[place] for place in places]


def _name(weight: str) -> str:
    """A module's path from its weight's, as `features.0` from `module.features.0.weight`."""
    return weight.removeprefix("module.").removesuffix(".weight")


def _outputs(variant: VariantExport, tensors: Sequence[str], call: Call) -> Arrays:
    """These tensors, as far as the variant has them, for one call."""
    model = onnx.load(str(variant.path))
    there = {name for node in model.graph.node for name in node.output}
    outer = {value.name for value in model.graph.output}
    more = [name for name in dict.fromkeys(tensors) if name in there and name not in outer]
    # onnxruntime infers the type of an output that has only a name.
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in more)
    return OnnxSession(OnnxModel(model.SerializeToString(), variant.session_config)).run(call.inputs)


def _error(right: np.ndarray[Any, Any], got: np.ndarray[Any, Any] | None) -> float | None:
    """Norm of the error over the norm of fp32's output; None without a number."""
    if got is None or got.shape != right.shape:
        return None
    x, y = right.astype(np.float64), got.astype(np.float64)
    scale = float(np.linalg.norm(x))
    error = float(np.linalg.norm(x - y))
    share = error / scale if scale else (0.0 if error == 0 else np.inf)
    return float(f"{share:.3g}") if np.isfinite(share) else None


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"


def _worse(old: float | None, new: float | None) -> float | None:
    return None if old is None or new is None else max(old, new)


def _none(reason: str) -> dict[str, Any]:
    return {"reason": reason, "calls": 0, "names": [], "operators": [], "errors": {}, "skipped": {}}


def _stamp(model: ModelExport) -> str:
    """Of what the result depends on: this file, the variants and the calls."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for text in _facts(model):
        digest.update(text.encode() + b"\0")
    return digest.hexdigest()


def _facts(model: ModelExport) -> Iterator[str]:
    yield from (f"{one.id} {one.sha256}" for one in model.variants)
    for call in model.golden[:MOST_CALLS]:
        yield from (f"{name} {hashlib.sha256(value.tobytes()).hexdigest()}" for name, value in call.inputs.items())


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return found if {"stamp", "layers"} <= found.keys() else None
    except (OSError, ValueError, AttributeError):
        return None
