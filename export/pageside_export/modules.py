"""From a `Model`'s build function to a PyTorch module in eval mode with named example inputs and outputs.

The only file that knows in which forms `build()` and `forward()` may give their values.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from pageside_export import repeats, trees
from pageside_export.errors import BuildError
from pageside_export.places import is_maker_file, maker_place, place, shown
from pageside_export.trust import weights_only

Arrays = dict[str, NDArray[Any]]

_RETURN_BOTH = 'return (module, {"image": tensor})'
_QUANTIZED = ("torch.ao.nn.quantized", "torch.nn.quantized", "torch.ao.nn.intrinsic.quantized")
#: Names that are read with a vowel first: "an int", "an ndarray", "an M", "an LSTM", but "a UNet".
_AN = re.compile(r"[AEIOaeio]|u(?!ni)|nd|[FHLMNRSX](?![a-z])")
_HINTED = (nn.Module, torch.jit.ScriptModule)
_DTYPES = {
    *(torch.float32, torch.float16, torch.float64),
    *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
}


@dataclass
class Built:
    """A module that is ready to be run or exported."""

    name: str
    module: nn.Module
    #: Example inputs by name: of forward's parameters, nested ones by their path, as `state.0`.
    inputs: dict[str, Tensor]
    #: Names of forward's outputs, in their order.
    outputs: list[str]
    #: For each input the names of its dynamic axes.
    dynamic_shapes: dict[str, dict[int, str]]
    #: `file:line` of the build function, for messages.
    where: str
    #: What forward() takes by position and by name, with a `trees.Leaf` in each tensor's place.
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    #: Of each output the dtype, as NumPy names it, and the shape for the example inputs.
    output_shapes: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)

    def weights_sha256(self) -> str:
        """Of all parameters and kept buffers, in the order of their names: each one's name, dtype, shape and bytes."""
        digest = hashlib.sha256()
        for name, value in sorted(self.module.state_dict().items()):
            if not isinstance(value, Tensor):  # a module's own `get_extra_state`
                digest.update(f"{name} {value!r}".encode())
                continue
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        return digest.hexdigest()

    def call(self, tensors: Mapping[str, Tensor]) -> Any:
        """What forward() returns, as it is."""
        args = trees.rebuild(self.args, tensors.__getitem__)
        kwargs = trees.rebuild(self.kwargs, tensors.__getitem__)
        with torch.no_grad():
            return self.module(*args, **kwargs)

    def named(self, returned: Any) -> dict[str, Tensor]:
        """What forward() returned, by name; `past.0`, where there is an input `past.0`, is `past_out.0`."""
        found = named_outputs(returned, _forward_where(self.module) or self.where)
        heads = {name.partition(".")[0] for name in found if name in self.inputs}
        names = [_beside(name) if name.partition(".")[0] in heads else name for name in found]
        for name in names:
            if name in self.inputs or names.count(name) > 1:
                raise BuildError(f"{name!r} names two of forward()'s values", self.where, "rename one of them")
        return dict(zip(names, found.values(), strict=True))

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> Arrays:
        """One call in PyTorch: arrays by input name to arrays by output name."""
        tensors = {name: torch.from_numpy(np.ascontiguousarray(value).copy()) for name, value in feeds.items()}
        outputs = self.named(self.call(tensors))
        return {name: value.detach().cpu().contiguous().numpy() for name, value in outputs.items()}


def resolve(build: str | Callable[..., Any], model: str) -> tuple[Callable[[], Any], str]:
    """The function behind `build="module:function"` and where it stands, as `file:line`.

    Must run inside the demo's scope (see `loader.Scope`), so that the module is the demo's own.
    """
    if callable(build):
        return build, _where(build)
    module_name, _, function_name = str(build).partition(":")
    if not module_name or not function_name:
        todo = 'write it as "module:function", for example build="model:build"'
        raise BuildError(f"build={build!r} names no function", f"Model({model!r})", todo)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name != module_name:
            raise _failed(error, f"import of {module_name}") from error
        todo = f"put a {module_name}.py beside demo.py"
        raise BuildError(f"build={build!r} names a module that does not exist", f"Model({model!r})", todo) from error
    except Exception as error:
        raise _failed(error, f"import of {module_name}") from error
    found = getattr(module, function_name, None)
    if not callable(found):
        where = shown(Path(module.__file__)) if module.__file__ else module_name
        raise BuildError(f"has no function {function_name}()", where, f"write it, or change build={build!r}")
    return found, _where(found)


