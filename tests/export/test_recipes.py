"""The recipes besides fp32 and int8_weights, each on tiny models, in native onnxruntime."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from pageside_export import convert, planes, tensors
from pageside_export.modules import build_module
from pageside_export.pack import gzip_bytes
from pageside_export.quantize import (
    Given,
    NotTried,
    _int16,
    _mixed,
    fp16,
    int4_blocks,
    int8_dynamic,
    int8_static,
    int8_weights,
    int12_weights,
    int16_weights,
    mixed_int4,
    mixed_int8,
    mixed_static,
)
from pageside_export.verify import QUANTIZED_TOLERANCE, Call, Measurement, Tolerance, compare
from torch import nn

#: What no variant of a tiny random model reaches.
STRICT = Tolerance(cosine=0.99, largest=None, norm=0.015, top1=False, equal=1, reason="for tests")


class Words(nn.Module):
    """An embedding, then products: small enough for a test and large enough for int4."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(300, 256)
        self.first, self.second = nn.Linear(256, 256), nn.Linear(256, 300)

    def forward(self, ids):
        return self.second(torch.relu(self.first(self.table(ids))).mean(1))


def convolutions():
    return nn.Sequential(
        nn.Conv2d(3, 64, 3), nn.ReLU(), nn.Conv2d(64, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2048, 10)
    )


@pytest.fixture(scope="module")
def words():
    torch.manual_seed(0)
    return made(Words().eval(), [{"ids": torch.randint(0, 300, (2, 7))} for _ in range(3)])


@pytest.fixture(scope="module")
def pictures():
    torch.manual_seed(0)
    return made(convolutions().eval(), [{"input": torch.rand(1, 3, 12, 12)} for _ in range(3)])


def made(module, inputs):
    built = build_module("m", lambda: (module, inputs[0]), None)
    feeds = [{name: value.numpy() for name, value in one.items()} for one in inputs]
    return convert.to_onnx(built, 20).model, [Call(one, built.run(one)) for one in feeds]


def given(calls, folder, tolerance=QUANTIZED_TOLERANCE):
    return Given(list(calls), tolerance, folder)


def measured(model, calls, recipe, folder):
    onnx.checker.check_model(model)
    session = given(calls, folder).session(model, recipe.SESSION_CONFIG)
    return Measurement([compare(call.outputs, session.run(call.inputs)) for call in calls])


def operators(model):
    return {node.op_type for node in model.graph.node}


@pytest.mark.parametrize(
    ("recipe", "cosine", "share"),
    [
        (fp16, 0.99999, 0.55),
        (int8_weights, 0.999, 0.35),
        (int12_weights, 0.9999, 0.55),
        (int16_weights, 0.999999, 0.55),
        (int8_dynamic, 0.99, 0.35),
        (int8_static, 0.98, 0.35),
        (int4_blocks, 0.97, 0.32),
    ],
)
def test_words_stay_near_and_become_small(words, tmp_path, recipe, cosine, share):
    model, calls = words
    before = model.SerializeToString(deterministic=True)
    changed = recipe.apply(model, given(calls, tmp_path))
    assert model.SerializeToString(deterministic=True) == before
    assert measured(changed, calls, recipe, tmp_path).cosine > cosine
    assert tensors.weight_bytes(changed) < share * tensors.weight_bytes(model)


@pytest.mark.parametrize(
    ("recipe", "cosine"),
    [(fp16, 0.99999), (int12_weights, 0.9999), (int16_weights, 0.999999), (int8_weights, 0.999), (int8_static, 0.98)],
)
def test_pictures_stay_near(pictures, tmp_path, recipe, cosine):
    model, calls = pictures
    changed = recipe.apply(model, given(calls, tmp_path))
    assert measured(changed, calls, recipe, tmp_path).cosine > cosine


