"""report.md: the content of report.json for people."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from typing import Any

from pageside_export.card.pictures import in_browser, kind_of
from pageside_export.card.plots import KINDS
from pageside_export.progress import format_bytes

HEADERS = (
    *("variant", "verdict", "bytes", "on the wire", "error", "cosine", "largest error", "mean absolute error", "top-1"),
    *("score", "native ms", "WASM ms, 1 thread", "WASM ms, all threads", "WebGPU ms", "WebGPU cosine"),
)


def page(report: dict[str, Any]) -> str:
    """The whole page."""
    blocks = [f"# {report['demo']}: report card", _made(report)]
    for model in report["models"]:
        blocks += _model(model)
    if not report["models"]:
        blocks.append("This demo has no model: nothing was converted.")
    return "\n\n".join(blocks) + "\n"


def _made(report: dict[str, Any]) -> str:
    weights, machine = report["weights"], report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in report["versions"].items())
    rows = [
        ("source of the weights", weights["source"] or "not stated in the model card"),
        ("licence", weights["licence"] or "not stated in the model card"),
        ("made with", versions),
        ("on", f"{machine['system']} {machine['machine']}, Python {machine['python']}"),
    ]
    shown = [row for row in rows if report["models"] or row[0] in ("made with", "on")]
    return _table(("", ""), shown)


def _model(model: dict[str, Any]) -> list[str]:
    calls = f"{model['calls']} call{'' if model['calls'] == 1 else 's'}"
    blocks = [f"## {model['name']}", model["sentence"]]
    blocks.append(
        f"Each variant was compared with PyTorch fp32 on {calls}. The outputs are judged as "
        f"{_kinds(model)}. The error is the norm of the difference over "
        "the norm of PyTorch's output; of all calls the worst is shown."
    )
    kept = [_has(model, name) for name in HEADERS]
    rows = [list(compress(row, kept)) for row in (HEADERS, *map(_row, model["variants"]))]
    blocks.append(_table(rows[0], rows[1:]))
    if model["remarks"]:
        blocks.append("\n".join(f"- {remark}" for remark in model["remarks"]))
    for plot in model["plots"]:
        blocks.append(f"![{plot['alt']}]({plot['file']})\n\n{plot['caption']}")
        blocks += ["\n".join(f"- {note}" for note in plot["notes"])] if plot["notes"] else []
    layers = model["layers"]
    if layers["reason"]:
        blocks.append(f"Error per layer: {layers['reason']}.")
    blocks.append("### Files")
    hashes = [("PyTorch's weights", model["weights_sha256"])] if model.get("weights_sha256") else []
    hashes += [(one["id"], one["sha256"]) for one in model["variants"]]
    blocks.append(_table(("variant", "SHA-256"), [(name, f"`{value}`") for name, value in hashes]))
    blocks.append(
        f"Exported by {model['conversion']['exporter']}; `{model['cache_key']}` names this export in the cache."
    )
    return blocks


def _has(model: dict[str, Any], header: str) -> bool:
    """Whether a column says anything of any variant."""
    if header == "score":
        return any(one["score"] is not None for one in model["variants"])
    if header.startswith("WebGPU"):
        return any(one["browser"] and one["browser"]["webgpu"]["ms"] is not None for one in model["variants"])
    return in_browser(model) or not header.startswith("WASM")


def _row(variant: dict[str, Any]) -> tuple[str, ...]:
    measured, browser = variant["measured"], variant["browser"] or {}
    webgpu = browser.get("webgpu", {})
    return (
        variant["id"],
        KINDS[kind_of(variant)],
        format_bytes(variant["bytes"]),
        format_bytes(variant["wire_bytes"]),
        _number(variant["relative_error"], ".2g"),
        _number(measured["cosine"], ".6f"),
        _number(measured["max_abs_error"], ".3g"),
        _number(measured["mean_abs_error"], ".3g"),
        "-" if measured["top1"] is None else f"{measured['top1']:.0%}",
        _number(variant["score"], ".4g"),
        f"{measured['native_ms']:.1f}",
        _number(browser.get("wasm_1_ms"), ".1f"),
        _number(browser.get("wasm_n_ms"), ".1f"),
        _number(webgpu.get("ms"), ".1f"),
        _number(webgpu.get("cosine"), ".6f"),
    )


def _kinds(model: dict[str, Any]) -> str:
    return ", ".join(f"{kind} ({name})" for name, kind in model["kinds"].items())


def _number(value: float | None, form: str) -> str:
    return "none" if value is None else format(value, form)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
