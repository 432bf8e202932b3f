"""What the visitor sees and does, in Chromium, with a worker that plays a part (`fake_worker.js`)."""

from __future__ import annotations

import base64
import gzip
import io
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import page_site
import pytest
from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, Playwright, expect

pytestmark = pytest.mark.browser
LOADING = [
    {"what": "model", "loaded": 5_000_000, "total": 5_000_000},
    {"what": "Python", "loaded": 3_100_000, "total": 5_400_000},
]
DOWNLOAD_FAULT = {
    "name": "DownloadError",
    "message": "part 1 of the model: no answer",
    "stage": "download",
    "hint": "Try again.",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = page_site.make_site(tmp_path_factory.mktemp("site"))
    slow = {"status": page_site.PYTHON_STATUS, "ready_ms": 1500, "progress": LOADING}
    page_site.greet(root / "slow", **slow)
    page_site.greet(root / "never", **slow | {"ready_ms": 600_000})
    page_site.greet(root / "flaky", open_fault=DOWNLOAD_FAULT)
    page_site.photo(root / "slow-photo", answer_ms=600)
    return root


@pytest.fixture(scope="module")
def url(root: Path) -> Iterator[str]:
    server = page_site.serve(root)
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def launch(playwright: Playwright, *arguments: str) -> Browser:
    root_has_no_sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*arguments, *root_has_no_sandbox])


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launch(playwright, "--use-fake-device-for-media-stream") as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A page whose console stays clean and that asks no other origin for anything."""
    context = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(10_000)
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on(
        "request",
        lambda request: errors.append(request.url) if not request.url.startswith((url, "blob:", "data:")) else None,
    )
    yield page
    context.close()
    assert errors == []


def picture(width: int = 300, height: int = 200, form: str = "PNG", **options: Any) -> bytes:
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    image.paste((200, 30, 30), (0, 0, width // 4, height // 4))
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def give(page: Page, name: str, data: bytes) -> None:
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "image/jpeg", "buffer": data})


# ------------------------------------------------------------------------------------------------ the first look


def test_the_first_example_and_its_answer_are_there_before_any_runtime(page: Page) -> None:
    page.goto("never/")
    expect(page.get_by_label("name")).to_have_value("Ada")
    expect(page.locator("ps-textbox output")).to_have_text("Hello Ada!!")
    expect(page.locator(".origin")).to_have_text("Computed at build time")
    expect(page.locator("#badge")).to_have_text("Loading Python 3.1 of 5.4 MB")
    expect(page.get_by_role("button", name="Example 1: Ada")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#description em")).to_have_text("hello")


def test_submit_before_ready_waits_with_words_and_then_runs(page: Page) -> None:
    page.goto("slow/")
    page.get_by_label("name").fill("Zoë")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".work")).to_have_text("Your input runs as soon as the demo is loaded")
    expect(page.locator("ps-textbox output")).to_have_text("Hello Ada!!")
    expect(page.locator("ps-textbox output")).to_have_text("device says Zoë")
    expect(page.locator(".origin")).to_have_text("Computed on your device in 14 ms")
    expect(page.locator("#announcer")).to_have_text("greeting: device says Zoë")


def test_an_example_shows_its_stored_answer_at_once_and_then_the_devices(page: Page) -> None:
    page.goto("slow-photo/")
    page.evaluate("pageside.ready")
    page.locator(".example").nth(1).click()
    expect(page.locator(".label-top")).to_have_text(sorted(page_site.EXAMPLES.glob("*.jpg"))[1].stem, timeout=400)
    expect(page.locator(".origin")).to_have_text("Computed by PyTorch at build time")
    expect(page.locator(".label-top")).to_have_text("device answer")


def test_nothing_moves_when_an_answer_comes(page: Page) -> None:
    page.goto("slow-photo/")
    page.evaluate("pageside.ready")
    places = """() => [...document.querySelectorAll(".badge, .examples, #extras, #submit")]
      .map((e) => e.getBoundingClientRect().top + scrollY)"""
    # Subpixel rounding moves a box by 1/64 of a pixel; half a pixel nobody sees.
    before = pytest.approx(page.evaluate(places), abs=0.5)
    page.locator(".example").nth(2).click()
    assert page.evaluate(places) == before
    expect(page.locator(".label-top")).to_have_text("device answer")
    assert page.evaluate(places) == before


def test_enter_submits_one_line(page: Page) -> None:
    page.goto("greet/")
    page.get_by_label("name").fill("Eve")
    page.get_by_label("name").press("Enter")
    expect(page.locator("ps-textbox output")).to_have_text("device says Eve")


# ------------------------------------------------------------------------------------------------ the handle


def test_the_handle_is_there_at_once(page: Page) -> None:
    page.goto("slow/", wait_until="commit")
    page.wait_for_function("() => 'pageside' in window")
    assert page.evaluate("pageside.status().state") == "loading"
    assert page.evaluate("pageside.ready.then(() => pageside.predict('Bob'))") == "device says Bob"
    assert page.evaluate("pageside.examples.length") == 2


def test_the_badge_and_its_panel(page: Page) -> None:
    page.goto("photo/")
    expect(page.locator("#badge")).to_have_text("WASM · 2 threads · 14 ms · verified, cos 0.9998")
    page.locator(".badge summary").click()
    expect(page.locator(".backend-reason")).to_have_text("Its numbers miss: cosine 0.0300 where 0.9990 is needed.")
    page.get_by_role("button", name="Use WebGPU").click()
    expect(page.locator("#badge")).to_have_text("WebGPU · 14 ms · verified, cos 0.9998")
    page.keyboard.press("Escape")
    expect(page.locator(".backends")).to_be_hidden()


def test_plain_python_says_so(page: Page) -> None:
    page.goto("greet/")
    expect(page.locator("#badge")).to_have_text("Python · runs on your device")


# ------------------------------------------------------------------------------------------------ faults


def test_a_makers_exception_is_shown_and_nothing_is_lost(page: Page) -> None:
    page.goto("greet/")
    page.get_by_label("name").fill("fail")
    page.get_by_role("button", name="Submit").click()
    fault = page.get_by_role("alert").filter(has_text="ValueError")
    expect(fault).to_contain_text("The demo's Python stopped")
    expect(fault).to_contain_text("ValueError: no such name")
    expect(fault.locator("pre")).to_be_hidden()
    fault.locator("summary").click()
    expect(fault.locator("pre")).to_contain_text('File "demo.py", line 5')
    expect(page.get_by_label("name")).to_have_value("fail")
    expect(page.locator("ps-textbox output")).to_have_text("Hello Ada!!")
    page.get_by_label("name").fill("fine")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("ps-textbox output")).to_have_text("device says fine")
    expect(fault).to_have_count(0)


def test_a_start_that_failed_can_be_tried_again(page: Page) -> None:
    page.goto("flaky/")
    expect(page.locator(".fault")).to_contain_text("part 1 of the model: no answer")
    expect(page.locator("ps-textbox output")).to_have_text("Hello Ada!!")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#badge")).to_have_text("Python · runs on your device")
    expect(page.locator(".fault")).to_have_count(0)


def test_a_tab_in_the_background_loads_and_answers(page: Page) -> None:
    # A hidden page paints no frame, and its timers are slowed down to one a second.
    page.add_init_script("""
      window.requestAnimationFrame = () => 0;
      const { setTimeout: soon } = window;
      window.setTimeout = (work, wait = 0, ...rest) => soon(work, Math.max(1000, wait), ...rest);
    """)
    page.goto("greet/")
    expect(page.locator("#badge")).to_have_text("Python · runs on your device")
    page.get_by_label("name").fill("Eve")
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("ps-textbox output")).to_have_text("device says Eve")


def test_a_missing_bundle_is_named(browser: Browser, url: str, root: Path) -> None:
    (root / "gone").mkdir(exist_ok=True)
    page_site.fill("demo.html", root / "gone" / "index.html", title="Gone", assets=f"../{page_site.ASSETS}")
    with browser.new_context(base_url=url) as context:
        page = context.new_page()
        page.goto("gone/")
        expect(page.locator(".fault-message")).to_have_text("DownloadError: /gone/bundle.json: the host answered 404")


def test_without_javascript_the_page_says_so(playwright: Playwright, url: str) -> None:
    # A driven Chromium never shows <noscript>, so its words are looked for in the source.
    with launch(playwright, "--blink-settings=scriptEnabled=false") as browser:
        page = browser.new_page()
        source = page.goto(f"{url}greet/")
        assert source is not None
        assert "<noscript>" in source.text()
        assert "needs JavaScript" in source.text()
        expect(page.get_by_role("heading", name="Greet")).to_be_visible()
        expect(page.locator("#opening")).to_be_hidden()


# ------------------------------------------------------------------------------------------------ pictures


def test_a_chosen_file_runs_by_itself_and_the_same_file_twice_too(page: Page) -> None:
    page.goto("slow-photo/")
    for _ in range(2):
        give(page, "photo.png", picture())
        expect(page.locator(".work")).to_have_text("Running on your device")
        expect(page.locator(".work")).to_have_text("")
        expect(page.locator(".label-top")).to_have_text("device answer")
    assert page.evaluate("[document.querySelector('canvas.image-view').width, 300]") == [300, 300]


@pytest.mark.parametrize("script", [page_site.PASTE, page_site.DROP], ids=["paste", "drop"])
def test_a_picture_pasted_or_dropped_anywhere_is_taken(page: Page, script: str) -> None:
    page.goto("photo/")
    page.wait_for_selector("ps-image")
    page.evaluate(script, list(picture(120, 80)))
    expect(page.locator(".label-top")).to_have_text("device answer")
    assert page.evaluate("document.querySelector('canvas.image-view').width") == 120


def fifty_megapixels() -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (10_000, 5_000)).save(buffer, "PNG")
    return buffer.getvalue()


BAD_FILES = {
    "empty.jpg": (b"", "empty.jpg is empty: it has 0 bytes."),
    "notes.jpg": (
        b"Dear diary",
        'notes.jpg is not a picture that can be read here: it is text, and begins with "Dear diary".',
    ),
    "cut.jpg": (picture(form="JPEG")[:-600], "cut.jpg is cut off: the JPEG file ends early, after "),
    "huge.png": (fifty_megapixels(), "huge.png has 50.0 megapixels (10000 x 5000); the limit is 40 megapixels."),
    "damaged.png": (
        picture()[:60] + b"x" * 20 + picture()[80:],
        "damaged.png cannot be decoded: its PNG data is damaged.",
    ),
    "IMG_1.HEIC": (
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "IMG_1.HEIC is a HEIC picture, which this browser cannot open.",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_named_and_what_was_there_stays(page: Page, name: str) -> None:
    data, message = BAD_FILES[name]
    page.goto("photo/")
    give(page, "good.png", picture(120, 80))
    expect(page.locator(".label-top")).to_have_text("device answer")
    give(page, name, data)
    expect(page.locator("ps-image [role=alert]")).to_contain_text(message)
    expect(page.locator(".label-top")).to_have_text("device answer")
    assert page.evaluate("document.querySelector('canvas.image-view').width") == 120
    give(page, "good.png", picture(90, 80))
    expect(page.locator("ps-image [role=alert]")).to_be_hidden()


def pixels(page: Page) -> tuple[int, int, bytes]:
    """Width, height and RGB of what the page would hand to Python. Numbers sent one by one would take a minute."""
    width, height, text = page.evaluate("""() => {
      const { width, height, data } = document.querySelector("ps-image").value;
      let text = "";
      for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
      return [width, height, btoa(text)];
    }""")
    return width, height, base64.b64decode(text)


def phone_photo() -> bytes:
    """12 megapixels, stored lying on its side: EXIF orientation 6; its red corner belongs at the top right."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture(4032, 3024, "JPEG", quality=88, exif=exif)


