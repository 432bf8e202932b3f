import numpy as np
import pytest
import torch
from pageside_export import golden
from pageside_export.golden import Usual, at_size, golden_calls, usual
from pageside_export.modules import Built, build_module
from pageside_export.options import ExportOptions
from pageside_export.verify import Call
from torch import nn

QUICK = ExportOptions()
ROWS = {"x": {0: "rows"}}


class Perceptron(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):  # (rows, 3) -> (rows, 2)
        return self.layer(x)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.GRU(3, 2)

    def forward(self, x):  # (steps, 3) -> (steps, 2)
        return self.cell(x)[0]


class Fixed(nn.Module):
    def forward(self, x):
        return x.reshape(6, 3) * 2


class Counted(nn.Module):
    def forward(self, x, lengths, rate):  # (rows, 3), (rows,), (2,) -> (rows, 3)
        return x * (torch.arange(3) < lengths[:, None]) * rate[0] + rate[1]


class Blurred(nn.Module):
    """Of pictures; of large ones only where their sides are even."""

    def forward(self, x):  # (1, h, w) -> (1, h / 2, w / 2)
        if x.shape[2] < 8:
            return nn.functional.avg_pool2d(x, 2)
        return x.reshape(1, x.shape[1] // 2, 2, -1, 2).mean((2, 4))


def built(module: nn.Module, inputs=None, axes=None) -> Built:
    given = inputs or {"x": torch.zeros(6, 3)}
    return build_module("net", lambda: (module.eval(), given), ROWS if axes is None else axes)


def recorded(net: Built, rows: int, **more) -> Call:
    inputs = {"x": np.random.default_rng(rows).normal(size=(rows, 3)).astype(np.float32), **more}
    return Call(inputs, net.run(inputs))


def test_rows_that_do_not_depend_on_each_other_are_two_the_first_and_the_last():
    net = built(Perceptron())
    (one,) = golden_calls([call := recorded(net, 6)], net, QUICK)
    np.testing.assert_array_equal(one.inputs["x"], call.inputs["x"][[0, 5]])
    np.testing.assert_allclose(one.outputs["output"], call.outputs["output"][[0, 5]], rtol=1e-5)


@pytest.mark.parametrize("module", [Recurrent(), Fixed()], ids=lambda module: type(module).__name__)
def test_rows_that_depend_on_each_other_stay(module):
    net = built(module)
    (one,) = golden_calls([call := recorded(net, 6)], net, QUICK)
    assert one.inputs is call.inputs


@pytest.mark.parametrize("axes", [{}, {"x": {1: "rows"}}, {"x": {0: "rows", 1: "rows"}}], ids=str)
def test_without_an_axis_of_rows_of_its_own_nothing_is_cut(axes):
    net = built(Perceptron())
    net.dynamic_shapes = axes
    (one,) = golden_calls([recorded(net, 6)], net, QUICK)
    assert one.inputs["x"].shape == (6, 3)


def test_two_rows_are_what_they_are():
    net = built(Perceptron())
    (one,) = golden_calls([call := recorded(net, 2)], net, QUICK)
    assert one is call


def test_every_input_of_rows_is_cut_and_what_has_none_stays():
    inputs = {"x": torch.zeros(6, 3), "lengths": torch.ones(6, dtype=torch.int64), "rate": torch.ones(2)}
    net = built(Counted(), inputs, {"x": {0: "rows"}, "lengths": {0: "rows"}})
    call = recorded(net, 5, lengths=np.arange(5), rate=np.float32([2, 1]))
    (one,) = golden_calls([call], net, QUICK)
    assert {name: value.shape for name, value in one.inputs.items()} == {"x": (2, 3), "lengths": (2,), "rate": (2,)}
    np.testing.assert_array_equal(one.inputs["lengths"], [0, 4])


@pytest.mark.parametrize(("side", "shapes"), [(12, {"x": (1, 12, 12)}), (13, {})])
def test_usual_is_a_call_of_mean_size_if_the_module_takes_that(side, shapes):
    axes = {"x": {1: "height", 2: "width"}}
    net = built(Blurred(), {"x": torch.rand(1, 4, 4)}, axes)
    calls = [Call({"x": np.zeros((1, size, size), np.float32)}, {}) for size in (4, side, 4, 18, 4, 4)]
    (first, *_) = golden_calls(calls, net, QUICK)
    assert first.inputs["x"].shape == (1, 4, 4)
    assert usual(calls, first, net, 4) == Usual(1.5, shapes)


def test_usual_of_a_model_that_no_example_ran_is_its_own_example():
    net = built(Perceptron())
    (one,) = golden_calls([], net, QUICK)
    assert usual([], one, net, 0) == Usual(1, {})


def test_inputs_at_another_size_hold_the_same_again_and_again():
    x = np.arange(6, dtype=np.uint8).reshape(1, 2, 3)
    sized = at_size({"x": x, "rate": x}, {"x": (1, 3, 2)})
    assert sized["x"].tolist() == [[[0, 1], [3, 4], [0, 1]]]
    assert sized["rate"] is x


def test_calls_are_fewer_where_they_are_large_together(monkeypatch):
    net = built(Recurrent())
    calls = [recorded(net, rows) for rows in (4, 5, 6)]
    sizes = [golden.download(call) for call in golden_calls(calls, net, QUICK)]
    assert len(sizes) == 3
    for limit, left in ((sum(sizes), 3), (sum(sizes) - 1, 2), (1, 1)):
        monkeypatch.setattr(golden, "GOLDEN_TOGETHER", limit)
        assert len(golden_calls(calls, net, QUICK)) == left
