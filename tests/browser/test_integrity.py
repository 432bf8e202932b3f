"""One wrong byte in what the host sends is noticed and named, and nothing wrong is shown as an answer."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from conftest import Watch, pageside
from native import bundle
from nginx import Nginx
from pages import answer, open_demo
from pageside_export.pack import unpacked
from playwright.sync_api import Page

PARTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "model part": lambda b: used_variant(b)["parts"][0],
    "golden tensor": lambda b: next(iter(b["models"][0]["golden"][0]["outputs"].values()))["file"],
    "wheel": lambda b: b["runtime"]["pyodide"]["wheels"][-1],
    "onnxruntime": lambda b: b["runtime"]["ort"]["wasm"]["binary"],
    "demo.py": lambda b: b["files"][0],
}


def used_variant(content: dict[str, Any]) -> dict[str, Any]:
    model = content["models"][0]
    best = model["backends"]["wasm"][0]
    return next(variant for variant in model["variants"] if variant["id"] == best)


def tamper(path: Path) -> None:
    """Changes one byte in the middle of the content; a packed file stays well packed."""
    data = path.read_bytes()
    content = bytearray(unpacked(data))
    content[len(content) // 2] ^= 1
    pack = {b"\x1f\x8b": gzip.compress, b"\x28\xb5": zstandard.compress}.get(data[:2], bytes)
    path.write_bytes(pack(bytes(content)))


@pytest.mark.parametrize("part", PARTS)
def test_a_tampered_byte_is_named_and_nothing_is_answered(
    copied_site: Nginx, watch: Watch, page: Page, part: str
) -> None:
    site = copied_site.mounts["/pageside/"]
    content = bundle(site, "classify-photo")
    file = PARTS[part](content)["url"]
    tamper(site / "classify-photo" / file)
    watch.allow(copied_site.origin)
    page.goto(copied_site.url("classify-photo/?backend=wasm"))
    error = page.evaluate("() => window.pageside.ready.then(() => null, (e) => [e.name, e.stage, e.message])")
    assert error is not None, f"a tampered {part} was taken"
    assert error[:2] == ["IntegrityError", "integrity"]
    assert Path(file).name in error[2]
    fault = page.locator(".fault")
    fault.wait_for()
    assert Path(file).name in fault.inner_text()
    # The stored answer of the example stays; none is given for anything new.
    assert answer(page) == content["examples"][0]["outputs"][0]["label"]
    refused = page.evaluate(
        "() => window.pageside.predict(...window.pageside.examples[1].inputs).then(() => null, String)"
    )
    assert refused is not None
    assert page.locator(".origin").inner_text() == "Computed by PyTorch at build time"
    assert page.evaluate("() => window.pageside.status().state") == "failed"


def test_a_cut_off_file_is_noticed(copied_site: Nginx, watch: Watch, page: Page) -> None:
    site = copied_site.mounts["/pageside/"]
    path = site / "classify-photo" / PARTS["model part"](bundle(site, "classify-photo"))["url"]
    path.write_bytes(path.read_bytes()[:-1000])
    watch.allow(copied_site.origin)
    page.goto(copied_site.url("classify-photo/?backend=wasm"))
    error = page.evaluate("() => window.pageside.ready.then(() => null, (e) => [e.stage, e.message])")
    assert error is not None
    assert error[0] in {"integrity", "download"}
    assert path.name in error[1]


@pytest.mark.parametrize("file", ["pyodide/python_stdlib.zip.zst", "zstd/zstddec.wasm.gz"])
def test_a_missing_file_is_named(copied_site: Nginx, watch: Watch, page: Page, file: str) -> None:
    (path,) = copied_site.mounts["/pageside/"].glob(f"assets/*/{file}")
    path.unlink()
    watch.allow(copied_site.origin)
    watch.expect("404")
    watch.expect("^Error occurred while installing the standard library")  # Pyodide's own words
    page.goto(copied_site.url("greet/"))
    error = page.evaluate("() => window.pageside.ready.then(() => null, (e) => [e.stage, e.message])")
    assert error is not None
    assert error[0] == "download"
    assert error[1].endswith(f"/{file}: the host answered 404")


def test_a_host_that_decodes_zstandard_on_its_own_works_as_well(copied_site: Nginx, watch: Watch, page: Page) -> None:
    site = copied_site.mounts["/pageside/"]
    content = bundle(site, "classify-photo")
    python = content["runtime"]["pyodide"]
    for ref in (python["binary"], python["stdlib"], *used_variant(content)["parts"]):
        path = (site / "classify-photo" / ref["url"]).resolve()
        assert path.suffix == ".zst"
        plain = unpacked(path.read_bytes())
        path.unlink()
        path.write_bytes(plain)
    watch.allow(copied_site.origin)
    assert open_demo(page, copied_site.url("classify-photo/?backend=wasm"))["state"] == "ready"


def test_check_fails_on_a_tampered_copy(copied_site: Nginx) -> None:
    copy = copied_site.mounts["/pageside/"]
    path = copy / "classify-photo" / PARTS["model part"](bundle(copy, "classify-photo"))["url"]
    tamper(path)
    bad = pageside("check", str(copy), "--demo", "classify-photo")
    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert path.name in bad.stderr
    assert "Traceback" not in bad.stderr
