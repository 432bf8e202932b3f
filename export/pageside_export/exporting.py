"""From a demo to its models' correct variants: record, convert, quantize, verify, choose. The order of the road."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import onnx
from pageside import Model
from pageside.engine import ModelSpecs

from pageside_export import convert, inbrowser, planes, progress, tensors
from pageside_export.choose import BackendId, Candidate, choose, sentence
from pageside_export.engines import OnnxModel, OnnxSession, TorchEngine, milliseconds
from pageside_export.errors import EnvironmentError_, ExportError, UserError
from pageside_export.golden import Usual, example_call, golden_calls, usual
from pageside_export.hooks import Hooks, collect
from pageside_export.inbrowser import Seen
from pageside_export.loader import Demo
from pageside_export.modules import Built
from pageside_export.options import ExportOptions, cache_dir
from pageside_export.pack import sha256_file, write_whole
from pageside_export.quantize import Given, NotTried, Recipe, int12_weights, needs, recipes
from pageside_export.record import Answered, Recorded, record
from pageside_export.tolerances import bounds, kind_of
from pageside_export.verify import (
    QUANTIZED_TOLERANCE,
    Arrays,
    Call,
    Measurement,
    compare,
    misses,
    not_finite,
)
from pageside_export.wishes import Wishes, wishes

#: Packages whose version may change what an export is.
TOOLS = ("pageside", "torch", "onnx", "onnxruntime", "onnxscript", "numpy")

#: Our own modules that shape an export, besides the recipes; the server and the site do not.
SHAPING = ("engines", "exporting", "hooks", "modules", "options", "tensors", "tolerances", "trees", "trust", "verify")


@dataclass(frozen=True)
class VariantExport:
    """One variant, published or not."""

    id: str
    #: One whole ONNX file in the cache, its bytes and their SHA-256.
    path: Path
    size: int
    sha256: str
    session_config: dict[str, str]
    #: `Measured` of protocol.d.ts.
    measured: dict[str, Any]
    #: Every output of every call.
    details: list[list[dict[str, Any]]]
    #: What it misses and by how much; empty if it is published.
    rejected: list[str]
    #: All parts, as a visitor downloads them.
    wire_bytes: int
    #: The maker's own score() over the calls of calibration(); None without one.
    score: float | None = None

    @property
    def onnx(self) -> bytes:
        """The file's content."""
        return self.path.read_bytes()

    @property
    def model(self) -> OnnxModel:
        """As onnxruntime takes it."""
        return OnnxModel(self.path, self.session_config)

    def parts(self, part_bytes: int, cuts: Iterable[int] = ()) -> Iterator[planes.Part]:
        """The file in parts of at most `part_bytes`, one at a time; a new one starts at each of `cuts`."""
        runs = planes.runs(self.path) if self.id == int12_weights.ID else []
        with self.path.open("rb") as source:
            for edge in (*cuts, self.size):
                while content := source.read(min(part_bytes, edge - source.tell())):
                    end = source.tell()
                    yield planes.Part(content, planes.within(runs, end - len(content), end))


@dataclass(frozen=True)
class _Made:
    """What the cache keeps of a model: its variants, why recipes that failed made none, and how it was converted."""

    variants: list[VariantExport]
    failed: dict[str, str]
    conversion: dict[str, Any]


@dataclass(frozen=True)
class ModelExport:
    """A model with its variants, and the calls that they were measured on."""

    name: str
    specs: ModelSpecs
    variants: list[VariantExport]
    calls: list[Call]
    #: The calls that go into the bundle.
    golden: list[Call]
    usual: Usual
    wishes: Wishes
    backends: dict[BackendId, list[str]]
    sentence: str
    #: Recipes that made no variant although they tried, each with the reason.
    failed: dict[str, str]
    #: How the module became ONNX, as `convert.Converted.to_json()`.
    conversion: dict[str, Any]
    #: What a browser said of the correct variants, by id; empty where none was asked.
    browser: dict[str, Seen]
    #: Identifies this export in the cache, and whether it came from there.
    key: str
    reused: bool
    #: Of PyTorch's own weights; see `Built.weights_sha256`.
    weights_sha256: str = ""
    #: Outputs that stay on the device, as `Model(keep=...)`.
    keep: tuple[str, ...] = ()

    @property
    def correct(self) -> list[VariantExport]:
        """The variants that reach their tolerance."""
        return [variant for variant in self.variants if not variant.rejected]

    @property
    def published(self) -> list[VariantExport]:
        """Of these the ones that a backend is given."""
        offered = {id_ for ids in self.backends.values() for id_ in ids}
        return [variant for variant in self.variants if variant.id in offered]

    def variant(self, id_: str) -> VariantExport:
        """A variant by its id. Raises UserError."""
        for variant in self.variants:
            if variant.id == id_:
                return variant
        known = ", ".join(variant.id for variant in self.correct)
        raise UserError(f"{self.name} has no variant {id_!r}", "--variant", f"take from {known}")