@pytest.mark.parametrize(("recipe", "integers"), [(int8_weights, "int8"), (int16_weights, "int16")])
def test_a_table_is_never_made_float(words, tmp_path, recipe, integers):
    model, calls = words
    changed = recipe.apply(model, given(calls, tmp_path))
    lookups = [node.input[0] for node in changed.graph.node if node.op_type == "Gather"]
    assert [name for name in lookups if "int" in name] == [f"module.table.weight.{integers}"]
    assert not [node for node in changed.graph.node if node.op_type == "DequantizeLinear" and "table" in node.input[0]]


def test_twelve_bits_are_a_share_of_a_channel_s_mean():
    factors = np.array([[1], [1], [1], [5], [1], [0]])
    weight = np.random.default_rng(0).normal(size=(6, 500)).astype(np.float32) * factors
    weight[1, 0] = 40  # larger than 2047 steps of a 150th of the root mean square
    weight[2, :] = 0.25
    values, step = _int16.quantize(weight.astype(np.float32), 0, int12_weights.BITS)
    assert (values.dtype, values.shape) == (np.int16, weight.shape)
    assert np.abs(values).max() == 2047
    assert (np.abs(values * step[:, None] - weight) <= 0.501 * step[:, None]).all()
    mean = np.sqrt(np.square(weight).mean(axis=1))
    np.testing.assert_allclose(step[[0, 2, 3, 4]], mean[[0, 2, 3, 4]] / 150, rtol=1e-5)
    assert step[1] == np.float32(40 / 2047)
    assert step[5] == 1


def test_twelve_bits_take_less_than_ten_on_the_wire_and_sixteen_less_than_fp16(tmp_path):
    layer = nn.Linear(512, 512, bias=False)
    nn.init.normal_(layer.weight)
    model, calls = made(nn.Sequential(layer), [{"input": torch.rand(2, 512)}])
    files, errors = {}, {}
    for recipe in (int8_weights, int12_weights, int16_weights, fp16):
        changed = recipe.apply(model, given(calls, tmp_path))
        files[recipe] = tmp_path / f"{recipe.ID}.onnx"
        files[recipe].write_bytes(changed.SerializeToString())
        errors[recipe] = measured(changed, calls, recipe, tmp_path).mean_abs_error
    bits = {recipe: 8 * len(gzip_bytes(file.read_bytes())) / layer.weight.numel() for recipe, file in files.items()}
    parts = {
        recipe: planes.Part(files[recipe].read_bytes(), planes.runs(files[recipe]))
        for recipe in (int12_weights, int16_weights)
    }
    assert all(part.runs[0][1] == layer.weight.numel() for part in parts.values())
    twelve, sixteen = (8 * len(part.stored) / layer.weight.numel() for part in parts.values())
    assert bits[int8_weights] < twelve < 9.8
    assert bits[int12_weights] > 11
    assert sixteen < 13.8
    assert bits[fp16] > 14
    assert 3 * errors[int12_weights] < errors[int8_weights]
    assert 9 * errors[int16_weights] < errors[int12_weights]
    assert errors[int16_weights] < errors[fp16]


def test_only_an_embedding_is_nothing_for_twelve_bits(tmp_path):
    model, calls = made(nn.Sequential(nn.Embedding(300, 64)), [{"input": torch.tensor([[1, 2]])}])
    assert int12_weights.apply(model, given(calls, tmp_path)) is None


def test_dynamic_int8_leaves_convolutions_alone(pictures, tmp_path):
    model, calls = pictures
    changed = int8_dynamic.apply(model, given(calls, tmp_path))
    assert "MatMulIntegerToFloat" in operators(changed)
    assert "ConvInteger" not in operators(changed)
    only = made(nn.Sequential(nn.Conv2d(3, 64, 3)), [{"input": torch.rand(1, 3, 12, 12)}])
    assert int8_dynamic.apply(only[0], given(only[1], tmp_path)) is None
    assert int4_blocks.apply(only[0], given(only[1], tmp_path)) is None


