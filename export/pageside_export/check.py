"""Opens a built site in a real browser and compares what it answers with PyTorch: every demo, backend and example.

Only the page's public handle, `window.pageside`, is used, by the few lines of JavaScript below.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pageside_export import answers, browsers, site
from pageside_export.errors import EnvironmentError_, UsageError
from pageside_export.progress import task
from pageside_export.serve import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

#: What an example's answer must reach against PyTorch's. Below the models' own tolerance, because a function may
#: sharpen a difference, as softmax does near a tie.
ANSWER_COSINE = 0.95

#: How far the page may fall behind the cosine that the build measured for the same variant in native onnxruntime.
GOLDEN_SLACK = 0.001


@dataclass(frozen=True)
class CheckOptions:
    """How a site is checked."""

    browser_arguments: tuple[str, ...] = ()
    headed: bool = False
    #: Seconds for a demo to get ready, and for each answer.
    timeout: float = 180
    #: Names of demos; empty for all.
    demos: tuple[str, ...] = ()


@dataclass
class Result:
    """A demo on a backend."""

    demo: str
    backend: str
    variant: str | None = None
    #: The lowest against PyTorch, of golden calls and examples.
    cosine: float | None = None
    #: Median of the examples' calls.
    milliseconds: float | None = None
    bytes: int = 0
    examples: int = 0
    #: Why it is a miss, a sentence each; empty when all is right.
    problems: list[str] = field(default_factory=list)
    #: Variants that this backend tried and refused before the one that answers, each with its reason.
    refused: dict[str, str] = field(default_factory=dict)


def chosen(folder: Path, options: CheckOptions) -> dict[str, dict[str, Any]]:
    """The bundles that are to be checked, by name. Raises UserError when there is no site or no such demo."""
    bundles = site.read_bundles(folder)
    unknown = set(options.demos) - set(bundles)
    if unknown:
        what = f"there is no demo {', '.join(sorted(unknown))}"
        raise UsageError(what, str(folder), f"take from {', '.join(sorted(bundles))}")
    return {name: bundle for name, bundle in bundles.items() if not options.demos or name in options.demos}


def check(folder: Path, bundles: Mapping[str, dict[str, Any]], options: CheckOptions) -> Iterator[Result]:
    """Checks these demos of a built site, each result as it is known. Raises UserError when there is no browser."""
    with Server(folder, "localhost", 0, site.base_path_of(folder)) as server, _browser(options) as browser:
        for name, bundle in bundles.items():
            yield from _Demo(name, bundle, f"{server.url}{name}/", options).check(browser)


@contextmanager
def _browser(options: CheckOptions) -> Iterator[Browser]:
    from playwright.sync_api import Error, sync_playwright

    executable = browsers.chromium()
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=executable,
                args=browsers.launch_arguments(options.browser_arguments),
                headless=not options.headed,
            )
        except Error as error:
            reason = str(error).strip().splitlines()[0]
            raise EnvironmentError_(
                f"{executable} does not start ({reason})", "browser", "run `pageside doctor`"
            ) from None
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class _Watch:
    """What goes wrong beside the answers: console errors, failed requests, requests to other origins."""

    origin: str
    problems: list[str] = field(default_factory=list)

    def listen(self, context: BrowserContext) -> None:
        context.on("console", lambda message: self._console(message.type, message.text))
        context.on("weberror", lambda error: self._add(f"uncaught in the page: {_first_line(str(error.error))}"))
        context.on("request", lambda request: self._request(request.url))
        context.on("response", lambda response: self._response(response.url, response.status))
        context.on("requestfailed", lambda request: self._failed(request.url, request.failure))

    def take(self) -> list[str]:
        """The problems since the last call."""
        taken, self.problems = list(dict.fromkeys(self.problems)), []
        return taken

    def _add(self, problem: str) -> None:
        self.problems.append(problem)

    def _console(self, kind: str, text: str) -> None:
        if kind == "error":
            self._add(f"console error: {_first_line(text)}")

    def _request(self, url: str) -> None:
        if url.startswith(("http", "ws")) and not url.startswith(f"{self.origin}/"):
            self._add(f"asks another origin: {url}")

    def _response(self, url: str, status: int) -> None:
        if status >= 400:
            self._add(f"request failed with {status}: {urlsplit(url).path}")

    def _failed(self, url: str, failure: str | None) -> None:
        # A page that leaves or no longer needs an answer aborts; that is no failure.
        if failure != "net::ERR_ABORTED":
            self._add(f"request failed ({failure}): {url}")


@dataclass
class _Demo:
    """One demo under check."""

    name: str
    bundle: dict[str, Any]
    url: str
    options: CheckOptions

    def check(self, browser: Browser) -> Iterator[Result]:
        """One result for each backend, or one for a demo that does not get ready."""
        context = browser.new_context()
        parts = urlsplit(self.url)
        watch = _Watch(f"{parts.scheme}://{parts.netloc}")
        watch.listen(context)
        page = context.new_page()
        try:
            with task(f"{self.name}: loading"):
                self._open(page)
                self._ask(page, "await handle.ready")
            for backend in self._backends(page):
                yield self._backend(page, watch, backend)
        except _PageError as error:
            yield Result(self.name, "", problems=[f"did not get ready: {error}", *watch.take()])
        finally:
            context.close()

    def _open(self, page: Page) -> None:
        from playwright.sync_api import Error

        try:
            page.goto(self.url, timeout=self.options.timeout * 1000)
        except Error as error:
            raise _PageError(_first_line(str(error))) from None

    def _backends(self, page: Page) -> list[str]:
        models = self.bundle["models"]
        if not models:
            return ["python"]
        has_gpu = all(model["backends"].get("webgpu") for model in models) and self._ask(
            page, "return Boolean(await navigator.gpu?.requestAdapter().catch(() => null))"
        )
        return ["wasm", "webgpu"] if has_gpu else ["wasm"]

    def _backend(self, page: Page, watch: _Watch, backend: str) -> Result:
        result = Result(self.name, backend)
        try:
            if backend != "python":
                self._ask(page, "await handle.useBackend(argument)", backend)
            self._examples(page, result)
            self._take_status(result, self._ask(page, "return handle.status()"))
        except _PageError as error:
            result.problems.append(str(error))
        result.problems += watch.take()
        return result

    def _examples(self, page: Page, result: Result) -> None:
        examples = self.bundle["examples"]
        times = []
        with task(f"{self.name} on {result.backend}", len(examples)) as bar:
            for number in range(len(examples)):
                answer = self._ask(page, _PREDICT, number)
                times.append(answer["milliseconds"])
                self._compare(result, number, answer)
                bar.advance()
        result.examples = len(examples)
        result.milliseconds = statistics.median(times) if times else None

    def _compare(self, result: Result, number: int, answer: dict[str, Any]) -> None:
        found = answers.worst(
            [answers.compare(one, other) for one, other in zip(answer["expected"], answer["got"], strict=True)]
        )
        result.cosine = found.cosine if result.cosine is None else min(result.cosine, found.cosine)
        if found.problem:
            result.problems.append(f"example {number + 1} {found.problem}")
        elif found.cosine < ANSWER_COSINE:
            what = f"example {number + 1} has cosine {found.cosine:.4f} to PyTorch's answer"
            result.problems.append(f"{what}, {ANSWER_COSINE} is needed")

    def _take_status(self, result: Result, status: dict[str, Any]) -> None:
        result.variant = status["variant"]
        result.bytes = status["bytes"]
        tried = [
            one for one in status["backends"] if one["id"] == result.backend and one["state"] in ("wrong", "failed")
        ]
        result.refused = {one["variant"]: one["reason"] for one in tried}
        if result.milliseconds is None:
            result.milliseconds = status["milliseconds"]
        if status["backend"] != result.backend:
            result.problems.append(f"answers with {status['backend']} instead")
        if not self.bundle["models"]:
            return
        golden = status["cosine"]
        if golden is None:
            result.problems.append("the page did not verify its numbers")
            return
        result.cosine = golden if result.cosine is None else min(result.cosine, golden)
        needed = self._measured(status["variant"]) - GOLDEN_SLACK
        if golden < needed:
            result.problems.append(f"golden calls have cosine {golden:.4f} to PyTorch, {needed:.4f} is needed")

    def _measured(self, variant: str | None) -> float:
        """What the build measured; models may have variants of different names, then the worst of all."""
        all_ = [entry for model in self.bundle["models"] for entry in model["variants"]]
        same = [entry for entry in all_ if entry["id"] == variant] or all_
        return float(min(entry["measured"]["cosine"] for entry in same))

    def _ask(self, page: Page, body: str, argument: Any = None) -> Any:
        """Runs the body of an async function with `handle` and `argument`. Raises _PageError."""
        from playwright.sync_api import Error

        code = _FRAME.replace("BODY", body)
        try:
            answer = page.evaluate(code, [argument, self.options.timeout * 1000])
        except Error as error:
            raise _PageError(_first_line(str(error))) from None
        if "error" in answer:
            raise _PageError(answer["error"])
        return answer.get("value")


class _PageError(Exception):
    """The page's handle rejected, or did not answer in time."""


