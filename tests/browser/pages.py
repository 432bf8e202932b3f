"""What the tests do on a demo page, in words of the page: give a file, wait for the answer, read it."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ANSWERED = """
() => /^Computed on your device in/.test(document.querySelector(".origin").textContent)
      && !document.querySelector(".interface").hasAttribute("data-stale")
"""
READY = """
() => Promise.race([
  window.pageside.ready.then(() => window.pageside.status()),
  new Promise((_, reject) => setTimeout(() => reject(new Error("not ready after two minutes")), 120_000)),
])
"""
#: How far the first line of the chart in view reaches to the right.
REACH = "Math.max(...(document.querySelector('ps-lineplot').value?.series[0]?.x ?? []))"


#: Playwright takes the promise of an `async` predicate for true: `wait_for_function` would not wait.
UNTIL = """async (arg) => {
  for (const end = Date.now() + 30_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 100))) {
    if (await (PREDICATE)(arg)) return;
  }
  throw new Error("not so after 30 seconds");
}"""


def is_packed(path: str) -> bool:
    """Of a file that the page's own store keeps, as its decoder is not."""
    return path.endswith((".gz", ".zst")) and "/zstd/" not in path


def wait_until(page: Page, predicate: str, arg: Any = None) -> None:
    """Until an `async` predicate of the page is true."""
    page.evaluate(UNTIL.replace("PREDICATE", predicate), arg)


def open_demo(page: Page, url: str) -> dict[str, Any]:
    """Goes there and waits until the demo can answer; gives its status."""
    page.goto(url)
    status: dict[str, Any] = page.evaluate(READY)
    return status


def forget_answer(page: Page) -> None:
    """So that a wait for the next answer does not see the last one."""
    page.evaluate("() => { document.querySelector('.origin').textContent = ''; }")


def wait_for_answer(page: Page) -> str:
    page.wait_for_function(ANSWERED)
    return answer(page)


def wait_until_idle(page: Page) -> None:
    """Until no answer is on its way; in a live interface one may be, whatever was done last."""
    page.wait_for_function("() => !document.querySelector('.output-side [data-busy]')")


def answer(page: Page) -> str:
    """The answer in view: the top label, or the text."""
    return page.locator(".output-side :is(.label-top, .text-output)").first.inner_text()


def rows(page: Page) -> list[str]:
    return page.locator(".output-side .label-row").all_inner_texts()


def give_file(page: Page, file: Path | dict[str, Any]) -> None:
    """By the page's own file input."""
    forget_answer(page)
    page.locator("ps-image input[type=file]").set_input_files(file)  # type: ignore[arg-type]


def classify_file(page: Page, file: Path | dict[str, Any]) -> str:
    give_file(page, file)
    return wait_for_answer(page)


def open_code(page: Page) -> None:
    page.locator("#code > summary").click()
    page.wait_for_function("() => document.querySelector('#code textarea').value.length > 0")


def run_code(page: Page, change: tuple[str, str], *, wait: bool = True) -> None:
    """Replaces one piece of the code by another and runs it, by the page's own editor."""
    editor = page.locator("#code textarea")
    before = editor.input_value()
    assert change[0] in before
    editor.fill(before.replace(*change))
    page.get_by_role("button", name="Run this code").click()
    if wait:
        page.wait_for_function("() => !document.querySelector('#code .primary').disabled")


def shown_picture(page: Page) -> dict[str, Any]:
    """Size and colours of the picture in the input, drawn to 8 x 8."""
    script = """() => {
      const shown = document.querySelector("ps-image .image-view");
      const canvas = new OffscreenCanvas(8, 8), context = canvas.getContext("2d");
      context.drawImage(shown, 0, 0, 8, 8);
      const width = shown.naturalWidth ?? shown.width, height = shown.naturalHeight ?? shown.height;
      return { width, height, pixels: [...context.getImageData(0, 0, 8, 8).data] };
    }"""
    picture: dict[str, Any] = page.evaluate(script)
    return picture