def build_module(
    name: str, build: str | Callable[..., Any], dynamic_shapes: Mapping[str, Any] | None, *, trust: bool = False
) -> Built:
    """Calls `build()` and brings what it returns into one form; BuildError says what is wrong with it and where."""
    with weights_only(f"Model({name!r})", trust=trust):
        function, where = resolve(build, name)
    rng = torch.random.get_rng_state()
    try:
        with weights_only(where, trust=trust):
            result = function()
    except BuildError:
        raise
    except Exception as error:
        if isinstance(refused := error.__cause__, BuildError):
            # numpy.load's own words for a refused pickle say nothing.
            raise BuildError(refused.what, refused.where, refused.todo) from error
        raise _failed(error, f"{getattr(function, '__name__', 'build')}()", where) from error
    finally:
        torch.random.set_rng_state(rng)
    module, example = _module_and_inputs(result, where)
    module.eval()
    _check_weights(module, where)
    _widen(module)
    inputs, args, kwargs = _named_inputs(module, example, where)
    axes = _checked_axes(dynamic_shapes or {}, inputs, where)
    built = Built(name, module, inputs, [], axes, where, args, kwargs)
    outputs = _example_outputs(built)
    shapes = {key: (str(value.dtype).removeprefix("torch."), tuple(value.shape)) for key, value in outputs.items()}
    return replace(built, outputs=list(outputs), output_shapes=shapes)


def named_outputs(value: Any, where: str) -> dict[str, Tensor]:
    """Forward's tensors: by a mapping's keys, the fields of a named tuple or dataclass, else `output`, `output_0`.

    Nested ones are named by their path, `output_1.0`; None and other constants are left out.
    """
    if isinstance(value, Tensor):
        return {"output": _plain(value, "output", where)}
    parts = trees.children(value)
    if parts is None:
        raise BuildError(
            f"forward() returned {described(value)}", where, "return a tensor, or a dict of names to tensors"
        )
    if isinstance(value, tuple | list) and not hasattr(value, "_fields"):
        parts = [(f"output_{key}", part) for key, part in parts]
    leaves: dict[str, Tensor] = {}
    for key, part in parts:
        try:
            trees.flatten(part, key, leaves)
        except trees.NotATreeError as error:
            what = f"forward() returned {described(error.value)} as {error.name!r}"
            raise BuildError(what, where, "return tensors, in dicts, tuples or dataclasses") from error
    if not leaves:
        raise BuildError(f"forward() returned {described(value)} without a tensor", where, "return at least one")
    return {key: _plain(item, key, where) for key, item in leaves.items()}


def _beside(name: str) -> str:
    head, dot, rest = name.partition(".")
    return f"{head}_out{dot}{rest}"


def _plain(value: Tensor, name: str, where: str) -> Tensor:
    if value.dtype not in _DTYPES:
        dtype = str(value.dtype).removeprefix("torch.")
        raise BuildError(f"forward() returned {dtype} as {name!r}, which no browser runs", where, "cast it to float32")
    return value


def _check_weights(module: nn.Module, where: str) -> None:
    """NaN spreads to every answer; infinity is left alone, since masks hold it. No exporter takes PyTorch's int8."""
    for name, part in module.named_modules():
        if type(part).__module__.startswith(_QUANTIZED):
            what = f"{name or 'the module'!r} is {described(part)} that PyTorch has quantized"
            raise BuildError(what, where, "return the module as it was before; the variants are quantized here")
    for kind, tensors in (("parameter", module.named_parameters()), ("buffer", module.named_buffers())):
        for name, value in tensors:
            if value.is_meta or is_lazy(value):
                raise BuildError(f"the {kind} {name!r} has no values yet", where, "load its weights in build()")
            if value.layout is not torch.strided:
                what = f"the {kind} {name!r} is a sparse tensor, which no browser runs"
                raise BuildError(what, where, "make it dense with .to_dense()")
            if value.is_floating_point() and (count := int(torch.isnan(value).count_nonzero())):
                what = f"the {kind} {name!r} holds NaN in {count} of {value.numel()} elements"
                raise BuildError(what, where, "load weights of a finished training, or mend this layer")


