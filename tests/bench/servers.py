"""What a run measures against: two real web servers, a browser, and a line of limited speed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pageside_export.hosts import ISOLATION
from playwright.sync_api import Browser, sync_playwright

from tests.browser.drivers import launch
from tests.browser.nginx import Nginx

ROOT = Path(__file__).resolve().parents[2]
PHOTO = ROOT / "tests" / "data" / "photos" / "shuttle.jpg"
LINE_MBITS, ROUND_TRIP_MS = 50, 20


@dataclass
class Bench:
    """Servers and browser of one run. `isolated` sends the headers that give a page threads."""

    site: Path
    plain: Nginx
    isolated: Nginx
    browser: Browser
    runs: int
    scratch: Path

    @contextmanager
    def limited_line(self) -> Iterator[int]:
        """The port of a proxy in front of `plain`."""
        words = ["-m", "tests.bench.throttle", str(self.plain.port), str(LINE_MBITS), str(ROUND_TRIP_MS)]
        proxy = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        try:
            assert proxy.stdout is not None
            yield int(proxy.stdout.readline())
        finally:
            proxy.terminate()
            proxy.wait(timeout=10)


@contextmanager
def started(site: Path, scratch: Path, runs: int) -> Iterator[Bench]:
    """The gallery is below `/pageside/`, what `scratch/peer` holds below `/peer/`."""
    mounts = {"/pageside/": site, "/peer/": scratch / "peer", "/photos/": PHOTO.parent}
    with (
        Nginx(scratch / "plain", mounts) as plain,
        Nginx(scratch / "isolated", mounts, dict(ISOLATION)) as isolated,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        yield Bench(site, plain, isolated, browser, runs, scratch)
        browser.close()
