"""The demo `find-speech`: probabilities and decisions against Silero's own ONNX file and its own Python code."""

import asyncio
import json
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from pageside import engine, ops
from pageside_export import convert, loader, tensors
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.quantize import Given, int16_weights
from pageside_export.verify import QUANTIZED_TOLERANCE

RATE, CHUNK = 16_000, 512


@pytest.fixture(scope="module")
def demo(root: Path) -> loader.Demo:
    return loader.load(root / "models" / "find-speech")


@pytest.fixture(scope="module")
def silero():
    """Its own wrapper around its own file: the state and the context between chunks are its business."""
    from silero_vad import utils_vad

    return utils_vad, utils_vad.OnnxWrapper(str(Path(utils_vad.__file__).parent / "data" / "silero_vad.onnx"))


@pytest.fixture(scope="module")
def recordings(demo, root):
    """Twenty: the examples, and sixteen cuts of them, each at its own loudness and in its own noise."""
    sounds = []
    for row in demo.interface.examples:
        rate, data = demo.interface.inputs[0].preprocess(
            demo.interface.inputs[0].read_input(row[0], root / "models" / "find-speech")
        )
        assert rate == RATE
        sounds.append(ops.resample(data, rate, RATE))
    random = np.random.default_rng(7)
    for index in range(16):
        whole = sounds[index % 4]
        start = random.integers(0, len(whole) // 3)
        cut = whole[start : start + random.integers(RATE, len(whole))]
        loudness, noise = random.uniform(0.05, 1.2), random.uniform(0, 0.02)
        sounds.append((cut * loudness + random.standard_normal(len(cut)) * noise).astype(np.float32))
    return sounds


class Sessions:
    """The engine that runs one ONNX file."""

    def __init__(self, built, path, config):
        self.built, self.session = built, OnnxSession(OnnxModel(path, config))

    def specs(self, model):
        return self.built.specs(model)

    async def run(self, model, feeds):
        return self.session.run(feeds)


@pytest.fixture(scope="module")
def published(demo, tmp_path_factory):
    """What the page takes: weights of sixteen bits."""
    folder = tmp_path_factory.mktemp("vad")
    with demo.scope.active():
        built = demo.torch_engine().built(demo.models["silero-vad"])
    small = int16_weights.apply(convert.to_onnx(built, 20).model, Given([], QUANTIZED_TOLERANCE, folder))
    tensors.write_model(small, folder / "small.onnx", folder)
    return Sessions(demo.torch_engine(), folder / "small.onnx", int16_weights.SESSION_CONFIG)


def heard(demo, engine_, sound):
    """The demo's probabilities, and its spans in samples."""
    speech = stream(demo, engine_, [sound])[-1]
    found = demo.interface.fn.__globals__["shown"].__globals__["spans"](speech, len(sound))
    return speech, [(round(a * RATE), round(b * RATE)) for a, b in found]


def stream(demo, engine_, pieces):
    """The probabilities after each of several calls of one session."""

    async def run():
        kept, after = {}, []
        for piece in pieces:
            async for plot, _, new in demo.interface.fn((RATE, piece), kept):
                last = plot["probability"][: len(plot["probability"]) // 2], new
            kept = last[1]
            after.append(last[0])
        return after

    with engine.use(engine_):
        return asyncio.run(run())


def theirs(silero, sound):
    utils, net = silero
    net.reset_states()
    padded = np.pad(sound, (0, -len(sound) % CHUNK))
    speech = [net(torch.from_numpy(padded[i : i + CHUNK]), RATE).item() for i in range(0, len(padded), CHUNK)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = utils.get_speech_timestamps(torch.from_numpy(sound), net)
    return np.array(speech), [(span["start"], span["end"]) for span in found]


def test_probabilities_and_spans_are_silero_s(demo, silero, recordings):
    assert len(recordings) == 20
    spoken = 0
    for sound in recordings:
        want, spans = theirs(silero, sound)
        speech, mine = heard(demo, demo.torch_engine(), sound)
        assert speech.shape == want.shape
        assert np.abs(speech - want).max() < 1e-5
        assert mine == spans
        spoken += len(spans)
    assert spoken > 10


def test_probabilities_and_spans_are_those_that_silero_gave(demo, recordings):
    """Stored with how they were made, for the four examples."""
    stored = json.loads(Path(__file__).with_name("find_speech_reference.json").read_text(encoding="utf-8"))["sounds"]
    assert len(stored) == len(demo.interface.examples)
    for row, sound in zip(demo.interface.examples, recordings, strict=False):
        want = stored[Path(row[0]).name]
        speech, spans = heard(demo, demo.torch_engine(), sound)
        assert np.abs(speech - want["probabilities"]).max() < 2e-5
        assert spans == [tuple(span) for span in want["spans"]]


def test_the_published_variant_decides_the_same(demo, published, silero, recordings):
    differ = 0
    for sound in recordings:
        want, spans = theirs(silero, sound)
        speech, mine = heard(demo, published, sound)
        assert np.abs(speech - want).max() < 0.02
        differ += mine != spans
    assert differ == 0


def test_a_long_recording_is_shown_as_it_is_heard(demo, recordings):
    async def steps():
        return [len(plot["seconds"]) async for plot, _, _ in demo.interface.fn((RATE, recordings[0]), {})]

    with engine.use(demo.torch_engine()):
        found = asyncio.run(steps())
    assert len(found) > 5
    assert found == sorted(found)


def test_a_stream_gives_what_the_whole_sound_does(demo, recordings):
    """Whatever the pieces are; before its end a piece is judged as if silence followed."""
    sound = recordings[1]
    edges = [0, 100, 611, 700, *range(3900, len(sound), 3200), len(sound)]
    after = stream(demo, demo.torch_engine(), [sound[a:b] for a, b in pairwise(edges)])
    whole = stream(demo, demo.torch_engine(), [sound])[-1]
    assert np.allclose(after[-1], whole, atol=1e-5)
    for end, speech in zip(edges[1:], after, strict=True):
        settled = end // CHUNK
        assert len(speech) == -(-end // CHUNK)
        assert np.allclose(speech[:settled], whole[:settled], atol=1e-5)


def test_while_it_moves_the_timeline_is_half_a_minute(demo):
    second = np.zeros(RATE, np.float32)
    after = stream(demo, demo.torch_engine(), [second] * 35)
    assert len(after[20]) == -(-21 * RATE // CHUNK)
    assert len(after[-1]) == 1000


@pytest.mark.parametrize("length", [1, 511, 4000])
def test_short_and_silent_sounds_are_no_error(demo, length):
    speech, spans = heard(demo, demo.torch_engine(), np.zeros(length, np.float32))
    assert len(speech) == -(-length // CHUNK)
    assert spans == []