def _widen(module: nn.Module) -> None:
    """bfloat16 becomes float32: no browser computes in it, and PyTorch's float32 is what variants are measured by."""
    if any(value.dtype is torch.bfloat16 for value in (*module.parameters(), *module.buffers())):
        cast(Any, module)._apply(lambda value: value.float() if value.dtype is torch.bfloat16 else value)


def _module_and_inputs(result: Any, where: str) -> tuple[nn.Module, Any]:
    if isinstance(result, _HINTED):
        what = f"build() returned {described(result)} without example inputs"
        raise BuildError(what, where, _RETURN_BOTH)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise BuildError(f"build() returned {described(result)}", where, _RETURN_BOTH)
    module, example = result
    if not isinstance(module, nn.Module):
        raise BuildError(f"build() returned {described(module)} in place of a torch.nn.Module", where, _RETURN_BOTH)
    return module, example


def _named_inputs(
    module: nn.Module, example: Any, where: str
) -> tuple[dict[str, Tensor], tuple[Any, ...], dict[str, Any]]:
    """The example tensors by name, in forward's order, and what forward() takes by position and by name.

    A dict's names are the model's own: where forward() has other parameters, as nn.Sequential has, they go in order.
    """
    names, starred, rest = _parameters(module)
    named = isinstance(example, Mapping)
    names += [str(key) for key in example if str(key) not in names] if named and rest else []
    alone = isinstance(example, Tensor) or not (named or type(example) in (tuple, list))
    values = list(example.values() if named else [example] if alone else example)
    if not values:
        raise BuildError("build() returned no example inputs", where, _RETURN_BOTH)
    if len(values) > len(names) and not starred:
        what = f"build() returned {len(values)} example inputs for a forward() that takes {len(names)}"
        raise BuildError(what, where, f"it takes {', '.join(names)}" if names else "give forward() parameters")
    keys = [str(key) for key in example] if named else [*names, *(f"input_{n}" for n in range(len(names), len(values)))]
    pairs = dict(zip(keys, values, strict=False))
    unknown = [key for key in pairs if key not in names]
    if unknown and len(unknown) < len(pairs) and not starred:
        what = f"build() gave an example input {unknown[0]!r} that forward() does not take"
        raise BuildError(what, where, f"it takes {', '.join(names)}")
    if not unknown:
        pairs = {key: pairs[key] for key in sorted(pairs, key=names.index)}
    leaves: dict[str, Tensor] = {}
    forms = {key: _input_form(key, value, leaves, where) for key, value in pairs.items()}
    if not leaves:
        key, value = next(iter(pairs.items()))
        raise BuildError(f"the example input {key!r} is {described(value)}", where, "make it a tensor")
    inputs = {key: value.detach() for key, value in leaves.items()}
    return (inputs, tuple(forms.values()), {}) if unknown else (inputs, (), forms)


def _input_form(key: str, value: Any, leaves: dict[str, Tensor], where: str) -> Any:
    mine: dict[str, Tensor] = {}
    try:
        form = trees.flatten(value, key, mine)
    except trees.NotATreeError as error:
        what = f"the example input {error.name!r} is {described(error.value)}"
        raise BuildError(what, where, "make it a tensor, or a dict, tuple or dataclass of tensors") from error
    for name, tensor in mine.items():
        if tensor.dtype not in _DTYPES:
            dtype = str(tensor.dtype).removeprefix("torch.")
            raise BuildError(f"the example input {name!r} is {dtype}, which no browser runs", where, "make it float32")
    leaves.update(mine)
    return form


def _parameters(module: nn.Module) -> tuple[list[str], bool, bool]:
    """The names of forward's parameters, and whether it takes any number more by place and by name."""
    if isinstance(module, torch.jit.ScriptModule):
        return [one.name for one in cast(Any, module.forward).schema.arguments[1:]], False, False
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = inspect.signature(module.forward).parameters
    starred, rest = (
        any(p.kind is kind for p in found.values())
        for kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    )
    return [name for name, p in found.items() if p.kind in kinds], starred, rest


