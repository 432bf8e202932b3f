"""The device report: every demo on every backend, a wrong one as a finding, all of it as a file."""

import json
import shutil
from pathlib import Path

import pytest
from conftest import TIMEOUT_MS, Watch
from nginx import Nginx
from playwright.sync_api import Page, expect

# The gallery's small model: on the software GPU a large one takes seconds a call.
ONLY = ("greet", "read-digit")


@pytest.fixture
def site_of_two(site: Path, tmp_path: Path) -> Path:
    """A copy with two demos in its list."""
    dist = Path(shutil.copytree(site, tmp_path / "dist"))
    listed = json.loads((dist / "gallery.json").read_bytes())
    listed["demos"] = [card for card in listed["demos"] if card["name"] in ONLY]
    (dist / "gallery.json").write_text(json.dumps(listed))
    return dist


@pytest.fixture
def served(site_of_two: Path, tmp_path: Path, watch: Watch):
    with Nginx(tmp_path / "nginx", {"/pageside/": site_of_two}) as nginx:
        watch.allow(nginx.origin)
        yield nginx


def run(page: Page, nginx: Nginx) -> dict:
    page.goto(nginx.url("device/"))
    expect(page.locator("#facts")).to_contain_text("Chrom")
    page.get_by_role("button", name="Run all checks").click()
    page.locator("#save:enabled").wait_for(timeout=TIMEOUT_MS)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save as JSON").click()
    assert saving.value.suggested_filename == "device-report.json"
    return json.loads(Path(saving.value.path()).read_bytes())


def test_every_demo_on_every_backend(page: Page, served: Nginx) -> None:
    report = run(page, served)
    assert (report["format"], report["version"]) == ("pageside-device-report", 1)
    assert report["device"]["cores"] >= 1
    demos = {demo["name"]: demo for demo in report["demos"]}
    assert demos["greet"]["python"]
    assert demos["greet"]["error"] == ""
    backends = {one["id"]: one for one in demos["read-digit"]["backends"]}
    assert {id_: one["state"] for id_, one in backends.items()} == {"wasm": "ok", "webgpu": "ok"}
    assert all(one["cosine"] > 0.99 and one["milliseconds"] > 0 for one in backends.values())
    expect(page.locator("#findings li")).to_have_count(0)
    expect(page.locator("#work")).to_contain_text("right numbers")


def test_a_wrong_backend_is_a_finding(page: Page, served: Nginx, site_of_two: Path) -> None:
    """The recorded outputs of PyTorch are others than this model gives: then no backend is right."""
    path = site_of_two / "read-digit" / "bundle.json"
    bundle = json.loads(path.read_bytes())
    golden = bundle["models"][0]["golden"]
    for call, other in zip(golden, [*golden[1:], golden[0]], strict=True):
        call["outputs"], call["variants"] = other["outputs"], other["variants"]
    path.write_text(json.dumps(bundle))
    report = run(page, served)
    (digit,) = (demo for demo in report["demos"] if demo["name"] == "read-digit")
    # Each was tried, though the first one's numbers kept the demo from starting.
    wrong = [one for one in digit["backends"] if one["state"] == "wrong"]
    assert {one["id"] for one in wrong} == {"wasm", "webgpu"}
    assert all("cosine" in one["reason"] for one in wrong)
    # What needs a feature that this adapter lacks is no finding.
    assert all("WebGPU has no shader-f16" in one["reason"] for one in digit["backends"] if one not in wrong)
    expect(page.locator("#findings li")).to_have_count(len(wrong))
    expect(page.locator("#findings")).to_contain_text("Read a digit: WASM gives wrong numbers and is not used.")
