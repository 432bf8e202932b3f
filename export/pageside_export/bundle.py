"""The bundle: the folder that is the only thing to cross from build to page, and its `bundle.json`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from pageside.engine import TensorSpec

from pageside_export import card, progress, record, report, sharing, shipping
from pageside_export.engines import Arrays, OnnxSession
from pageside_export.errors import BundleError
from pageside_export.exporting import DemoExport, ModelExport, VariantExport, export_demo
from pageside_export.loader import Demo
from pageside_export.options import ExportOptions
from pageside_export.pack import gzip_bytes, sha256, write_whole
from pageside_export.passes import idle_passes
from pageside_export.planes import Part
from pageside_export.quantize import integer_products, needs
from pageside_export.record import Answered
from pageside_export.rehearsal import rehearsal
from pageside_export.verify import Call, compare

FORMAT = "pageside-bundle"
VERSION = 1
SCHEMA_FILE = Path(__file__).with_name("bundle.schema.json")

#: What a backend must reach on the visitor's device against native onnxruntime, the same variant. The arithmetic is
#: the same but for rounding: a right backend is within 1e-4, a wrong one misses by far.
PAGE_TOLERANCE = {"cosine": 0.999, "relative_error": 0.02}

#: Where activations are rounded to integers while the model runs, a last bit decides now and then which integer, and
#: later layers follow. A right backend may be so many times farther away than native onnxruntime from itself.
SPREAD = 2.0

#: No variant's own tolerance is wider: a check that lets more pass would prove nothing.
WIDEST = {"cosine": 0.99, "relative_error": 0.1}

#: Names in the bundle's folder that a demo's own file may not take; such a file goes below `files/`.
RESERVED = {
    *("bundle.json", "index.html", "models", "golden", "examples", "files"),
    *("report.json", "report.md", "report"),
}

#: Data files from this size on are gzipped if that saves a tenth; small ones stay readable as they are.
GZIP_FILES_FROM = 50_000


@dataclass(frozen=True)
class Writer:
    """Writes files below the bundle's folder and describes each as a FileRef."""

    folder: Path

    def plain(self, path: str, content: bytes) -> dict[str, Any]:
        """A file as it is."""
        write_whole(self.folder / path, content)
        return {"url": quote(path), "bytes": len(content), "size": len(content), "sha256": sha256(content)}

    def packed(self, path: str, content: bytes) -> dict[str, Any]:
        """A gzipped file; `path` without `.gz`. Size and hash are of the decoded bytes."""
        return self._packed(f"{path}.gz", content, gzip_bytes(content), "gzip")

    def part(self, path: str, part: Part) -> dict[str, Any]:
        """A part of a model as Zstandard; `path` without `.zst`."""
        where = {"planes": [list(run) for run in part.runs]} if part.runs else {}
        return self._packed(f"{path}.zst", part.content, part.stored, "zstd") | where

    def _packed(self, path: str, content: bytes, stored: bytes, encoding: str) -> dict[str, Any]:
        write_whole(self.folder / path, stored)
        return {
            "url": quote(path),
            "bytes": len(stored),
            "size": len(content),
            "sha256": sha256(content),
            "encoding": encoding,
        }

    def smaller(self, path: str, content: bytes) -> dict[str, Any]:
        """Gzipped where that is worth it."""
        if len(content) >= GZIP_FILES_FROM and len(gzip_bytes(content)) < 0.9 * len(content):
            return self.packed(path, content)
        return self.plain(path, content)

    def example(self, suffix: str, content: bytes) -> dict[str, Any]:
        """A file of an example, named by its content, so that equal ones are one."""
        return self.plain(f"examples/{sha256(content)[:16]}{suffix}", content)


def write_bundle(demo: Demo, folder: Path, options: ExportOptions | None = None) -> dict[str, Any]:
    """Exports a demo and writes all of its bundle but `bundle.json`, with the report card beside it.

    Returns the content of `bundle.json` without `runtime`; `finish_bundle` adds that and writes it.
    """
    chosen = options or ExportOptions()
    export = export_demo(demo, chosen)
    for model in export.models:
        for line in report.rejections(model):
            progress.say(f"{demo.name}: {model.name}: {line}")
    card.write(export, folder)
    return write_export(export, folder, chosen)


