"""What is measured, each figure as the median of several runs in one process on one machine."""

import gzip
import json
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page

from tests.bench.slow_link import SlowLink
from tests.browser.native import bundle, session
from tests.browser.nginx import Nginx

DEMO = "classify-photo"
RUNS = 5
CALLS = 40
ROUNDS = 4

# Runs in the page before anything else: when the first answer was painted, and tasks of more than 50 ms.
WATCH = """
window.bench = { painted: null, tasks: [] };
new PerformanceObserver((list) => list.getEntries().forEach((task) => window.bench.tasks.push(task.duration)))
  .observe({ type: "longtask", buffered: true });
const look = () => {
  if (document.querySelector(".output-side .label-top")?.textContent)
    requestAnimationFrame(() => setTimeout(() => { window.bench.painted = performance.now(); }));
  else requestAnimationFrame(look);
};
if (window === top) requestAnimationFrame(look);
"""

# Asks for a photo's answer at once; the call waits until it can be given.
FIRST = """async (photo) => {
  await window.pageside.predict(photo);
  return { first: performance.now(), painted: window.bench.painted, longest: Math.max(0, ...window.bench.tasks) };
}"""

MANY = """async ([photo, calls]) => {
  const times = [];
  for (let i = 0; i < calls; i++) {
    await window.pageside.predict(photo);
    times.push(window.pageside.status().milliseconds);
  }
  return times;
}"""


@dataclass
class Figures:
    """Medians; times in seconds or milliseconds as named, sizes in bytes."""

    values: dict[str, float] = field(default_factory=dict)
    runs: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, value: float) -> None:
        self.runs.setdefault(name, []).append(value)
        self.values[name] = statistics.median(self.runs[name])


def measure(browser: Browser, server: Nginx, site: Path) -> Figures:
    """All figures. `server` has the site at its first mount and the photos at /photos/."""
    figures = Figures()
    figures.add("shell_bytes", shell_bytes(site))
    for _ in range(RUNS):
        visits(browser, server, figures)
    with SlowLink(server.port, 50e6 / 8, 0.020) as link:
        for _ in range(RUNS):
            slow_visit(browser, server, link, figures)
    calls(browser, server, site, figures)
    return figures


def shell_bytes(site: Path) -> int:
    """HTML, CSS and our JavaScript of a demo page, all that may be asked for, gzipped file by file."""
    assets = next((site / "assets").iterdir())
    files = [site / DEMO / "index.html", *assets.glob("css/*.css"), *assets.glob("src/**/*.js")]
    return sum(len(gzip.compress(file.read_bytes(), 6)) for file in files)


def visits(browser: Browser, server: Nginx, figures: Figures) -> None:
    """A first visit with empty caches, then a reload."""
    context = browser.new_context()
    context.add_init_script(WATCH)
    page = context.new_page()
    server.hits()
    cold = first_answer(page, server.url(f"{DEMO}/"))
    figures.add("wire_bytes", sum(hit.bytes for hit in server.hits()) - photo_bytes())
    figures.add("first_cold_s", cold["first"] / 1000)
    figures.add("painted_cold_s", cold["painted"] / 1000)
    figures.add("longest_task_ms", cold["longest"])
    time.sleep(3)
    warm = first_answer(page, server.url(f"{DEMO}/"))
    figures.add("first_reload_s", warm["first"] / 1000)
    context.close()


def slow_visit(browser: Browser, server: Nginx, link: SlowLink, figures: Figures) -> None:
    context = browser.new_context()
    context.add_init_script(WATCH)
    url = server.url(f"{DEMO}/").replace(f":{server.port}", f":{link.port}")
    figures.add("first_50mbit_s", first_answer(context.new_page(), url)["first"] / 1000)
    context.close()


def photo() -> Path:
    return sorted((Path(__file__).parents[1] / "data" / "photos").glob("*.jpg"))[0]


def photo_bytes() -> int:
    return photo().stat().st_size


def first_answer(page: Page, url: str) -> dict[str, float]:
    page.goto(url, wait_until="commit")
    page.wait_for_function("() => window.pageside")
    answer: dict[str, float] = page.evaluate(FIRST, f"/photos/{photo().name}")
    return answer


def calls(browser: Browser, server: Nginx, site: Path, figures: Figures) -> None:
    """One call in the page against native onnxruntime fp32 with as many threads, in turns."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url(f"{DEMO}/"))
    page.evaluate("() => window.pageside.ready")
    status: dict[str, Any] = page.evaluate("() => window.pageside.status()")
    entry = bundle(site, DEMO)["models"][0]
    variants = {item["id"]: item for item in entry["variants"]}
    fp32, chosen = (session(site / DEMO, variants[id_], status["threads"]) for id_ in ("fp32", status["variant"]))
    page.evaluate(MANY, [f"/photos/{photo().name}", 10])
    for _ in range(ROUNDS):
        figures.add("call_ms", statistics.median(page.evaluate(MANY, [f"/photos/{photo().name}", CALLS])))
        figures.add("native_fp32_ms", native_ms(fp32))
        figures.add("native_chosen_ms", native_ms(chosen))
    figures.add("threads", status["threads"])
    figures.add("cosine", status["cosine"])
    context.close()


def native_ms(native: Any) -> float:
    feeds = {value.name: np.random.default_rng(0).random(value.shape, np.float32) for value in native.get_inputs()}
    times = []
    for _ in range(CALLS):
        start = time.perf_counter()
        native.run(None, feeds)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def save(figures: Figures, ratios: dict[str, float], file: Path) -> None:
    content = {"ratios": ratios, "medians": figures.values, "runs": figures.runs}
    file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