@dataclass(frozen=True)
class DemoExport:
    """All that a bundle needs of a demo."""

    demo: Demo
    models: list[ModelExport]
    examples: list[Answered]


def export_demo(demo: Demo, options: ExportOptions) -> DemoExport:
    """Exports every model of a demo. UserError where one has no correct fp32 form."""
    recipes(options.recipes)  # a wrong name is told at once, and for a demo without a model too
    engine = demo.torch_engine()
    recorded = record(demo, engine)
    models = [_export_model(demo, engine, name, recorded, options) for name in demo.models]
    return DemoExport(demo, models, recorded.examples)


def versions() -> dict[str, str]:
    """Of the tools that made an export."""
    return {name: version(name) for name in TOOLS}


def _export_model(
    demo: Demo, engine: TorchEngine, name: str, recorded: Recorded, options: ExportOptions
) -> ModelExport:
    with demo.scope.active():
        built = engine.built(demo.models[name])
        calls = recorded.calls.get(name) or [example_call(built)]
        hooks = collect(demo.models[name].build, built, options.calibration_calls)
        if problem := not_finite(calls):
            todo = "give inputs that the model can take, or mend its forward()"
            raise ExportError(f"{name}: {problem}", built.where, todo)
        golden = golden_calls(calls, built, options)
        use = usual(recorded.calls.get(name, []), golden[0], built, len(recorded.examples))
    asked = _wishes(demo.models[name], calls)
    weights = built.weights_sha256()
    key = _key(demo, built, [*calls, *hooks.calls], (options, asked, weights))
    folder = cache_dir() / "export" / key
    made = _from_cache(folder) if options.reuse else None
    reused = made is not None
    if made is None:
        work = _Work(name, built.where, calls, hooks, folder, options, asked)
        with demo.scope.active(), tempfile.TemporaryDirectory() as outside:
            model, conversion = _converted(built, calls, options, Path(outside))
            if tensors.any_outside(model):
                tensors.give_large_back()
                # A big module stays out of memory from here on; whoever asks for it again has it built again.
                del built
                engine.forget(demo.models[name])
                tensors.give_back()
            made = _make_variants(model, work, Path(outside), conversion)
        _to_cache(folder, made)
    else:
        progress.say(f"{demo.name}: {name} is taken from the cache, nothing that it depends on has changed")
    for note in made.conversion["notes"]:
        progress.say(f"{demo.name}: {name}: {note}")
    seen = _in_browser(name, made, calls, (folder, options))
    finished = _finished(name, made, calls, (golden, use, asked, seen, key, reused))
    return replace(finished, weights_sha256=weights, keep=demo.models[name].keep)


def _wishes(model: Model, calls: list[Call]) -> Wishes:
    outputs = {name: [call.outputs[name] for call in calls] for name in calls[0].outputs}
    return wishes(model, outputs, {name: kind_of(name, values) for name, values in outputs.items()})


def _finished(
    name: str, made: _Made, calls: list[Call], rest: tuple[list[Call], Usual, Wishes, dict[str, Seen], str, bool]
) -> ModelExport:
    golden, use, asked, seen, key, reused = rest
    variants = made.variants
    candidates = _candidates(variants, asked, seen)
    if not any("wasm" in one.backends for one in candidates):
        what = f"{name}: onnxruntime-web runs no variant of it: {next(iter(seen.values())).failed}"
        raise ExportError(what, "pageside export", "take that operator out of the model")
    if asked.variant and asked.variant not in {one.id for one in candidates}:
        _refuse_variant(name, asked.variant, made)
    chosen = (asked.prefer, asked.variant)
    return ModelExport(
        name=name,
        # All variants take and give the same; the smallest is read soonest.
        specs=OnnxSession(min(variants, key=lambda one: one.size).model).specs(),
        variants=variants,
        calls=calls,
        golden=golden,
        usual=use,
        wishes=asked,
        backends=choose(candidates, *chosen),
        sentence=sentence(candidates, len(variants) - len(candidates), *chosen),
        failed=made.failed,
        conversion=made.conversion,
        browser=seen,
        key=key,
        reused=reused,
    )


def _refuse_variant(name: str, variant: str, made: _Made) -> NoReturn:
    missed = next((one.rejected[0] for one in made.variants if one.id == variant), "")
    why = missed or made.failed.get(variant, "its recipe changes nothing in this model")
    todo = "take another variant, or name a tolerance of your own, as tolerance={'cosine': 0.98}"
    raise ExportError(f"{name}: variant={variant!r} cannot be published: {why}", "demo.py", todo)


def _in_browser(name: str, made: _Made, calls: list[Call], rest: tuple[Path, ExportOptions]) -> dict[str, Seen]:
    """What a browser says of the correct variants, from the cache or now; nothing where none is asked or there."""
    folder, options = rest
    kept, version_ = folder / "browser.json", inbrowser.code_version()
    try:
        stored = json.loads(kept.read_text(encoding="utf-8"))
        if options.reuse and stored["version"] == version_:
            return {id_: Seen(**one) for id_, one in stored["variants"].items()}
    except (OSError, ValueError, TypeError, KeyError):
        pass
    if not options.browser or made.variants[0].size >= options.big_bytes:
        return {}
    where = {recipe.ID: recipe.BACKENDS for recipe in recipes()}
    correct = [one for one in made.variants if not one.rejected]
    # Most exact, then smallest: those that are published come before the time for WebGPU is up.
    tried = sorted(correct, key=lambda one: (one.id != "fp32", one.size))
    on_webgpu = [one.id for one in tried if "webgpu" in where[one.id]]
    try:
        seen = inbrowser.measure({one.id: one.model for one in correct}, calls[0], on_webgpu)
    except EnvironmentError_ as error:
        progress.say(f"{name}: not timed in a browser: {error}")
        return {}
    content = {"version": version_, "variants": {id_: vars(one) for id_, one in seen.items()}}
    write_whole(kept, json.dumps(content).encode())
    return seen


def _candidates(variants: list[VariantExport], asked: Wishes, seen: dict[str, Seen]) -> list[Candidate]:
    """The variants that reach their tolerance, with what the choice is made from."""
    where = {recipe.ID: recipe.BACKENDS for recipe in recipes()}
    for id_, one in seen.items():
        if one.failed:
            where[id_] = tuple(backend for backend in where[id_] if backend != "wasm")
    allowed = bounds(QUANTIZED_TOLERANCE, asked.kinds, asked.tolerance).values()
    room = max(1e-6, 1 - max(one.cosine for one in allowed))
    return [
        Candidate(
            id=one.id,
            bytes=one.wire_bytes,
            native_ms=one.measured["native_ms"],
            error=min(1.0, max(0.0, 1 - (one.measured["cosine"] or 0)) / room),
            backends=where[one.id],
            browser_ms=seen[one.id].wasm_1_ms if one.id in seen else None,
            needs=tuple(needs(one.id)),
        )
        for one in variants
        if not one.rejected
    ]


def _converted(
    built: Built, calls: list[Call], options: ExportOptions, folder: Path
) -> tuple[onnx.ModelProto, dict[str, Any]]:
    """The fp32 graph, whose large weights are in a file of `folder` from the start, and how it was made."""
    with progress.task(f"{built.name}: export to ONNX"):
        weights = sum(value.nbytes for value in built.module.state_dict().values())
        outside = folder if weights >= options.big_bytes else None
        converted = convert.to_onnx(built, options.opset, [call.inputs for call in calls], outside)
        model = converted.model
        if tensors.weight_bytes(model) >= options.big_bytes:
            model = tensors.put_outside(model, folder / "weights.data")
        return model, converted.to_json()


@dataclass(frozen=True)
class _Work:
    """What all variants of a model are made and measured with."""

    name: str
    where: str
    calls: list[Call]
    hooks: Hooks
    #: Where finished variants go.
    folder: Path
    options: ExportOptions
    wishes: Wishes


def _make_variants(model: onnx.ModelProto, work: _Work, outside: Path, conversion: dict[str, Any]) -> _Made:
    """One variant after the other, so that no more than one is in memory."""
    variants: list[VariantExport] = []
    failed: dict[str, str] = {}
    for recipe in recipes(work.options.recipes):
        given = Given(work.hooks.calls or work.calls, work.wishes.bounds(recipe), outside)
        try:
            with progress.task(f"{work.name}: {recipe.ID}"):
                changed = recipe.apply(model, given)
                if changed is None:
                    continue
                path = work.folder / f"{recipe.ID}.onnx"
                tensors.write_model(changed, path, outside)
                del changed
                if tensors.any_outside(model):
                    tensors.give_back()
            variants.append(_measure(work, recipe, path))
        except ExportError:
            raise
        except Exception as error:  # a library's fault with one recipe; the others stand
            first = str(error).strip().partition("\n")[0]
            failed[recipe.ID] = first if isinstance(error, NotTried) else f"{type(error).__name__}: {first}"
            if recipe.ID == "fp32":
                what = f"{work.name}: onnxruntime cannot run its exported form: {failed['fp32']}"
                raise ExportError(what, work.where, "--debug shows the traceback") from error
    return _Made(_timed(variants, work), failed, conversion)


