"""Weights are data: while a model is built, no file runs code by being loaded unless the maker trusts it.

It guards torch.load, and pickle where the maker's own files read one: by pickle.load, numpy.load, joblib.load, or an
Unpickler of their own. Libraries unpickle what is their own.
safetensors holds no code. torch.jit.load is let through: a ScriptModule is code by its nature, in a small language
without Python, and no sandbox.
"""

from __future__ import annotations

import codecs
import functools
import io
import os
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch

from pageside_export.errors import BuildError
from pageside_export.places import is_maker_file, shown

_DATA = {
    *(("builtins", name) for name in ("bytearray", "complex", "frozenset", "range", "set", "slice")),
    ("collections", "OrderedDict"),
    ("_codecs", "encode"),
    *((f"numpy.{core}.multiarray", name) for core in ("core", "_core") for name in ("_reconstruct", "scalar")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    # It reads its bytes by torch.load, which is guarded too.
    ("torch.storage", "_load_from_bytes"),
    *(("torch._utils", f"_rebuild_{what}") for what in ("tensor", "tensor_v2", "parameter")),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
}

#: What reads a pickle for whoever calls it.
_READERS = ("pickle", "joblib.", "numpy.lib.", "torch.serialization", "dill.", "pandas.", __name__)

#: What torch.load names of a class that is no data.
_ASKED = re.compile(r"(?:GLOBAL|class|function|global) ([\w.]+\.\w+)")

_NEXT_STEP = "save its state_dict(), or say Model(..., trust=True) if you trust whoever made the file"


@contextmanager
def weights_only(where: str, *, trust: bool) -> Iterator[None]:
    """Within the block a pickle that would run code is refused with a BuildError; not if `trust`."""
    if trust:
        yield
        return
    load = torch.load

    @functools.wraps(load)
    def guarded(f: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            with torch.serialization.safe_globals(_numbers()):
                return load(f, *args, **{**kwargs, "weights_only": True, "pickle_module": None})
        except pickle.UnpicklingError as error:
            what = f"the weights {_name(f)} are a pickle that runs code when it is loaded"
            asked = _ASKED.search(str(error))
            raise BuildError(f"{what}{f': it asks for {asked[1]}' if asked else ''}", where, _NEXT_STEP) from error

    with (
        _watched(where),
        mock.patch.object(torch, "load", guarded),
        mock.patch.object(torch.serialization, "load", guarded),
        mock.patch.object(pickle, "load", _data_only(pickle.load, where)),
        mock.patch.object(pickle, "loads", _data_only(pickle.loads, where)),
    ):
        yield


@functools.cache
def _numbers() -> list[Any]:
    """NumPy's arrays and numbers, which checkpoints hold beside tensors: an epoch's accuracy, a mean."""
    kinds = [type(np.dtype(code)) for code in "?bBhHiIlLqQefdFD"]
    return [np.ndarray, np.dtype, np.float64(0).__reduce__()[0], np.zeros(0).__reduce__()[0], codecs.encode, *kinds]


def _is_data(module: str, name: str) -> bool:
    return (module, name) in _DATA or (module == "torch" and name.endswith("Storage"))


#: Of the blocks that are open now, each its `where`.
_watching: list[str] = []


@contextmanager
def _watched(where: str) -> Iterator[None]:
    """Within the block no Unpickler that the maker's own files use finds a class that is no data."""
    _hooked()
    _watching.append(where)
    try:
        yield
    finally:
        _watching.pop()


@functools.cache
def _hooked() -> None:
    """Once, because Python keeps an audit hook for good."""
    sys.addaudithook(_audit)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event != "pickle.find_class" or not _watching or _is_data(*arguments):
        return
    frame = sys._getframe(1)
    while frame.f_back and str(frame.f_globals.get("__name__")).startswith(_READERS):
        frame = frame.f_back
    if is_maker_file(frame.f_code.co_filename):
        where = f"{shown(Path(frame.f_code.co_filename))}:{frame.f_lineno}"
        what = f"the pickle that is read at {where} runs code when it is loaded: it asks for {'.'.join(arguments)}"
        raise BuildError(what, _watching[-1], _NEXT_STEP)


class _DataOnly(pickle.Unpickler):
    """Reads containers, NumPy arrays and tensors: what weights are kept in."""

    def find_class(self, module: str, name: str) -> Any:
        if _is_data(module, name):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _data_only(load: Callable[..., Any], where: str) -> Callable[..., Any]:
    @functools.wraps(load)
    def guarded(source: Any, *args: Any, **kwargs: Any) -> Any:
        caller = sys._getframe(1)
        # numpy.load(allow_pickle=True) reads the maker's file, and nothing of NumPy's own.
        by_numpy = str(caller.f_globals.get("__name__")).startswith("numpy.lib.")
        if not (by_numpy or is_maker_file(caller.f_code.co_filename)):
            return load(source, *args, **kwargs)
        stream = io.BytesIO(source) if isinstance(source, bytes | bytearray | memoryview) else source
        try:
            return _DataOnly(stream, **kwargs).load()
        except pickle.UnpicklingError as error:
            what = f"the pickle {_name(source)} runs code when it is loaded: {error}"
            raise BuildError(what, where, _NEXT_STEP) from error

    return guarded


def _name(file: Any) -> str:
    path = file if isinstance(file, str | os.PathLike) else getattr(file, "name", None)
    return repr(os.fspath(path)) if isinstance(path, str | os.PathLike) else "in memory"