@pytest.mark.parametrize("codecs", [True, False], ids=["WebCodecs", "canvas"])
def test_a_phone_photo_comes_upright_with_pillows_pixels(page: Page, codecs: bool) -> None:
    data = phone_photo()
    page.goto("photo/")
    page.wait_for_selector("ps-image")
    if not codecs:
        page.evaluate("delete globalThis.ImageDecoder")
    give(page, "phone.jpg", data)
    page.wait_for_selector("canvas.image-view")
    width, height, data_shown = pixels(page)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).reduce(4)
    assert (width, height) == upright.size == (756, 1008)
    got, want = np.frombuffer(data_shown, np.uint8).astype(float), np.asarray(upright, float).reshape(-1)
    cosine = (got - 128) @ (want - 128) / np.linalg.norm(got - 128) / np.linalg.norm(want - 128)
    assert cosine > 0.999
    assert got.reshape(1008, 756, 3)[20, 730].tolist() == pytest.approx([200, 30, 30], abs=6)


def test_pixels_of_a_png_are_pillows_reduce_exactly(page: Page) -> None:
    data = picture(2501, 1667)
    page.goto("photo/")
    page.wait_for_selector("ps-image")
    give(page, "odd.png", data)
    page.wait_for_selector("canvas.image-view")
    assert pixels(page)[2] == Image.open(io.BytesIO(data)).reduce(3).tobytes()