def _measure(work: _Work, recipe: Recipe, path: Path) -> VariantExport:
    """A variant against PyTorch on every call, of the examples and of calibration().

    ExportError where fp32 itself misses: then nothing can be right.
    """
    measured, score = _compared(work, recipe, path)
    if path.stat().st_size >= work.options.big_bytes:
        tensors.give_back()
    missed = misses(measured, work.wishes.bounds(recipe))
    if recipe.ID == "fp32" and missed:
        what = f"{work.name}: its exported form differs from PyTorch: {missed[0]}"
        raise ExportError(what, work.where, "take random numbers, state and Python branches out of forward()")
    variant = VariantExport(
        id=recipe.ID,
        path=path,
        size=path.stat().st_size,
        sha256=sha256_file(path),
        session_config=dict(recipe.SESSION_CONFIG),
        measured=measured.to_json(),
        details=measured.details(),
        rejected=missed,
        wire_bytes=0,
        score=score,
    )
    return replace(variant, wire_bytes=sum(len(part.stored) for part in variant.parts(work.options.part_bytes)))


def _compared(work: _Work, recipe: Recipe, path: Path) -> tuple[Measurement, float | None]:
    """A variant's errors on every call, and its score; its session is gone afterwards."""
    session = OnnxSession(OnnxModel(path, recipe.SESSION_CONFIG))
    measured, hooks = Measurement(), work.hooks
    answers: list[Arrays] = []
    with progress.task(f"{work.name}: verify {recipe.ID}", len(work.calls) + len(hooks.calls)) as task:
        for number, call in enumerate([*work.calls, *hooks.calls]):
            got = session.run(call.inputs)
            measured.errors.append(compare(call.outputs, got, work.wishes.ranked))
            if hooks.score and number >= len(work.calls):
                answers.append(got)
            task.advance()
    return measured, hooks.scored(answers)


def _timed(variants: list[VariantExport], work: _Work) -> list[VariantExport]:
    """With native milliseconds: in turns, or one variant after the other where all would fill the memory."""
    feeds, count = work.calls[0].inputs, work.options.timed_calls
    with progress.task("time the variants"):
        if variants[0].size < work.options.big_bytes:
            times = milliseconds([OnnxSession(one.model) for one in variants], feeds, count)
        else:
            times = []
            for one in variants:
                tensors.give_back()  # onnxruntime takes up to 1.7 times the file while it opens it
                times += milliseconds([OnnxSession(one.model)], feeds, count)
            tensors.give_back()
    return [
        replace(one, measured={**one.measured, "native_ms": round(native_ms, 3)})
        for one, native_ms in zip(variants, times, strict=True)
    ]


def _key(demo: Demo, built: Built, calls: list[Call], asked: tuple[ExportOptions, Wishes, str]) -> str:
    """Of all that an export depends on: the demo's code, weights, calls, options, versions and our own code."""
    options, wished, weights = asked
    digest = hashlib.sha256()
    digest.update(repr([sorted(wished.kinds.items()), sorted(wished.tolerance.items())]).encode())
    facts = [built.name, built.inputs, built.outputs, built.dynamic_shapes, options.opset, options.recipes]
    digest.update(repr([facts[0], list(built.inputs), *facts[2:], options.part_bytes, options.timed_calls]).encode())
    digest.update(repr([options.big_bytes, options.calibration_calls]).encode())
    digest.update(json.dumps(versions(), sort_keys=True).encode())
    for path in _sources(demo):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    digest.update(weights.encode())
    example = {name: value.numpy() for name, value in built.inputs.items()}
    for arrays in (example, *(group for call in calls for group in (call.inputs, call.outputs))):
        for name, array in arrays.items():
            digest.update(f"{name} {array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:32]


def _sources(demo: Demo) -> Iterable[Path]:
    here = Path(__file__).parent
    rooms = [path for room in ("convert", "quantize") for path in sorted((here / room).glob("*.py"))]
    own = [*(here / f"{name}.py" for name in SHAPING), *rooms]
    theirs = demo.folder.glob("*.py") if demo.whole_folder else demo.files
    return [*own, *sorted(path for path in theirs if path.is_file())]


def _to_cache(folder: Path, made: _Made) -> None:
    entries = [{**vars(variant), "path": variant.path.name} for variant in made.variants]
    # Last, since it is what makes the folder complete.
    write_whole(folder / "variants.json", json.dumps({**vars(made), "variants": entries}).encode())


def _from_cache(folder: Path) -> _Made | None:
    """None where there is nothing, or where it is damaged: then it is made again."""
    try:
        stored = json.loads((folder / "variants.json").read_text(encoding="utf-8"))
        variants = [VariantExport(**{**entry, "path": folder / entry["path"]}) for entry in stored["variants"]]
        if any(sha256_file(variant.path) != variant.sha256 for variant in variants):
            return None
        made = _Made(variants, dict(stored["failed"]), dict(stored["conversion"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return made if variants else None
