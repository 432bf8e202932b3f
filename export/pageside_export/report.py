"""What an export tried, measured, rejected and why: as JSON and for the terminal. `card` adds pictures and Markdown."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from typing import Any

from pageside_export.choose import Prefer
from pageside_export.exporting import DemoExport, ModelExport, VariantExport, versions
from pageside_export.inbrowser import Seen
from pageside_export.progress import format_bytes
from pageside_export.quantize import recipes
from pageside_export.tolerances import bounds
from pageside_export.verify import QUANTIZED_TOLERANCE

#: Of the reasons why a variant is rejected, these many are in the report.
MOST_CLAUSES = 5

HEADERS = (
    *("variant", "bytes", "on the wire", "cosine", "max error", "mean error", "top-1"),
    *("score", "native ms", "WASM ms", "published"),
)


def report(export: DemoExport) -> dict[str, Any]:
    """The content of report.json."""
    return {
        "format": "pageside-report",
        "version": 1,
        "demo": export.demo.name,
        "machine": {"system": platform.system(), "machine": platform.machine(), "python": platform.python_version()},
        "versions": versions(),
        "models": [_model(model) for model in export.models],
    }


def table(export: DemoExport) -> str:
    """For the terminal: a table for each model, and the sentence of the choice."""
    blocks = []
    for model in export.models:
        scored = any(variant.score is not None for variant in model.variants)
        rows = [HEADERS, *(_row(model, variant) for variant in model.variants)]
        shown = [[cell for name, cell in zip(HEADERS, row, strict=True) if scored or name != "score"] for row in rows]
        lines = [f"{model.name}, {_calls(_compared(model))} against PyTorch", *_aligned(shown)]
        lines += [f"  {note}" for note in _notes(model)]
        blocks.append("\n".join([*lines, f"  {model.sentence}"]))
    return "\n\n".join(blocks) if blocks else f"{export.demo.name} has no model: nothing to export."


def _model(model: ModelExport) -> dict[str, Any]:
    made_by = {recipe.ID: recipe for recipe in recipes()}
    return {
        "name": model.name,
        "calls": _compared(model),
        "golden": len(model.golden),
        "kinds": model.wishes.kinds,
        "asked": {
            "tolerance": model.wishes.tolerance,
            "prefer": vars(model.wishes.prefer),
            "variant": model.wishes.variant,
        },
        "cache_key": model.key,
        "weights_sha256": model.weights_sha256,
        "backends": model.backends,
        "sentence": model.sentence,
        "remarks": _remarks(model),
        "conversion": model.conversion,
        "failed": model.failed,
        "variants": [
            {
                "id": variant.id,
                "published": variant in model.published,
                "rejected": _first(variant.rejected),
                "bytes": variant.size,
                "wire_bytes": variant.wire_bytes,
                "sha256": variant.sha256,
                "session_config": variant.session_config,
                "measured": variant.measured,
                "relative_error": _worst(variant.details, "norm", max),
                "browser": vars(seen) if (seen := model.browser.get(variant.id)) else None,
                "score": variant.score,
                "tolerance": {name: vars(bound) for name, bound in model.wishes.bounds(made_by[variant.id]).items()},
                "outputs": _outputs(variant.details),
            }
            for variant in model.variants
        ],
    }


def _first(clauses: list[str]) -> list[str]:
    """Enough to know why: a variant may miss on each output of each of a thousand calls."""
    more = len(clauses) - MOST_CLAUSES
    return clauses if more <= 0 else [*clauses[:MOST_CLAUSES], f"and {more} more"]


def _outputs(details: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Each output over all calls, at its worst: so the report's size does not grow with the calls."""
    found = []
    for name in dict.fromkeys(error["name"] for call in details for error in call):
        calls = [[error for error in call if error["name"] == name] for call in details]
        judged = [error["top1"] for call in calls for error in call if error["top1"] is not None]
        found.append(
            {
                "name": name,
                "cosine": _worst(calls, "cosine", min),
                "max_abs_error": _worst(calls, "max_abs_error", max),
                "mean_abs_error": _worst(calls, "mean_abs_error", max),
                "largest": _worst(calls, "largest", max),
                "norm": _worst(calls, "norm", max),
                "top1": sum(judged) / len(judged) if judged else None,
                "gap": _worst(calls, "gap", max),
                "equal": min(
                    (error["equal"] for call in calls for error in call if error["equal"] is not None), default=None
                ),
                "finite": all(error["finite"] for call in calls for error in call),
            }
        )
    return found


def _worst(details: list[list[dict[str, Any]]], key: str, pick: Callable[[list[float]], float]) -> float | None:
    """Over all calls; None where one has no number, which is worse than any."""
    values = [error[key] for call in details for error in call]
    return None if not values or None in values else pick(values)


