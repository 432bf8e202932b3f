"""The figures as docs/performance.json, and as a table in docs/performance.md."""

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.bars import Group, chart
from tests.bench.figures import BUDGETS, REASONS, Figure

HEAD = """# Performance

Written by `make bench`, which builds the gallery, serves it by nginx with nothing compressed but text, opens it in
Chromium and takes medians of {runs} cold visits. Figures are of one machine and one run: {machine}.

The naive figures are from a trial before this project, on another page: Pyodide and onnxruntime-web on the page's own
thread, nothing pruned, nothing kept. Where the trial had no photo page they are those of a sentence embedding.

"""
#: In the names of ratios; transformers.js has the weights of the page, unless they are said to be q8.
PEERS = {"same": "transformersjs", "peer": "transformersjs_q8", "naive": "naive_pyodide"}
COMPARED = {
    "call_ms": "call",
    "cold": "first_answer_cold",
    "warm": "first_answer_warm",
    "line": "first_answer_50mbit",
}
#: File name below docs/assets: title and rows, each a figure's name after its page's key.
CHARTS = {
    "performance-times": ("Seconds to the first answer of MiniLM", ["cold", "warm", "line"]),
    "performance-sizes": ("Megabytes on the wire and in memory", ["bytes", "memory"]),
}
HOW = """
## How it is measured

- A cold visit has a new browser profile. Bytes are those that nginx sent, headers included, up to the first answer.
- The photo is handed to `window.pageside.predict` as soon as that is there; time counts from the navigation's start.
- A reload comes after the page has kept its files on the device.
- "On screen" is the frame after the first example's stored answer is in the document.
- 50 Mbit/s and 20 ms are a proxy in front of nginx, one line for all connections, those of the worker among them.
- Calls are medians of turns in which the page and native onnxruntime follow each other on the same machine.
  Two threads need a page that is isolated by headers; a plain host gives one.
- Live demos are timed from their second second of use on; how many answers came in the first is a row for the fastest.
- transformers.js 4.3.1 from npm runs on a page of its own that does what `search-text` does with one question and one
  passage, on the same host. It is exported by PyTorch and is there twice: with the same weights as the page's, to the
  bit, by the same recipe (`int12_weights`), and made int8 by onnxruntime's `quantize_dynamic` as its users do ("q8"),
  which finds PyTorch's five nearest passages for 207 questions of 250 where those find them for 243 (decision 13). All
  pages are visited and called in turns, and a ratio is of neighbours.
- The naive page has the q8 model, the tokenizer of `search-text`, and Pyodide, numpy and onnxruntime-web as npm and
  PyPI have them, all on the page's own thread.
- Memory is what `performance.measureUserAgentSpecificMemory()` counts.
- Times move with the machine's load (first prediction, cold: {spread}); the ratios of one run are what to compare.
- No time here is asserted by a test.

All runs are in `docs/performance.json`.
"""
BUILD_HEAD = """
## What the build measured

Every published variant against PyTorch, on the demo's examples.

| demo | model | variant | MB on the wire | lowest cosine | largest error | top-1 | native |
|---|---|---|---|---|---|---|---|
"""


@dataclass
class Machine:
    """Without a host's name."""

    browser: str

    def describe(self) -> dict[str, Any]:
        return {
            "processor": f"{os.cpu_count()} cores of {processor()}",
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
            "system": system(),
            "python": platform.python_version(),
            "browser": self.browser,
            "gpu": "none; WebGPU runs on a software GPU (SwiftShader)",
            "load_at_start": round(os.getloadavg()[0], 1),
        }


def processor() -> str:
    names = [line.partition(":")[2].strip() for line in read("/proc/cpuinfo") if line.startswith("model name")]
    return names[0] if names else platform.machine()


def system() -> str:
    names = [line.partition("=")[2].strip('"') for line in read("/etc/os-release") if line.startswith("PRETTY_NAME=")]
    return names[0] if names else platform.system()


