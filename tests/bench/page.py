"""docs/performance.md: budgets, figures, and why a budget is missed. The only sentences about figures stand here."""

import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.measure import CALLS, ROUNDS, RUNS, Figures

#: key, what, budget, naive figure of the trial, unit. A figure at most its budget is within it.
ROWS = [
    ("shell_bytes", "page shell: HTML, CSS and our JS, gzipped", 120_000, None, "kB"),
    ("painted_cold_s", "interface and example answers on screen, cold", 0.7, None, "s"),
    ("wire_bytes", "wire bytes to the first own prediction, photo classifier, cold", 13e6, "36 MB", "MB"),
    ("first_cold_s", "first own prediction, cold, localhost", 3.0, None, "s"),
    ("first_reload_s", "first own prediction, reload, localhost", 1.2, None, "s"),
    ("first_50mbit_s", "first own prediction, cold, 50 Mbit/s and 20 ms", 4.5, None, "s"),
    ("call_vs_native", "one call against native onnxruntime fp32, as many threads", 2.5, None, "times"),
    ("longest_task_ms", "longest task of the main thread while loading and predicting", 50.0, None, "ms"),
]

#: Shown only where the budget is missed.
REASONS = {
    "shell_bytes": "more JavaScript than planned.",
    "painted_cold_s": "the page's modules are fetched one level of imports after the other, on two cores that the measuring browser shares.",
    "wire_bytes": "onnxruntime's WebAssembly (3.5 MB), Pyodide's (3.0 MB), the int8 weights (4.4 MB), numpy (1.9 MB) and the standard "
    "library (0.8 MB) are 13.6 MB at gzip's best; a better packer than gzip, decoded in the page, is the next step.",
    "first_cold_s": "starting Python (about half of it) and importing numpy take most of it, on two cores shared with onnxruntime's compilation.",
    "first_reload_s": "Python and numpy are started anew on each visit; the memory snapshot made on the device is not built in yet.",
    "first_50mbit_s": "the bytes above, and then the start of Python, which waits for the last of them.",
    "call_vs_native": "WebAssembly's SIMD is 128 bits wide and has no cache-aware threading; native code uses 256 or 512 bits.",
    "longest_task_ms": "parsing and layout of the first paint, counted with our scripts.",
}


def ratios(figures: Figures) -> dict[str, float]:
    values = figures.values
    return {
        "classify_call_vs_native": round(values["call_ms"] / values["native_fp32_ms"], 3),
        "classify_call_vs_native_same_variant": round(values["call_ms"] / values["native_chosen_ms"], 3),
        "reload_vs_cold": round(values["first_reload_s"] / values["first_cold_s"], 3),
    }


def text(figures: Figures, found: dict[str, float], browser: str) -> str:
    values = {**figures.values, "call_vs_native": found["classify_call_vs_native"]}
    rows = [row(values[key], what, budget, naive or "", unit) for key, what, budget, naive, unit in ROWS]
    missed = [f"- **{what}**: {REASONS[key]}" for key, what, budget, _, _ in ROWS if values[key] > budget]
    return (
        Path(__file__)
        .with_suffix(".md")
        .read_text(encoding="utf-8")
        .format(
            date=datetime.now(UTC).date().isoformat(),
            cores=os.cpu_count(),
            python=platform.python_version(),
            browser=browser,
            runs=RUNS,
            rounds=ROUNDS,
            calls=CALLS,
            rows="\n".join(rows),
            missed="\n".join(missed) or "None.",
            threads=int(values["threads"]),
            call=values["call_ms"],
            native=values["native_fp32_ms"],
            chosen=values["native_chosen_ms"],
            cosine=values["cosine"],
            spread=spread(figures, "first_cold_s"),
        )
    )


def row(value: float, what: str, budget: float, naive: str, unit: str) -> str:
    verdict = "yes" if value <= budget else "**no**"
    return f"| {what} | {shown(budget, unit)} | {shown(value, unit)} | {verdict} | {naive} |"


def shown(value: float, unit: str) -> str:
    scaled = {"kB": value / 1e3, "MB": value / 1e6}.get(unit, value)
    return f"{scaled:.3g} {unit}"


def spread(figures: Figures, name: str) -> str:
    runs = sorted(figures.runs[name])
    return f"{runs[0]:.1f} to {runs[-1]:.1f} s"


def write(folder: Path, content: str) -> None:
    (folder / "performance.md").write_text(content, encoding="utf-8")
