"""Files as small as they get and the same bytes each time, with finished work kept in the cache."""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from pageside_export.errors import UsageError
from pageside_export.options import cache_dir

#: The highest that asks for no more memory to decode; 22 would save another hundredth in half again the time.
ZSTD_LEVEL = 19


def sha256(content: bytes) -> str:
    """Lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """Of a file's content, which need not fit into memory."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def gzip_bytes(content: bytes) -> bytes:
    """`content` gzipped without name and date: by libdeflate where `deflate` is installed (4 % smaller), else by zlib.

    Results of more than 100 kB are kept in the cache: the runtime's binaries take seconds each.
    """
    if len(content) < 100_000:
        return _compress(content)
    return remember("gzip", f"{_packer()}-{sha256(content)}", lambda: _compress(content))


def zstd_bytes(content: bytes, frame: int | None = None) -> bytes:
    """`content` as one Zstandard frame: a fifth smaller than gzip for WebAssembly and bytecode.

    With `frame` as frames of so many bytes each, which the page decodes as they come. That is for weights, whose bytes
    have no repetitions: frames take as many bytes as one, and as gzip, within two hundredths.
    """
    import zstandard

    step = frame or len(content) or 1

    def make() -> bytes:
        pack = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress
        return b"".join(pack(content[start : start + step]) for start in range(0, max(len(content), 1), step))

    version = ".".join(str(part) for part in zstandard.ZSTD_VERSION)
    return remember("zstd", f"zstd{version}-{ZSTD_LEVEL}-{frame or 'whole'}-{sha256(content)}", make)


def unpacked(stored: bytes) -> bytes:
    """What a file holds, packed or not, by its first bytes: as the page reads it."""
    if stored.startswith(b"\x1f\x8b"):
        return gzip.decompress(stored)
    if stored.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(stored, read_across_frames=True).read()
    return stored


def remember(kind: str, key: str, make: Callable[[], bytes]) -> bytes:
    """The bytes of `kind` under `key` from the cache, or made now and kept. A file that was cut short is made again."""
    path = cache_dir() / kind / key
    check = path.with_name(path.name + ".sha256")
    if path.is_file() and check.is_file():
        content = path.read_bytes()
        if check.read_text(encoding="ascii") == sha256(content):
            return content
    content = make()
    write_whole(path, content)
    write_whole(check, sha256(content).encode())
    return content


def check_output(folder: Path, where: str) -> None:
    """UsageError of `where` unless `folder` can be written to or made: said before the long work, not after."""
    if folder.is_file():
        raise UsageError(f"{folder} is a file", where, "give a folder")
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise UsageError(f"{folder} is below a file, {nearest}", where, "give a folder")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"{nearest} cannot be written to", where, "give a folder of yours, or change its permissions")


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that another process sees complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as target:
            target.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _packer() -> str:
    try:
        import deflate
    except ImportError:
        return "zlib9"
    return f"libdeflate12-{deflate.__version__}"


def _compress(content: bytes) -> bytes:
    if _packer() == "zlib9":
        return gzip.compress(content, 9, mtime=0)
    import deflate

    return bytes(deflate.gzip_compress(content, 12))
