import sys

import numpy as np
import pytest
import torch
from pageside_export import hooks
from pageside_export.errors import BuildError
from pageside_export.modules import build_module
from torch import nn

HEAD = """
import numpy as np
import torch
from torch import nn

def build():
    return nn.Linear(3, 2), {"x": torch.zeros(1, 3)}

"""


@pytest.fixture
def collected(tmp_path, monkeypatch):
    """Collects the hooks of a model.py with this text."""

    def collect(text, limit=8):
        (tmp_path / "its_model.py").write_text(HEAD + text, encoding="utf-8")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.chdir(tmp_path)
        monkeypatch.delitem(sys.modules, "its_model", raising=False)
        built = build_module("m", "its_model:build", None)
        return built, hooks.collect("its_model:build", built, limit)

    return collect


def test_without_hooks_there_is_nothing(collected):
    _, found = collected("")
    assert found.calls == []
    assert found.scored([]) is None


@pytest.mark.parametrize("form", ["torch.ones(1, 3)", "[np.ones((1, 3))]", '{"x": np.ones((1, 3), np.float32)}'])
def test_inputs_come_in_the_forms_of_build(collected, form):
    built, found = collected(f"def calibration():\n    yield {form}\n    yield {form}\n")
    assert len(found.calls) == 2
    assert found.calls[0].inputs["x"].dtype == np.float32
    want = built.run({"x": np.ones((1, 3), np.float32)})["output"]
    assert np.array_equal(found.calls[0].outputs["output"], want)


@pytest.mark.parametrize("form", ['{"x": x, "hx": (h, c)}', "[x, (h, c)]", '{"x": x, "hx.0": h, "hx.1": c}'])
def test_nested_inputs_come_in_the_forms_of_build_too(form):
    namespace = {"__name__": "elsewhere", "torch": torch, "nn": nn, "np": np}
    exec(
        "class Net(nn.LSTM):\n    def forward(self, x, hx):\n        return super().forward(x, hx)\n"
        "x, h, c = torch.zeros(5, 1, 3), torch.zeros(1, 1, 2), np.ones((1, 1, 2), np.float32)\n"
        "def build():\n    return Net(3, 2), {'x': x, 'hx': (h, torch.zeros(1, 1, 2))}\n"
        f"def calibration():\n    return [{form}]\n",
        namespace,
    )
    built = build_module("m", namespace["build"], None)
    (call,) = hooks.collect(namespace["build"], built, 8).calls
    assert {name: float(value.sum()) for name, value in call.inputs.items()} == {"x": 0, "hx.0": 0, "hx.1": 2}


def test_an_endless_calibration_is_cut(collected):
    _, found = collected("def calibration():\n    while True:\n        yield torch.rand(1, 3)\n", limit=5)
    assert len(found.calls) == 5


def test_the_score_is_the_mean_over_pairs(collected):
    _, found = collected(
        "def calibration():\n    return [(torch.ones(1, 3), 1.0), (torch.zeros(1, 3), 4.0)]\n"
        "def score(outputs, targets):\n    return outputs.shape[1] * targets\n"
    )
    assert found.targets == [1.0, 4.0]
    assert found.scored([call.outputs for call in found.calls]) == 5.0


def test_hooks_of_a_second_build_have_its_name():
    namespace = {"__name__": "elsewhere", "torch": torch, "nn": nn}
    exec(
        "def build_tail():\n    return nn.Linear(3, 2), {'x': torch.zeros(1, 3)}\n"
        "def calibration():\n    return []\n"
        "def calibration_tail():\n    return [torch.ones(1, 3)]\n",
        namespace,
    )
    built = build_module("m", namespace["build_tail"], None)
    assert len(hooks.collect(namespace["build_tail"], built, 4).calls) == 1


CAL, PAIR = "def calibration():\n    return ", "def score(outputs, targets):\n    return "
WRONG = [
    (CAL + "[]", r"its_model.py:9: calibration\(\) gave nothing; yield at least one input, or take the function out"),
    (CAL + "3", r"its_model.py:9: calibration\(\) gave an int; return a list of inputs, or yield them"),
    (CAL + "[{'y': torch.ones(1, 3)}]", r"its_model.py:9: item 1 of calibration\(\) gives y; the inputs are x"),
    (
        CAL + "[[torch.ones(1, 3), 1]]",
        r"its_model.py:9: item 1 of calibration\(\) gives 2 values; the inputs are x",
    ),
    (
        CAL + "[torch.ones(1, 3), torch.ones(1, 4)]",
        r"its_model.py:9: input 'x' of item 2 of calibration\(\) is float32\[1, 4\]; build\(\)'s example is "
        r"float32\[1, 3\]; only axes named in dynamic_shapes may differ",
    ),
    (
        CAL + "[torch.ones(1, 3, dtype=torch.int64)]",
        r"its_model.py:9: input 'x' of item 1 of calibration\(\) is int64\[1, 3\]; build\(\)'s example is float32",
    ),
    (
        CAL + "1 / 0",
        r"its_model.py:10: calibration\(\) failed: ZeroDivisionError: division by zero; --debug shows",
    ),
    (
        CAL + "[torch.full((1, 3), float('nan'))]",
        r"its_model.py:9: calibration\(\): PyTorch's own output 'output' of call 1 holds NaN; give inputs that",
    ),
    (
        CAL + "[torch.ones(1, 3)]\n" + PAIR + "1",
        r"its_model.py:9: item 1 of calibration\(\) is no pair, and there is a score\(\); yield \(inputs, targets\)",
    ),
    (
        PAIR + "1",
        r"its_model.py:9: there is a score\(\) and no calibration\(\) to score on; write calibration\(\), which yields",
    ),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_hook_is_named_with_its_line(collected, text, message):
    with pytest.raises(BuildError, match=message):
        collected(text + "\n")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("float('nan')", r"its_model.py:11: score\(\) gave nan; return a finite number, the larger the better"),
        ("outputs['x']", r"its_model.py:12: score\(\) failed: IndexError"),
    ],
)
def test_a_wrong_score_is_named_with_its_line(collected, value, message):
    _, found = collected(CAL + "[(torch.ones(1, 3), 1)]\n" + PAIR + value + "\n")
    with pytest.raises(BuildError, match=message):
        found.scored([call.outputs for call in found.calls])


def test_free_axes_may_differ(tmp_path, monkeypatch):
    text = HEAD.replace("zeros(1, 3)", "zeros(2, 3)") + CAL + "[torch.ones(5, 3)]\n"
    (tmp_path / "free_model.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    built = build_module("m", "free_model:build", {"x": {0: "rows"}})
    (call,) = hooks.collect("free_model:build", built, 4).calls
    assert call.outputs["output"].shape == (5, 2)