def read(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def as_json(
    figures: dict[str, Figure], machine: dict[str, Any], build: list[dict[str, Any]], runs: int
) -> dict[str, Any]:
    rows = [row(key, figures[key]) for key in BUDGETS if key in figures]
    ratios = {
        "classify_call_vs_native": figures["call_ratio_2"].value,
        "classify_call_vs_native_1_thread": figures["call_ratio"].value,
        "classify_model_vs_native": figures["model_ratio_2"].value,
        "classify_model_vs_native_1_thread": figures["model_ratio"].value,
        "reload_vs_cold": figures["first_reload"].value / figures["first_cold"].value,
        "first_cold_line_vs_line": figures["first_cold_line"].value / figures["line_seconds"].value,
    }
    ratios |= {
        f"minilm_{words}_vs_{whose}": figures[f"minilm_{what}_{key}_ratio"].value
        for key, whose in PEERS.items()
        for what, words in COMPARED.items()
    }
    rounded = {name: round(value, 3) for name, value in ratios.items()}
    return {"machine": machine, "runs": runs, "rows": rows, "ratios": rounded, "build": build}


def row(key: str, figure: Figure) -> dict[str, Any]:
    budget = BUDGETS[key]
    met = None if budget.limit is None else figure.value <= budget.limit
    return {
        "id": key,
        "what": budget.what,
        "unit": budget.unit,
        "budget": budget.limit,
        "measured": round(figure.value, 3),
        "met": met,
        "naive": budget.naive or None,
        "runs": [round(run, 3) for run in figure.runs],
    }


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def as_markdown(content: dict[str, Any]) -> str:
    machine = content["machine"]
    parts = [machine["processor"], f"{machine['memory_gb']} GB", machine["system"], machine["browser"]]
    words = f"{', '.join(parts)}; GPU: {machine['gpu']}"
    lines = [
        HEAD.format(runs=content["runs"], machine=words),
        "| what | budget | measured | | naive, from the trial |\n",
    ]
    lines.append("|---|---|---|---|---|\n")
    lines.extend(table_line(item) for item in content["rows"])
    lines.append("\n## Beside transformers.js\n")
    lines.extend(f"\n![{title}](assets/{name}.svg)\n" for name, (title, _) in CHARTS.items())
    missed = [item for item in content["rows"] if item["met"] is False]
    if missed:
        lines.append("\n## Budgets that are missed, and why\n\n")
        lines.extend(f"- **{item['what']}**: {REASONS.get(item['id'], 'Not looked into yet.')}\n" for item in missed)
    cold = sorted(next(item["runs"] for item in content["rows"] if item["id"] == "first_cold"))
    lines.append(HOW.format(spread=f"{cold[0]:.1f} to {cold[-1]:.1f} s"))
    lines.append(BUILD_HEAD)
    lines.extend(build_line(item) for item in content["build"])
    return "".join(lines)


def table_line(item: dict[str, Any]) -> str:
    budget = "" if item["budget"] is None else f"{item['budget']:g} {item['unit']}"
    mark = {True: "met", False: "missed", None: ""}[item["met"]]
    return (
        f"| {item['what']} | {budget} | {number(item['measured'])} {item['unit']} | {mark} | {item['naive'] or ''} |\n"
    )


def build_line(item: dict[str, Any]) -> str:
    top1 = "-" if item["top1"] is None else f"{item['top1']:.0%}"
    return (
        f"| {item['demo']} | {item['model']} | {item['variant']} | {item['bytes'] / 1e6:.2f} | {item['cosine']:.6f} "
        f"| {item['max_abs_error']:.3g} | {top1} | {number(item['native_ms'])} ms |\n"
    )


def charts(content: dict[str, Any]) -> dict[str, str]:
    """SVG by name."""
    rows = {item["id"]: item for item in content["rows"]}
    found = {}
    for name, (title, figures) in CHARTS.items():
        groups = [[rows[f"{key}_{figure}"] for key in ("minilm", "same", "peer")] for figure in figures]
        shown = [
            Group(group[0]["what"].partition(": ")[2], [item["measured"] for item in group], group[0]["unit"])
            for group in groups
        ]
        found[name] = chart(title, ("Pageside", "transformers.js, same weights", "transformers.js, q8"), shown)
    return found


def write(content: dict[str, Any], docs: Path) -> None:
    (docs / "performance.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (docs / "performance.md").write_text(as_markdown(content), encoding="utf-8")
    (docs / "assets").mkdir(exist_ok=True)
    for name, image in charts(content).items():
        (docs / "assets" / f"{name}.svg").write_text(image, encoding="utf-8")