def write_export(export: DemoExport, folder: Path, options: ExportOptions) -> dict[str, Any]:
    """Writes a finished export's files: source, model parts, golden tensors, examples."""
    writer, demo = Writer(folder), export.demo
    files = [
        {"path": path, **writer.smaller(_place(path), file.read_bytes())}
        for file, path in ((file, demo.path_of(file)) for file in demo.files)
    ]
    return {
        "format": FORMAT,
        "version": VERSION,
        "name": demo.name,
        "pageside": version("pageside"),
        "interface": interface_config(_with_first_values(demo, writer.example)),
        "files": files,
        "models": [write_model(model, writer, options) for model in export.models],
        "examples": [_example(demo.interface, example, writer.example) for example in export.examples],
        **_thumbnail(demo, writer),
    }


def _thumbnail(demo: Demo, writer: Writer) -> dict[str, Any]:
    picture = shipping.thumbnail(demo.folder) if demo.whole_folder else None
    return {"thumbnail": writer.plain(picture.name, picture.read_bytes())} if picture else {}


def finish_bundle(bundle: dict[str, Any], runtime: dict[str, Any], folder: Path) -> Path:
    """Adds `runtime`, holds the whole against the schema and writes `bundle.json`. Raises BundleError."""
    complete = {**bundle, "runtime": runtime}
    check_schema(complete, f"{bundle.get('name', '?')}/bundle.json")
    path = folder / "bundle.json"
    write_whole(path, json.dumps(complete, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n")
    return path


def check_schema(bundle: Any, where: str) -> None:
    """Raises BundleError with the first place where a bundle is not what `bundle.schema.json` says."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    error = best_match(Draft202012Validator(schema).iter_errors(bundle))
    if error is not None:
        raise BundleError(f"{error.json_path}: {error.message[:200]}", where, "build it again with this pageside")


def _with_first_values(demo: Demo, write: Callable[[str, bytes], dict[str, Any]]) -> dict[str, Any]:
    """The interface's configuration; first values that are files are written as those of examples."""
    config = demo.interface.get_config()
    sides = ((demo.interface.inputs, config["inputs"]), (demo.interface.outputs, config["outputs"]))
    for component, written in (pair for side in sides for pair in zip(*side, strict=True)):
        if component.first_file is not None:
            written["props"]["value"] = component.to_stored(record.read_first(demo, component), write)
    return config


def interface_config(config: dict[str, Any]) -> dict[str, Any]:
    """InterfaceConfig of protocol.d.ts from the runtime's: Markdown becomes HTML, and HTML in it becomes text."""
    from markdown_it import MarkdownIt

    render = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render
    rest = {key: value for key, value in config.items() if key not in ("description", "article")}
    return {
        **rest,
        "description_html": render(config.get("description") or "").strip(),
        "article_html": render(config.get("article") or "").strip(),
    }


def write_model(model: ModelExport, writer: Writer, options: ExportOptions) -> dict[str, Any]:
    """ModelEntry of protocol.d.ts, with its files written."""
    published = model.published
    small = all(one.size < options.big_bytes for one in published)
    cuts = sharing.cuts([one.path for one in published]) if small else [[] for _ in published]
    known: dict[str, dict[str, Any]] = {}
    # One session after the other: all variants of a big model would fill the memory.
    answers = {one.id: _native(OnnxSession(one.model), model.golden) for one in published}
    again = {one.id: _native(OnnxSession(one.model, fused=False), model.golden) for one in published}
    return {
        "name": model.name,
        "inputs": [_spec(spec) for spec in model.specs.inputs],
        "outputs": [_spec(spec) for spec in model.specs.outputs],
        **({"keep": list(model.keep)} if model.keep else {}),
        "usual": {
            "calls": round(model.usual.calls, 2),
            "shapes": {name: list(shape) for name, shape in model.usual.shapes.items()},
        },
        "variants": [
            _variant(one, _parts(f"models/{model.name}/{one.id}", one.parts(options.part_bytes, edges), writer, known))
            | page_tolerance(answers[one.id], again[one.id])
            | golden_error(model.golden, answers[one.id])
            | _wasm_config(one, model)
            | _rehearsal(one, model, writer)
            for one, edges in zip(published, cuts, strict=True)
        ],
        "golden": _golden(model, answers, writer),
        "backends": model.backends,
        "tolerance": PAGE_TOLERANCE,
    }


def _parts(stem: str, parts: Iterable[Part], writer: Writer, known: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """FileRefs of a variant's parts; one that another variant has too is written once. `known` is by SHA-256."""
    refs = []
    for number, part in enumerate(parts):
        digest = sha256(part.content)
        if digest not in known:
            known[digest] = writer.part(f"{stem}.{number}.bin", part)
        refs.append(known[digest])
    return refs


def _variant(variant: VariantExport, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": variant.id,
        "parts": parts,
        "session_config": variant.session_config,
        "needs": needs(variant.id),
        "integer_products": integer_products(variant.id),
        "measured": variant.measured,
    }


def _wasm_config(variant: VariantExport, model: ModelExport) -> dict[str, Any]:
    """For WebAssembly: a GPU has passes of its own, which may need what others have made."""
    config = idle_passes(variant) if variant.id in model.backends["wasm"] else {}
    return {"wasm_config": config} if config else {}


def _rehearsal(variant: VariantExport, model: ModelExport, writer: Writer) -> dict[str, Any]:
    """For WebAssembly: what a GPU compiles, it compiles of shapes and weights alike."""
    content = rehearsal(variant, model.golden[0].inputs) if variant.id in model.backends["wasm"] else None
    path = f"models/{model.name}/{variant.id}.rehearsal.onnx"
    return {"rehearsal": writer.packed(path, content)} if content else {}


def page_tolerance(answers: list[Arrays], again: list[Arrays]) -> dict[str, Any]:
    """A variant's own `tolerance`, where native onnxruntime that adds up in another order is itself far off."""
    errors = [error for one, other in zip(answers, again, strict=True) for error in compare(one, other)]
    if not all(error.finite for error in errors):
        return {}
    cosine = 1 - SPREAD**2 * (1 - min(error.cosine for error in errors))
    largest = SPREAD * max(error.largest for error in errors)
    if cosine >= PAGE_TOLERANCE["cosine"] and largest <= PAGE_TOLERANCE["relative_error"]:
        return {}
    tolerance = {
        "cosine": round(float(np.clip(cosine, WIDEST["cosine"], PAGE_TOLERANCE["cosine"])), 5),
        "relative_error": round(float(np.clip(largest, PAGE_TOLERANCE["relative_error"], WIDEST["relative_error"])), 4),
    }
    return {"tolerance": tolerance}


def golden_error(golden: Sequence[Call], answers: list[Arrays]) -> dict[str, float]:
    """A variant's `golden_error`: how far its recorded answers are from PyTorch's; empty where those are all zero."""
    largest = 0.0
    for call, answer in zip(golden, answers, strict=True):
        for name, want in call.outputs.items():
            difference = np.abs(answer[name].astype(np.float64) - want.astype(np.float64)).max(initial=0)
            size = np.abs(want.astype(np.float64)).max(initial=0)
            if difference:
                largest = max(largest, float(difference / size) if size else np.inf)
    return {"golden_error": round(largest, 7)} if np.isfinite(largest) else {}


def _golden(model: ModelExport, answers: dict[str, list[Arrays]], writer: Writer) -> list[dict[str, Any]]:
    return [
        {
            "inputs": _tensors(call.inputs, f"golden/{model.name}/{number}.in", writer),
            "outputs": _tensors(call.outputs, f"golden/{model.name}/{number}.torch", writer),
            "variants": {
                id_: _tensors(answer[number], f"golden/{model.name}/{number}.{id_}", writer)
                for id_, answer in answers.items()
            },
        }
        for number, call in enumerate(model.golden)
    ]


def _native(session: OnnxSession, calls: Sequence[Call]) -> list[Arrays]:
    return [session.run(call.inputs) for call in calls]


def _tensors(arrays: Arrays, stem: str, writer: Writer) -> dict[str, Any]:
    """TensorFiles by name; files are numbered, since a tensor's name may hold any letter."""
    return {name: _tensor(array, f"{stem}.{index}.bin", writer) for index, (name, array) in enumerate(arrays.items())}


def _tensor(array: np.ndarray[Any, Any], path: str, writer: Writer) -> dict[str, Any]:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {
        "dtype": str(array.dtype),
        "shape": [int(size) for size in array.shape],
        "file": writer.packed(path, little.tobytes()),
    }


def _spec(spec: TensorSpec) -> dict[str, Any]:
    return {"name": spec.name, "dtype": spec.dtype, "shape": list(spec.shape)}


def _example(interface: Any, example: Answered, write: Callable[[str, bytes], dict[str, Any]]) -> dict[str, Any]:
    given = zip(interface.inputs, example.inputs, strict=True)
    answered = zip(interface.outputs, example.outputs, strict=True)
    return {
        "inputs": [one.to_example(payload, write) for one, payload in given],
        "outputs": [one.to_stored(payload, write) for one, payload in answered],
        **({"label": example.label} if example.label else {}),
    }


def _place(path: str) -> str:
    return f"files/{path}" if path.partition("/")[0].lower() in RESERVED else path
