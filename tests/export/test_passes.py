from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from pageside_export import passes
from pageside_export.engines import OnnxModel, OnnxSession


def test_passes_that_change_something_stay():
    def optimized(left_out):
        return sorted({"fuses", "folds"} - set(left_out))

    assert passes.without_effect(["idle", "fuses", "other", "folds", "last"], optimized) == ["idle", "other", "last"]


def test_of_two_that_do_the_same_one_stays():
    def optimized(left_out):
        return {"first", "second"} <= set(left_out)

    assert passes.without_effect(["first", "idle", "second"], optimized) == ["first", "idle"]


def test_where_none_changes_anything_one_try_is_enough():
    tried = []

    def optimized(left_out):
        tried.append(tuple(left_out))
        return "the same"

    assert passes.without_effect(["first", "second"], optimized) == ["first", "second"]
    assert tried == [(), ("first", "second")]


def test_where_nothing_comes_out_all_stay():
    assert passes.without_effect(["first", "second"], lambda left_out: None) == []
    assert passes.without_effect(["needed", "idle"], lambda left_out: None if "needed" in left_out else 1) == ["idle"]


@pytest.fixture
def variant(tmp_path, monkeypatch):
    """Convolution and ReLU, which one pass joins; the weights are int8, which stay out of the way of another."""
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))
    random = np.random.default_rng(0)
    weights = random.integers(-127, 127, (4, 3, 3, 3), np.int8)
    constants = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(np.float32(0.01), "scale")]
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "scale"], ["weights"]),
        helper.make_node("Conv", ["x", "weights"], ["sums"]),
        helper.make_node("Relu", ["sums"], ["y"]),
    ]
    given = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])]
    made = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4, 6, 6])]
    model = helper.make_model(
        helper.make_graph(nodes, "net", given, made, constants),
        opset_imports=[helper.make_opsetid("", 20)],
        ir_version=10,
    )
    path = tmp_path / "net.onnx"
    path.write_bytes(model.SerializeToString())
    return SimpleNamespace(
        path=path, size=path.stat().st_size, sha256="a", session_config={"session.disable_quant_qdq": "1"}
    )


def test_a_page_leaves_out_what_changes_nothing(variant):
    (entry,) = passes.idle_passes(variant).items()
    key, names = entry
    assert key == "optimization.disable_specified_optimizers"
    assert set(passes.PASSES) - set(names.split(";")) == {"ConvActivationFusion"}
    x = np.random.default_rng(1).standard_normal((1, 3, 8, 8)).astype(np.float32)
    config = variant.session_config
    before, after = (
        OnnxSession(OnnxModel(variant.path, one)).run({"x": x})["y"] for one in (config, config | {key: names})
    )
    np.testing.assert_array_equal(before, after)


def test_it_is_found_once(variant, monkeypatch):
    first = passes.idle_passes(variant)
    monkeypatch.setattr(onnxruntime, "InferenceSession", None)
    assert passes.idle_passes(variant) == first


def test_a_file_that_onnxruntime_does_not_open_leaves_nothing_out(variant):
    variant.path.write_bytes(b"no model")
    assert passes.idle_passes(variant) == {}


def test_a_large_file_is_not_tried(variant):
    variant.size = passes.MOST_BYTES + 1
    assert passes.idle_passes(variant) == {}
