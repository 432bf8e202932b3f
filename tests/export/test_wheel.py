"""The runtime's wheel: valid, and the same bytes each time."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import zipfile

import pytest
from pageside_export.errors import EnvironmentError_
from pageside_export.wheel import build_wheel


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "small"
    (folder / "parts").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    (folder / "__init__.py").write_text("VALUE = 42\n")
    (folder / "py.typed").write_text("")
    (folder / "parts" / "__init__.py").write_text("")
    (folder / "__pycache__" / "junk.py").write_text("")
    (folder / ".hidden.py").write_text("")
    return folder


def test_the_wheel_of_a_package(package):
    wheel = build_wheel(package, "1.2")
    archive = zipfile.ZipFile(io.BytesIO(wheel.content))
    assert wheel.file_name == "small-1.2-py3-none-any.whl"
    assert archive.namelist() == [
        "small/__init__.py",
        "small/parts/__init__.py",
        "small/py.typed",
        "small-1.2.dist-info/METADATA",
        "small-1.2.dist-info/WHEEL",
        "small-1.2.dist-info/RECORD",
    ]


def test_record_has_the_hash_of_every_file(package):
    archive = zipfile.ZipFile(io.BytesIO(build_wheel(package, "1.2").content))
    rows = list(csv.reader(io.StringIO(archive.read("small-1.2.dist-info/RECORD").decode())))
    assert [row[0] for row in rows] == archive.namelist()
    for name, digest, size in rows[:-1]:
        content = archive.read(name)
        expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        assert (digest, int(size)) == (f"sha256={expected}", len(content))


def test_the_same_bytes_each_time(package):
    assert build_wheel(package, "1.2") == build_wheel(package, "1.2")


def test_the_wheel_imports(package, tmp_path):
    wheel = build_wheel(package, "1.2")
    path = tmp_path / wheel.file_name
    path.write_bytes(wheel.content)
    code = f"import sys; sys.path.insert(0, {str(path)!r}); import small; print(small.VALUE)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stdout == "42\n"


def test_pip_takes_it(package, tmp_path):
    wheel = build_wheel(package, "1.2")
    (tmp_path / wheel.file_name).write_bytes(wheel.content)
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(tmp_path / "site")]
    done = subprocess.run([*command, str(tmp_path / wheel.file_name)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "small" / "__init__.py").read_text() == "VALUE = 42\n"


def test_the_installed_runtime_has_its_bridge():
    names = zipfile.ZipFile(io.BytesIO(build_wheel().content)).namelist()
    assert {"pageside/__init__.py", "pageside/_bridge.py"} <= set(names)


def test_no_package(tmp_path):
    with pytest.raises(EnvironmentError_, match="is no Python package; install pageside again"):
        build_wheel(tmp_path, "1")