def _row(model: ModelExport, variant: VariantExport) -> tuple[str, ...]:
    measured = variant.measured
    top1 = "-" if measured["top1"] is None else f"{measured['top1']:.0%}"
    return (
        variant.id,
        format_bytes(variant.size),
        format_bytes(variant.wire_bytes),
        _number(measured["cosine"], ".6f"),
        _number(measured["max_abs_error"], ".3g"),
        _number(measured["mean_abs_error"], ".3g"),
        top1,
        _number(variant.score, ".4g"),
        f"{measured['native_ms']:.1f}",
        _wasm(model.browser.get(variant.id)),
        _verdict(model, variant),
    )


def _wasm(seen: Seen | None) -> str:
    """Milliseconds in the browser with one thread and, where it has more, with all."""
    if seen is None or seen.wasm_1_ms is None:
        return "-" if seen is None else "fails"
    return f"{seen.wasm_1_ms:.1f}" + (f" / {seen.wasm_n_ms:.1f}" if seen.wasm_n_ms and seen.threads > 1 else "")


def _number(value: float | None, form: str) -> str:
    return "none" if value is None else format(value, form)


def _verdict(model: ModelExport, variant: VariantExport) -> str:
    if variant.rejected:
        return "no"
    return "yes" if variant in model.published else "not needed"


def rejections(model: ModelExport) -> list[str]:
    """Which variants missed their tolerance and by how much, a clause each."""
    return [f"{one.id} is not published: {one.rejected[0]}" for one in model.variants if one.rejected]


def _notes(model: ModelExport) -> list[str]:
    """Why variants are missing, a clause each."""
    failed = [f"{id_} was not made: {reason}" for id_, reason in model.failed.items()]
    unable = [f"{id_} does not run on WASM: {seen.failed}" for id_, seen in model.browser.items() if seen.failed]
    return [*rejections(model), *failed, *unable, *_fallbacks(model)]


def _remarks(model: ModelExport) -> list[str]:
    """All that a reader must know beside the numbers, a sentence each."""
    asked, sentences = model.wishes, [f"{note}." for note in _notes(model)]
    sentences += [f"The exporter {one['exporter']} failed: {one['error']}." for one in model.conversion["attempts"]]
    sentences += model.conversion["notes"]
    sentences += _on_webgpu(model)
    if asked.tolerance:
        listed = ", ".join(f"{name} {value}" for name, value in asked.tolerance.items())
        sentences.append(f"The tolerance of quantized variants is the maker's own: {listed}.")
    if asked.prefer != Prefer():
        listed = ", ".join(f"{name} {weight:g}" for name, weight in vars(asked.prefer).items())
        sentences.append(f"The choice has the maker's own weights: {listed}.")
    if asked.variant:
        sentences.append(f"{asked.variant} comes first because the maker asked for it.")
    return sentences


def _fallbacks(model: ModelExport) -> list[str]:
    """Operators of published variants that WebGPU leaves to WASM."""
    lines = []
    for variant in model.published:
        seen = model.browser.get(variant.id)
        if seen is None or not seen.fallback or variant.id not in model.backends["webgpu"]:
            continue
        listed = [
            f"{int(one['nodes'])} {name} ({one['share']:.1%} of the native time)" for name, one in seen.fallback.items()
        ]
        lines.append(f"{variant.id} on WebGPU leaves to WASM: {', '.join(listed)}")
    return lines


def _on_webgpu(model: ModelExport) -> list[str]:
    """What one call of each variant on WebGPU showed, a sentence each; it chose nothing."""
    seen = {id_: one.webgpu for id_, one in model.browser.items()}
    ran = [one for one in seen.values() if one["ms"] is not None]
    if not ran:
        return []
    kind = "a software adapter" if ran[0]["software"] else "the adapter of the machine that made this page"
    adapter = f"{ran[0]['adapter']}, {kind}"
    sentences = [f"WebGPU was called once for each variant that it takes, on {adapter}; its times chose nothing."]
    least = min(
        bound.cosine for bound in bounds(QUANTIZED_TOLERANCE, model.wishes.kinds, model.wishes.tolerance).values()
    )
    for id_, one in seen.items():
        if one["cosine"] is not None and one["cosine"] < least:
            what = f"has cosine {one['cosine']:.4f} there, below {least:g}"
            sentences.append(f"{id_} on WebGPU {what}; every visitor's device is checked first.")
    return sentences


def _compared(model: ModelExport) -> int:
    """The calls that each variant was compared on: the examples' and those of calibration()."""
    return len(model.variants[0].details)


def _calls(count: int) -> str:
    return f"{count} call{'' if count == 1 else 's'}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines
