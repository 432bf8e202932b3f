"""Weights are data: while a model is built, torch.load runs no code of a file unless the maker trusts it.

It guards torch.load alone. safetensors holds no code. torch.jit.load is let through: a ScriptModule is code by its
nature, in a small language without Python, and no sandbox. The maker's own `pickle.load` is the maker's own code.
"""

from __future__ import annotations

import functools
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch

from pageside_export.errors import BuildError

_TODO = "save its state_dict(), or say Model(..., trust=True) if you trust whoever made the file"


@contextmanager
def weights_only(where: str, *, trust: bool) -> Iterator[None]:
    """Within the block torch.load refuses a pickle that would run code, with a BuildError; not if `trust`."""
    if trust:
        yield
        return
    load = torch.load

    @functools.wraps(load)
    def guarded(f: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return load(f, *args, **{**kwargs, "weights_only": True, "pickle_module": None})
        except pickle.UnpicklingError as error:
            what = f"the weights {_name(f)} are a pickle that runs code when it is loaded"
            raise BuildError(what, where, _TODO) from error

    with mock.patch.object(torch, "load", guarded):
        yield


def _name(file: Any) -> str:
    path = file if isinstance(file, str | os.PathLike) else getattr(file, "name", None)
    return repr(os.fspath(path)) if isinstance(path, str | os.PathLike) else "in memory"