def _first_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[0]


_FRAME = """async ([argument, limit]) => {
  const work = async () => {
    while (!window.pageside) await new Promise((resolve) => setTimeout(resolve, 20));
    const handle = window.pageside;
    BODY
  };
  const late = new Promise((_, reject) =>
    setTimeout(() => reject(new Error(`no answer after ${limit / 1000} s`)), limit));
  try {
    return { value: await Promise.race([work(), late]) };
  } catch (error) {
    return { error: `${error?.name ?? "Error"}: ${error?.message ?? error}` };
  }
}"""

# An example's stored answer and the page's own, pictures as pixels, sounds as samples, files by name and content.
_PREDICT = """
    const base64 = (bytes) => {
      let text = "";
      for (const byte of bytes) text += String.fromCharCode(byte);
      return btoa(text);
    };
    const sound = async ({ file, rate, channels, data }) => {
      const samples = (one) => base64(new Uint8Array(one.buffer, one.byteOffset, one.byteLength));
      if (!file) return { rate, channels, samples: samples(data) };
      const content = await (await fetch(file.url)).arrayBuffer();
      const decoded = await new OfflineAudioContext(1, 1, rate).decodeAudioData(content);
      const whole = new Int16Array(decoded.length * channels);
      for (let channel = 0; channel < channels; channel++) {
        const plane = decoded.getChannelData(channel);
        plane.forEach((sample, i) => { whole[i * channels + channel] = Math.round(sample * 32768); });
      }
      return { rate, channels, samples: samples(whole) };
    };
    const draw = (source, width, height) => {
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext("2d");
      source instanceof ImageData ? context.putImageData(source, 0, 0) : context.drawImage(source, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      let text = "";
      for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
      return { width, height, pixels: btoa(text) };
    };
    const plain = async (value) => {
      if (value instanceof ImageData) return draw(value, value.width, value.height);
      if (Array.isArray(value)) return Promise.all(value.map(plain));
      if (value?.rate && value.channels) return sound(value);
      if (Array.isArray(value?.series)) {
        return { series: value.series.map(({ name, x, y }) => ({ name, x: [...x], y: [...y] })) };
      }
      if (value && typeof value === "object" && value.file?.url && "width" in value) {
        const bitmap = await createImageBitmap(await (await fetch(value.file.url)).blob());
        return draw(bitmap, bitmap.width, bitmap.height);
      }
      if (value?.image && value.annotations) {
        // Masks are not compared: a stored one is a picture of its colour.
        const annotations = value.annotations.map(({ mask, ...rest }) => rest);
        return { image: await plain(value.image), annotations };
      }
      if (value?.image && "caption" in value) return { image: await plain(value.image), caption: value.caption };
      if (value instanceof File || (value?.file?.url && "name" in value)) {
        const content = value instanceof File ? value : await fetch(value.file.url);
        return { name: value.name, content: base64(new Uint8Array(await content.arrayBuffer())) };
      }
      return value;
    };
    const example = handle.examples[argument];
    const start = performance.now();
    const answer = await handle.predict(...example.inputs);
    const milliseconds = handle.status().milliseconds ?? performance.now() - start;
    const outputs = example.outputs.length === 1 ? [answer] : answer;
    const [expected, got] = await Promise.all([plain(example.outputs), plain(outputs)]);
    return { expected, got, milliseconds };
"""
