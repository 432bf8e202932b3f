"""The main job: photos that no one prepared, on both backends, against native onnxruntime with the same model file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import PHOTOS, Watch
from native import NativeClassifier, compare
from nginx import Nginx
from pages import classify_file, open_code, open_demo, run_code
from playwright.sync_api import Browser, Page

FILES = sorted(path.name for path in PHOTOS.iterdir() if path.suffix != ".md")
# Both roads at once: the public handle with the bytes of the file.
ALL_LABELS = """async (url) => {
  const file = await (await fetch(url)).blob();
  const { confidences } = await window.pageside.predict(file);
  return Object.fromEntries(confidences.map(({ label, confidence }) => [label, confidence]));
}"""


@dataclass
class Opened:
    page: Page
    backend: str
    variant: str


@pytest.fixture(scope="module", params=["wasm", "webgpu"])
def opened(request: pytest.FixtureRequest, chromium: Browser, server: Nginx) -> Iterator[Opened]:
    """The demo on one backend, its code edited on the page so that it gives all 1,000 labels."""
    context = chromium.new_context()
    watch = Watch(context, {server.origin})
    page = context.new_page()
    status = open_demo(page, server.url(f"classify-photo/?backend={request.param}"))
    assert status["backend"] == request.param
    open_code(page)
    run_code(page, ("num_top_classes=5", "num_top_classes=None"))
    yield Opened(page, request.param, status["variant"])
    context.close()
    watch.verify()


@pytest.fixture(scope="module")
def native(root: Path, site: Path) -> Callable[[str], NativeClassifier]:
    made: dict[str, NativeClassifier] = {}
    return lambda variant: made.setdefault(variant, made.get(variant) or NativeClassifier(root, site, variant))


@pytest.mark.parametrize("name", FILES)
def test_an_unseen_photo_gives_native_s_answer(
    opened: Opened, native: Callable[[str], NativeClassifier], server: Nginx, name: str
) -> None:
    expected = native(opened.variant)(PHOTOS / name)
    best = max(expected, key=lambda label: expected[label])
    # A call on the software GPU takes seconds; what the page does with an answer is the same on both backends.
    if opened.backend == "wasm" or name == FILES[0]:
        assert classify_file(opened.page, PHOTOS / name) == best
    seen = opened.page.evaluate(ALL_LABELS, f"{server.origin}/photos/{name}")
    assert max(seen, key=lambda label: seen[label]) == best
    of_probabilities, of_logits = compare(seen, expected)
    assert of_probabilities >= 0.999
    assert of_logits >= 0.999


def test_there_are_at_least_five_photos_in_several_formats() -> None:
    assert len(FILES) >= 5
    assert {name.rpartition(".")[2] for name in FILES} == {"jpg", "png", "webp"}