class Uneven(nn.Module):
    """One channel a hundred times the others, one row a hundred times the others, and a weight used twice."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(64, 64), nn.Linear(64, 64, bias=False)

    def forward(self, x):
        x = self.first(x)
        return self.second(x.tanh()) + self.second(x)


def uneven(*, rows):
    inputs = torch.randn(rows, 64)
    inputs[:, 7] *= 100
    inputs[0] *= 100
    return inputs


def test_dynamic_int8_stands_outlier_channels_and_rows(tmp_path):
    torch.manual_seed(0)
    model, calls = made(Uneven().eval(), [{"x": uneven(rows=9)} for _ in range(3)])
    changed = int8_dynamic.apply(model, given(calls, tmp_path))
    assert [node.op_type for node in changed.graph.node].count("MatMulIntegerToFloat") == 3
    session = given(calls, tmp_path).session(changed, int8_dynamic.SESSION_CONFIG)
    (got,) = session.run(calls[0].inputs).values()
    (want,) = calls[0].outputs.values()
    # Row by row: the large one would hide the others.
    norms = [np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(got, want, strict=True)]
    assert max(norms) < 0.05


def test_dynamic_int8_answers_a_row_the_same_in_any_batch(tmp_path):
    torch.manual_seed(0)
    model, calls = made(Uneven().eval(), [{"x": uneven(rows=9)} for _ in range(3)])
    changed = int8_dynamic.apply(model, given(calls, tmp_path))
    session = given(calls, tmp_path).session(changed, int8_dynamic.SESSION_CONFIG)
    whole = calls[0].inputs["x"]
    (together,) = session.run({"x": whole}).values()
    (other,) = session.run({"x": np.concatenate((whole[3:4], whole[3:] * 50, whole[:2]))}).values()
    assert np.array_equal(together[3], other[0])


def test_channels_are_balanced():
    even = np.ones(4, np.float32)
    assert np.allclose(int8_dynamic.balanced(even, even), 1)
    factor = int8_dynamic.balanced(np.array([1, 1, 100, 1], np.float32), even)
    assert factor[2] / factor[0] == pytest.approx(10)  # half of it, as a power
    asleep = int8_dynamic.balanced(np.array([1, 1, 0, 1], np.float32), even)
    assert asleep[0] / asleep[2] == pytest.approx(10**0.5)
    for nothing in (np.zeros(4, np.float32), np.full(4, np.nan, np.float32)):
        assert np.array_equal(int8_dynamic.balanced(nothing, even), even)


def test_int4_packs_as_onnxruntime_reads_it():
    weight = np.random.default_rng(0).normal(size=(70, 5)).astype(np.float32)
    blocks = int4_blocks.pack(weight)
    assert blocks.values.shape == (5, 3, 16)
    assert blocks.scales.shape == (5, 3)
    assert blocks.zeros.shape == (5, 2)
    low, high = blocks.values & 15, blocks.values >> 4
    values = np.stack((low, high), axis=-1).reshape(5, 3, 32).astype(int)
    zeros = np.stack((blocks.zeros & 15, blocks.zeros >> 4), axis=-1).reshape(5, 4)[:, :3].astype(int)
    restored = ((values - zeros[..., None]) * blocks.scales[..., None]).reshape(5, 96)[:, :70].T
    assert np.abs(restored - weight).max() <= blocks.scales.max()


def test_int4_products_may_have_a_bias_and_be_transposed(tmp_path):
    torch.manual_seed(0)
    model, calls = made(nn.Linear(300, 256), [{"input": torch.randn(4, 300)}])
    assert operators(model) == {"Gemm"}
    changed = int4_blocks.apply(model, given(calls, tmp_path))
    assert operators(changed) == {"MatMulNBits", "Add"}
    assert measured(changed, calls, int4_blocks, tmp_path).cosine > 0.98


class Overflow(nn.Module):
    """Its middle is far beyond float16, its ends are not."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(64, 64), nn.Linear(64, 64)

    def forward(self, x):
        return self.second((self.first(x) * 1e6) / 1e6)


