"""Whether a converted model gives PyTorch's numbers for inputs of other sizes and values than the example's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch

from pageside_export.convert.clean import serialized
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.modules import Arrays, Built
from pageside_export.tensors import FOLDER_CONFIG, give_back
from pageside_export.verify import FLOAT_TOLERANCE, Measurement, compare, misses

UNCHECKED = "no size but the example's could be checked"

#: float16 has 11 bits, and the order of a sum shows in the last two.
HALF_TOLERANCE = replace(FLOAT_TOLERANCE, cosine=0.999, largest=2e-2, norm=2e-2)


def check(built: Built, model: onnx.ModelProto, outside: Path | None = None) -> tuple[str, list[str]]:
    """A clause about the first size with other numbers, empty if there is none; and notes for the maker."""
    if not any(built.dynamic_shapes.values()):
        return "", []
    cases: list[tuple[str, Arrays, Arrays]] = []
    refused: list[str] = []
    for sizes in other_sizes(built):
        label = ", ".join(f"{name}={size}" for name, size in sizes.items())
        feeds = resized(built, sizes)
        try:
            cases.append((label, feeds, built.run(feeds)))
        except Exception:
            # The module itself sets limits, as a U-Net that halves its picture four times.
            refused.append(label)
    if wrong := _first_wrong(built, model, outside, cases):
        return wrong, []
    notes = [f"PyTorch itself refuses {'; '.join(refused)}: not checked there"] if refused else []
    return "", notes if cases else [*notes, UNCHECKED]


def check_example(built: Built, model: onnx.ModelProto, outside: Path | None = None) -> str:
    """The same at the example itself; another exporter may do it right. A big model is held against its calls later."""
    if outside:
        return ""
    feeds = {name: value.numpy() for name, value in built.inputs.items()}
    reference = built.run(feeds)
    if not all(np.isfinite(value).all() for value in reference.values()):
        return ""
    return _first_wrong(built, model, outside, [("the example's inputs", feeds, reference)])


def check_values(built: Built, model: onnx.ModelProto, outside: Path | None = None) -> str:
    """The same where the end of each uniform input, as a mask of all ones, has another value: such may be baked in.

    A mask stands beside other inputs. Where all are uniform they are placeholders, whose answers are full of ties.
    """
    changed = {name: other for name, value in built.inputs.items() if (other := _other_end(value.numpy())) is not None}
    if not changed or len(changed) == len(built.inputs):
        return ""
    feeds = {name: changed.get(name, value.numpy()) for name, value in built.inputs.items()}
    try:
        reference = built.run(feeds)
    except Exception:
        return ""  # PyTorch itself takes no other value
    if not all(np.isfinite(value).all() for value in reference.values()):
        return ""
    return _first_wrong(built, model, outside, [(f"other values of {', '.join(map(repr, changed))}", feeds, reference)])


def _other_end(value: np.ndarray) -> np.ndarray | None:
    """Ones that end in zeros, zeros that end in ones, along the last axis; None for all else."""
    if value.ndim == 0 or value.shape[-1] < 2 or value.size == 0:
        return None
    if not ((value == 0).all() or (value == 1).all()):
        return None
    other = value.copy()
    other[..., -(value.shape[-1] // 2) :] = not value.flat[0]
    return other


def _first_wrong(
    built: Built, model: onnx.ModelProto, outside: Path | None, cases: list[tuple[str, Arrays, Arrays]]
) -> str:
    """A clause about the first case with other numbers than PyTorch's; empty if there is none."""
    with put_away(built.module, outside) if outside else nullcontext():
        session = OnnxSession(OnnxModel(serialized(model), {FOLDER_CONFIG: str(outside)} if outside else {}))
        for label, feeds, reference in cases:
            if clause := _differs(session, feeds, reference):
                return f"at {label} {clause}"
    return ""


@contextmanager
def put_away(module: torch.nn.Module, folder: Path) -> Iterator[None]:
    """A big module's weights are in a file meanwhile, so that they are not in memory beside onnxruntime's."""
    held = [*module.parameters(), *module.buffers()]
    file = folder / "module.pt"
    torch.save([tensor.data for tensor in held], file)
    for tensor in held:
        tensor.data = tensor.data.new_empty(0)
    give_back()
    try:
        yield
    finally:
        # Mapped: what nobody reads again costs nothing.
        for tensor, data in zip(held, torch.load(file, mmap=True, weights_only=True), strict=True):
            tensor.data = data


def other_sizes(built: Built) -> Iterator[dict[str, int]]:
    """Each named axis doubled by itself, then all of them longer by one, then all of them half as long again."""
    sizes = {
        label: built.inputs[name].shape[axis]
        for name, axes in built.dynamic_shapes.items()
        for axis, label in axes.items()
    }
    for label, size in sizes.items():
        yield {**sizes, label: 2 * size}
    yield {label: size + 1 for label, size in sizes.items()}
    if len(sizes) > 1:
        yield {label: 2 * size for label, size in sizes.items()}


def resized(built: Built, sizes: dict[str, int]) -> Arrays:
    """The example inputs repeated or cut to these sizes, so that ids and masks stay what they may be.

    Numbers that are no integers become up to 2 % smaller, each by its own share: equal ones have no order, and where a
    module sorts or takes the largest each engine would give another.
    """
    feeds, random = {}, np.random.default_rng(0)
    for name, tensor in built.inputs.items():
        value = tensor.numpy()
        for axis, label in built.dynamic_shapes.get(name, {}).items():
            value = np.take(value, np.arange(sizes[label]) % value.shape[axis], axis=axis)
        if value.dtype.kind == "f" and (value != np.round(value)).any():
            value = (value * random.uniform(0.98, 1, value.shape)).astype(value.dtype)
        feeds[name] = value
    return feeds


def _differs(session: OnnxSession, feeds: Arrays, reference: Arrays) -> str:
    try:
        got = session.run(feeds)
    except Exception as error:
        return f"onnxruntime fails: {str(error).strip().partition(chr(10))[0]}"
    half = any(value.dtype == np.float16 for value in reference.values())
    missed = misses(Measurement([compare(reference, got)]), HALF_TOLERANCE if half else FLOAT_TOLERANCE)
    return f"it differs from PyTorch: {missed[0]}" if missed else ""
