"""The demo `compare-voices`: its features against librosa's numbers, its voices against the published network's."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest
from pageside import Error, _sounds, engine, ops
from pageside_export import loader

#: `made` in it says how.
REFERENCE = json.loads(Path(__file__).with_name("compare_voices_reference.json").read_text(encoding="utf-8"))
FRAMES = slice(50, 52)


@pytest.fixture(scope="module")
def demo(root: Path) -> loader.Demo:
    return loader.load(root / "models" / "compare-voices")


@pytest.fixture(scope="module")
def parts(demo):
    """The names of demo.py, and of the file beside it that it takes its features from."""
    scope = demo.interface.fn.__globals__
    return scope["parts"].__globals__ | scope


def recording(root, name):
    content = (root / "models" / "compare-voices" / "examples" / name).read_bytes()
    payload, _ = _sounds.parse(content, name, ValueError)
    return payload["rate"], np.array(payload["data"])


def run(demo, work):
    with engine.use(demo.torch_engine()):
        return asyncio.run(work)


@pytest.mark.parametrize("name", list(REFERENCE["mels"]))
def test_the_spectrogram_is_librosa_s(parts, root, name):
    rate, data = recording(root, name)
    sound = parts["spoken"](ops.resample(data, rate, 16000))
    sound = sound * max(1, parts["LOUDNESS"] / np.sqrt((sound**2).mean()))
    want = np.array(REFERENCE["mels"][name])
    assert np.abs(parts["mels"](sound)[FRAMES] - want).max() < 1e-4 * want.max()


@pytest.mark.parametrize("name", list(REFERENCE["voices"]))
def test_a_voice_is_resemblyzer_s(demo, parts, root, name):
    voice = run(demo, parts["voice"](recording(root, name), "It"))
    assert np.abs(voice - REFERENCE["voices"][name]).max() < 2e-5
    assert np.linalg.norm(voice) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        ("reader-1.wav", "reader-2.wav", "One voice"),
        ("prompt-1.wav", "prompt-2.wav", "One voice"),
        ("reader-1.wav", "prompt-1.wav", "Two voices"),
        ("cards.wav", "prompt-2.wav", "Two voices"),
    ],
)
def test_voices_are_told_apart(demo, root, one, other, verdict):
    said, alike, shown = run(demo, demo.interface.fn(recording(root, one), recording(root, other)))
    assert said == verdict
    assert 0 < alike < 1
    assert shown.shape == (192, 396, 3)


def test_rate_channels_and_loudness_change_little(demo, parts, root):
    rate, data = recording(root, "reader-1.wav")
    voice = run(demo, parts["voice"]((rate, data), "It"))
    other = np.interp(np.arange(0, len(data) - 1, 16000 / 44100), np.arange(len(data)), data)
    for loudness, near in ((1, 0.99), (0.1, 0.9)):
        both = (np.stack([other, other], axis=1) * loudness).astype(np.int16)
        assert float(voice @ run(demo, parts["voice"]((44100, both), "It"))) > near


@pytest.mark.parametrize("length", [0, 100, 7000])
def test_too_little_sound_is_told(demo, parts, length):
    noise = np.random.default_rng(0).normal(0, 3000, length).astype(np.int16)
    with pytest.raises(Error, match=r"^It has less than half a second of sound. Record a sentence.$"):
        run(demo, parts["voice"]((16000, noise), "It"))


def test_a_short_word_and_silence(demo, parts):
    rng = np.random.default_rng(0)
    word = run(demo, parts["voice"]((16000, rng.normal(0, 3000, 9600).astype(np.int16)), "It"))
    assert np.isfinite(word).all()
    with pytest.raises(Error, match="half a second"):
        run(demo, parts["voice"]((16000, np.zeros(32000, np.int16)), "It"))
