"""A module that answers differently when it is called again is refused, with what changes it and the line."""

import pytest
import torch
from pageside_export.errors import BuildError
from pageside_export.modules import build_module
from torch import nn

RANDOM = "it draws random numbers; take the noise as an input, or use nn.Dropout, which eval() switches off"


class Net(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
        self.calls = []
        self.register_buffer("count", torch.zeros(1))

    def forward(self, x):
        return {"same": x, "answer": self.function(self, x)}


def noise(_, x):
    return x + torch.randn_like(x)


def dropout(_, x):
    return nn.functional.dropout(x, 0.5)


def counts(net, x):
    net.count += 1
    return x + net.count


def replaces(net, x):
    net.count = net.count + 1
    return x + net.count


def remembers(net, x):
    net.calls.append(x)
    return x * len(net.calls)


def averages(net, x):
    net.count.mul_(0.9).add_(x.mean())
    return x * 2


def build(function):
    return build_module("net", lambda: (Net(function), torch.ones(1, 64)), None)


@pytest.mark.parametrize(
    ("function", "why", "line"),
    [
        (noise, RANDOM, 1),
        (dropout, RANDOM, 1),
        (counts, "it changes its own 'count'; take the state as an input and return the new one, as an RNN does", 1),
        (replaces, "it changes its own 'count'; take the state as an input and return the new one, as an RNN does", 2),
        (remembers, "it keeps something from call to call; let it depend on its inputs alone", None),
    ],
)
def test_what_changes_the_answer_is_named_with_its_line(function, why, line):
    with pytest.raises(BuildError) as caught:
        build(function)
    where, _, message = str(caught.value).partition(": ")
    assert message == f"forward() gave another 'answer' when it was called again with the same inputs: {why}"
    assert where.rpartition(":")[0].endswith("test_repeats.py")
    if line is not None:
        assert int(where.rpartition(":")[2]) == function.__code__.co_firstlineno + line


def test_state_that_no_answer_depends_on_is_let_through():
    assert build(averages).outputs == ["same", "answer"]


def test_a_seeded_generator_gives_the_same_answer_and_the_callers_is_left_alone():
    before = torch.random.get_rng_state()
    own = build(lambda net, x: x + torch.rand(1, 64, generator=torch.Generator().manual_seed(1)))
    assert own.outputs == ["same", "answer"]
    assert torch.equal(torch.random.get_rng_state(), before)
