"""What is measured in Chromium, by the page's public handle and standard browser APIs."""

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

SITE = Path(__file__).resolve().parents[2] / "site"
WAIT_MS = 180_000
# Runs before the page's own scripts: asks for an answer as soon as there is anybody to ask.
ASK = """(() => {
  const seen = window.bench = { answer: null, tasks: [], first: null, error: null };
  new PerformanceObserver((list) => { for (const task of list.getEntries()) seen.tasks.push(task.duration); })
    .observe({ type: "longtask", buffered: true });
  const shown = () => document.querySelector(".output-side :is(.label-top, .text-output, .highlight-text)")?.textContent;
  new MutationObserver((_, observer) => {
    if (!shown() || shown() === "No answer yet") return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { seen.answer = performance.now(); }));
  }).observe(document, { childList: true, subtree: true, characterData: true });
  const given = %s;
  const values = given?.map(({ text, photo }) =>
    text ?? new Blob([Uint8Array.from(atob(photo), (c) => c.charCodeAt(0))]));
  const asked = async (handle) => {
    if (!values) await handle.ready;
    return handle.predict(...values ?? handle.examples[0].inputs);
  };
  const timer = setInterval(() => {
    if (!window.pageside) return;
    clearInterval(timer);
    asked(window.pageside).then(() => { seen.first = performance.now(); }, (e) => { seen.error = String(e); });
  }, 1);
})();"""
KEPT = """async () => {
  let count = 0;
  for (const name of await caches.keys()) count += (await (await caches.open(name)).keys()).length;
  return count;
}"""
CALLS = """async ([url, warm, runs]) => {
  const bitmap = await createImageBitmap(await (await fetch(url)).blob());
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const seen = [];
  for (let i = 0; i < warm + runs; i++) {
    const model = await window.pageside.predict(pixels);
    if (i >= warm) seen.push([model, window.pageside.status().milliseconds]);
  }
  return seen;
}"""
EXAMPLES = """async ([warm, runs]) => {
  const times = [];
  for (let i = 0; i < warm + runs; i++) {
    await window.pageside.predict(...window.pageside.examples[0].inputs);
    if (i >= warm) times.push(window.pageside.status().milliseconds);
  }
  return times;
}"""
#: As a live interface asks: the picture is there already, with its longer side as asked.
LIVE = """async ([size, runs]) => {
  const [[given, ...rest]] = window.pageside.examples.map(({ inputs }) => inputs);
  let input = given;
  if (size) {
    const picture = await createImageBitmap(await (await fetch(given.file.url)).blob());
    const scale = size / Math.max(picture.width, picture.height);
    const canvas = new OffscreenCanvas(Math.round(scale * picture.width), Math.round(scale * picture.height));
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    input = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  }
  const times = [], begin = performance.now();
  let early = 0;
  while (times.length < runs) {
    const start = performance.now();
    await window.pageside.predict(input, ...rest);
    if (start - begin < 1000) early++;
    else times.push(performance.now() - start);
  }
  return { times, early, seconds: given.seconds ?? null };
}"""
STOP = """async ([source, runs]) => {
  const main = document.querySelector("script[src$='/page/main.js']").src;
  const { Engine, loadBundle } = await import(new URL("base.js", main));
  const { bundle, base } = await loadBundle(location.href);
  const engine = new Engine(bundle, base), times = [];
  await engine.open();
  await engine.edit(source);
  for (let i = 0; i < runs; i++) {
    const stop = new AbortController();
    let steps = 0, asked = 0;
    const onPartial = () => {
      if (++steps !== 5) return;
      asked = performance.now();
      stop.abort();
    };
    await engine.call(["steps"], { onPartial, signal: stop.signal }).then(() => { throw new Error("it was not stopped"); }, () => undefined);
    times.push(performance.now() - asked);
  }
  engine.close();
  return times;
}"""
#: A page of its own for each, which has not asked for an adapter yet.
PROBE = """async () => {
  const main = document.querySelector("script[src$='/page/main.js']").src;
  const { findAdapter, describeAdapter } = await import(new URL("gpu.js", main));
  const start = performance.now();
  const adapter = await findAdapter();
  const name = adapter ? describeAdapter(adapter) : "";
  return { name, milliseconds: performance.now() - start };
}"""
STEPS = """
import asyncio

import pageside as ps


async def steps(text):
    for number in range(1000):
        await asyncio.sleep(0.02)
        yield str(number)


demo = ps.Interface(steps, "text", "text")
"""
FILES = """async ([photo, runs]) => {
  const blob = new Blob([Uint8Array.from(atob(photo), (c) => c.charCodeAt(0))]);
  const times = [];
  for (let i = 0; i < runs + 2; i++) {
    const start = performance.now();
    await window.pageside.predict(blob);
    if (i >= 2) times.push(performance.now() - start);
  }
  return times;
}"""
# The demo with a clock around its model; the maker's function is as it was.
CLOCK = """
import time as _time


class _Clock:
    def __init__(self, model):
        self.model, self.milliseconds = model, 0.0

    async def __call__(self, *args, **kwargs):
        start = _time.perf_counter()
        try:
            return await self.model(*args, **kwargs)
        finally:
            self.milliseconds = (_time.perf_counter() - start) * 1000


net = _Clock(net)


async def timed(photo):
    await classify(photo)
    return net.milliseconds


ps.Interface(timed, inputs=ps.Image(), outputs=ps.Number()).launch()
"""


