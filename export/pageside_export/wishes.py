"""What a maker may ask of a model's export beside its code: `ps.Model(..., kind, tolerance, prefer, variant)`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any, NoReturn, cast

from pageside import Model

from pageside_export.choose import Prefer
from pageside_export.errors import UserError
from pageside_export.quantize import Recipe, recipes
from pageside_export.tolerances import KINDS, TOLERANCES, Kind, bounds
from pageside_export.verify import Array, Tolerance

#: Those that have no upper end.
_ERRORS = ("largest", "norm")


@dataclass(frozen=True)
class Wishes:
    """Checked. `kinds` and `tolerance` shape an export, so they are part of its key; `prefer` and `variant` choose."""

    #: By output; the ones that the maker did not name are found from the numbers.
    kinds: dict[str, Kind] = field(default_factory=dict)
    #: Fields of `Tolerance` that take the place of the default ones, for every quantized variant.
    tolerance: dict[str, Any] = field(default_factory=dict)
    prefer: Prefer = field(default_factory=Prefer)
    variant: str | None = None

    @property
    def ranked(self) -> frozenset[str]:
        """The outputs whose largest element decides something: by their kind, or because the maker says so."""
        return frozenset(
            name for name, kind in self.kinds.items() if TOLERANCES[kind].top1 or self.tolerance.get("top1")
        )

    def bounds(self, recipe: Recipe) -> dict[str, Tolerance]:
        """What a recipe's variant must reach, by output. fp32 shows that the conversion is right: nobody bends that."""
        return bounds(recipe.TOLERANCE, self.kinds, {} if recipe.ID == "fp32" else self.tolerance)


def wishes(model: Model, outputs: Mapping[str, Sequence[Array]], found: Mapping[str, Kind]) -> Wishes:
    """A model's wishes; `outputs` are PyTorch's by name and `found` their kinds. Raises UserError for a wrong one."""
    return Wishes(
        kinds=_kinds(model, list(outputs), found),
        tolerance=_tolerance(model),
        prefer=_prefer(model),
        variant=_variant(model),
    )


def _kinds(model: Model, outputs: list[str], found: Mapping[str, Kind]) -> dict[str, Kind]:
    given = model.kind
    if given is None:
        return dict(found)
    named = given if isinstance(given, Mapping) else dict.fromkeys(outputs, given)
    for name, kind in named.items():
        if name not in outputs:
            _refuse(model, f"kind={given!r}", f"there is no output {name!r}; the outputs are {', '.join(outputs)}")
        if kind not in KINDS:
            _refuse(model, f"kind={given!r}", f"take from {', '.join(KINDS)}")
    return {**found, **cast(Mapping[str, Kind], named)}


def _tolerance(model: Model) -> dict[str, Any]:
    given = model.tolerance
    if given is None:
        return {}
    known = [one.name for one in fields(Tolerance) if one.name != "reason"]
    if not isinstance(given, Mapping) or not set(given) <= set(known):
        _refuse(model, f"tolerance={given!r}", f"it maps some of {', '.join(known)} to numbers, as {{'cosine': 0.98}}")
    for name, value in given.items():
        if name == "top1" and not isinstance(value, bool):
            _refuse(model, f"tolerance={given!r}", "top1 is True or False")
        if name != "top1" and not (_is_number(value) and value >= 0 and (value <= 1 or name in _ERRORS)):
            span = "of 0 or more" if name in _ERRORS else "between 0 and 1"
            _refuse(model, f"tolerance={given!r}", f"{name} is a number {span}")
    return dict(given)


def _prefer(model: Model) -> Prefer:
    given = model.prefer
    if given is None:
        return Prefer()
    known = [one.name for one in fields(Prefer)]
    right = isinstance(given, Mapping) and set(given) <= set(known)
    if not right or not all(_is_number(value) and value >= 0 for value in given.values()):
        todo = f"it maps some of {', '.join(known)} to weights of 0 or more, as {{'bytes': 3}}; each is 1 by default"
        _refuse(model, f"prefer={given!r}", todo)
    return Prefer(**given)


def _variant(model: Model) -> str | None:
    known = [recipe.ID for recipe in recipes()]
    if model.variant is not None and model.variant not in known:
        _refuse(model, f"variant={model.variant!r}", f"take from {', '.join(known)}")
    return model.variant


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _refuse(model: Model, what: str, todo: str) -> NoReturn:
    raise UserError(f"Model({model.name!r}, {what})", "demo.py", todo)
