"""Pictures: the numbers that the function gets, every returned form, bad files and their messages."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError, InputError
from pageside.components import image as image_module
from PIL import Image as Pillow

rng = np.random.default_rng(1)


def noise(height: int, width: int, channels: int = 3) -> np.ndarray:
    return rng.integers(0, 256, (height, width, channels), dtype=np.uint8)


def pixels_of(payload: Any) -> np.ndarray:
    return np.asarray(payload["data"]).reshape(payload["height"], payload["width"], 3)


def read(picture: Pillow.Image | np.ndarray, tmp_path: Path, name: str = "p.png", **options: Any) -> np.ndarray:
    image = picture if isinstance(picture, Pillow.Image) else Pillow.fromarray(picture)
    save = {key: options.pop(key) for key in ("exif", "transparency", "icc_profile") if key in options}
    image.save(tmp_path / name, **save)
    return pixels_of(ps.Image(**options).read_input(name, tmp_path))


def bad(data: bytes, tmp_path: Path, name: str = "p.jpg") -> str:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError) as caught:
        ps.Image(label="photo").read_input(name, tmp_path)
    return str(caught.value)


def jpeg(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Pillow.fromarray(picture).save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(("size", "max_side", "factor"), [((40, 60), 60, 1), ((40, 61), 60, 2), ((130, 61), 60, 3)])
def test_large_pictures_are_reduced_by_whole_blocks(
    size: tuple[int, int], max_side: int, factor: int, tmp_path: Path
) -> None:
    picture = noise(*size)
    expected = np.asarray(Pillow.fromarray(picture).reduce(factor))
    assert np.array_equal(read(picture, tmp_path, max_side=max_side), expected)


def test_no_limit(tmp_path: Path) -> None:
    picture = noise(2, 1500)
    assert np.array_equal(read(picture, tmp_path, max_side=None), picture)
    assert read(picture, tmp_path).shape == (1, 750, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_by_exif(orientation: int, tmp_path: Path) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    picture = noise(4, 6)
    turned = {
        1: picture,
        2: picture[:, ::-1],
        3: picture[::-1, ::-1],
        4: picture[::-1],
        5: picture.transpose(1, 0, 2),
        6: np.rot90(picture, -1),
        7: picture[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(picture),
    }[orientation]
    assert np.array_equal(read(picture, tmp_path, exif=exif), turned)


def test_alpha_is_laid_over_white(tmp_path: Path) -> None:
    picture = noise(8, 8, 4)
    alpha = picture[:, :, 3:] / 255
    expected = np.floor(picture[:, :, :3] * alpha + 255 * (1 - alpha) + 0.5)
    got = read(picture, tmp_path).astype(float)
    assert np.abs(got - expected).max() <= 1
    assert np.array_equal(got[picture[:, :, 3] == 255], picture[picture[:, :, 3] == 255][:, :3])


def test_other_modes(tmp_path: Path) -> None:
    grey = noise(5, 7, 1)[:, :, 0]
    assert np.array_equal(read(grey, tmp_path), np.repeat(grey[:, :, None], 3, 2))
    assert np.array_equal(read(grey, tmp_path, transparency=int(grey[0, 0]))[0, 0], [255, 255, 255])
    wide = Pillow.fromarray(grey.astype(np.uint16) * 257)
    assert np.array_equal(read(wide, tmp_path), np.repeat(grey[:, :, None], 3, 2))
    black = Pillow.new("1", (3, 3))
    assert read(black, tmp_path).max() == 0
    few = Pillow.fromarray(noise(6, 6)).convert("P", palette=Pillow.Palette.ADAPTIVE)
    assert np.array_equal(read(few, tmp_path), np.asarray(few.convert("RGB")))


def test_bad_files(tmp_path: Path) -> None:
    whole = jpeg(noise(64, 64))
    assert bad(b"", tmp_path) == "Image 'photo': p.jpg is empty (0 bytes)"
    not_one = "is not a picture that browsers read; use JPEG, PNG, WebP, GIF, BMP or AVIF"
    assert bad(b"Dear diary,\n" * 20, tmp_path) == f"Image 'photo': p.jpg {not_one}"
    assert bad(b"II*\0" + bytes(200), tmp_path, "p.tif") == f"Image 'photo': p.tif {not_one}"
    truncated = "Image 'photo': p.jpg is truncated or damaged; get the file again"
    assert bad(whole[: len(whole) // 2], tmp_path) == truncated
    heic = b"\0\0\0\x18ftypheic" + bytes(100)
    assert bad(heic, tmp_path, "p.heic") == (
        "Image 'photo': p.heic is a HEIC picture, which most browsers can't read; save it as JPEG"
    )
    with pytest.raises(InputError) as caught:
        ps.Image(label="photo").read_input("none.jpg", tmp_path)
    assert str(caught.value) == f"Image 'photo': none.jpg is no file in {tmp_path}"
    with pytest.raises(InputError) as caught:
        ps.Image(label="photo").read_input("https://example.org/a.png", tmp_path)
    assert str(caught.value) == (
        "Image 'photo': https://example.org/a.png is a URL; save the picture beside the demo and give its path"
    )


@pytest.mark.parametrize("fmt", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_truncated_in_any_format(fmt: str, share: float, tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Pillow.fromarray(noise(64, 64)).save(buffer, fmt)
    data = buffer.getvalue()
    assert bad(data[: int(len(data) * share)], tmp_path).endswith("is truncated or damaged; get the file again")


def test_too_many_pixels_are_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = io.BytesIO()
    Pillow.new("1", (8000, 5001)).save(buffer, "PNG")
    before = Pillow.MAX_IMAGE_PIXELS
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    assert bad(buffer.getvalue(), tmp_path, "big.png") == (
        "Image 'photo': big.png is too large (8000 x 5001, 40.0 megapixels); at most 40 megapixels are read"
    )
    # Above what Pillow itself refuses, too.
    header = bytearray(buffer.getvalue()[:33])
    header[16:24] = (30000).to_bytes(4, "big") * 2
    import zlib

    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4, "big")
    assert "30000 x 30000, 900.0 megapixels" in bad(bytes(header) + buffer.getvalue()[33:], tmp_path, "big.png")
    assert before == Pillow.MAX_IMAGE_PIXELS


def test_forty_megapixels_are_read(tmp_path: Path) -> None:
    assert read(Pillow.new("L", (8000, 5000), 7), tmp_path).shape == (625, 1000, 3)


def test_preprocess() -> None:
    picture = noise(3, 5)
    payload = {"width": 5, "height": 3, "data": picture.reshape(-1)}
    assert ps.Image().preprocess(None) is None
    assert np.array_equal(ps.Image().preprocess(payload), picture)
    assert np.array_equal(ps.Image().preprocess({**payload, "data": picture.tobytes()}), picture)
    assert np.array_equal(
        ps.Image(image_mode="L").preprocess(payload), np.asarray(Pillow.fromarray(picture).convert("L"))
    )
    pil = ps.Image(type="pil").preprocess(payload)
    assert (pil.size, pil.mode) == ((5, 3), "RGB")
    assert (ps.Image(type="pil").packages(), ps.Image().packages()) == (["pillow"], [])


@pytest.mark.parametrize("mode", image_module.MODES)
def test_modes_are_pillow_s(mode: str) -> None:
    pixels = noise(3, 5)
    payload = {"width": 5, "height": 3, "data": pixels.tobytes()}
    expected = Pillow.fromarray(pixels).convert(mode)
    got = ps.Image(image_mode=mode).preprocess(payload)
    assert isinstance(got, np.ndarray)
    assert np.array_equal(got, np.asarray(expected))
    assert got.dtype == np.asarray(expected).dtype
    assert ps.Image(image_mode=mode).packages() == ([] if mode in image_module.PLAIN_MODES else ["pillow"])
    picture = ps.Image(image_mode=mode, type="pil").preprocess(payload)
    assert isinstance(picture, Pillow.Image)
    assert picture.mode == mode
    if mode in image_module.FILE_MODES:
        path = ps.Image(image_mode=mode, type="filepath").preprocess(payload)
        assert isinstance(path, str)
        assert np.array_equal(np.asarray(Pillow.open(path)), np.asarray(expected))


def test_what_is_transparent_in_an_input_stays_so(tmp_path: Path) -> None:
    pixels = noise(6, 8, 4)
    pixels[0, :, 3], pixels[1, :, 3] = 0, 255
    Pillow.fromarray(pixels).save(tmp_path / "p.png")
    image = ps.Image(image_mode="RGBA")
    got = image.preprocess(image.read_input("p.png", tmp_path))
    assert isinstance(got, np.ndarray)
    assert got.shape == (6, 8, 4)
    assert np.array_equal(got[:, :, 3], pixels[:, :, 3])
    assert not got[0, :, :3].any()
    assert np.array_equal(got[1], pixels[1])
    small = ps.Image(image_mode="RGBA", max_side=4)
    less = small.preprocess(small.read_input("p.png", tmp_path))
    assert np.abs(np.asarray(less, int) - np.asarray(Pillow.fromarray(pixels).reduce(2), int)).max() <= 1
    # Another demo's answer may come with alpha where none is wanted.
    payload = image.read_input("p.png", tmp_path)
    assert np.asarray(ps.Image().preprocess(payload)).shape == (6, 8, 3)
    stored = image.to_stored(payload, lambda suffix, data: {"data": data})
    (tmp_path / "again.png").write_bytes(stored["file"]["data"])
    assert np.array_equal(image.read_input("again.png", tmp_path)["data"], payload["data"])


def test_a_path_in_place_of_pixels(tmp_path: Path) -> None:
    image = ps.Image(type="filepath")
    assert image.packages() == ["pillow"]
    pixels = noise(3, 5)
    payload = {"width": 5, "height": 3, "data": pixels.tobytes()}
    path = image.preprocess(payload)
    assert isinstance(path, str)
    assert Path(path).is_absolute()
    assert Path(path).name == "image.png"
    assert np.array_equal(np.asarray(Pillow.open(path)), pixels)
    assert np.array_equal(pixels_of(image.postprocess(path)), pixels)
    grey = ps.Image(type="filepath", image_mode="L").preprocess(payload)
    assert isinstance(grey, str)
    assert Pillow.open(grey).mode == "L"
    # Upright, and what is transparent stays so.
    turned = Pillow.Exif()
    turned[0x0112] = 6
    Pillow.fromarray(pixels).save(tmp_path / "t.png", exif=turned)
    assert np.array_equal(pixels_of(image.postprocess(tmp_path / "t.png")), np.rot90(pixels, -1))
    clear = np.dstack((pixels, np.full(pixels.shape[:2], 9, np.uint8)))
    Pillow.fromarray(clear).save(tmp_path / "c.png")
    shown = image.postprocess(tmp_path / "c.png")
    assert shown is not None
    assert np.array_equal(shown["data"].reshape(clear.shape), clear)


def test_a_path_where_pillow_is_not_on_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Pillow.fromarray(noise(2, 2)).save(tmp_path / "p.png")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ComponentError) as caught:
        ps.Image(label="photo").postprocess(str(tmp_path / "p.png"))
    fix = 'give `type="filepath"` or return the picture as an array'
    assert (
        str(caught.value)
        == f"Image 'photo': it got the path {str(tmp_path / 'p.png')!r}, which takes Pillow to read: {fix}"
    )


def test_what_the_maker_writes_into_does_not_reach_the_next_call(tmp_path: Path) -> None:
    (tmp_path / "p.jpg").write_bytes(jpeg(noise(8, 8)))
    image = ps.Image()
    payload = image.read_input("p.jpg", tmp_path)
    first = image.preprocess(payload)
    before = first.copy()
    first[:] = 0
    assert np.array_equal(image.preprocess(payload), before)


def test_postprocess_forms() -> None:
    picture = noise(4, 6)
    image = ps.Image()
    for value in (picture, picture / 255, (picture / 255).astype(np.float32), picture.astype(np.int64), picture[::1]):
        assert np.array_equal(pixels_of(image.postprocess(value)), picture)
    grey = picture[:, :, 0]
    for value in (grey, grey[:, :, None], grey / 255, Pillow.fromarray(grey)):
        assert np.array_equal(pixels_of(image.postprocess(value)), np.repeat(grey[:, :, None], 3, 2))
    opaque = np.dstack([picture, np.full((4, 6), 255, np.uint8)])
    for value in (opaque, Pillow.fromarray(opaque), Pillow.fromarray(picture)):
        assert np.array_equal(pixels_of(image.postprocess(value)), picture)
    assert np.array_equal(pixels_of(image.postprocess(grey > 99))[:, :, 1], (grey > 99) * 255)
    assert image.postprocess(None) is None
    data = image.postprocess(picture[:, ::-1])["data"]
    assert data.flags.c_contiguous
    assert (data.dtype, data.shape) == (np.uint8, (72,))


def test_what_is_transparent_in_an_answer_stays_so(tmp_path: Path) -> None:
    cut = np.dstack([noise(4, 6), np.zeros((4, 6), np.uint8)])
    cut[1, 2, 3] = 200
    files = {}
    for value in (cut, Pillow.fromarray(cut), cut / 255):
        payload = ps.Image().postprocess(value)
        assert np.array_equal(payload["data"].reshape(4, 6, 4), cut)
    ps.Image().to_stored(payload, files.setdefault)
    assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(files[".png"]))), cut)
    # As an input, in a figure and on a slider's side it lies on white.
    assert ps.Image().read_input(cut, tmp_path)["data"].reshape(4, 6, 3)[0].min() == 255
    assert ps.ImageSlider().postprocess((cut, cut))[0]["data"].shape == (72,)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (np.zeros(3), "it got an array of shape (3,); a picture is (h, w), (h, w, 1), (h, w, 3) or (h, w, 4)"),
        (
            np.zeros((3, 8, 9)),
            "it got an array of shape (3, 8, 9); a picture is (h, w), (h, w, 1), (h, w, 3) or (h, w, 4)"
            "; move the channels last: array.transpose(1, 2, 0)",
        ),
        (np.full((2, 2), 200.0), "it got float64 values of 200 to 200; they are 0 to 1: divide by 255 or clip first"),
        (np.full((2, 2), np.nan), "it got float64 values of nan to nan; they are 0 to 1: divide by 255 or clip first"),
        (np.full((2, 2), 300), "it got int64 values of 300 to 300; they are 0 to 255: convert to uint8 first"),
        (np.full((2, 2), 1j), "it got an array of complex128; a picture is uint8, or float of 0 to 1"),
        ("out.png", f"out.png is no file in {Path.cwd()}"),
        (
            "https://example.org/a.png",
            "it got 'https://example.org/a.png'; a page reads no other site's pictures: save it beside the demo",
        ),
        (3, "it takes a NumPy array or a Pillow image, not int"),
    ],
)
def test_postprocess_messages(value: object, problem: str) -> None:
    with pytest.raises(ComponentError) as caught:
        ps.Image(label="o").postprocess(value)
    assert str(caught.value) == f"Image 'o': {problem}"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"type": "file"}, "Image(type='file'): it is one of numpy, pil, filepath"),
        ({"image_mode": "LAB"}, f"Image(image_mode='LAB'): it is one of {', '.join(image_module.MODES)}"),
        (
            {"image_mode": "CMYK", "type": "filepath"},
            "Image(image_mode='CMYK', type='filepath'): the file is a PNG, which may be RGB, RGBA, L, 1, P",
        ),
        ({"sources": ["disk"]}, "Image(sources=['disk']): 'disk' is none of upload, webcam, clipboard"),
        (
            {"sources": "upload", "streaming": True},
            "Image(streaming=True, sources=['upload']): only the camera streams",
        ),
        ({"max_side": 0}, "Image(max_side=0): it is in pixels, at least 1, or None for no limit"),
    ],
)
def test_option_messages(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ComponentError) as caught:
        ps.Image(**options)
    assert str(caught.value) == problem


def test_stored_is_the_smaller_of_file_and_png(tmp_path: Path) -> None:
    written: list[tuple[str, bytes]] = []

    def write(suffix: str, data: bytes) -> dict[str, Any]:
        written.append((suffix, data))
        return {"url": f"x{suffix}"}

    photo, image = jpeg(noise(64, 96)), ps.Image()
    (tmp_path / "p.jpg").write_bytes(photo)
    payload = image.read_input("p.jpg", tmp_path)
    assert image.to_stored(payload, write) == {"file": {"url": "x.jpg"}, "width": 96, "height": 64}
    assert written.pop() == (".jpg", photo)

    # Ten times as wide as is shown: the PNG of what is shown is smaller, and of the same pixels.
    (tmp_path / "q.jpg").write_bytes(jpeg(noise(300, 3000)))
    payload = ps.Image(max_side=300).read_input("q.jpg", tmp_path)
    assert image.to_stored(payload, write) == {"file": {"url": "x.png"}, "width": 300, "height": 30}
    assert np.array_equal(np.asarray(Pillow.open(io.BytesIO(written.pop()[1]))), pixels_of(payload))
    assert image.to_stored(None, write) is None


def test_a_large_example_has_a_thumbnail(tmp_path: Path) -> None:
    written: dict[str, bytes] = {}

    def write(suffix: str, data: bytes) -> dict[str, Any]:
        written[suffix] = data
        return {"url": f"x{suffix}", "bytes": len(data)}

    image = ps.Image()
    (tmp_path / "p.jpg").write_bytes(jpeg(noise(600, 900)))
    stored = image.to_example(image.read_input("p.jpg", tmp_path), write)
    assert stored["thumbnail"] == {"url": "x.webp", "bytes": len(written[".webp"])}
    # It covers 224 by 168, its place on the page at two pixels each.
    assert Pillow.open(io.BytesIO(written[".webp"])).size == (252, 168)
    (tmp_path / "q.jpg").write_bytes(jpeg(noise(8, 12)))
    assert set(image.to_example(image.read_input("q.jpg", tmp_path), write)) == {"file", "width", "height"}
    assert image.to_example(None, write) is None


def test_arrays_and_pillow_images_as_examples(tmp_path: Path) -> None:
    picture = noise(4, 6)
    for value in (picture, Pillow.fromarray(picture)):
        assert np.array_equal(pixels_of(ps.Image().read_input(value, tmp_path)), picture)
    assert ps.Image().read_input(None, tmp_path) is None
    assert pixels_of(ps.Image(max_side=3).read_input(picture, tmp_path)).shape == (2, 3, 3)
