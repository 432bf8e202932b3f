"""A module in the one form that every exporter takes: flat tensors in by place, a flat tuple of tensors out."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pageside_export import trees
from pageside_export.modules import Built, named_outputs


class Flat(nn.Module):
    """Calls the maker's module with its own dicts, tuples and constants, made again from flat tensors."""

    def __init__(self, built: Built) -> None:
        super().__init__()
        self.module = built.module
        self._built = built
        self.eval()

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """Tensors in the order of `built.inputs` to tensors in the order of `built.outputs`."""
        named = dict(zip(self._built.inputs, tensors, strict=True))
        args = trees.rebuild(self._built.args, named.__getitem__)
        kwargs = trees.rebuild(self._built.kwargs, named.__getitem__)
        return tuple(named_outputs(self.module(*args, **kwargs), self._built.where).values())


def is_scripted(module: nn.Module) -> bool:
    """Whether it, or a part of it, came from torch.jit.script, trace or load."""
    return any(isinstance(one, torch.jit.ScriptModule) for one in module.modules())
