"""Nested values, as forward() takes and gives them, to flat named tensors and back.

A leaf's name is its path: `state` holding `(h, c)` gives `state.0` and `state.1`, a key or a field gives its own word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from torch import Tensor
from torch.utils import _pytree

#: What stays as it is: forward() gets it with every call, and the page never sees it.
CONSTANTS = (type(None), bool, int, float, str)


@dataclass(frozen=True)
class Leaf:
    """The place of a tensor in a tree."""

    name: str


class NotATreeError(Exception):
    """A value that is neither a tensor, nor a constant, nor holds them. `name` is its path."""

    def __init__(self, name: str, value: Any) -> None:
        super().__init__(name)
        self.name = name
        self.value = value


def flatten(value: Any, name: str, leaves: dict[str, Tensor]) -> Any:
    """The value with a `Leaf` for each tensor, which goes into `leaves`. Raises NotATreeError."""
    if isinstance(value, Tensor):
        leaves[name] = value
        return Leaf(name)
    if isinstance(value, CONSTANTS):
        return value
    parts = children(value)
    if parts is None:
        raise NotATreeError(name, value)
    return like(value, [flatten(part, f"{name}.{key}", leaves) for key, part in parts])


def rebuild(tree: Any, leaf: Callable[[str], Any]) -> Any:
    """The tree with `leaf(name)` in each tensor's place."""
    if isinstance(tree, Leaf):
        return leaf(tree.name)
    parts = None if isinstance(tree, CONSTANTS) else children(tree)
    return tree if parts is None else like(tree, [rebuild(part, leaf) for _, part in parts])


def children(value: Any) -> list[tuple[str, Any]] | None:
    """The parts of a container by their names, in its order; None if it is none that is known."""
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    if hasattr(value, "_fields"):
        return [(name, getattr(value, name)) for name in value._fields]
    if isinstance(value, tuple | list):
        return [(str(index), item) for index, item in enumerate(value)]
    if is_dataclass(value) and not isinstance(value, type):
        return [(one.name, getattr(value, one.name)) for one in fields(value)]
    if type(value) in _pytree.SUPPORTED_NODES:
        # A library's own class that says how PyTorch may take it apart, as transformers' caches do.
        return [
            (str(index), item) for index, item in enumerate(_pytree.SUPPORTED_NODES[type(value)].flatten_fn(value)[0])
        ]
    return None


def like(value: Any, parts: list[Any]) -> Any:
    """A container of the same kind with other parts."""
    if isinstance(value, dict) and type(value) is not dict and type(value) in _pytree.SUPPORTED_NODES:
        return _registered(value, parts)
    if isinstance(value, Mapping):
        return dict(zip(value, parts, strict=True))
    if hasattr(value, "_fields"):
        return type(value)(*parts)
    if isinstance(value, tuple | list):
        return list(parts) if isinstance(value, list) else tuple(parts)
    if is_dataclass(value):
        copy = object.__new__(type(value))
        for one, part in zip(fields(value), parts, strict=True):
            object.__setattr__(copy, one.name, part)
        return copy
    return _registered(value, parts)


def _registered(value: Any, parts: list[Any]) -> Any:
    node = _pytree.SUPPORTED_NODES[type(value)]
    return node.unflatten_fn(parts, node.flatten_fn(value)[1])
