import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import helper, numpy_helper
from pageside_export import tensors


def model(bias=4):
    weight = np.random.default_rng(0).normal(size=(64, bias)).astype(np.float32)
    constants = [
        numpy_helper.from_array(weight, "w"),
        numpy_helper.from_array(np.arange(bias, dtype=np.float32), "b"),
        helper.make_tensor("typed", onnx.TensorProto.FLOAT, [1], [2.0]),
    ]
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["y"]),
        helper.make_node("Add", ["y", "b"], ["z"]),
        helper.make_node("Mul", ["z", "typed"], ["out"]),
    ]
    ends = [helper.make_tensor_value_info(n, 1, [1, s]) for n, s in (("x", 64), ("out", bias))]
    graph = helper.make_graph(nodes, "main", ends[:1], ends[1:], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def run(content, config=None):
    options = ort.SessionOptions()
    for key, value in (config or {}).items():
        options.add_session_config_entry(key, value)
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.ones((1, 64), np.float32)})[0]


@pytest.mark.parametrize("bias", [4, 300])
def test_a_file_is_the_same_wherever_the_constants_are(tmp_path, bias):
    inside = model(bias)
    want = run(inside.SerializeToString())
    tensors.write_model(inside, tmp_path / "a.onnx", tmp_path)
    outside = tensors.put_outside(model(bias), tmp_path / "weights.data")
    assert tensors.any_outside(outside)
    assert not tensors.any_outside(inside)
    tensors.write_model(outside, tmp_path / "b.onnx", tmp_path)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
    assert np.array_equal(run(str(tmp_path / "a.onnx")), want)
    onnx.checker.check_model(str(tmp_path / "a.onnx"), full_check=True)
    back = onnx.load(str(tmp_path / "a.onnx"))
    assert back.SerializeToString(deterministic=True) == inside.SerializeToString(deterministic=True)


def test_onnxruntime_finds_constants_outside(tmp_path):
    want = run(model().SerializeToString())
    outside = tensors.put_outside(model(), tmp_path / "weights.data")
    assert len(outside.SerializeToString()) < 600
    assert np.array_equal(run(outside.SerializeToString(), {tensors.FOLDER_CONFIG: str(tmp_path)}), want)
    assert tensors.array(outside.graph.initializer[0], tmp_path).shape == (64, 4)
    whole = tensors.put_inside(outside, tmp_path)
    assert np.array_equal(run(whole.SerializeToString()), want)


def test_sizes():
    assert tensors.weight_bytes(model()) == 64 * 4 * 4 + 4 * 4 + 4
    four = helper.make_tensor("four", onnx.TensorProto.UINT4, [3], [1, 2, 3])
    graph = helper.make_graph([], "main", [], [], [four])
    assert tensors.weight_bytes(helper.make_model(graph)) == 2


def test_a_write_that_fails_leaves_nothing(tmp_path):
    outside = tensors.put_outside(model(), tmp_path / "weights.data")
    (tmp_path / "weights.data").unlink()
    with pytest.raises(FileNotFoundError):
        tensors.write_model(outside, tmp_path / "a.onnx", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_types_of_a_files_constants_are_read_past_their_values(tmp_path):
    values = [np.ones((300, 5), np.float16), np.arange(7), np.ones(2, np.float32)]
    constants = [numpy_helper.from_array(value, f"c{number}") for number, value in enumerate(values)]
    graph = helper.make_graph([], "main", [], [], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], producer_name="x" * 300)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    kinds = {onnx.TensorProto.FLOAT16, onnx.TensorProto.INT64, onnx.TensorProto.FLOAT}
    assert tensors.constant_types(path) == tensors.constant_types(path.read_bytes()) == kinds
    del model.graph.initializer[:]
    assert tensors.constant_types(bytes(model.SerializeToString())) == set()