def _checked_axes(given: Mapping[str, Any], inputs: dict[str, Tensor], where: str) -> dict[str, dict[int, str]]:
    axes: dict[str, dict[int, str]] = {}
    for name, named in given.items():
        if name not in inputs:
            todo = f"the inputs are {', '.join(inputs)}"
            raise BuildError(f"dynamic_shapes names {name!r}, which is no input", where, todo)
        pairs = dict(named) if isinstance(named, Mapping) else dict(enumerate(named or ()))
        axes[name] = {int(axis): str(label) for axis, label in pairs.items() if label is not None}
        for axis, label in axes[name].items():
            _check_axis(inputs[name], name, (axis, label), where)
    return axes


def _check_axis(example: Tensor, name: str, axis: tuple[int, str], where: str) -> None:
    index, label = axis
    if not 0 <= index < example.dim():
        what = f"dynamic_shapes names axis {index} of {name!r}, which has {example.dim()} axes"
        raise BuildError(what, where, "count from 0")
    if not label.isidentifier():
        what = f"dynamic_shapes names axis {index} of {name!r} {label!r}"
        raise BuildError(what, where, 'take a word such as "height"')
    if example.shape[index] < 2:
        what = f"axis {index} ({label}) of {name!r} is dynamic, but its example has size {example.shape[index]} there"
        raise BuildError(what, where, "return an example of size 2 or more; torch.export bakes 0 and 1 in")


def _example_outputs(built: Built) -> dict[str, Tensor]:
    def call() -> dict[str, Tensor]:
        result = built.call({name: value.clone() for name, value in built.inputs.items()})
        return built.named(result)

    try:
        outputs = call()
    except BuildError:
        raise
    except Exception as error:
        failed = _failed(error, "forward() with build()'s example inputs", built.where)
        if "BFloat16" in failed.what:
            failed = BuildError(
                failed.what, failed.where, "no browser runs bfloat16: take .bfloat16() out of forward()"
            )
        raise failed from error
    repeats.check(built.module, call, outputs, built.where)
    return outputs


def _failed(error: Exception, what: str, where: str = "") -> BuildError:
    lines = str(error).strip().splitlines()
    first = lines[0] if lines else ""
    if first.endswith(":"):  # as of load_state_dict, whose list of keys follows
        first = textwrap.shorten(" ".join(lines), 300, placeholder=" ...")
    text = f"{what} failed: {type(error).__name__}: {first}".rstrip(": ")
    return BuildError(text, maker_place(error) or where, _remedy(str(error)))


def _remedy(text: str) -> str:
    """What to do about a failure of PyTorch's."""
    if "torch.cuda.is_available() is False" in text:
        return 'models are built on the CPU: give torch.load map_location="cpu"'
    if "not compiled with CUDA" in text or "NVIDIA driver" in text:
        return 'models are built on the CPU: take .cuda(), .to("cuda") and device="cuda" out'
    return "--debug shows the traceback"


def _forward_where(module: nn.Module) -> str:
    """`file:line` of forward(), where it is the maker's own; else empty."""
    code = getattr(inspect.unwrap(getattr(type(module), "forward", module)), "__code__", None)
    return place(code.co_filename, code.co_firstlineno) if code and is_maker_file(code.co_filename) else ""


def _where(function: Callable[..., Any]) -> str:
    try:
        path, line = inspect.getsourcefile(function), inspect.getsourcelines(function)[1]
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        return f"{shown(Path(code.co_filename))}:{code.co_firstlineno}" if code else repr(function)
    return f"{shown(Path(path))}:{line}" if path else repr(function)


def described(value: Any) -> str:
    """What a value is, with its article: "a tuple of 3", "an ndarray"."""
    if value is None:
        return "None"
    name = type(value).__name__
    size = f" of {len(value)}" if isinstance(value, tuple | list) and not hasattr(value, "_fields") else ""
    return f"{'an' if _AN.match(name) else 'a'} {name}{size}"
