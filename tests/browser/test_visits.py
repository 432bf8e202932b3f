"""A second visit reads model and runtime from the device, not from the host."""

from conftest import Watch
from nginx import Nginx
from pages import is_packed, open_demo
from playwright.sync_api import Page

# The page keeps its files on the device after the first answer, when nobody waits.
KEPT = """async () => {
  let count = 0;
  for (const name of await caches.keys()) count += (await (await caches.open(name)).keys()).length;
  return count;
}"""


def keep(page: Page) -> int:
    """Waits until the number of kept files no longer grows."""
    last, same = -1, 0
    while same < 4:
        now = page.evaluate(KEPT)
        same = same + 1 if now == last and now > 0 else 0
        last = now
        page.wait_for_timeout(500)
    return last


def test_a_second_visit_reads_nothing_large(server: Nginx, watch: Watch, page: Page) -> None:
    first = open_demo(page, server.url("classify-photo/?backend=wasm"))
    assert keep(page) >= 5
    # The browser's own HTTP cache would hide what the page does.
    session = watch.context.new_cdp_session(page)
    session.send("Network.clearBrowserCache")
    server.hits()
    page.goto("about:blank")
    second = open_demo(page, server.url("classify-photo/?backend=wasm"))
    again = [hit for hit in server.hits() if is_packed(hit.path)]
    assert not again, [hit.path for hit in again]
    assert second["bytes"] == first["bytes"]
    answer = page.evaluate("() => window.pageside.predict(...window.pageside.examples[1].inputs)")
    assert answer["label"] == page.evaluate("() => window.pageside.examples[1].outputs[0].label")


def test_a_broken_copy_on_the_device_is_read_again(server: Nginx, page: Page) -> None:
    open_demo(page, server.url("greet/"))
    keep(page)
    broken = page.evaluate(
        """async () => {
          let n = 0;
          // Only what the worker keeps has hashes; the service worker's copies of scripts are the browser's to guard.
          for (const name of ["pageside-1"]) {
            const cache = await caches.open(name);
            for (const request of await cache.keys()) {
              const kept = await cache.match(request);
              const bytes = new Uint8Array(await kept.arrayBuffer());
              if (bytes.length < 1000) continue;
              bytes[bytes.length >> 1] ^= 1;
              await cache.put(request, new Response(bytes, { headers: kept.headers }));
              n += 1;
            }
          }
          return n;
        }"""
    )
    assert broken > 0
    page.reload()
    assert page.evaluate("() => window.pageside.ready.then(() => window.pageside.predict('Ada'))") == "Hello Ada!!"


def test_without_the_device_s_cache_it_works_as_well(server: Nginx, page: Page) -> None:
    """As in a private window of some browsers."""
    page.context.route(
        "**/src/worker/main.js",
        lambda route: route.fulfill(
            body="Object.defineProperty(self, 'caches', { get() { throw new DOMException('no', 'SecurityError') } });\n"
            + route.fetch().text(),
            content_type="text/javascript",
        ),
    )
    page.goto(server.url("greet/"))
    assert page.evaluate("() => window.pageside.ready.then(() => window.pageside.predict('Ada'))") == "Hello Ada!!"
    page.context.unroute_all()