def test_the_camera(browser: Browser, url: str) -> None:
    with browser.new_context(base_url=url, permissions=["camera"]) as context:
        page = context.new_page()
        page.goto("photo/")
        page.get_by_role("button", name="Camera").click()
        page.get_by_role("button", name="Take the picture").click()
        expect(page.locator(".label-top")).to_have_text("device answer")
        expect(page.get_by_role("button", name="Camera")).to_be_focused()


def test_a_camera_that_is_not_allowed_is_explained(page: Page) -> None:
    page.goto("photo/")
    page.evaluate(
        """() => {
          navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("no", "NotAllowedError"); };
        }"""
    )
    page.get_by_role("button", name="Camera").click()
    expect(page.locator("ps-image [role=alert]")).to_contain_text("The camera is not allowed for this page.")
    expect(page.locator("img.image-view")).to_be_visible()


# ------------------------------------------------------------------------------------------------ code, share, embed


def test_the_code_can_be_read_edited_and_run(page: Page) -> None:
    page.goto("greet/")
    page.get_by_text("The code", exact=True).click()
    editor = page.locator("textarea.code")
    expect(editor).to_have_value(page_site.SOURCE)
    editor.fill("broken")
    page.get_by_role("button", name="Run this code").click()
    expect(page.locator("#code .fault")).to_contain_text("ValueError: no such name")
    page.get_by_role("button", name="Reset").click()
    expect(page.locator(".code-note")).to_have_text("The page now runs this code.")
    expect(page.locator(".printed")).to_have_text("printed while editing\n")
    expect(editor).to_have_value(page_site.SOURCE)