def test_what_overflows_stays_float32(tmp_path):
    torch.manual_seed(0)
    model, calls = made(Overflow(), [{"x": torch.randn(2, 64)}])
    changed = fp16.apply(model, given(calls, tmp_path))
    assert measured(changed, calls, fp16, tmp_path).cosine > 0.9999
    ends = [*changed.graph.input, *changed.graph.output]
    assert {one.type.tensor_type.elem_type for one in ends} == {onnx.TensorProto.FLOAT}
    assert onnx.TensorProto.FLOAT16 in {one.data_type for one in changed.graph.initializer}


def test_a_cast_of_the_models_own_goes_on_in_float16(tmp_path):
    """Behind an operator that stays float32: it is no cast back to float32, though the converter puts one before it."""
    rng = np.random.default_rng(0)
    values = {"up": np.float32(1e6), "down": np.float32(1e-6), "w": rng.standard_normal((64, 64)).astype(np.float32)}
    nodes = [
        helper.make_node("Mul", ["x", "up"], ["large"]),
        helper.make_node("Mul", ["large", "down"], ["small"]),
        helper.make_node("Cast", ["small"], ["own"], to=onnx.TensorProto.FLOAT),
        helper.make_node("MatMul", ["own", "w"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2, 64]) for name in ("x", "y")]
    kept = [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], kept)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    x = rng.standard_normal((2, 64)).astype(np.float32)
    changed = fp16.apply(model, given([Call({"x": x}, {"y": x @ values["w"]})], tmp_path))
    assert measured(changed, [Call({"x": x}, {"y": x @ values["w"]})], fp16, tmp_path).cosine > 0.9999


