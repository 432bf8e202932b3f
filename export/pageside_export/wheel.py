"""The runtime package `pageside` as a wheel for the page: a valid one, and the same bytes each time."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from pageside_export.errors import EnvironmentError_
from pageside_export.prune import store


@dataclass(frozen=True)
class Wheel:
    """A wheel in memory."""

    file_name: str
    content: bytes


def build_wheel(package: Path | None = None, release: str | None = None) -> Wheel:
    """A wheel of `package`, a folder with `__init__.py`; without it, of the installed `pageside`.

    It is not compressed inside, because the page gets it gzipped as a whole.
    """
    folder = package or _installed()
    number = release or version("pageside")
    if not (folder / "__init__.py").is_file():
        raise EnvironmentError_(f"{folder} is no Python package", "wheel", "install pageside again")
    info = f"{folder.name}-{number}.dist-info"
    files = [(f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes()) for path in _sources(folder)]
    files.append((f"{info}/METADATA", _metadata(folder.name, number)))
    files.append((f"{info}/WHEEL", _WHEEL))
    record = f"{info}/RECORD"
    files.append((record, _record(files, record)))
    return Wheel(f"{folder.name}-{number}-py3-none-any.whl", store(files))


_WHEEL = b"Wheel-Version: 1.0\nGenerator: pageside\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def _installed() -> Path:
    import pageside

    return Path(pageside.__file__).resolve().parent


def _sources(folder: Path) -> list[Path]:
    """Every file of the package but caches and editors' litter, in a fixed order."""
    files = (path for path in folder.rglob("*") if path.is_file())
    kept = [path for path in files if path.suffix in {".py", ".json", ".txt", ".typed"} or path.name == "py.typed"]
    inside = [path for path in kept if not any(part.startswith((".", "__pycache__")) for part in path.parts[-3:])]
    return sorted(inside, key=lambda path: path.relative_to(folder).as_posix())


def _metadata(name: str, number: str) -> bytes:
    lines = [
        "Metadata-Version: 2.1",
        f"Name: {name}",
        f"Version: {number}",
        "License: Apache-2.0",
        "Requires-Dist: numpy",
    ]
    return ("\n".join(lines) + "\n").encode()


def _record(files: list[tuple[str, bytes]], record: str) -> bytes:
    lines = [f"{name},sha256={_digest(content)},{len(content)}" for name, content in files]
    return ("\n".join([*lines, f"{record},,"]) + "\n").encode()


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
