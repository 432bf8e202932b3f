"""One built site for all browser tests, served by nginx below a sub-path; and a browser that tells on the page."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from drivers import ENGINES, Driver, launch, missing
from nginx import Nginx
from pages import open_demo
from pageside_export import browsers
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

PHOTOS = Path(__file__).resolve().parents[1] / "data" / "photos"
#: Set by `make test` and by CI: there a browser that is missing is a failure.
MUST_RUN = "CI" in os.environ or "PAGESIDE_REQUIRE_BROWSERS" in os.environ
BUILD_S = 900
#: What every demo is published as is among them, and one that is refused; the others have tests of their own.
RECIPES = ("fp32", "fp16", "int8_weights", "int8_static", "int8_dynamic", "int12_weights", "int16_weights")
#: Timed in Chromium too, as all demos are in a build that is published: minutes for all of them.
TIMED = "models/classify-photo"
#: In this order, since pytest-xdist is kept from its own (`--no-loadscope-reorder`). The first waits for the build of
#: the gallery; meanwhile the other process has those that need none. Then come those that take minutes.
FIRST = (
    *("test_photos", "test_zoo_page", "test_inbrowser", "test_page", "test_engine", "test_faults"),
    *("test_host_faults", "test_launch", "test_browsers", "test_isolation", "test_offline"),
    *("test_downloads", "test_check", "test_snapshot"),
)
TIMEOUT_MS = 90_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: FIRST.index(item.path.stem) if item.path.stem in FIRST else len(FIRST))


def require(engine: str) -> None:
    reason = missing(engine)
    # WebKit has to be installed by root: its helpers lie at a path that is compiled in.
    if reason and MUST_RUN and (engine != "webkit" or os.geteuid() == 0):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def pageside(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a maker does."""
    command = [sys.executable, "-m", "pageside_export.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=BUILD_S, **options)


@pytest.fixture(scope="session", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A Chromium that compiles WebAssembly once, also for commands that look for one; gives the environment without.

    The second compilation, by the optimizing compiler, is a third of a page's start, which tests wait for hundreds of
    times; the code that it makes is faster and does the same.
    """
    before = dict(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        if not missing("chromium"):
            program = tmp_path_factory.mktemp("chromium") / "chromium"
            program.write_text(f'#!/bin/sh\nexec "{browsers.chromium()}" --js-flags=--liftoff-only "$@"\n')
            program.chmod(0o755)
            patch.setenv("PAGESIDE_CHROMIUM", str(program))
        yield before


@pytest.fixture(scope="session")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory, compiled_once: dict[str, str]) -> Path:
    """The gallery as `pageside build` makes it; made once, also where several test processes run."""
    if "PAGESIDE_TEST_DIST" in os.environ:
        return Path(os.environ["PAGESIDE_TEST_DIST"]).resolve()
    base = tmp_path_factory.getbasetemp()
    # xdist gives each of its workers a folder of its own in the one that they share.
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    dist, done = shared / "dist", shared / "dist.done"
    with (shared / "dist.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            recipes = ("--recipes", ",".join(RECIPES))
            timed = ("export", TIMED, "-o", str(shared / "timed"), *recipes)
            # What the export found in Chromium is in the cache, for the build too.
            for command in (timed, ("build", "-o", str(dist), "--base-path", "/pageside/", "--no-browser", *recipes)):
                result = pageside(*command, cwd=root, env=compiled_once)
                assert result.returncode == 0, result.stdout + result.stderr
            done.touch()
    return dist


@pytest.fixture(scope="session")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """The site below /pageside/, and the photos of the tests beside it."""
    with Nginx(tmp_path_factory.mktemp("nginx"), {"/pageside/": site, "/photos/": PHOTOS}) as nginx:
        yield nginx


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The only one: Playwright's synchronous form allows no second one beside it."""
    require("chromium")
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module", params=list(ENGINES))
def browser(request: pytest.FixtureRequest, playwright: Playwright) -> Iterator[Driver]:
    """Each engine in turn, one process for all tests of a file."""
    require(request.param)
    driver = ENGINES[request.param](playwright)
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    browser = launch(playwright, *fake)
    yield browser
    browser.close()


@contextmanager
def own_demo(chromium: Browser, folder: Path, source: str) -> Iterator[Page]:
    """A demo of this source, built below `folder` and opened in a context of its own, which is watched."""
    (folder / "demo.py").write_text(source)
    result = pageside("build", str(folder), "-o", str(folder / "dist"), "--no-browser")
    assert result.returncode == 0, result.stdout + result.stderr
    context = chromium.new_context()
    with Nginx(folder / "nginx", {"/": folder / "dist"}) as server:
        watch = Watch(context, {server.origin})
        page = context.new_page()
        open_demo(page, server.url(f"{folder.name}/"))
        yield page
        watch.verify()
    context.close()


@dataclass
class Watch:
    """Fails the test at its end where the page asked another origin for something or complained in the console."""

    context: BrowserContext
    origins: set[str]
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(TIMEOUT_MS)
        self.listeners = {
            "request": lambda request: self.requests.append(request.url),
            "console": lambda line: self.note(line.type, line.text),
            "weberror": lambda error: self.note("error", str(error.error)),
        }
        for event, listener in self.listeners.items():
            self.context.on(event, listener)

    def note(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def allow(self, origin: str) -> None:
        self.origins.add(origin)

    def expect(self, pattern: str) -> None:
        """A complaint that this test brings about, such as a 404."""
        self.expected.append(pattern)

    def leave(self) -> None:
        """Closes the test's pages and leaves the device to the next test."""
        for page in self.context.pages:
            page.close()
        for event, listener in self.listeners.items():
            self.context.remove_listener(event, listener)

    def verify(self) -> None:
        foreign = [url for url in self.requests if url.startswith(("http", "ws")) and not self.known(url)]
        assert not foreign, f"requests to another origin: {foreign}"
        loud = [text for text in self.complaints if not any(re.search(pattern, text) for pattern in self.expected)]
        assert not loud, f"the console is not empty: {loud}"

    def known(self, url: str) -> bool:
        return any(url.startswith(f"{origin}/") for origin in self.origins)


@pytest.fixture
def context_options() -> dict[str, Any]:
    """Of the browser context; a test module may have its own."""
    return {}


@pytest.fixture(scope="module")
def one_device(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context()
    yield context
    context.close()


@pytest.fixture
def watch(
    request: pytest.FixtureRequest, chromium: Browser, server: Nginx, context_options: dict[str, Any]
) -> Iterator[Watch]:
    """A device of the test's own. In modules marked `one_device` its tests share one, where pages start faster."""
    shared = request.node.get_closest_marker("one_device")
    context = request.getfixturevalue("one_device") if shared else chromium.new_context(**context_options)
    watching = Watch(context, {server.origin})
    yield watching
    if shared:
        watching.leave()
    else:
        context.close()
    watching.verify()


@pytest.fixture
def page(watch: Watch) -> Page:
    return watch.context.new_page()


@pytest.fixture(scope="module")
def classify(chromium: Browser, server: Nginx) -> Iterator[Page]:
    """One open photo classifier for all tests of a module that leave it as they found it."""
    context = chromium.new_context()
    watching = Watch(context, {server.origin})
    page = context.new_page()
    open_demo(page, server.url("classify-photo/?backend=wasm"))
    yield page
    context.close()
    watching.verify()


@pytest.fixture
def copied_site(site: Path, tmp_path: Path) -> Iterator[Nginx]:
    """A copy of the site on a server of its own, to be tampered with."""
    copy = tmp_path / "dist"
    shutil.copytree(site, copy)
    with Nginx(tmp_path / "nginx", {"/pageside/": copy, "/photos/": PHOTOS}) as nginx:
        yield nginx
