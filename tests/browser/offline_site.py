"""A site of its own for each test of the service worker: its server stops, comes back, changes headers or version."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nginx import Nginx
from playwright.sync_api import Browser, BrowserContext, Page

TIMEOUT_MS = 30_000
# WebKit's driver comes back from an isolated page before it is there: such a page gets a process of its own.
THERE = "while (!window.pageside) await new Promise((resolve) => setTimeout(resolve, 50));"
# Whether the service worker is active and has kept what the page told it, the runtimes' scripts last.
SETTLED = """
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
if (!("serviceWorker" in navigator)) return "no service worker here";
const registered = await Promise.race([navigator.serviceWorker.ready.then(() => true), wait(30_000)]);
if (!registered) return "no service worker was registered";
const count = async () => {
  const found = [];
  for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) found.push(url);
  return found;
};
let last = -1, same = 0;
for (let i = 0; i < 120 && same < 5; i++) {
  await wait(300);
  const now = (await count()).length;
  same = now === last ? same + 1 : 0;
  last = now;
}
return "";
"""
# All kept addresses by the cache's name.
KEPT = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    found[name] = (await (await caches.open(name)).keys()).map(({ url }) => url);
  }
  return found;
}"""


def settle(page: Page) -> None:
    problem = page.evaluate(f"async () => {{ {SETTLED} }}")
    assert problem == "", problem


@contextmanager
def visitor(browser: Browser, **options: Any) -> Iterator[BrowserContext]:
    """A device that keeps what its pages keep."""
    context = browser.new_context(**options)
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    context.close()


def next_version(site: Path, target: Path) -> Path:
    """The same site as another build would give it: another name of the assets folder, in every file that has it."""
    shutil.copytree(site, target)
    folder = next((target / "assets").iterdir())
    name = f"{folder.name[:-8]}00000000"
    for path in target.rglob("*"):
        if path.is_file() and path.suffix in {".html", ".js", ".json"} and "assets" not in path.parts:
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(folder.name, name).replace("All demos", "All our demos"), encoding="utf-8")
    folder.rename(folder.with_name(name))
    return target


def publish(nginx: Nginx, site: Path, headers: dict[str, str] | None = None) -> None:
    """Puts another folder, and other headers, in the place of what the server has."""
    nginx.stop()
    nginx.mounts["/pageside/"] = site
    if headers is not None:
        nginx.headers = headers
    nginx.start()