@dataclass
class First:
    """One visit, in seconds since it began. `on_screen` is None where a page shows no stored answer."""

    on_screen: float | None
    first: float
    long_task_ms: float


def ask(*inputs: Path | str) -> str:
    """A script that asks for the answer to photos and texts."""
    values = [{"photo": encoded(one)} if isinstance(one, Path) else {"text": one} for one in inputs]
    return ASK % json.dumps(values)


def ask_example() -> str:
    """A script that asks for the answer to the demo's first example."""
    return ASK % "null"


def encoded(photo: Path) -> str:
    return base64.b64encode(photo.read_bytes()).decode()


def visit(page: Page, url: str) -> First:
    """Goes there and waits for the answer that the page was asked for by `ask`."""
    page.goto(url, wait_until="commit")
    page.wait_for_function("() => window.bench?.first !== null || window.bench?.error !== null", timeout=WAIT_MS)
    seen: dict[str, Any] = page.evaluate("() => window.bench")
    if seen["error"]:
        raise RuntimeError(f"{url}: {seen['error']}")
    shown = None if seen["answer"] is None else seen["answer"] / 1000
    return First(shown, seen["first"] / 1000, max(seen["tasks"], default=0.0))


def cold(browser: Browser, url: str, script: str) -> First:
    context = browser.new_context()
    context.add_init_script(script)
    try:
        return visit(context.new_page(), url)
    finally:
        context.close()


def reloads(browser: Browser, url: str, script: str, runs: int) -> list[First]:
    """Visits after a first one, when the device holds all files."""
    with device(browser, url, script) as known:
        return [again(known, url) for _ in range(runs)]


@contextmanager
def device(browser: Browser, url: str, script: str) -> Iterator[BrowserContext]:
    """One that has visited a page, and holds all its files."""
    context = browser.new_context()
    context.add_init_script(script)
    try:
        page = context.new_page()
        visit(page, url)
        wait_until_kept(page)
        page.close()
        yield context
    finally:
        context.close()


def again(known: BrowserContext, url: str) -> First:
    page = known.new_page()
    try:
        return visit(page, url)
    finally:
        page.close()


