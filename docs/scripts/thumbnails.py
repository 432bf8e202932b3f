"""Draws each demo's `thumbnail.webp` from a built gallery: `python docs/scripts/thumbnails.py [DIST]`.

What a page shows of an example before any runtime has loaded. Run it again when a demo's answers look different;
the pictures are committed.
"""

import io
import sys
from dataclasses import dataclass
from pathlib import Path

from pageside_export import browsers
from PIL import Image, ImageChops
from playwright.sync_api import Browser, sync_playwright
from screenshots import ROOT, served

SIZE = (640, 360)
MARGIN = 24
WHITE = (255, 255, 255)
QUALITY = 82
#: Pictures alone: without their frames, and without the button that takes one away.
FRAMELESS = """
.image-remove { display: none !important; }
.image-frame, .image-stage, .annotated-stage, .slider-stage, .sketch-stage {
  background: none !important; border: 0 !important; border-radius: 0 !important;
}
.image-view, .sketch-paper, .sketch-sheet { border: 0 !important; border-radius: 0 !important; }
"""


@dataclass
class View:
    """What of a page stands side by side: selectors, in a window so wide; the narrower, the larger the letters."""

    parts: tuple[str, ...]
    width: int = 420
    example: int = 0


VIEWS = {
    "classify-photo": View((".image-stage", ".output-side .field-body")),
    "compare-voices": View((".output-side .image-stage",)),
    "find-faces": View((".annotated-stage",), example=1),
    "find-speech": View((".lineplot-chart",), width=560),
    "greet": View((".output-side .text-output",), width=320),
    "paint-photo": View((".slider-stage",), example=3),
    "read-digit": View((".sketch-paper", ".output-side .field-body")),
    "search-text": View((".output-side .field-body",), width=520),
    "track-pitch": View((".lineplot-chart",), width=560),
}


def shots(browser: Browser, url: str, view: View) -> list[Image.Image]:
    page = browser.new_page(
        viewport={"width": view.width, "height": 900}, color_scheme="light", device_scale_factor=3, bypass_csp=True
    )
    page.goto(url)
    page.add_style_tag(content=FRAMELESS)
    page.locator(".origin").wait_for()
    page.wait_for_load_state("load")
    if view.example:
        page.locator(".example").nth(view.example).click()
    page.wait_for_timeout(800)  # bars grow, pictures are decoded
    taken = [page.locator(part).first.screenshot() for part in view.parts]
    page.close()
    return [trimmed(Image.open(io.BytesIO(content)).convert("RGB")) for content in taken]


def trimmed(picture: Image.Image) -> Image.Image:
    """Without an even border."""
    border = Image.new("RGB", picture.size, picture.getpixel((0, 0)))  # type: ignore[arg-type]
    box = ImageChops.difference(picture, border).point(lambda value: 255 * (value > 8)).getbbox()
    return picture.crop(box) if box else picture


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """Each in a column of its own, as large as fits, on white."""
    whole = Image.new("RGB", SIZE, WHITE)
    column = (SIZE[0] - MARGIN * (len(pictures) + 1)) // len(pictures)
    for number, picture in enumerate(pictures):
        scale = min(column / picture.width, (SIZE[1] - 2 * MARGIN) / picture.height)
        fitted = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
        left = MARGIN + number * (column + MARGIN) + (column - fitted.width) // 2
        whole.paste(fitted, (left, (SIZE[1] - fitted.height) // 2))
    return whole


def main() -> None:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist")
    if not (site / "gallery.json").exists():
        sys.exit(f"{site} is no built gallery; run `make build` first")
    with served(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsers.chromium(), chromium_sandbox=False)
        for demo, view in VIEWS.items():
            file = ROOT / "models" / demo / "thumbnail.webp"
            side_by_side(shots(browser, f"{address}{demo}/", view)).save(file, quality=QUALITY, method=6)
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB")
        browser.close()


if __name__ == "__main__":
    main()
