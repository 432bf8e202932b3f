"""A graph's constants, read and written one at a time, so that a big model is never twice in memory.

A `ModelProto` holds its constants inside or, where they are large, refers to a file beside it (ONNX's external data).
What is published is always one file, whose parts the page joins; protobuf limits that to 2 GB.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import external_data_helper, numpy_helper

#: Constants below this size stay in the model: axes, shapes, biases.
OUTSIDE_FROM = 1024

#: Where onnxruntime looks for the file that a model given as bytes refers to.
FOLDER_CONFIG = "session.model_external_initializers_file_folder_path"

#: What a protobuf message may hold.
MAX_FILE_BYTES = 2**31 - 1


def array(tensor: onnx.TensorProto, folder: Path) -> NDArray[Any]:
    """A constant's values; `folder` holds the file that it may be in."""
    return numpy_helper.to_array(tensor, os.fspath(folder))


def is_outside(tensor: onnx.TensorProto) -> bool:
    """Whether a constant's values are in a file of their own."""
    return bool(tensor.data_location == onnx.TensorProto.EXTERNAL)


def any_outside(model: onnx.ModelProto) -> bool:
    """Whether a model is not whole without a file beside it."""
    return any(is_outside(tensor) for tensor in model.graph.initializer)


def elements(tensor: onnx.TensorProto) -> int:
    """How many values a constant has."""
    return int(np.prod(tensor.dims, dtype=np.int64))


def weight_bytes(model: onnx.ModelProto) -> int:
    """Of all constants of the main graph."""
    return sum(_bytes(tensor) for tensor in model.graph.initializer)


