"""From a demo to its models' correct variants: record, convert, quantize, verify, choose. The order of the road."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from pageside.engine import ModelSpecs

from pageside_export import convert, progress
from pageside_export.choose import BackendId, Candidate, choose, sentence
from pageside_export.engines import OnnxModel, OnnxSession, TorchEngine, milliseconds
from pageside_export.errors import ExportError, UserError
from pageside_export.loader import Demo
from pageside_export.modules import Built
from pageside_export.options import ExportOptions, cache_dir
from pageside_export.pack import gzip_bytes, sha256, write_whole
from pageside_export.quantize import Recipe, recipes
from pageside_export.record import Answered, record
from pageside_export.verify import Call, Measurement, compare, distinct, misses, not_finite

#: Packages whose version may change what an export is.
TOOLS = ("pageside", "torch", "onnx", "onnxruntime", "onnxscript", "numpy")

#: Our own modules that shape an export, besides the recipes; the server and the site do not.
SHAPING = ("engines", "exporting", "modules", "options", "trees", "trust", "verify")


@dataclass(frozen=True)
class VariantExport:
    """One variant, published or not."""

    id: str
    onnx: bytes
    session_config: dict[str, str]
    #: `Measured` of protocol.d.ts.
    measured: dict[str, Any]
    #: Every output of every call.
    details: list[list[dict[str, Any]]]
    #: What it misses and by how much; empty if it is published.
    rejected: list[str]
    #: All parts, as gzipped.
    wire_bytes: int


@dataclass(frozen=True)
class ModelExport:
    """A model with its variants, and the calls that they were measured on."""

    name: str
    specs: ModelSpecs
    variants: list[VariantExport]
    calls: list[Call]
    #: The calls that go into the bundle.
    golden: list[Call]
    backends: dict[BackendId, list[str]]
    sentence: str
    #: How the module became ONNX, as `convert.Converted.to_json()`.
    conversion: dict[str, Any]
    #: Identifies this export in the cache, and whether it came from there.
    key: str
    reused: bool

    @property
    def published(self) -> list[VariantExport]:
        """The variants that reach their tolerance."""
        return [variant for variant in self.variants if not variant.rejected]

    def variant(self, id_: str) -> VariantExport:
        """A variant by its id. Raises UserError."""
        for variant in self.variants:
            if variant.id == id_:
                return variant
        known = ", ".join(variant.id for variant in self.published)
        raise UserError(f"{self.name} has no variant {id_!r}", "--variant", f"take from {known}")


@dataclass(frozen=True)
class DemoExport:
    """All that a bundle needs of a demo."""

    demo: Demo
    models: list[ModelExport]
    examples: list[Answered]


def export_demo(demo: Demo, options: ExportOptions) -> DemoExport:
    """Exports every model of a demo. UserError where one has no correct fp32 form."""
    engine = demo.torch_engine()
    recorded = record(demo, engine)
    models = [_export_model(demo, engine, name, recorded.calls.get(name, []), options) for name in demo.models]
    return DemoExport(demo, models, recorded.examples)


def split(data: bytes, part_bytes: int) -> list[bytes]:
    """Parts of at most `part_bytes`, which concatenate to `data`."""
    return [data[start : start + part_bytes] for start in range(0, len(data), part_bytes)]


def versions() -> dict[str, str]:
    """Of the tools that made an export."""
    return {name: version(name) for name in TOOLS}


def _export_model(demo: Demo, engine: TorchEngine, name: str, calls: list[Call], options: ExportOptions) -> ModelExport:
    with demo.scope.active():
        built = engine.built(demo.models[name])
        calls = calls or [_example_call(built)]
    if problem := not_finite(calls):
        todo = "give inputs that the model can take, or mend its forward()"
        raise ExportError(f"{name}: {problem}", built.where, todo)
    key = _key(demo, built, calls, options)
    folder = cache_dir() / "export" / key
    variants, conversion = _from_cache(folder) if options.reuse else None, _conversion_from_cache(folder)
    reused = variants is not None and conversion is not None
    if variants is None or conversion is None:
        with demo.scope.active():
            converted = _convert(built, calls, options)
            variants, conversion = _make_variants(built, converted.model, calls, options), converted.to_json()
        write_whole(folder / "conversion.json", json.dumps(conversion).encode())
        _to_cache(folder, variants)
    else:
        progress.say(f"{demo.name}: {name} is taken from the cache, nothing that it depends on has changed")
    for note in conversion["notes"]:
        progress.say(f"{demo.name}: {name}: {note}")
    return replace(_finished(built, variants, calls, (options, key, reused)), conversion=conversion)


def _finished(
    built: Built, variants: list[VariantExport], calls: list[Call], made: tuple[ExportOptions, str, bool]
) -> ModelExport:
    options, key, reused = made
    candidates = [Candidate(v.id, v.wire_bytes, v.measured["native_ms"]) for v in variants if not v.rejected]
    return ModelExport(
        name=built.name,
        specs=OnnxSession(OnnxModel(variants[0].onnx, variants[0].session_config)).specs(),
        variants=variants,
        calls=calls,
        golden=distinct(calls, options.golden_calls),
        backends=choose(candidates),
        sentence=sentence(candidates, len(variants) - len(candidates)),
        conversion={},
        key=key,
        reused=reused,
    )


def _example_call(built: Built) -> Call:
    feeds = {name: np.array(value.numpy()) for name, value in built.inputs.items()}
    return Call(feeds, built.run(feeds))


def _convert(built: Built, calls: list[Call], options: ExportOptions) -> convert.Converted:
    with progress.task(f"{built.name}: export to ONNX"):
        return convert.to_onnx(built, options.opset, [call.inputs for call in calls])


def _make_variants(
    built: Built, model: onnx.ModelProto, calls: list[Call], options: ExportOptions
) -> list[VariantExport]:
    made: list[_Made] = []
    for recipe in recipes(options.recipes):
        with progress.task(f"{built.name}: {recipe.ID}"):
            changed = recipe.apply(model)
        if changed is not None:
            made.append(_measure(built, recipe, convert.serialized(changed), calls))
    _time(made, calls[0], options.timed_calls)
    return [_variant(one, options) for one in made]


@dataclass(frozen=True)
class _Made:
    recipe: Recipe
    onnx: bytes
    session: OnnxSession
    measured: Measurement


def _measure(built: Built, recipe: Recipe, data: bytes, calls: list[Call]) -> _Made:
    """A variant against PyTorch on every call. ExportError where fp32 itself misses: then nothing can be right."""
    try:
        session = OnnxSession(OnnxModel(data, recipe.SESSION_CONFIG))
    except Exception as error:
        what = f"{built.name}: onnxruntime cannot load {recipe.ID}: {str(error).strip().partition(chr(10))[0]}"
        raise ExportError(what, built.where, "--debug shows the traceback") from error
    measured = Measurement()
    with progress.task(f"{built.name}: verify {recipe.ID}", len(calls)) as task:
        for call in calls:
            measured.errors.append(compare(call.outputs, session.run(call.inputs)))
            task.advance()
    missed = misses(measured, recipe.TOLERANCE)
    if recipe.ID == "fp32" and missed:
        what = f"{built.name}: its exported form differs from PyTorch: {missed[0]}"
        raise ExportError(what, built.where, "take random numbers, state and Python branches out of forward()")
    return _Made(recipe, data, session, measured)


def _time(made: list[_Made], call: Call, calls: int) -> None:
    with progress.task("time the variants"):
        times = milliseconds([one.session for one in made], call.inputs, calls)
    for one, native_ms in zip(made, times, strict=True):
        one.measured.native_ms = native_ms


def _variant(made: _Made, options: ExportOptions) -> VariantExport:
    return VariantExport(
        id=made.recipe.ID,
        onnx=made.onnx,
        session_config=dict(made.recipe.SESSION_CONFIG),
        measured=made.measured.to_json(),
        details=made.measured.details(),
        rejected=misses(made.measured, made.recipe.TOLERANCE),
        wire_bytes=sum(len(gzip_bytes(part)) for part in split(made.onnx, options.part_bytes)),
    )


def _key(demo: Demo, built: Built, calls: list[Call], options: ExportOptions) -> str:
    """Of all that an export depends on: the demo's code, weights, calls, options, versions and our own code."""
    digest = hashlib.sha256()
    facts = [built.name, built.inputs, built.outputs, built.dynamic_shapes, options.opset, options.recipes]
    digest.update(repr([facts[0], list(built.inputs), *facts[2:], options.part_bytes, options.timed_calls]).encode())
    digest.update(json.dumps(versions(), sort_keys=True).encode())
    for path in _sources(demo):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for name, value in sorted(built.module.state_dict().items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().reshape(-1).view(_byte()).numpy().tobytes())
    example = {name: value.numpy() for name, value in built.inputs.items()}
    for arrays in (example, *(group for call in calls for group in (call.inputs, call.outputs))):
        for name, array in arrays.items():
            digest.update(f"{name} {array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


def _byte() -> Any:
    import torch

    return torch.uint8


def _sources(demo: Demo) -> Iterable[Path]:
    here = Path(__file__).parent
    rooms = [path for room in ("convert", "quantize") for path in sorted((here / room).glob("*.py"))]
    own = [*(here / f"{name}.py" for name in SHAPING), *rooms]
    theirs = demo.folder.glob("*.py") if demo.whole_folder else demo.files
    return [*own, *sorted(path for path in theirs if path.is_file())]


def _to_cache(folder: Path, variants: list[VariantExport]) -> None:
    entries = []
    for variant in variants:
        write_whole(folder / f"{variant.id}.onnx", variant.onnx)
        entry = {name: getattr(variant, name) for name in ("id", "session_config", "measured", "details", "rejected")}
        entries.append({**entry, "wire_bytes": variant.wire_bytes, "sha256": sha256(variant.onnx)})
    # Last, since it is what makes the folder complete.
    write_whole(folder / "variants.json", json.dumps(entries).encode())


def _conversion_from_cache(folder: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads((folder / "conversion.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _from_cache(folder: Path) -> list[VariantExport] | None:
    """None where there is nothing, or where it is damaged: then it is made again."""
    try:
        entries = json.loads((folder / "variants.json").read_text(encoding="utf-8"))
        variants = []
        for entry in entries:
            expected = entry.pop("sha256")
            data = (folder / f"{entry['id']}.onnx").read_bytes()
            if sha256(data) != expected:
                return None
            variants.append(VariantExport(onnx=data, **entry))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return variants or None
