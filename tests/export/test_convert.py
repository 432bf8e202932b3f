from collections import namedtuple
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from pageside_export import convert
from pageside_export.errors import ExportError, UserError
from pageside_export.modules import build_module
from torch import Tensor, nn

Pair = namedtuple("Pair", ["first", "second"])


@dataclass
class Answer:
    low: Tensor
    high: Tensor


class Net(nn.Module):
    """A module whose forward is a function."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Two(nn.Module):
    def forward(self, left, right):
        return left - right


def build(module, inputs, axes=None):
    return build_module("net", lambda: (module, inputs), axes)


def export(module, inputs, axes=None):
    built = build(module, inputs, axes)
    return built, convert.to_onnx(built, 20).model


def run(model, feeds):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([one.name for one in session.get_outputs()], session.run(None, feeds), strict=True))


def shapes(values):
    return {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values
    }


def test_the_answer_is_pytorchs():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU6(), nn.Flatten(), nn.Linear(8 * 6 * 6, 5))
    value = torch.randn(1, 3, 8, 8)
    built, model = export(module, {"image": value})
    onnx.checker.check_model(model)
    got = run(model, {"image": value.numpy()})
    np.testing.assert_allclose(got["output"], built.run({"image": value.numpy()})["output"], rtol=1e-4, atol=1e-5)


def test_two_exports_are_the_same_bytes_and_tell_nothing_of_this_machine():
    def once():
        torch.manual_seed(0)
        return convert.serialized(export(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), torch.zeros(1, 4))[1])

    first = once()
    export(Two(), (torch.zeros(1), torch.zeros(1)))
    assert once() == first
    for word in (b"/", b"torch", b"stack_trace", b"forward", b"Sequential", b"pytorch"):
        assert word not in first


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda x: x + 1, ["output"]),
        (lambda x: (x + 1, x - 1), ["output_0", "output_1"]),
        (lambda x: {"up": x + 1, "down": x - 1}, ["up", "down"]),
        (lambda x: Pair(x + 1, x - 1), ["first", "second"]),
    ],
)
def test_outputs_are_named(function, names):
    value = torch.tensor([[1.0, 2.0]])
    built, model = export(Net(function), {"x": value})
    assert built.outputs == names
    got = run(model, {"x": value.numpy()})
    assert list(got) == names
    for name, reference in built.run({"x": value.numpy()}).items():
        np.testing.assert_array_equal(got[name], reference)


@pytest.mark.parametrize(
    "inputs",
    [
        {"left": torch.tensor([3.0]), "right": torch.tensor([1.0])},
        {"right": torch.tensor([1.0]), "left": torch.tensor([3.0])},
        (torch.tensor([3.0]), torch.tensor([1.0])),
        {"a": torch.tensor([3.0]), "b": torch.tensor([1.0])},
    ],
)
def test_inputs_by_name_by_place_and_by_other_names(inputs):
    built, model = export(Two(), inputs)
    names = [value.name for value in model.graph.input]
    assert names == list(built.inputs)
    got = run(model, {name: value.numpy() for name, value in built.inputs.items()})
    assert got["output"] == [2.0]


def test_a_single_tensor_takes_forwards_name():
    built, model = export(nn.ReLU(), torch.zeros(1))
    assert list(built.inputs) == ["input"]
    assert [value.name for value in model.graph.input] == ["input"]


def test_dynamic_axes_keep_their_names_and_take_other_sizes():
    module = nn.Conv2d(3, 2, 3, padding=1)
    axes = {"image": {2: "height", 3: "width"}}
    for name in ("image", "input"):
        named = {name: axes["image"]}
        built, model = export(module, {name: torch.randn(1, 3, 16, 24)}, named)
        assert shapes(model.graph.input) == {name: [1, 3, "height", "width"]}
        assert shapes(model.graph.output) == {"output": [1, 2, "height", "width"]}
        other = np.random.default_rng(0).random((1, 3, 9, 31), np.float32)
        got = run(model, {name: other})["output"]
        np.testing.assert_allclose(got, built.run({name: other})["output"], rtol=1e-4, atol=1e-5)


def test_training_mode_is_left():
    module = nn.Dropout(0.9).train()
    built, model = export(module, torch.ones(1, 8))
    assert run(model, {"input": np.ones((1, 8), np.float32)})["output"].tolist() == [[1] * 8]
    assert not built.module.training


def branching(x):
    if x.sum() > 0:
        return x
    return -x


def unknown_to_onnx(x):
    return torch.linalg.eigvals(x).real


@torch.library.custom_op("pageside_test::doubled", mutates_args=())
def doubled(x: Tensor) -> Tensor:
    return x * 2


@doubled.register_fake
def _(x):
    return torch.empty_like(x)


@torch.library.custom_op("pageside_test::faceless", mutates_args=())
def faceless(x: Tensor) -> Tensor:
    return x * 2


def calls_a_custom_operator(x):
    return doubled(x)


def calls_one_without_a_fake(x):
    return faceless(x)


def calls_a_decomposed_function(x):
    return torch.special.i0(x)


def decides_its_size_by_values(x):
    return nn.functional.ctc_loss(x[:, None], torch.ones(1, 1, dtype=torch.long), (2,), (1,))


def calls_a_function_with_arguments_that_it_refuses(x):
    return torch.unique_consecutive(x).sum()


def bends_complex_numbers(x):
    return torch.fft.irfft(torch.tan(torch.fft.rfft(x)))


def casts(x):
    return x.bfloat16().float()


@pytest.mark.parametrize(
    ("function", "value", "axes", "named", "words"),
    [
        (
            branching,
            torch.ones(2, 2),
            None,
            branching,
            "net cannot be exported: the code depends on the values of a tensor (an `if`, a loop or a shape); "
            "use torch.where, or move that part into demo.py with numpy",
        ),
        (
            unknown_to_onnx,
            torch.eye(3),
            None,
            unknown_to_onnx,
            "net cannot be exported: ONNX has no operator for torch's linalg_eig; "
            "write it with other functions, or move that part into demo.py with numpy",
        ),
        (
            doubled,
            torch.ones(2),
            None,
            None,
            "net cannot be exported: ONNX has no operator for the custom operator pageside_test::doubled; "
            "write it with other functions, or move that part into demo.py with numpy",
        ),
        (
            calls_a_custom_operator,
            torch.ones(2),
            None,
            calls_a_custom_operator,
            "net cannot be exported: ONNX has no operator for the custom operator pageside_test::doubled; "
            "write it with other functions, or move that part into demo.py with numpy",
        ),
        (
            calls_one_without_a_fake,
            torch.ones(2),
            None,
            calls_one_without_a_fake,
            "net cannot be exported: ONNX has no operator for the custom operator pageside_test::faceless; "
            "write it with other functions, or move that part into demo.py with numpy",
        ),
        (
            calls_a_decomposed_function,
            torch.ones(2),
            None,
            None,
            "net cannot be exported: ONNX has no operator for torch's bessel_i0; "
            "write it with other functions, or move that part into demo.py with numpy",
        ),
        (
            decides_its_size_by_values,
            torch.rand(2, 3),
            None,
            decides_its_size_by_values,
            "net cannot be exported: ONNX has no operator for torch's _ctc_loss; "
            "write it with other functions, or move that part into demo.py with numpy",
        ),
        (
            calls_a_function_with_arguments_that_it_refuses,
            torch.ones(4),
            None,
            calls_a_function_with_arguments_that_it_refuses,
            "net cannot be exported: ONNX has no operator for torch's unique_consecutive as it is called here "
            "(unique_consecutive not implemented for other type than int32, int64); "
            "write it with other functions, or move that part into demo.py with numpy",
        ),
        (
            bends_complex_numbers,
            torch.ones(2, 4),
            None,
            bends_complex_numbers,
            "net cannot be exported: ONNX has no operator for torch's tan of complex numbers; "
            "compute with real and imaginary parts between torch.view_as_real and torch.view_as_complex",
        ),
        (
            casts,
            torch.ones(2),
            None,
            casts,
            "net cannot be exported: the code computes in bfloat16, which no browser runs; "
            "take .bfloat16() and torch.autocast out of forward()",
        ),
    ],
)
def test_a_failed_export_names_the_line_and_the_way_out(function, value, axes, named, words):
    with pytest.raises(ExportError) as caught:
        export(Net(function), {"x": value}, axes)
    where, _, message = str(caught.value).partition(": ")
    assert message == words
    assert where.startswith("tests/export/test_convert.py:") or where.endswith(str(__file__))
    if named is not None:
        assert int(where.rpartition(":")[2]) == named.__code__.co_firstlineno + 1
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ({"y": {0: "rows"}}, "dynamic_shapes names 'y', which is no input; the inputs are x"),
        ({"x": {5: "rows"}}, "dynamic_shapes names axis 5 of 'x', which has 2 axes; count from 0"),
        ({"x": {0: "no word"}}, "dynamic_shapes names axis 0 of 'x' 'no word'; take a word such as \"height\""),
        (
            {"x": {0: "rows"}},
            "axis 0 (rows) of 'x' is dynamic, but its example has size 1 there; "
            "return an example of size 2 or more; torch.export bakes 0 and 1 in",
        ),
    ],
)
def test_mistakes_in_dynamic_shapes(axes, words):
    with pytest.raises(UserError) as caught:
        build(Net(torch.relu), {"x": torch.zeros(1, 2)}, axes)
    assert str(caught.value).endswith(words)


def test_a_module_in_bfloat16_is_measured_and_exported_in_float32():
    module = nn.Linear(4, 2).bfloat16()
    value = torch.rand(1, 4)
    built, model = export(module, value)
    assert built.module.weight.dtype is torch.float32
    got = run(model, {"input": value.numpy()})["output"]
    np.testing.assert_allclose(got, built.run({"input": value.numpy()})["output"], rtol=1e-5)


def test_a_cast_to_bfloat16_before_its_layer_is_named():
    class Casts(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 2).bfloat16()

        def forward(self, x):
            return self.layer(x.bfloat16())

    with pytest.raises(UserError) as caught:
        build(Casts(), torch.rand(1, 4))
    assert str(caught.value).endswith("; no browser runs bfloat16: take .bfloat16() out of forward()")


class Options(nn.Module):
    def forward(self, *, x, mode="plain", **more):
        return x * more["scale"] if mode == "scaled" else x


def test_words_are_constants_and_any_name_goes_where_forward_takes_any():
    built, model = export(Options(), {"x": torch.ones(2), "mode": "scaled", "scale": torch.full((2,), 3.0)})
    assert [value.name for value in model.graph.input] == ["x", "scale"]
    got = run(model, {name: value.numpy() for name, value in built.inputs.items()})
    assert got["output"].tolist() == [3, 3]


def test_outputs_that_no_page_can_take():
    with pytest.raises(UserError, match="forward\\(\\) returned complex64 as 'output', which no browser runs"):
        build(Net(lambda x: torch.complex(x, x)), {"x": torch.zeros(1)})
    with pytest.raises(UserError, match="'x_out' names two of forward\\(\\)'s values; rename one of them"):
        build(Net(lambda x: {"y": x, "x": x, "x_out": x}), {"x": torch.zeros(1)})


def test_an_output_with_an_input_s_name_has_another():
    """As caches have, which come in and go out."""
    built, model = export(Net(lambda x: {"y": x[0], "x": (x[0], x[1] + 1)}), {"x": (torch.zeros(2), torch.ones(2))})
    assert (list(built.inputs), built.outputs) == (["x.0", "x.1"], ["y", "x_out.0", "x_out.1"])
    feeds = {name: value.numpy() for name, value in built.inputs.items()}
    assert run(model, feeds)["x_out.1"].tolist() == built.run(feeds)["x_out.1"].tolist() == [2, 2]


def test_a_module_that_is_quantized_already():
    net = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
    quantized = torch.ao.quantization.quantize_dynamic(net.eval(), {nn.Linear})
    with pytest.raises(UserError, match="'0' is a Linear that PyTorch has quantized; return the module as it was"):
        build(quantized, {"input": torch.zeros(1, 4)})


def test_a_dataclass_is_named_by_its_fields():
    built = build(Net(lambda x: Answer(x, x + 1)), {"x": torch.zeros(1)})
    assert built.outputs == ["low", "high"]
