"""A model that the maker's function calls: `net = Model("name", build="model:build")`, then `await net(image=x)`."""

from __future__ import annotations

import re
import sys
from collections import namedtuple

import numpy as np

from pageside import engine
from pageside._errors import ModelError
from pageside._kept import Kept, kept_array

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from pageside.engine import TensorSpec

# A name is a folder in the bundle, on every file system.
NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
BUILD = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")

_registered: dict[str, Model] = {}


class Model:
    """A model by name. Awaiting a call gives its outputs: one as an array, several as a named tuple.

    `build` is "module:function" beside demo.py, or a function that imports torch inside itself. It returns the
    `nn.Module` and example inputs, `(module, {"image": tensor})`; it never runs in the page.
    `dynamic_shapes` names the free dimensions of each input, as `{"image": {2: "height", 3: "width"}}`.
    `trust` lets `torch.load` in `build` run the code that a pickle may hold; without it such a file is refused.

    How an export measures and chooses, for a maker who knows better than its defaults (docs/tolerances.md):
    `kind` is what the outputs mean ("logits", "embedding", "image", "waveform", "boxes", "other"), one for all or by
    output name; `tolerance` is what a quantized variant must reach, as `{"cosine": 0.98, "top1": False}`; `prefer`
    weighs "bytes", "time" and "error" in the choice, as `{"bytes": 3}`; `variant` names the one to publish first.

    `keep` names outputs that stay where the model runs, as the state of a recurrent net: a call gives a `Kept` for
    each, which goes back into a model as it is, on the GPU without leaving it.
    """

    def __init__(  # noqa: PLR0913
        self,
        name: str,
        build: str | Callable[..., Any] = "model:build",
        *,
        dynamic_shapes: Mapping[str, Mapping[int, str]] | None = None,
        trust: bool = False,
        kind: str | Mapping[str, str] | None = None,
        tolerance: Mapping[str, float | bool] | None = None,
        prefer: Mapping[str, float] | None = None,
        variant: str | None = None,
        keep: Sequence[str] = (),
    ) -> None:
        self.name = _checked_name(name)
        self.build = _checked_build(name, build)
        self.dynamic_shapes = _checked_dims(name, dynamic_shapes)
        self.trust = trust
        # The export checks these; the page has no use for them.
        self.kind = kind
        self.tolerance = tolerance
        self.prefer = prefer
        self.variant = variant
        self.keep = _checked_keep(name, keep)
        _register(self)

    def __repr__(self) -> str:
        return f"Model({self.name!r}, build={self.build!r})"

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the model on arrays, given by name or in the order of its inputs, nested as forward() takes them.

        Each is cast to the input's dtype where no fraction or range is lost by kind (float64 to float32, int to float;
        never float to int). Raises ModelError for a wrong name, number, shape or dtype.
        """
        running = engine.current()
        specs = running.specs(self)
        feeds = self._feeds(self._by_name(specs.inputs, args, kwargs), specs.inputs)
        outputs = await running.run(self, feeds)
        names = [spec.name for spec in specs.outputs]
        missing = [name for name in names if name not in outputs]
        if missing:
            raise ModelError(
                f"model {self.name!r}: the engine gave no output {missing[0]!r}, only {', '.join(outputs)}"
            )
        self._check_kept(names)
        found = [self._answer(name, outputs[name]) for name in names]
        return found[0] if len(found) == 1 else _tuple_type(tuple(names))(*found)

    def _check_kept(self, outputs: list[str]) -> None:
        for name in self.keep:
            if name not in outputs:
                raise ModelError(f"model {self.name!r} keeps {name!r}, but its outputs are {', '.join(outputs)}")

    def _answer(self, name: str, value: np.ndarray | Kept) -> np.ndarray | Kept:
        return kept_array(value) if name in self.keep and not isinstance(value, Kept) else value

    def _by_name(self, specs: list[TensorSpec], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        names = [spec.name for spec in specs]
        known = f"its inputs are {', '.join(map(str, specs))}"
        places = _places(names)
        if len(args) > len(places):
            raise ModelError(f"model {self.name!r} got {len(args)} arrays but has {len(places)}; {known}")
        by_place = _flat(dict(zip(places, args, strict=False)), names)
        by_name = _flat(kwargs, names)
        for name in (*by_place, *by_name):
            if name not in names:
                raise ModelError(f"model {self.name!r} has no input {name!r}; {known}")
            if name in by_place and name in by_name:
                raise ModelError(f"model {self.name!r} got input {name!r} twice, by place and by name")
        given = {**by_place, **by_name}
        missing = [name for name in names if name not in given]
        if missing:
            raise ModelError(f"model {self.name!r} got no input {missing[0]!r}; {known}")
        return given

    def _feeds(self, given: dict[str, Any], specs: list[TensorSpec]) -> dict[str, np.ndarray | Kept]:
        sizes: dict[str, tuple[int, str]] = {}
        feeds: dict[str, np.ndarray | Kept] = {}
        for spec in specs:
            where = f"model {self.name!r}: input {spec.name!r}"
            value = given[spec.name]
            if isinstance(value, Kept) and isinstance(value.held, np.ndarray):
                value = value.held
            if not isinstance(value, Kept):
                value = _cast(np.asarray(value), spec.dtype, where)
            elif value.dtype != spec.dtype:
                raise ModelError(
                    f"{where} is kept as {value.dtype} and the model takes {spec.dtype}; read it and cast it"
                )
            _check_shape(value.shape, spec, sizes, where)
            feeds[spec.name] = value
        return feeds


def _places(names: list[str]) -> list[str]:
    """What forward() takes, in its order: `state.0` and `state.1` are the one place `state`."""
    heads = [name.partition(".")[0] for name in names]
    return list(dict.fromkeys(head if heads.count(head) > 1 else name for head, name in zip(heads, names, strict=True)))


def _flat(given: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    """Nested values as arrays by their path, as `state=(h, c)` by `state.0` and `state.1`; None is left out."""
    flat: dict[str, Any] = {}
    for name, value in given.items():
        if name not in names and value is None:
            continue
        parts = _parts(value) if name not in names and any(one.startswith(f"{name}.") for one in names) else None
        if parts is None:
            flat[name] = value
        else:
            flat.update(_flat({f"{name}.{key}": part for key, part in parts}, names))
    return flat


def _parts(value: Any) -> list[tuple[str, Any]] | None:
    if isinstance(value, dict):
        return [(str(key), part) for key, part in value.items()]
    if hasattr(value, "_fields"):
        return [(name, getattr(value, name)) for name in value._fields]
    if isinstance(value, (tuple, list)):
        return [(str(index), part) for index, part in enumerate(value)]
    if hasattr(value, "__dataclass_fields__"):
        return [(name, getattr(value, name)) for name in value.__dataclass_fields__]
    return None


def registered() -> dict[str, Model]:
    """The models made since the last `clear()`, by name, in the order of their making."""
    return {model.name: model for model in _registered.values()}


def clear() -> None:
    """Forget all models; a loader does so before it runs a demo."""
    _registered.clear()


def _register(model: Model) -> None:
    # In a notebook a cell is run again and again: there the later model takes the name.
    key = model.name.lower()
    if key in _registered and not hasattr(sys, "ps1"):
        other = _registered[key]
        raise ModelError(
            f"there are two models named {model.name!r}, built by {_build_name(other.build)} and by "
            f"{_build_name(model.build)}; give each its own name (upper and lower case count as one)"
        )
    _registered[key] = model


def _build_name(build: str | Callable[..., Any]) -> str:
    return build if isinstance(build, str) else str(getattr(build, "__qualname__", build))


def _checked_name(name: object) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name) or RESERVED.fullmatch(name):
        raise ModelError(
            f"Model({name!r}): the name becomes a folder; use 1 to 64 letters, digits, '-', '_' and '.', "
            "beginning and ending with a letter or digit"
        )
    return name


def _checked_build(name: str, build: object) -> str | Callable[..., Any]:
    if isinstance(build, str) and BUILD.fullmatch(build):
        return build
    if not isinstance(build, str) and callable(build):
        return build
    raise ModelError(f"Model({name!r}, build={build!r}): build is 'module:function', as 'model:build', or a function")


def _checked_keep(name: str, keep: object) -> tuple[str, ...]:
    if isinstance(keep, (list, tuple)) and all(isinstance(one, str) for one in keep):
        return tuple(keep)
    raise ModelError(f"Model({name!r}, keep={keep!r}): it is a list of outputs, as ['state']")


def _checked_dims(name: str, dims: object) -> dict[str, dict[int, str]] | None:
    if dims is None:
        return None
    try:
        checked = {str(key): dict(value) for key, value in dict(dims).items()}  # type: ignore[call-overload]
        if all(
            isinstance(axis, int) and isinstance(dim, str) for value in checked.values() for axis, dim in value.items()
        ):
            return checked
    except (TypeError, ValueError):
        pass
    raise ModelError(
        f"Model({name!r}, dynamic_shapes={dims!r}): it maps each input to its free axes and their names, "
        "as {'image': {2: 'height', 3: 'width'}}"
    )


def _cast(array: np.ndarray, dtype: str, where: str) -> np.ndarray:
    target = np.dtype(dtype)
    if array.dtype != target:
        _check_cast(array, target, where)
    return np.asarray(array, target, order="C")


def _check_cast(array: np.ndarray, target: np.dtype[Any], where: str) -> None:
    source = array.dtype
    if source.kind not in "biuf":
        raise ModelError(f"{where} is of {source}, not a numeric array; the model takes {target}")
    if source.kind == "f" and target.kind in "iub":
        raise ModelError(f"{where} is {source} and the model takes {target}; round or cast it yourself")
    if target.kind == "b" and source.kind in "iu":
        raise ModelError(f"{where} is {source} and the model takes bool; compare it yourself, as with `x > 0`")
    if target.kind in "iu" and source.kind in "iu" and array.size:
        limits = np.iinfo(target)
        low, high = int(array.min()), int(array.max())
        if low < limits.min or high > limits.max:
            raise ModelError(
                f"{where} holds {low} to {high}, out of the range of {target} ({limits.min} to {limits.max})"
            )


def _check_shape(shape: tuple[int, ...], spec: TensorSpec, sizes: dict[str, tuple[int, str]], where: str) -> None:
    fits = len(shape) == len(spec.shape)
    if not fits or any(isinstance(dim, int) and dim != size for dim, size in zip(spec.shape, shape, strict=True)):
        wanted = ", ".join(map(str, spec.shape)) + ("," if len(spec.shape) == 1 else "")
        raise ModelError(f"{where} has shape {shape}; the model takes ({wanted}){_shape_hint(shape, spec.shape)}")
    for dim, size in zip(spec.shape, shape, strict=True):
        if isinstance(dim, str):
            before, of = sizes.setdefault(dim, (size, spec.name))
            if before != size:
                raise ModelError(f"{where} has {size} for {dim!r}, but input {of!r} has {before}; they must be equal")


def _shape_hint(shape: tuple[int, ...], wanted: tuple[int | str, ...]) -> str:
    if len(shape) == len(wanted) - 1 and wanted[0] in (1, "batch"):
        return "; add the batch axis: x[None]"
    if len(shape) == len(wanted) == 4 and shape[3] == wanted[1]:
        return "; move the channels: x.transpose(0, 3, 1, 2)"
    return ""


_tuple_types: dict[tuple[str, ...], Any] = {}


def _tuple_type(names: tuple[str, ...]) -> Any:
    """A named tuple; what can't be an attribute is made one: "logits.1" is `logits_1`, "1" is `_0`."""
    if names not in _tuple_types:
        fields = [re.sub(r"\W", "_", name) for name in names]
        _tuple_types[names] = namedtuple("Outputs", fields, rename=True)
    return _tuple_types[names]
