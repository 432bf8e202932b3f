"""The recipes for a model's variants, one file each, found by name.

A recipe is a module with

    ID                      the variant's name in files and on the page
    SESSION_CONFIG          entries for onnxruntime's session configuration
    TOLERANCE               what the variant must reach against PyTorch (`verify.Tolerance`)
    apply(model)            an fp32 ModelProto to a new one, or None where the recipe changes nothing

A new recipe is a new file; nothing else is edited.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Protocol, cast

import onnx

from pageside_export.errors import UsageError
from pageside_export.verify import Tolerance


class Recipe(Protocol):
    """A module of this package."""

    ID: str
    SESSION_CONFIG: dict[str, str]
    TOLERANCE: Tolerance

    def apply(self, model: onnx.ModelProto) -> onnx.ModelProto | None:
        """A new model; the given one stays as it is. None where nothing would change."""


def recipes(names: tuple[str, ...] = ()) -> list[Recipe]:
    """The recipes of these names, or all; fp32 always comes first, since the others are made from it."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    for name in names:
        if name not in found:
            raise UsageError(f"there is no recipe {name!r}", "--recipes", f"take from {', '.join(found)}")
    wanted = [name for name in found if not names or name in names or name == "fp32"]
    wanted.sort(key=lambda name: (name != "fp32", name))
    return [cast(Recipe, importlib.import_module(f"{__name__}.{name}")) for name in wanted]
