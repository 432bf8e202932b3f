"""The demo `track-pitch`: pitch against torchcrepe's own numbers, and a stream against the whole sound."""

import asyncio
import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pageside import _sounds, engine
from pageside_export import convert, loader, tensors
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.quantize import Given, int8_static
from pageside_export.verify import QUANTIZED_TOLERANCE, Call

#: `made` in it says how.
REFERENCE = json.loads(Path(__file__).with_name("track_pitch_reference.json").read_text(encoding="utf-8"))
#: Cents; between the likeliest of pitches 20 cents apart, which is the reference's, and the mean around it, ours.
NEAR = 25


@pytest.fixture(scope="module")
def demo(root: Path) -> loader.Demo:
    return loader.load(root / "models" / "track-pitch")


@pytest.fixture(scope="module")
def parts(demo):
    return demo.interface.fn.__globals__


def example(root, name):
    content = (root / "models" / "track-pitch" / "examples" / name).read_bytes()
    payload, _ = _sounds.parse(content, name, ValueError)
    return payload["rate"], np.array(payload["data"])


def tracked(demo, *sounds):
    """The curve and the note after each of several calls of one session."""

    async def run():
        kept, answers = {}, []
        for sound in sounds:
            curve, note, kept = await demo.interface.fn(sound, kept)
            answers.append((np.array([curve["seconds"], curve["Hz"]]), note))
        return answers

    with engine.use(demo.torch_engine()):
        return asyncio.run(run())


@pytest.mark.parametrize("name", list(REFERENCE["sounds"]))
def test_pitch_is_torchcrepe_s(demo, parts, root, name):
    want = REFERENCE["sounds"][name]
    rate, data = example(root, name)
    assert rate == 16000
    with engine.use(demo.torch_engine()):
        frames = parts["framed"](data.astype(np.float32) / 32768)
        hertz, sure = parts["decode"](asyncio.run(parts["net"](frames=frames)))
    assert len(hertz) == len(want["hz"])
    assert np.abs(sure - want["periodicity"]).max() < 1e-4
    cents = 1200 * np.log2(hertz / want["hz"])[sure >= 0.5]
    assert np.abs(cents).max() < NEAR


def test_the_published_variant_hears_the_same(demo, parts, root, tmp_path):
    """Static int8, calibrated on the scale and the slide alone."""
    with demo.scope.active():
        built = demo.torch_engine().built(demo.models["crepe-tiny"])

    def feeds(name):
        return {"frames": parts["framed"](example(root, name)[1].astype(np.float32) / 32768)}

    calls = [Call(feeds(name), built.run(feeds(name))) for name in ("scale.wav", "slide.wav")]
    model = int8_static.apply(convert.to_onnx(built, 20).model, Given(calls, QUANTIZED_TOLERANCE, tmp_path))
    tensors.write_model(model, tmp_path / "int8.onnx", tmp_path)
    session = OnnxSession(OnnxModel(tmp_path / "int8.onnx", int8_static.SESSION_CONFIG))
    for name in REFERENCE["sounds"]:
        (want, sure), (got, again) = (parts["decode"](one.run(feeds(name))["pitches"]) for one in (built, session))
        assert np.abs(1200 * np.log2(got / want)[sure >= 0.5]).max() < 10
        assert ((sure >= 0.5) == (again >= 0.5)).mean() > 0.9


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_stream_gives_the_curve_of_the_whole_sound(demo, root, rate):
    _, data = example(root, "scale.wav")
    at = np.arange(0, len(data) - 1, 16000 / rate)
    sound = np.interp(at, np.arange(len(data)), data).astype(np.int16)
    ((whole, note),) = tracked(demo, (rate, sound))
    edges = np.cumsum([0, *np.random.default_rng(0).integers(rate // 20, rate // 2, 40)])
    pieces = [(rate, sound[a:b]) for a, b in pairwise(edges) if a < len(sound)]
    streamed = tracked(demo, *pieces)
    curve, last = streamed[-1]
    assert last == note == "C5"
    assert np.allclose(curve[0], whole[0])
    assert np.array_equal(np.isnan(curve[1]), np.isnan(whole[1]))
    assert np.nanmax(np.abs(1200 * np.log2(curve[1] / whole[1]))) < 2
    assert [len(one[0][0]) for one in streamed] == sorted(len(one[0][0]) for one in streamed)


def test_a_scale_has_its_notes(demo, root):
    ((curve, _),) = tracked(demo, example(root, "scale.wav"))
    middles = np.arange(8) * 0.45 + 0.25
    heard = [demo.interface.fn.__globals__["note"](np.interp([t], *curve)) for t in middles]
    assert heard == ["C4", "D4", "E4", "F4", "G4", "A4", "B4", "C5"]


def test_silence_and_short_sounds_have_no_pitch(demo):
    for length in (10, 1500, 16000):
        ((curve, note),) = tracked(demo, (16000, np.zeros(length, np.int16)))
        assert note == "no pitch yet"
        assert np.isnan(curve[1]).all()


def test_the_moving_curve_shows_the_last_fifteen_seconds(demo):
    second = (16000, (np.sin(2 * np.pi * 220 * np.arange(16000) / 16000) * 9000).astype(np.int16))
    curve, note = tracked(demo, *[second] * 20)[-1]
    assert note == "A3"
    assert curve[0, 0] > 4.5
    assert 14.5 < curve[0, -1] - curve[0, 0] <= 15
