"""Packed files that are the same each time, and a cache that notices a broken file."""

import gzip
import random

import pytest
import zstandard
from pageside_export import pack


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))


def test_gzip_is_decoded_to_the_same_bytes_and_holds_no_date():
    content = b"pageside " * 100
    packed = pack.gzip_bytes(content)
    assert gzip.decompress(packed) == content
    assert packed[4:8] == b"\0\0\0\0"
    assert packed == pack.gzip_bytes(content)


def test_frames_are_as_many_as_asked_for_and_decoded_together():
    content = random.Random(0).randbytes(2500)
    packed = pack.zstd_bytes(content, 1000)
    assert packed.count(b"\x28\xb5\x2f\xfd") == 3
    assert packed != pack.zstd_bytes(content)
    assert pack.unpacked(packed) == pack.unpacked(pack.gzip_bytes(content)) == pack.unpacked(content) == content
    assert pack.unpacked(pack.zstd_bytes(b"", 1000)) == b""


def test_zstandard_is_decoded_to_the_same_bytes_smaller_than_gzip_and_packed_once():
    content = b"".join(b"(func $f%d (param i32) local.get 0 i32.const %d i32.add)" % (i, i * i) for i in range(4000))
    packed = pack.zstd_bytes(content)
    assert zstandard.decompress(packed) == content
    assert zstandard.get_frame_parameters(packed).content_size == len(content)
    assert len(packed) < 0.9 * len(pack.gzip_bytes(content))
    kept = [path for path in (pack.cache_dir() / "zstd").iterdir() if not path.name.endswith(".sha256")]
    assert [path.read_bytes() for path in kept] == [packed]


def test_large_content_is_packed_once():
    content = random.Random(1).randbytes(1000) * 200
    first = pack.gzip_bytes(content)
    kept = [path for path in (pack.cache_dir() / "gzip").iterdir() if not path.name.endswith(".sha256")]
    assert [path.read_bytes() for path in kept] == [first]


def test_a_cached_file_that_was_cut_short_is_made_again():
    assert pack.remember("kind", "key", lambda: b"whole") == b"whole"
    (pack.cache_dir() / "kind" / "key").write_bytes(b"who")
    assert pack.remember("kind", "key", lambda: b"whole") == b"whole"
    assert pack.remember("kind", "key", lambda: b"never asked") == b"whole"


def test_a_failed_write_leaves_nothing(tmp_path):
    with pytest.raises(TypeError):
        pack.write_whole(tmp_path / "file", "text")  # type: ignore[arg-type]
    assert list(tmp_path.glob("*file*")) == []
