"""Audio: configuration, Gradio's (rate, int16), WAV files of every depth, messages."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside import _sounds
from pageside._errors import ComponentError, InputError

TONE = np.round(np.sin(np.arange(800) / 5) * 20000).astype(np.int16)


def message(kind: type[Exception], work: Any) -> str:
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


def wav(kind: int, bits: int, content: bytes, *, channels: int = 1, extensible: bool = False) -> bytes:
    """A WAV file of any kind, with a chunk of another sort before the sound."""
    frame = channels * bits // 8
    fmt = struct.pack("<HHIIHH", 0xFFFE if extensible else kind, channels, 8000, 8000 * frame, frame, bits)
    if extensible:
        fmt += struct.pack("<HHIH14x", 22, bits, 0, kind)
    chunks = [(b"fmt ", fmt), (b"LIST", b"abc"), (b"data", content)]
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def read(path: Path) -> dict[str, Any]:
    payload = ps.Audio(label="Voice").read_input(str(path), path.parent)
    assert payload is not None
    return payload


def test_configuration() -> None:
    assert ps.Audio(sources="microphone", max_length=30).props() == {
        "sources": ["microphone"],
        "streaming": False,
        "stream_every": 0.5,
        "min_length": None,
        "max_length": 30,
        "autoplay": False,
        "loop": False,
        "info": None,
    }
    assert isinstance(ps.Interface(len, "audio", "number").inputs[0], ps.Audio)


def test_the_function_gets_rate_and_int16() -> None:
    payload = {"rate": 8000, "channels": 1, "data": TONE.tobytes()}
    rate, data = ps.Audio().preprocess(payload) or (0, TONE)
    assert (rate, data.dtype, data.shape) == (8000, np.int16, (800,))
    data[:] = 0  # his own
    assert ps.Audio().preprocess(payload | {"channels": 2})[1].tolist() == TONE.reshape(-1, 2).tolist()  # type: ignore[index]
    assert ps.Audio().preprocess(None) is None


@pytest.mark.parametrize(
    ("given", "samples", "channels"),
    [
        (TONE, TONE, 1),
        (TONE.reshape(-1, 2), TONE, 2),
        (np.array([0.5, -1.0], np.float32), [16384, -32767], 1),
        (np.array([0.5, -2.0]), [8192, -32767], 1),
        (np.array([1 << 30, -1], np.int32), [1 << 14, -1], 1),
        (np.array([0, 128, 255], np.uint8), [-32768, 0, 32512], 1),
    ],
    ids=["int16", "stereo", "float", "loud float", "int32", "uint8"],
)
def test_what_a_function_may_return(given: np.ndarray, samples: Any, channels: int) -> None:
    payload = ps.Audio().postprocess((16000, given))
    assert payload is not None
    assert (payload["rate"], payload["channels"]) == (16000, channels)
    assert payload["data"].tolist() == np.asarray(samples).tolist()
    assert ps.Audio().postprocess(None) is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a.wav", f"Audio 'Voice': a.wav is no file in {Path.cwd()}"),
        (b"RIFF", "Audio 'Voice': it got a file's bytes; return its path, or (sample_rate, array)"),
        (
            "https://example.org/a.wav",
            "Audio 'Voice': it got 'https://example.org/a.wav'; a page reads no other site's sounds: "
            "save it beside the demo",
        ),
        (TONE, "Audio 'Voice': it takes (sample_rate, array), not ndarray"),
        ((TONE, 8000), "Audio 'Voice': it takes (sample_rate, array), not (ndarray, int)"),
        ((8000.0, TONE), "Audio 'Voice': its sample rate is 8000.0; it is an int in Hz, 1000 to 384000"),
        (
            (8000, np.zeros((2, 800), np.int16)),
            "Audio 'Voice': it got an array of shape (2, 800); a sound is (n,) or (n, channels)"
            "; move the channels last: array.T",
        ),
        ((8000, TONE > 0), "Audio 'Voice': it got an array of bool; a sound is int16, or float of -1 to 1"),
        ((8000, np.array([np.nan])), "Audio 'Voice': it got a sound with NaN or infinite samples"),
    ],
)
def test_what_it_may_not_return(value: Any, words: str) -> None:
    assert message(ComponentError, lambda: ps.Audio(label="Voice").postprocess(value)) == words


def test_a_path_in_place_of_samples(tmp_path: Path) -> None:
    audio = ps.Audio(type="filepath")
    payload = {"rate": 8000, "channels": 2, "data": TONE.tobytes()}
    path = audio.preprocess(payload)
    assert isinstance(path, str)
    assert Path(path).is_absolute()
    assert Path(path).name == "audio.wav"
    again = audio.postprocess(path)
    assert again is not None
    assert (again["rate"], again["channels"], again["data"].tolist()) == (8000, 2, TONE.tolist())
    assert sorted(again) == ["channels", "data", "rate"]
    # The next sound's file takes the place of this one; another component has its own.
    other = ps.Audio(type="filepath").preprocess(payload)
    assert other != path
    assert audio.preprocess(payload | {"rate": 16000}) == path
    assert (read(Path(path))["rate"], read(Path(str(other)))["rate"]) == (16000, 8000)
    (tmp_path / "made.wav").write_bytes(Path(path).read_bytes())
    assert ps.Audio().postprocess(tmp_path / "made.wav") is not None
    (tmp_path / "not.wav").write_bytes(b"Dear Sir")
    assert message(ComponentError, lambda: ps.Audio(label="Out").postprocess(str(tmp_path / "not.wav"))) == (
        "Audio 'Out': not.wav is no WAV file; save it as one, for example with `ffmpeg -i not.wav sound.wav`"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"type": "pil"}, "Audio(type='pil'): it is 'numpy' or 'filepath'"),
        ({"sources": ["phone"]}, "Audio(sources=['phone']): 'phone' is none of upload, microphone"),
        (
            {"sources": "upload", "streaming": True},
            "Audio(streaming=True, sources=['upload']): only the microphone streams",
        ),
        ({"stream_every": 0}, "Audio(stream_every=0): it is in seconds, 0.05 to 10"),
        (
            {"min_length": 3, "max_length": 2},
            "Audio(min_length=3, max_length=2): they are in seconds, the least first",
        ),
    ],
)
def test_options_that_cannot_be(options: Any, words: str) -> None:
    assert message(ComponentError, lambda: ps.Audio(**options)) == words


def test_too_short_and_too_long() -> None:
    payload = {"rate": 8000, "channels": 1, "data": TONE.tobytes()}
    short = ps.Audio(label="Voice", min_length=1)
    assert message(InputError, lambda: short.preprocess(payload)) == (
        "Audio 'Voice': the sound is 0.1 s long; at least 1 s are needed"
    )
    long = ps.Audio(label="Voice", max_length=0.05)
    assert message(InputError, lambda: long.preprocess(payload)) == (
        "Audio 'Voice': the sound is 0.1 s long; 0.05 s is the most"
    )


@pytest.mark.parametrize(
    ("sort", "content", "samples"),
    [
        ((1, 8), bytes([0, 128, 255]), [-32768, 0, 32512]),
        ((1, 16), TONE.tobytes(), TONE.tolist()),
        ((1, 24), bytes([9, 0x34, 0x12, 255, 255, 255]), [0x1234, -1]),
        ((1, 32), bytes([9, 9, 0x34, 0x12]), [0x1234]),
        ((3, 32), np.array([0.5, -1, 2, np.nan], "<f4").tobytes(), [16384, -32767, 32767, 0]),
        ((3, 64), np.array([-0.5], "<f8").tobytes(), [-16384]),
    ],
)
@pytest.mark.parametrize("extensible", [False, True])
def test_wav_files(tmp_path: Path, sort: Any, content: bytes, samples: list[int], extensible: bool) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav(*sort, content, extensible=extensible))
    payload = read(path)
    assert (payload["rate"], payload["channels"]) == (8000, 1)
    assert payload["data"].tolist() == samples
    assert ("original" in payload) == (sort[1] == 16)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "a.wav is empty"),
        (b"Dear Sir", "a.wav is no WAV file; save it as one, for example with `ffmpeg -i a.wav sound.wav`"),
        (wav(1, 16, b""), "a.wav is truncated: it holds no sound"),
        (wav(7, 8, b"123"), "a.wav is a WAV file of kind 7 with 8 bits; save it as PCM with 16 bits"),
        (wav(1, 8, bytes(8000 * 601)), "a.wav is 601 s long; 10 minutes is the most"),
    ],
)
def test_wav_files_that_cannot_be_used(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert message(InputError, lambda: read(tmp_path / "a.wav")) == f"Audio 'Voice': {words}"


def test_missing_files_and_urls(tmp_path: Path) -> None:
    assert message(InputError, lambda: read(tmp_path / "b.wav")) == f"Audio 'Voice': b.wav is no file in {tmp_path}"
    url = "https://example.org/a.wav"
    assert message(InputError, lambda: ps.Audio(label="Voice").read_input(url, tmp_path)) == (
        f"Audio 'Voice': {url} is a URL; save the sound beside the demo and give its path"
    )


def test_stored_as_its_own_file_or_as_wav(tmp_path: Path) -> None:
    kept: list[tuple[str, bytes]] = []

    def write(suffix: str, data: bytes) -> dict[str, Any]:
        kept.append((suffix, data))
        return {"url": f"kept{suffix}"}

    original = wav(1, 16, TONE.tobytes(), channels=2)
    (tmp_path / "a.wav").write_bytes(original)
    stored = ps.Audio().to_stored(read(tmp_path / "a.wav"), write)
    assert {key: stored[key] for key in ("file", "rate", "channels", "seconds")} == {
        "file": {"url": "kept.wav"},
        "rate": 8000,
        "channels": 2,
        "seconds": 0.05,
    }
    assert len(stored["peaks"]) == 96
    assert max(stored["peaks"]) == 61
    ps.Audio().to_stored(ps.Audio().read_input((8000, TONE), tmp_path), write)
    assert kept[0] == (".wav", original)
    again, bits = _sounds.parse(kept[1][1], "again.wav", InputError)
    assert (again["rate"], bits, again["data"].tolist()) == (8000, 16, TONE.tolist())
    assert ps.Audio().to_stored(None, write) is None
