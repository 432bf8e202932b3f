from dataclasses import replace

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from pageside_export import rehearsal as rehearsals
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.exporting import VariantExport
from pageside_export.rehearsal import rehearsal, without_weights

FEEDS = {"x": np.ones((2, 40), np.float32)}


def graph(*nodes: onnx.NodeProto, constants=None) -> onnx.ModelProto:
    values = {
        "weight": np.random.default_rng(0).normal(size=(40, 30)).astype(np.float32),
        "table": np.arange(3000, dtype=np.int16).reshape(100, 30),
        "mask": np.ones((40, 30), bool),
        "shape": np.array([-1, 3, 10]),
        **(constants or {}),
    }
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 40])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3, 10])
    chain = nodes or (
        helper.make_node("MatMul", ["x", "weight"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], ["y"]),
    )
    weights = [numpy_helper.from_array(value, name) for name, value in values.items()]
    body = helper.make_graph(chain, "g", [x], [y], weights)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.fixture
def variant(tmp_path):
    def make(model: onnx.ModelProto) -> VariantExport:
        path = tmp_path / "fp32.onnx"
        onnx.save(model, path)
        size = path.stat().st_size
        return VariantExport("fp32", path, size, "", {}, {}, [], [], wire_bytes=5_000_000)

    return make


def test_weights_are_zeros_of_the_same_types_and_shapes_and_the_rest_is_as_it_was():
    whole = graph()
    light = without_weights(whole)
    kept = {one.name: numpy_helper.to_array(one) for one in light.graph.initializer}
    assert set(kept) == {"weight.shape", "table.shape", "mask", "shape"}
    np.testing.assert_array_equal(kept["shape"], [-1, 3, 10])
    zeros = {node.output[0]: node for node in light.graph.node if node.op_type == "ConstantOfShape"}
    assert {name: node.attribute[0].t.data_type for name, node in zeros.items()} == {
        "weight": TensorProto.FLOAT,
        "table": TensorProto.INT16,
    }
    assert [node.op_type for node in light.graph.node[2:]] == ["MatMul", "Reshape"]
    assert len(whole.graph.initializer) == 4


def test_onnxruntime_runs_it_as_the_whole_one(variant):
    content = rehearsal(variant(graph()), FEEDS)
    assert len(content) < 2500  # of weights that take 5 kB and more
    answer = OnnxSession(OnnxModel(content, {})).run(FEEDS)["y"]
    np.testing.assert_array_equal(answer, np.zeros((2, 3, 10), np.float32))


def test_the_same_model_gives_the_same_bytes(variant):
    assert rehearsal(variant(graph()), FEEDS) == rehearsal(variant(graph()), FEEDS)


@pytest.mark.parametrize(
    "change",
    [{"wire_bytes": rehearsals.LEAST_BYTES - 1}, {"size": rehearsals.MOST_BYTES + 1}],
    ids=lambda change: next(iter(change)),
)
def test_what_gains_nothing_or_needs_too_much_has_none(variant, change):
    assert rehearsal(replace(variant(graph()), **change), FEEDS) is None


def test_a_graph_with_branches_has_none(variant):
    def branch(name: str) -> onnx.GraphProto:
        out = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        return helper.make_graph([helper.make_node("Identity", ["weight"], [name])], name, [], [out])

    large = numpy_helper.from_array(np.array(True), "large")
    nodes = (
        helper.make_node("Constant", [], ["large"], value=large),
        helper.make_node("If", ["large"], ["w"], then_branch=branch("a"), else_branch=branch("b")),
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], ["y"]),
    )
    made = variant(graph(*nodes))
    assert OnnxSession(made.model).run(FEEDS)["y"].shape == (2, 3, 10)
    assert rehearsal(made, FEEDS) is None


def test_what_onnxruntime_does_not_run_with_zeros_has_none(variant):
    """Here the largest weight says where to look, and there are no such rows."""
    nodes = (
        helper.make_node("ReduceMax", ["steps"], ["most"], keepdims=0),
        helper.make_node("Cast", ["most"], ["rows"], to=TensorProto.INT64),
        helper.make_node("Unsqueeze", ["rows", "axis"], ["where"]),
        helper.make_node("Sub", ["where", "axis_one"], ["index"]),
        helper.make_node("Gather", ["pair", "index"], ["one"]),
        helper.make_node("MatMul", ["x", "weight"], ["product"]),
        helper.make_node("Reshape", ["product", "shape"], ["grown"]),
        helper.make_node("Add", ["grown", "one"], ["y"]),
    )
    constants = {
        "steps": np.full(100, 4, np.float32),
        "axis": np.array([0]),
        "axis_one": np.array([3]),
        "pair": np.ones(2, np.float32),
    }
    made = variant(graph(*nodes, constants=constants))
    assert OnnxSession(made.model).run(FEEDS)["y"].shape == (2, 3, 10)
    assert rehearsal(made, FEEDS) is None
