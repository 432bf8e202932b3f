from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper
from pageside_export import convert
from pageside_export.errors import UsageError
from pageside_export.modules import build_module
from pageside_export.quantize import Given, int8_weights, recipes
from pageside_export.verify import QUANTIZED_TOLERANCE
from torch import nn


def exported(module, **inputs):
    built = build_module("m", lambda: (module, inputs), None)
    return built, convert.to_onnx(built, 20).model


def given(calls=(), tolerance=QUANTIZED_TOLERANCE):
    return Given(list(calls), tolerance, Path())


def run(model, feeds):
    options = ort.SessionOptions()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, feeds)


def int8_names(model):
    return [one.name for one in model.graph.initializer if one.data_type == onnx.TensorProto.INT8]


@pytest.mark.parametrize("axis", [0, 1])
def test_values_and_scales(axis):
    weight = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    values, scale = int8_weights.quantize(weight, axis)
    assert values.dtype == np.int8
    assert scale.shape == (weight.shape[axis],)
    shape = [-1 if index == axis else 1 for index in range(2)]
    restored = values * scale.reshape(shape)
    assert np.abs(restored - weight).max() <= scale.max() / 2 + 1e-7
    assert np.abs(values.astype(int)).max() == 127


def test_a_channel_of_zeros_stays_zero():
    values, scale = int8_weights.quantize(np.zeros((2, 4), np.float32), 0)
    assert not values.any()
    assert (scale == 1).all()


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Conv2d(8, 32, 3), (1, 8, 12, 12)),
        (nn.Conv2d(32, 64, 5, groups=32), (1, 32, 12, 12)),
        (nn.Conv1d(8, 64, 5), (1, 8, 30)),
        (nn.ConvTranspose2d(16, 24, 3), (1, 16, 6, 6)),
        (nn.ConvTranspose2d(16, 32, 5, groups=4), (1, 16, 6, 6)),
        (nn.Linear(64, 32), (2, 64)),
        (nn.Linear(64, 32), (2, 5, 64)),
    ],
)
def test_weights_become_int8_and_the_answer_stays_near(module, shape):
    torch.manual_seed(0)
    value = torch.randn(*shape)
    built, model = exported(nn.Sequential(module), input=value)
    small = int8_weights.apply(model, given())
    assert len(int8_names(small)) == 1
    (got,) = run(small, {"input": value.numpy()})
    reference = built.run({"input": value.numpy()})["output"]
    assert np.abs(got - reference).max() < 0.02 * np.abs(reference).max()
    onnx.checker.check_model(small)


class States(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


@pytest.mark.parametrize("layer", [nn.LSTM(40, 64, num_layers=2), nn.GRU(40, 64, bidirectional=True), nn.RNN(40, 64)])
def test_the_weights_of_recurrent_layers_become_int8(layer):
    _, model = exported(States(layer.eval()), x=torch.zeros(7, 1, 40))
    packed = int8_weights.apply(model, given())
    assert packed.ByteSize() < 0.4 * model.ByteSize()
    feeds = {"x": np.random.default_rng(1).normal(size=(7, 1, 40)).astype(np.float32)}
    expected, got = run(model, feeds)[0], run(packed, feeds)[0]
    assert np.abs(expected - got).max() < 0.02


def test_an_embedding_is_stored_once_when_it_is_tied():
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.words = nn.Embedding(3000, 100)

        def forward(self, ids):
            return self.words(ids) @ self.words.weight.T

    torch.manual_seed(0)
    ids = torch.arange(4)[None]
    built, model = exported(Tied(), ids=ids)
    small = int8_weights.apply(model, given())
    assert len(int8_names(small)) == 1
    large = [
        one
        for one in small.graph.initializer
        if np.prod(one.dims) >= 10_000 and one.data_type == onnx.TensorProto.FLOAT
    ]
    assert [one.name for one in large if not one.name.endswith(".scale")] == []
    (got,) = run(small, {"ids": ids.numpy()})
    reference = built.run({"ids": ids.numpy()})["output"]
    assert np.abs(got - reference).max() < 0.02 * np.abs(reference).max()


def test_the_given_model_is_left_as_it_is():
    _, model = exported(nn.Linear(64, 64), input=torch.zeros(1, 64))
    before = model.SerializeToString(deterministic=True)
    int8_weights.apply(model, given())
    assert model.SerializeToString(deterministic=True) == before


def test_small_and_broken_weights_are_left_alone():
    _, model = exported(nn.Linear(8, 8), input=torch.zeros(1, 8))
    assert int8_weights.apply(model, given()) is None
    _, model = exported(nn.Linear(64, 64), input=torch.zeros(1, 64))
    for one in model.graph.initializer:
        if len(one.dims) == 2:
            broken = numpy_helper.to_array(one).copy()
            broken[0, 0] = np.nan
            one.CopyFrom(numpy_helper.from_array(broken, one.name))
    assert int8_weights.apply(model, given()) is None


def test_recipes_are_found_and_fp32_comes_first():
    assert next(one.ID for one in recipes()) == "fp32"
    assert [one.ID for one in recipes(("int8_weights",))] == ["fp32", "int8_weights"]
    with pytest.raises(
        UsageError, match="there is no recipe 'int3'; take from fp16, fp32, int12_weights, int16_weights, int4_blocks, "
    ):
        recipes(("int3",))
    for one in recipes():
        assert one.__name__.rpartition(".")[2] == one.ID
        assert set(one.BACKENDS) <= {"wasm", "webgpu"}
        assert one.TOLERANCE.reason
