"""What a visitor of each demo waits for, asked with the demo's first example; and its table in docs/gallery.md."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.figures import Figure, Figures
from tests.bench.page import ask_example, cold, example_times, live_pace, reloads
from tests.bench.servers import Bench

WARM, CALLS, LIVE_CALLS = 2, 7, 20
BEGIN, END = "<!-- written by make bench -->\n", "<!-- end -->\n"
HEAD = """| demo | first answer, cold | second visit | one call |
|---|---|---|---|
"""

#: By figure: a live demo, and the longer side of the picture that it is asked with; None for sounds.
LIVE = {
    "digit_ms": ("read-digit", 280),
    "face_ms": ("find-faces", 640),
    "paint_ms": ("paint-photo", 256),
    "pitch_ms": ("track-pitch", None),
    "speech_ms": ("find-speech", None),
}

Times = dict[str, dict[str, float]]


def times(bench: Bench) -> Times:
    """By demo: seconds to the first answer, cold and on a second visit, and milliseconds of one call; medians."""
    found = {}
    for demo in names(bench.site):
        print(f"gallery {demo}", file=sys.stderr, flush=True)
        url = bench.plain.url(f"{demo}/?backend=wasm")
        first = [cold(bench.browser, url, ask_example()).first for _ in range(bench.runs)]
        second = [visit.first for visit in reloads(bench.browser, url, ask_example(), bench.runs)]
        calls = example_times(bench.browser, url, WARM, CALLS)
        figures = {"cold_s": median(first), "warm_s": median(second), "call_ms": median(calls)}
        found[demo] = {name: round(value, 2) for name, value in figures.items()}
    return found


def live(bench: Bench) -> Figures:
    """How fast live demos answer, on WASM with one thread."""
    figures: Figures = {}
    for key, (demo, size) in LIVE.items():
        url = bench.plain.url(f"{demo}/?backend=wasm")
        seen = [live_pace(bench.browser, url, size, LIVE_CALLS) for _ in range(bench.runs)]
        figures[key] = Figure([median(times) for _, times in seen])
        if key == "digit_ms":
            figures["digit_early"] = Figure([float(early) for early, _ in seen])
    return figures


def names(site: Path) -> list[str]:
    """Of a built gallery's demos."""
    content: dict[str, Any] = json.loads((site / "gallery.json").read_text(encoding="utf-8"))
    return [demo["name"] for demo in content["demos"]]


def put_table(page: Path, found: Times) -> None:
    """In place of the one between the marks; a folder that is not the docs' has no such page."""
    if not page.exists():
        return
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [
        f"| `{demo}` | {one['cold_s']:.1f} s | {one['warm_s']:.1f} s | {one['call_ms']:.0f} ms |\n"
        for demo, one in sorted(found.items())
    ]
    page.write_text(f"{before}{BEGIN}{HEAD}{''.join(rows)}{END}{after}", encoding="utf-8")