def test_the_tag_to_embed_points_at_this_page(page: Page, url: str) -> None:
    page.goto("photo/?backend=wasm")
    page.get_by_text("Share or embed").click()
    tag = page.locator("#share pre").nth(1)
    expect(tag).to_have_text(
        f'<script src="{url}embed.js" async></script>\n'
        f'<pageside-demo src="{url}photo/" title="Classify a photo"></pageside-demo>'
    )


def test_an_embedded_demo_loads_when_near_and_its_height_follows(browser: Browser, url: str, tmp_path: Path) -> None:
    tag = f'<script src="{url}embed.js" async></script><pageside-demo src="{url}photo/"></pageside-demo>'
    (tmp_path / "post.html").write_text(f'<!doctype html><div style="height:4000px">A post</div>{tag}')
    outer = page_site.serve(tmp_path)
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://localhost:{outer.server_port}/post.html")
        page.wait_for_function("() => Boolean(customElements.get('pageside-demo'))")
        assert page.locator("iframe").count() == 0
        page.locator("pageside-demo").scroll_into_view_if_needed()
        demo = page.frame_locator("iframe")
        expect(demo.locator(".label-top")).to_be_visible()
        fits = "() => Math.abs(document.querySelector('iframe').clientHeight - arguments) < 2"
        height = demo.locator("body").evaluate("(body) => Math.ceil(body.getBoundingClientRect().height)")
        page.wait_for_function(fits.replace("arguments", str(height)))
        demo.get_by_text("Share or embed").click()
        page.wait_for_function(f"() => document.querySelector('iframe').clientHeight > {height + 100}")
        page.evaluate("postMessage({ type: 'pageside:height', height: 7 }, '*')")
        demo.get_by_text("Share or embed").click()
        page.wait_for_function(fits.replace("arguments", str(height)))
    outer.shutdown()


# ----------------------------------------------------------------------------------------------------- phone, size


@pytest.mark.parametrize("path", ["", "photo/", "greet/"])
def test_a_phone_needs_no_sideways_scrolling(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(path)
    page.wait_for_selector(".card, .demo-card")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_keyboard_alone_is_enough(page: Page) -> None:
    page.goto("greet/")
    page.evaluate("pageside.ready")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the demo")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("name")).to_be_focused()
    page.keyboard.type("!")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("ps-textbox output")).to_contain_text("device says")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto("greet/")
    page.wait_for_selector("ps-textbox")
    pairs = [
        ("ink", "page"),
        ("soft", "page"),
        ("soft", "surface"),
        ("soft", "sunken"),
        ("accent", "surface"),
        ("accent", "page"),
        ("on-accent", "accent"),
        ("on-accent", "accent-strong"),
        ("ink", "accent-wash"),
        ("wrong", "wrong-wash"),
        ("soft", "wrong-wash"),
    ]
    colours = page.evaluate(
        "(names) => names.map((n) => getComputedStyle(document.documentElement).getPropertyValue('--' + n).trim())",
        sorted({name for pair in pairs for name in pair}),
    )
    by_name = dict(zip(sorted({name for pair in pairs for name in pair}), colours, strict=True))
    low = {pair: ratio for pair in pairs if (ratio := contrast(by_name[pair[0]], by_name[pair[1]])) < 4.5}
    assert low == {}


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_shell_is_small() -> None:
    """What the photo demo's page and its worker load of ours, with all that they import."""
    wanted = [f"src/{name}" for name in ("page/main.js", "worker/main.js", "sw.js")]
    wanted += [f"src/page/components/{name}.js" for name in ("image", "label")]
    found = {f"css/{name}.css" for name in ("tokens", "base", "demo", "image", "label")} | {"demo.html"}
    while wanted:
        path = wanted.pop()
        if path in found:
            continue
        found.add(path)
        text = re.sub(r"/\*.*?\*/", "", (page_site.SITE / path).read_text(encoding="utf-8"), flags=re.DOTALL)
        for relative in re.findall(r"""(?:from|import|import\()\s*["'](\.[^"']+\.js)["']""", text):
            wanted.append(os.path.normpath(f"{path}/../{relative}"))
    assert len(found) > 40
    assert sum(len(gzip.compress((page_site.SITE / path).read_bytes())) for path in found) < 120_000
