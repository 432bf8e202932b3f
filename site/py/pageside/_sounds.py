"""Reads and writes WAV files, as the page does (`shared/wav.js`): the same samples, the same limits."""

from __future__ import annotations

import struct

import numpy as np

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from pageside._errors import ComponentError, InputError

LONGEST_S = 600
BARS = 96
# Of the fmt chunk; an extensible one has one of the other two in its sub-format.
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")


def read_file(path: Path, fail: Callable[[str], InputError | ComponentError]) -> dict[str, Any]:
    """AudioPayload of a WAV file, with the file's own bytes as `original` where they hold just these samples.

    `fail` makes the error from a sentence that begins with the file's name.
    """
    if not path.is_file():
        raise fail(f"{path.name} is no file in {path.parent}")
    content = path.read_bytes()
    payload, bits = parse(content, path.name, fail)
    if bits == 16:
        payload["original"] = (".wav", content)
    return payload


def parse(content: bytes, name: str, fail: Callable[[str], InputError | ComponentError]) -> tuple[dict[str, Any], int]:
    """AudioPayload of a WAV file's bytes, and the bits of a sample in the file."""
    if not content:
        raise fail(f"{name} is empty")
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise fail(f"{name} is no WAV file; save it as one, for example with `ffmpeg -i {name} sound.wav`")
    chunks = dict(_chunks(content))
    if len(chunks.get(b"fmt ", b"")) < 16 or not chunks.get(b"data"):
        raise fail(f"{name} is truncated: it holds no sound")
    kind, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    if kind == EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        (kind,) = struct.unpack_from("<H", chunks[b"fmt "], 24)
    if (kind, bits) not in DECODERS or not channels or not rate or frame != channels * bits // 8:
        raise fail(f"{name} is a WAV file of kind {kind} with {bits} bits; save it as PCM with 16 bits")
    data = chunks[b"data"]
    if len(data) // frame > LONGEST_S * rate:
        raise fail(f"{name} is {len(data) / frame / rate:.0f} s long; {LONGEST_S // 60} minutes is the most")
    samples = DECODERS[kind, bits](data[: len(data) // frame * frame])
    return {"rate": rate, "channels": channels, "data": samples}, bits


def to_wav(payload: dict[str, Any]) -> bytes:
    """The payload as a WAV file, PCM with 16 bits."""
    rate, channels, data = payload["rate"], payload["channels"], np.asarray(payload["data"], "<i2").tobytes()
    kind = (16, PCM, channels, rate, rate * channels * 2, channels * 2, 16)
    return HEADER.pack(b"RIFF", 36 + len(data), b"WAVE", b"fmt ", *kind, b"data", len(data)) + data


def peaks(samples: np.ndarray) -> list[int]:
    """For each of BARS equal stretches the loudest sample, 0 to 100: a waveform to draw."""
    loud = np.abs(samples.astype(np.int32))
    at = np.arange(BARS + 1) * len(loud) // BARS
    return [round(int(loud[at[bar] : at[bar + 1]].max(initial=0)) / 32768 * 100) for bar in range(BARS)]


def to_int16(values: np.ndarray) -> np.ndarray:
    """Float of -1 to 1 to int16; what lies outside is cut, what is no number is silence."""
    return np.rint(np.clip(np.nan_to_num(values.astype(np.float64)), -1, 1) * 32767).astype(np.int16)


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each chunk's name and content; the last one may be cut, or of a length that a recorder never filled in."""
    at = 12
    while at + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, at)
        yield name, content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _from_24(data: bytes) -> np.ndarray:
    """The upper two of three bytes."""
    return np.ascontiguousarray(np.frombuffer(data, np.uint8).reshape(-1, 3)[:, 1:]).view("<i2").reshape(-1)


DECODERS: dict[tuple[int, int], Callable[[bytes], np.ndarray]] = {
    (PCM, 8): lambda data: ((np.frombuffer(data, np.uint8).astype(np.int16) - 128) << 8).astype(np.int16),
    (PCM, 16): lambda data: np.frombuffer(data, "<i2"),
    (PCM, 24): _from_24,
    (PCM, 32): lambda data: (np.frombuffer(data, "<i4") >> 16).astype(np.int16),
    (FLOAT, 32): lambda data: to_int16(np.frombuffer(data, "<f4")),
    (FLOAT, 64): lambda data: to_int16(np.frombuffer(data, "<f8")),
}
