"""The badge while calls follow each other, in Chromium, with a worker that plays a part (`fake_worker.js`)."""

from __future__ import annotations

from pathlib import Path

import page_site
from playwright.sync_api import Browser, expect


def test_it_writes_a_new_time_four_times_a_second_and_the_last_one(chromium: Browser, tmp_path: Path) -> None:
    root = page_site.make_site(tmp_path)
    page_site.greet(root / "times", status=page_site.STATUS, times=list(range(101, 121)))
    server = page_site.serve(root)
    page = chromium.new_page()
    page.goto(f"http://127.0.0.1:{server.server_port}/times/")
    page.wait_for_function("() => window.pageside")
    words, took = page.evaluate("""async () => {
      await pageside.ready;
      const badge = document.getElementById("badge"), seen = [badge.textContent];
      new MutationObserver(() => seen.push(badge.textContent)).observe(badge, { childList: true });
      const start = performance.now();
      for (let i = 0; i < 20; i++) await pageside.predict("Bob");
      return [seen, performance.now() - start];
    }""")
    expect(page.locator("#badge")).to_have_text("WASM · 2 threads · 120 ms · verified, cos 0.9998")
    assert words[0] == "WASM · 2 threads · 14 ms · verified, cos 0.9998"
    assert len(words) <= 2 + took / 250
    page.close()
    server.shutdown()