class Counted(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(64, 64)

    def forward(self, x, ids):
        return self.mix(x), torch.histc(ids.float(), bins=4, min=0, max=3)


def test_limits_of_a_comparison_are_not_rounded(tmp_path):
    """The upper edge of a histogram lies a millionth above its last number, which float16 can't say."""
    torch.manual_seed(0)
    model, calls = made(Counted().eval(), [{"x": torch.rand(2, 64), "ids": torch.tensor([0, 1, 1, 2, 3, 3, 3])}])
    changed = fp16.apply(model, given(calls, tmp_path))
    counts = given(calls, tmp_path).session(changed, {}).run(calls[0].inputs)["output_1"]
    assert counts.tolist() == [1, 2, 1, 3]


class Buckets(nn.Module):
    """As T5's relative positions: a logarithm of zero beside products."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(64, 64)

    def forward(self, x):
        return self.mix(x) + torch.exp(torch.log(x * 0) * 2)


def test_infinite_values_that_no_product_meets_do_not_matter(tmp_path):
    torch.manual_seed(0)
    model, calls = made(Buckets().eval(), [{"x": torch.rand(2, 64)} for _ in range(2)])
    assert int8_static.apply(model, given(calls, tmp_path)) is not None


class Endless(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(64, 64)

    def forward(self, x):
        return torch.exp(-(self.mix(x * 1e30) ** 2))


def test_products_whose_values_have_no_range_are_told(tmp_path):
    torch.manual_seed(0)
    calls = [Call({"x": np.full((2, 64), np.inf, np.float32)}, {"y": np.zeros((2, 64), np.float32)})]
    model, _ = made(Endless().eval(), [{"x": torch.rand(2, 64)}])
    with pytest.raises(NotTried, match=r"its products have values that no range holds \(.+\)"):
        int8_static.apply(model, given(calls, tmp_path))


class Resized(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 3)

    def forward(self, x):
        y = nn.functional.interpolate(self.conv(x), scale_factor=2, mode="bilinear")
        return y.mean((2, 3)).cumsum(1)


def test_resize_and_cumsum_survive_float16(tmp_path):
    torch.manual_seed(0)
    model, calls = made(Resized(), [{"x": torch.rand(1, 3, 12, 12)}])
    assert {"Resize", "CumSum"} <= operators(model)
    changed = fp16.apply(model, given(calls, tmp_path))
    assert measured(changed, calls, fp16, tmp_path).cosine > 0.9999


@pytest.mark.parametrize("recipe", [mixed_int8, mixed_int4, mixed_static])
def test_a_mixture_is_made_only_where_it_is_needed(words, tmp_path, recipe):
    model, calls = words
    loose = Tolerance(cosine=0.5, largest=None, norm=1, top1=False, equal=0, reason="for tests")
    assert recipe.apply(model, given(calls, tmp_path, loose)) is None


def test_a_mixture_leaves_the_worst_layer_alone(tmp_path):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(64, 64), nn.Linear(64, 64), nn.Linear(64, 64))
    with torch.no_grad():
        module[1].weight[:, 0] = 300  # makes the scale of every row so coarse that all other weights become zero
        module[0].weight[0], module[0].bias[0] = 0, 0
    model, calls = made(module, [{"input": torch.randn(4, 64)}])
    judged = given(calls, tmp_path, STRICT)
    assert judged.misses(measured(int8_weights.apply(model, judged), calls, int8_weights, tmp_path))
    changed = mixed_int8.apply(model, judged)
    assert not judged.misses(measured(changed, calls, mixed_int8, tmp_path))
    left = [one.name for one in changed.graph.initializer if len(one.dims) == 2 and one.data_type == 1]
    assert left == ["module.1.weight"]


def test_no_mixture_is_better_than_a_wrong_one(words, tmp_path):
    model, calls = words
    never = Tolerance(cosine=1, largest=None, norm=0, top1=False, equal=1, reason="for tests")
    assert mixed_int4.apply(model, given(calls, tmp_path, never)) is None
    assert _mixed.left_alone(["one"], lambda but: model, given(calls, tmp_path, never), {}) is None


@pytest.mark.parametrize("recipe", [fp16, int8_static, int12_weights, int16_weights])
def test_big_models_are_not_copied(words, tmp_path, recipe):
    model, calls = words
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    outside = tensors.put_outside(copy, tmp_path / "weights.data")
    with pytest.raises(NotTried, match="the model is big, and this recipe would need several copies of it in memory"):
        recipe.apply(outside, given(calls, tmp_path))


@pytest.mark.parametrize("recipe", [int8_weights, int8_dynamic, int4_blocks])
def test_weights_outside_give_the_same_bytes(words, tmp_path, recipe):
    model, calls = words
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    outside = tensors.put_outside(copy, tmp_path / "weights.data")
    one = b"".join(tensors.serialized_pieces(recipe.apply(model, given(calls, tmp_path)), tmp_path))
    two = b"".join(tensors.serialized_pieces(recipe.apply(outside, given(calls, tmp_path)), tmp_path))
    assert hashlib.sha256(one).digest() == hashlib.sha256(two).digest()


SCRIPT = """
import hashlib, sys, tempfile
from pathlib import Path
import torch, test_recipes as t
from pageside_export import planes, tensors
from pageside_export.quantize import recipes
torch.manual_seed(0)
model, calls = t.made(t.Words().eval(), [{"ids": torch.randint(0, 300, (2, 7))} for _ in range(3)])
for recipe in recipes():
    folder = Path(tempfile.mkdtemp())
    made = recipe.apply(model, t.given(calls, folder, t.STRICT))
    if made is not None:
        print(recipe.ID, hashlib.sha256(b"".join(tensors.serialized_pieces(made, folder))).hexdigest())
"""


def test_two_processes_give_the_same_bytes():
    runs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=Path(__file__).parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert {"fp32", "fp16", "int8_static", "int8_dynamic", "int4_blocks"} <= {
        line.split()[0] for line in runs[0].splitlines()
    }
