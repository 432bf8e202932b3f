"""Pictures as they come: rotated by EXIF, too large, broken, pasted, dropped, from the camera."""

import io
from pathlib import Path

import pytest
from conftest import PHOTOS
from nginx import Nginx
from pages import answer, classify_file, forget_answer, give_file, rows, shown_picture, wait_for_answer, wait_until_idle
from PIL import Image
from playwright.sync_api import Page

MEGAPIXELS_12 = (4032, 3024)
ROTATED = 6  # EXIF: stored lying on its left side; a viewer turns it 90 degrees clockwise

GIVE = """async ([url, name, type, event]) => {
  const bytes = await (await fetch(url)).blob();
  const data = new DataTransfer();
  data.items.add(new File([bytes], name, { type }));
  const how = event === "paste" ? { clipboardData: data } : { dataTransfer: data };
  const Kind = event === "paste" ? ClipboardEvent : DragEvent;
  document.body.dispatchEvent(new Kind(event, { ...how, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def demo(classify: Page) -> Page:
    return classify


def upload(name: str, data: bytes, mime: str = "image/jpeg") -> dict[str, object]:
    return {"name": name, "mimeType": mime, "buffer": data}


def jpeg(image: Image.Image, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def phone_photo() -> bytes:
    """12 megapixels, stored lying, upright by its EXIF entry."""
    with Image.open(PHOTOS / "shuttle.jpg") as small:
        upright = small.convert("RGB").resize(MEGAPIXELS_12[::-1], Image.Resampling.BICUBIC)
    exif = Image.Exif()
    exif[0x0112] = ROTATED
    return jpeg(upright.transpose(Image.Transpose.ROTATE_90), exif=exif)


def test_a_rotated_phone_photo_is_upright(demo: Page) -> None:
    small = classify_file(demo, PHOTOS / "shuttle.jpg")
    upright = shown_picture(demo)
    photo = upload("phone.jpg", phone_photo())
    assert classify_file(demo, photo) == small
    shown = shown_picture(demo)
    assert shown["height"] > shown["width"], "the picture lies on its side"
    difference = max(abs(a - b) for a, b in zip(shown["pixels"], upright["pixels"], strict=True))
    assert difference <= 16, f"not the same picture: colours differ by {difference} of 255"


def test_bad_files_say_what_is_wrong_and_change_nothing(demo: Page) -> None:
    classify_file(demo, PHOTOS / "coin.jpg")
    before = (answer(demo), rows(demo), shown_picture(demo))
    whole = (PHOTOS / "shuttle.jpg").read_bytes()
    large = io.BytesIO()
    Image.new("L", (10_000, 5_000), 128).save(large, "PNG")
    bad = {
        "huge.png": (large.getvalue(), ["huge.png has 50.0 megapixels (10000 x 5000)", "the limit is 40 megapixels"]),
        "notes.jpg": (
            b"Dear diary, today\n",
            ["notes.jpg is not a picture that can be read here", 'text, and begins with "Dear'],
        ),
        "nothing.jpg": (b"", ["nothing.jpg is empty: it has 0 bytes"]),
        "half.jpg": (whole[: len(whole) // 2], ["half.jpg is cut off: the JPEG file ends early"]),
    }
    for name, (data, messages) in bad.items():
        demo.locator("ps-image input[type=file]").set_input_files(upload(name, data))  # type: ignore[arg-type]
        problem = demo.locator("ps-image .field-problem")
        problem.filter(has_text=name).wait_for()
        for message in messages:
            assert message in problem.inner_text()
        assert (answer(demo), rows(demo), shown_picture(demo)) == before
    # And a good one after them works as ever.
    assert classify_file(demo, PHOTOS / "bricks.png") == "maze"
    assert not demo.locator("ps-image .field-problem").is_visible()


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped(demo: Page, server: Nginx, event: str) -> None:
    forget_answer(demo)
    demo.evaluate(GIVE, [f"{server.origin}/photos/bricks.png", "bricks.png", "image/png", event])
    assert wait_for_answer(demo) == "maze"


def test_a_dropped_text_file_leaves_the_page_as_it_is(demo: Page, server: Nginx) -> None:
    before = answer(demo)
    demo.evaluate(GIVE, [f"{server.origin}/photos/README.md", "README.md", "text/markdown", "drop"])
    demo.locator("ps-image .field-problem").filter(has_text="README.md is not a picture").wait_for()
    assert answer(demo) == before


def test_the_camera_takes_a_picture(demo: Page) -> None:
    forget_answer(demo)
    # Chromium's own fake camera: a green field with a moving disc.
    demo.get_by_role("button", name="Camera", exact=True).click()
    demo.wait_for_function("() => document.querySelector('ps-image video')?.videoWidth > 0")
    demo.get_by_role("button", name="Take the picture").click()
    assert wait_for_answer(demo)
    picture = shown_picture(demo)
    assert picture["width"] >= 320
    middle = picture["pixels"][4 * 9 : 4 * 9 + 3]
    assert middle[1] > 100, f"not the fake camera's green: {middle}"
    assert demo.locator("ps-image video").count() == 0, "the camera is still on"


def test_the_camera_can_be_left_without_a_picture(demo: Page) -> None:
    before = shown_picture(demo)
    demo.get_by_role("button", name="Camera", exact=True).click()
    demo.get_by_role("button", name="Cancel").click()
    wait_until_idle(demo)
    assert shown_picture(demo) == before


def test_the_same_file_may_be_chosen_again(demo: Page, tmp_path: Path) -> None:
    file = tmp_path / "photo.png"
    file.write_bytes((PHOTOS / "bricks.png").read_bytes())
    assert classify_file(demo, file) == "maze"
    file.write_bytes((PHOTOS / "space-suit.png").read_bytes())
    assert classify_file(demo, file) == "football helmet"


def test_giving_a_file_needs_no_submit(demo: Page) -> None:
    give_file(demo, PHOTOS / "gravel.jpg")
    assert wait_for_answer(demo) == "stone wall"