def wait_until_kept(page: Page) -> None:
    """Until the number of kept files has not grown for three seconds; ten where the page keeps none itself."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < (3 if last > 0 else 10):
        now = page.evaluate(KEPT)
        if now != last:
            last, since = now, time.monotonic()
        page.wait_for_timeout(250)


def open_ready(context: BrowserContext, url: str) -> Page:
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(url)
    page.evaluate("() => window.pageside.ready")
    return page


def put_clock(page: Page) -> None:
    """By the page's own editor."""
    page.locator("#code > summary").click()
    editor = page.locator("#code textarea")
    page.wait_for_function("() => document.querySelector('#code textarea').value.length > 0")
    source = editor.input_value()
    editor.fill(source[: source.index("demo = ps.Interface(")] + CLOCK)
    page.get_by_role("button", name="Run this code").click()
    page.locator("#code .code-note").filter(has_text="The page now runs this code").wait_for()


@dataclass
class Calls:
    """Milliseconds of each call: the model alone, and all that the page's worker does for it, Python included."""

    model: list[float]
    whole: list[float]

    @property
    def python(self) -> list[float]:
        return [whole - model for model, whole in zip(self.model, self.whole, strict=True)]


class Clocked:
    """A demo page whose model has a clock around it."""

    def __init__(self, browser: Browser, url: str, photo_url: str) -> None:
        self.context = browser.new_context()
        self.page = open_ready(self.context, url)
        self.photo_url = photo_url
        put_clock(self.page)
        self.threads = int(self.page.evaluate("() => window.pageside.status().threads"))

    def __enter__(self) -> "Clocked":
        return self

    def __exit__(self, *_: object) -> None:
        self.context.close()

    def calls(self, warm: int, runs: int) -> Calls:
        seen = self.page.evaluate(CALLS, [self.photo_url, warm, runs])
        return Calls([model for model, _ in seen], [whole for _, whole in seen])


def example_times(browser: Browser, url: str, warm: int, runs: int) -> list[float]:
    """Milliseconds of calls with the demo's first example, Python included."""
    context = browser.new_context()
    try:
        times: list[float] = open_ready(context, url).evaluate(EXAMPLES, [warm, runs])
        return times
    finally:
        context.close()


def live_pace(browser: Browser, url: str, size: int | None, runs: int) -> tuple[int, list[float]]:
    """How many answers began in the first second of use, and the milliseconds of each of the next `runs`.

    All are to the first example: a picture with `size` pixels on its longer side, or sound, of which one second counts.
    """
    context = browser.new_context()
    try:
        seen = open_ready(context, url).evaluate(LIVE, [size, runs])
        return seen["early"], [time / (seen["seconds"] or 1) for time in seen["times"]]
    finally:
        context.close()


def stop_times(browser: Browser, url: str, runs: int) -> list[float]:
    """Milliseconds from Stop, asked for at a step, to the end of the call."""
    context = browser.new_context()
    try:
        times: list[float] = open_ready(context, url).evaluate(STOP, [STEPS, runs])
        return times
    finally:
        context.close()


def probe_times(browser: Browser, url: str, runs: int) -> list[float]:
    """Milliseconds that the page's question for a WebGPU adapter takes, on a new page each. Needs an adapter."""
    times = []
    for _ in range(runs):
        context = browser.new_context()
        # In the site it is inside the worker's file.
        context.route("**/page/gpu.js", lambda route: route.fulfill(path=SITE / "src" / "worker" / "gpu.js"))
        try:
            seen = open_ready(context, url).evaluate(PROBE)
        finally:
            context.close()
        if not seen["name"]:
            raise RuntimeError("this browser gives no WebGPU adapter")
        times.append(seen["milliseconds"])
    return times


def file_times(browser: Browser, url: str, photos: list[Path], runs: int) -> list[float]:
    """Median milliseconds from a file to its answer, for each photo."""
    context = browser.new_context()
    try:
        page = open_ready(context, url)
        return [median(page.evaluate(FILES, [encoded(photo), runs])) for photo in photos]
    finally:
        context.close()