def put_outside(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """The model with its large constants moved to a new file; what it held before is free again.

    Returns a new model: protobuf gives a message's memory back only with the whole message.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        for tensor in model.graph.initializer:
            if not is_outside(tensor) and tensor.HasField("raw_data") and _bytes(tensor) >= OUTSIDE_FROM:
                start, size = target.tell(), len(tensor.raw_data)
                target.write(tensor.raw_data)
                external_data_helper.set_external_data(tensor, path.name, offset=start, length=size)
                tensor.ClearField("raw_data")
    light = onnx.ModelProto()
    light.CopyFrom(model)
    return light


def put_inside(model: onnx.ModelProto, folder: Path) -> onnx.ModelProto:
    """A copy that is whole by itself."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in copy.graph.initializer:
        if is_outside(tensor):
            tensor.CopyFrom(_inside(tensor, folder))
    return copy


def serialized_pieces(model: onnx.ModelProto, folder: Path) -> Iterator[bytes]:
    """The bytes of one whole ONNX file: the graph without its constants, then each constant.

    No more than one constant is in memory, and protobuf's own writer would need all of them twice. Equal models have
    equal bytes, wherever their constants are.
    """
    graph = onnx.GraphProto()
    copy_fields(model.graph, graph, "initializer")
    nodes = bytes(graph.SerializeToString(deterministic=True))
    sizes = [len(_head(tensor)) + _data_bytes(tensor) for tensor in model.graph.initializer]
    total = len(nodes) + sum(len(_INITIALIZER + _varint(size)) + size for size in sizes)
    rest = onnx.ModelProto()
    copy_fields(model, rest, "graph")
    yield bytes(rest.SerializeToString(deterministic=True)) + _GRAPH + _varint(total) + nodes
    for tensor, size in zip(model.graph.initializer, sizes, strict=True):
        yield _INITIALIZER + _varint(size) + _head(tensor)
        yield _outside_data(tensor, folder) if is_outside(tensor) else tensor.raw_data


def write_model(model: onnx.ModelProto, path: Path, folder: Path) -> None:
    """Writes one whole ONNX file, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as target:
            for piece in serialized_pieces(model, folder):
                target.write(piece)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def constant_types(source: bytes | Path) -> set[int]:
    """The data types of the constants of one whole ONNX file, as `TensorProto.FLOAT16`.

    Read past their values: protobuf would take a file's size twice for a moment.
    """
    found: set[int] = set()
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        for graph in _messages(file, _GRAPH, file.seek(0, os.SEEK_END), 0):
            for constant in _messages(file, _INITIALIZER, *graph):
                found.update(value for tag, value in _fields(file, *constant) if tag == _DATA_TYPE)
    return found


def file_bytes(model: onnx.ModelProto) -> int:
    """About the size of the file that `write_model` would write."""
    return weight_bytes(model) + 200 * len(model.graph.node)


def give_back() -> None:
    """Frees what nobody holds, and lets the system have it, where the C library knows how."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def give_large_back() -> None:
    """From now on the system has freed blocks of 128 kB and more at once, where the C library is glibc.

    By itself glibc keeps ever larger ones for later: in some processes the peak of onnxruntime
    opening SmolLM2's 538 MB was 2.1 times these bytes; with this it is 1.46 times in all.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 2**17)


#: Of glibc's malloc.h.
_M_MMAP_THRESHOLD = -3


def _tag(message: Any, field: str) -> bytes:
    """What stands before a field of bytes in protobuf's wire format."""
    return bytes([message.DESCRIPTOR.fields_by_name[field].number << 3 | 2])


_GRAPH = _tag(onnx.ModelProto, "graph")
_INITIALIZER = _tag(onnx.GraphProto, "initializer")
_RAW_DATA = _tag(onnx.TensorProto, "raw_data")


_DATA_TYPE = onnx.TensorProto.DESCRIPTOR.fields_by_name["data_type"].number << 3


def _messages(file: BinaryIO, tag: bytes, end: int, start: int) -> Iterator[tuple[int, int]]:
    """Where each message of one field ends and starts."""
    for found, size in _fields(file, end, start):
        if found == tag[0]:
            yield file.tell() + size, file.tell()


def _fields(file: BinaryIO, end: int, start: int) -> Iterator[tuple[int, int]]:
    """Each field's tag, and its value where that is a number, else its size; the file stands at its first byte."""
    file.seek(start)
    while file.tell() < end:
        tag = _read_varint(file)
        kind = tag & 7
        size = _FIXED[kind] if kind in _FIXED else _read_varint(file)
        after = file.tell() + (size if kind else 0)
        yield tag, size
        file.seek(after)


#: Bytes of protobuf's kinds of fields that say no size.
_FIXED = {1: 8, 5: 4}


def _read_varint(file: BinaryIO) -> int:
    number = shift = 0
    while byte := file.read(1)[0]:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            break
    return number


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _head(tensor: onnx.TensorProto) -> bytes:
    """A constant as protobuf writes it, but for its raw values, which always come last."""
    plain = onnx.TensorProto()
    copy_fields(tensor, plain, "external_data", "data_location", "raw_data")
    head = bytes(plain.SerializeToString(deterministic=True))
    return head + _RAW_DATA + _varint(_data_bytes(tensor)) if _is_raw(tensor) else head


def _is_raw(tensor: onnx.TensorProto) -> bool:
    return is_outside(tensor) or tensor.HasField("raw_data")


def _data_bytes(tensor: onnx.TensorProto) -> int:
    return _bytes(tensor) if is_outside(tensor) else len(tensor.raw_data)


def _outside_data(tensor: onnx.TensorProto, folder: Path) -> bytes:
    info = external_data_helper.ExternalDataInfo(tensor)
    with (folder / info.location).open("rb") as source:
        source.seek(info.offset or 0)
        return source.read(_bytes(tensor))


def copy_fields(source: Any, target: Any, *but: str) -> None:
    """Copies all fields but those; the large ones are not copied even for a moment."""
    for field, value in source.ListFields():
        if field.name in but:
            continue
        if field.is_repeated:
            getattr(target, field.name).extend(value)
        elif field.message_type is not None:
            getattr(target, field.name).CopyFrom(value)
        else:
            setattr(target, field.name, value)


def _inside(tensor: onnx.TensorProto, folder: Path) -> onnx.TensorProto:
    if not is_outside(tensor):
        return tensor
    whole = onnx.TensorProto()
    copy_fields(tensor, whole, "external_data", "data_location")
    whole.raw_data = _outside_data(tensor, folder)
    return whole


def _bytes(tensor: onnx.TensorProto) -> int:
    bits = _BITS.get(tensor.data_type, 8 * onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    return int(elements(tensor) * bits + 7) // 8


#: Of types that NumPy keeps in more or fewer bytes than a file does.
_BITS: dict[int, int] = {onnx.TensorProto.INT4: 4, onnx.TensorProto.UINT4: 4, onnx.TensorProto.STRING: 64}
