"""`make bench`."""

import sys
import tempfile
from pathlib import Path

from pageside_export import browsers
from pageside_export.cli import main as pageside
from pageside_export.hosts import ISOLATION
from playwright.sync_api import sync_playwright

from tests.bench import page
from tests.bench.measure import measure, save
from tests.browser.nginx import Nginx

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    site = ROOT / ".cache" / "bench" / "dist"
    if code := pageside(["build", "-o", str(site)]):
        return code
    photos = ROOT / "tests" / "data" / "photos"
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        mounts = {"/pageside/": site, "/photos/": photos}
        browser = playwright.chromium.launch(
            executable_path=str(browsers.chromium()), args=browsers.launch_arguments(), chromium_sandbox=False
        )
        with Nginx(Path(scratch), mounts, headers={**ISOLATION, "Cache-Control": "max-age=600"}) as server:
            figures = measure(browser, server, site)
        version = f"Chromium {browser.version.split('.')[0]}"
        browser.close()
    found = page.ratios(figures)
    save(figures, found, ROOT / "docs" / "performance.json")
    page.write(ROOT / "docs", page.text(figures, found, version))
    print((ROOT / "docs" / "performance.md").read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
