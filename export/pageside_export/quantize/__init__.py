"""The recipes for a model's variants, one file each, found by name.

A recipe is a module with

    ID                      the variant's name in files and on the page
    SESSION_CONFIG          entries for onnxruntime's session configuration
    TOLERANCE               what the variant must reach against PyTorch (`verify.Tolerance`)
    BACKENDS                where onnxruntime-web can run it with this recipe's gain; others are not tried
    INTEGER_PRODUCTS        optional: whether a page may make its products of floats in integers of sixteen bits
    NEEDS                   optional: features of WebGPU adapters; without them the page tries other variants first
    apply(model, given)     an fp32 ModelProto to a new one, or None where the recipe changes nothing

Where `apply` raises, the model has no such variant and the report says why; `NotTried` is for a reason known before.
A new recipe is a new file; nothing else is edited. Files with a leading underscore are what recipes share.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import onnx

from pageside_export.choose import BackendId
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.errors import UsageError
from pageside_export.tensors import FOLDER_CONFIG, any_outside
from pageside_export.verify import Arrays, Call, Measurement, Tolerance, compare, misses


@dataclass(frozen=True)
class Given:
    """What a recipe may use beside the model: calls to calibrate on, and a way to try what it made."""

    #: Of calibration(), else of the examples, with PyTorch's answers.
    calls: list[Call]
    #: What this recipe's variant must reach on `calls`, for all outputs or by output.
    tolerance: Tolerance | Mapping[str, Tolerance]
    #: The file that the model's large constants may be in; also a place for a recipe's own files.
    folder: Path

    @property
    def calibration(self) -> list[Arrays]:
        """The inputs alone."""
        return [call.inputs for call in self.calls]

    def session(self, model: onnx.ModelProto, config: Mapping[str, str]) -> OnnxSession:
        """A candidate in native onnxruntime."""
        whole = {**config, FOLDER_CONFIG: str(self.folder)}
        return OnnxSession(OnnxModel(bytes(model.SerializeToString()), whole))

    @staticmethod
    def refuse_big(model: onnx.ModelProto) -> None:
        """Raises NotTried for a model whose weights stay out of memory while variants are made."""
        if any_outside(model):
            raise NotTried("the model is big, and this recipe would need several copies of it in memory")

    def whole(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """A copy with all constants in memory, for tools that know no other. Raises NotTried for a big model."""
        self.refuse_big(model)
        copy = onnx.ModelProto()
        copy.CopyFrom(model)
        return copy

    def measure(self, model: onnx.ModelProto, config: Mapping[str, str]) -> Measurement:
        """A candidate against PyTorch on all calls."""
        session = self.session(model, config)
        return Measurement([compare(call.outputs, session.run(call.inputs)) for call in self.calls])

    def misses(self, measured: Measurement) -> list[str]:
        """What keeps a candidate from being published; empty if nothing does."""
        return misses(measured, self.tolerance)


class NotTried(Exception):  # noqa: N818 - no error: the other recipes stand
    """A recipe that cannot take this model, with the reason; the report says so."""


class Recipe(Protocol):
    """A module of this package."""

    ID: str
    SESSION_CONFIG: dict[str, str]
    TOLERANCE: Tolerance
    BACKENDS: tuple[BackendId, ...]

    def apply(self, model: onnx.ModelProto, given: Given) -> onnx.ModelProto | None:
        """A new model; the given one stays as it is. None where nothing would change."""


def needs(variant: str) -> list[str]:
    """The WebGPU features that a variant is made for."""
    return list(getattr(importlib.import_module(f"{__name__}.{variant}"), "NEEDS", ()))


def integer_products(variant: str) -> bool:
    """Whether what a variant's weights have lost is more than integers of sixteen bits lose in its products."""
    return bool(getattr(importlib.import_module(f"{__name__}.{variant}"), "INTEGER_PRODUCTS", False))


def recipes(names: tuple[str, ...] = ()) -> list[Recipe]:
    """The recipes of these names, or all; fp32 always comes first, since the others are made from it."""
    found = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    for name in names:
        if name not in found:
            raise UsageError(f"there is no recipe {name!r}", "--recipes", f"take from {', '.join(found)}")
    wanted = [name for name in found if not names or name in names or name == "fp32"]
    wanted.sort(key=lambda name: (name != "fp32", name))
    return [cast(Recipe, importlib.import_module(f"{__name__}.{name}")) for name in wanted]
