"""Makes the pictures in docs/assets from a built gallery: `python docs/scripts/screenshots.py [DIST]`.

Run it again when the page's look has changed; the pictures are committed.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pageside_export import browsers
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
ASSETS = ROOT / "docs" / "assets"
DESKTOP = {"width": 1120, "height": 760}
PHONE = {"width": 390, "height": 844}
COLORS = 256
VERIFIED = "() => /verified|runs on your device/.test(document.getElementById('badge')?.textContent ?? '')"
ANSWERED = "() => /^Computed on your device/.test(document.querySelector('.origin')?.textContent ?? '')"


@dataclass
class Shot:
    """One picture: of which page, how large, in which colours."""

    path: str
    size: dict[str, int] = field(default_factory=lambda: DESKTOP)
    scheme: str = "light"


SHOTS = {
    "gallery.png": Shot(""),
    "classify-photo.png": Shot("classify-photo/"),
    "classify-photo-dark.png": Shot("classify-photo/", scheme="dark"),
    "classify-photo-phone.png": Shot("classify-photo/", size=PHONE),
}


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_: Any) -> None:
        """Nothing: the requests are not the point here."""


class Server(ThreadingHTTPServer):
    """Takes no note of a browser that leaves before its answer."""

    def handle_error(self, *_: Any) -> None:
        """Nothing: what is missing shows on the picture."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def take(browser: Browser, address: str, name: str, shot: Shot) -> None:
    context = browser.new_context(viewport=shot.size, color_scheme=shot.scheme, device_scale_factor=1.5)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(address + shot.path)
    settle(page, is_demo=bool(shot.path))
    file = ASSETS / name
    page.screenshot(path=file)
    context.close()
    shrink(file)
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB")


def settle(page: Page, *, is_demo: bool) -> None:
    """A demo's picture shows an answer of this device, and the badge that says it is verified."""
    if not is_demo:
        page.locator(".card-link").first.wait_for()
        page.wait_for_load_state("networkidle")
        return
    page.wait_for_function(VERIFIED, timeout=120_000)
    page.locator(".examples button").first.click()
    page.wait_for_function(ANSWERED, timeout=60_000)
    page.evaluate("() => window.scrollTo(0, 0)")  # the click has scrolled to the examples
    page.wait_for_timeout(400)  # bars grow


def shrink(file: Path) -> None:
    """A palette: a third of the bytes, and no difference to see."""
    with Image.open(file) as image:
        image.convert("RGB").quantize(COLORS, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist")
    if not (site / "index.html").exists():
        subprocess.run([sys.executable, "-m", "pageside_export.cli", "build", "-o", str(site)], check=True, cwd=ROOT)
    ASSETS.mkdir(parents=True, exist_ok=True)
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.chromium(), chromium_sandbox=False)
        for name, shot in SHOTS.items():
            take(browser, address, name, shot)
        browser.close()


if __name__ == "__main__":
    main()
