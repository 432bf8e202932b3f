"""The order of exporters, nested inputs and outputs, and other sizes than the example's."""

import hashlib
import importlib
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from pageside_export import convert, places
from pageside_export.convert import sizes
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.errors import BuildError, ExportError
from pageside_export.modules import build_module
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


@dataclass
class Batch:
    ids: Tensor
    mask: Tensor


class Net(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3)

    def forward(self, x, state, scale=None):
        y, new = self.lstm(x, state)
        return {"y": y if scale is None else y * scale, "next": new}


class Nested(nn.Module):
    def forward(self, batch, extra):
        kept = torch.where(batch.mask, batch.ids, 0)
        return kept + extra["shift"], (kept.sum(), [extra["half"] * 2])


def built_of(module, inputs, axes=None):
    return build_module("net", lambda: (module, inputs), axes)


def same(built, model):
    feeds = {name: value.numpy() for name, value in built.inputs.items()}
    got, reference = OnnxSession(OnnxModel(convert.serialized(model), {})).run(feeds), built.run(feeds)
    assert list(got) == list(reference)
    for name, value in reference.items():
        assert got[name].dtype == value.dtype
        np.testing.assert_allclose(got[name], value, rtol=1e-3, atol=1e-5)


def test_state_goes_in_and_out_under_stable_names():
    state = (torch.zeros(1, 2, 3), torch.zeros(1, 2, 3))
    built = built_of(Recurrent(), {"x": torch.rand(5, 2, 4), "state": state, "scale": None}, {"x": {0: "time"}})
    assert list(built.inputs) == ["x", "state.0", "state.1"]
    assert built.outputs == ["y", "next.0", "next.1"]
    done = convert.to_onnx(built, 20)
    # torch.export unrolls the LSTM over the example's steps; TorchScript keeps it one operator with a free axis.
    assert done.exporter == "torchscript"
    assert [attempt.exporter for attempt in done.attempts] == ["dynamo-dynamic", "dynamo-fixed"]
    assert [node.op_type for node in done.model.graph.node].count("LSTM") == 1
    same(built, done.model)


def test_dataclasses_dicts_bools_integers_and_halves():
    batch = Batch(torch.tensor([[1, 2]]), torch.tensor([[True, False]]))
    extra = {"shift": torch.tensor([3], dtype=torch.int32), "half": torch.tensor([0.5], dtype=torch.float16)}
    built = built_of(Nested(), {"batch": batch, "extra": extra})
    assert list(built.inputs) == ["batch.ids", "batch.mask", "extra.shift", "extra.half"]
    assert built.outputs == ["output_0", "output_1.0", "output_1.1.0"]
    done = convert.to_onnx(built, 20)
    assert (done.exporter, done.attempts) == ("dynamo-fixed", [])
    same(built, done.model)


def test_an_axis_that_cannot_stay_free_becomes_fixed_and_the_maker_is_told():
    built = built_of(Net(lambda x: x.reshape(4, 6)), {"x": torch.ones(4, 6)}, {"x": {0: "rows"}})
    done = convert.to_onnx(built, 20)
    assert done.exporter == "dynamo-fixed"
    assert done.notes == ["axis 0 (rows) of 'x' is fixed at 4: no exporter could keep it free"]
    attempt, other = done.attempts
    assert (attempt.exporter, other.exporter) == ("dynamo-dynamic", "torchscript")
    assert other.error == "no size but the example's could be checked"
    assert attempt.error == (
        "net cannot be exported: axis 0 (rows) of 'x' is fixed by the code; "
        "take it out of dynamic_shapes, or don't read its size as a Python number"
    )
    assert done.to_json()["attempts"][0]["where"].rpartition(":")[0].endswith("test_chain.py")


def test_a_fixed_form_is_refused_where_the_demo_needs_other_sizes():
    # PyTorch takes any number of rows, and every exporter unrolls the loop over the example's.
    summed = Net(lambda x: sum(row * number for number, row in enumerate(x)))
    built = built_of(summed, {"x": torch.ones(4, 6)}, {"x": {0: "rows"}})
    with pytest.raises(ExportError, match=r"axis 0 \(rows\) of 'x' is fixed by the code"):
        convert.to_onnx(built, 20, [{"x": np.ones((5, 6), np.float32)}])


def test_scripted_and_traced_modules_keep_their_branches():
    class Branch(nn.Module):
        def forward(self, x):
            if bool(x.sum() > 0):
                return x * 2
            return x - 1

    built = built_of(torch.jit.script(Branch()), {"x": torch.ones(2, 3)})
    done = convert.to_onnx(built, 20)
    assert done.exporter == "torchscript"
    session = OnnxSession(OnnxModel(convert.serialized(done.model), {}))
    for value in (np.ones((2, 3), np.float32), -np.ones((2, 3), np.float32)):
        np.testing.assert_array_equal(session.run({"x": value})["output"], built.run({"x": value})["output"])
    traced = torch.jit.trace(nn.Linear(3, 2), torch.ones(1, 3))
    done = convert.to_onnx(built_of(traced, torch.ones(1, 3)), 20)
    assert done.exporter == "torchscript"


def test_a_branch_is_never_baked_in_and_every_attempt_is_kept(monkeypatch):
    def branching(x):
        return x if x.sum() > 0 else -x

    built = built_of(Net(branching), {"x": torch.ones(2)})
    said = []
    original = convert.Attempt
    monkeypatch.setattr(convert, "Attempt", lambda *words: said.append(words) or original(*words))
    with pytest.raises(ExportError, match="the code depends on the values of a tensor"):
        convert.to_onnx(built, 20)
    line = str(branching.__code__.co_firstlineno + 1)
    assert [(exporter, where.rpartition(":")[2]) for exporter, _, where in said] == [
        ("dynamo-fixed", line),
        ("torchscript", line),
    ]
    assert said[1][1].startswith("net cannot be exported: Python code decides by a tensor's value or size; ")


LIBRARY = """
from torch import nn

class Large(nn.Module):
    def forward(self, x):
        return x * 2 if x.max() > 100 else x

class Picky(nn.Module):
    def forward(self, x):
        if x[0] < 0.9:
            raise ValueError("too small")
        return x

class Signed(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x
"""


@pytest.fixture
def library(tmp_path, monkeypatch):
    """As if pip had installed it: its code is not the maker's."""
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "few.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(places, "_LIBRARIES", [*places._LIBRARIES, tmp_path.resolve()])
    yield importlib.import_module("boxes.few")
    del sys.modules["boxes.few"], sys.modules["boxes"]


def test_what_a_library_decides_is_kept_where_it_hangs_on_no_value(library):
    """As torchvision's detectors ask for the number of their boxes."""
    done = convert.to_onnx(built_of(library.Large(), {"x": torch.rand(4)}), 20)
    assert done.exporter == "torchscript"
    assert done.notes == [
        "boxes/few.py:6 decides by a tensor's value or size; "
        "the export keeps what it did, which was the same for other values"
    ]


@pytest.mark.parametrize("name", ["Signed", "Picky"])
def test_what_a_library_decides_by_values_is_refused(library, name):
    """Also where it takes no other values, so that nothing shows what the decision hangs on."""
    with pytest.raises(ExportError, match="the code depends on the values of a tensor") as caught:
        convert.to_onnx(built_of(getattr(library, name)(), {"x": torch.tensor([1, 0.5, 0.3, 0.2])}), 20)
    assert caught.value.where.rpartition(":")[0].endswith("test_chain.py")


@pytest.mark.parametrize("shape", [(5, 8), (2, 5, 8), (2, 3, 2, 5, 8)])
@pytest.mark.parametrize("masked", ["", "causal", "mask", "bias"])
def test_attention_of_any_rank_is_translated(shape, masked):
    """By the first exporter: TorchScript has no form for some that PyTorch runs."""
    mask = {"mask": torch.rand(5, 5) > 0.5, "bias": torch.rand(5, 5)}.get(masked)

    def attend(x):
        q, k, v = x.chunk(3, -1)
        return scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=masked == "causal", scale=0.3)

    if masked == "mask":
        mask[2] = False
    axes = {0: "rows"} if len(shape) > 2 else None
    built = built_of(Net(attend), {"x": torch.rand(*shape[:-1], 24)}, {"x": axes} if axes else None)
    done = convert.to_onnx(built, 20)
    assert done.attempts == []
    same(built, done.model)


def test_a_mixture_of_experts_is_translated():
    """Rows sorted by expert, as `transformers` computes them; an expert may have none."""
    import transformers.integrations.moe  # noqa: F401 - registers its operator

    torch.manual_seed(0)
    weights = torch.rand(4, 8, 8)

    class Experts(nn.Module):
        def forward(self, rows, ends):
            return torch.ops.transformers.grouped_mm_fallback(rows, weights, ends)

    ends = torch.tensor([1, 1, 4, 5], dtype=torch.int32)
    built = built_of(Experts(), {"rows": torch.rand(5, 8), "ends": ends}, {"rows": {0: "tokens"}})
    done = convert.to_onnx(built, 20)
    assert (done.exporter, done.attempts) == ("dynamo-dynamic", [])
    same(built, done.model)
    session = OnnxSession(OnnxModel(convert.serialized(done.model), {}))
    for count, last in ((3, [0, 2, 2, 3]), (9, [3, 3, 8, 9])):
        rows, given = torch.rand(count, 8), torch.tensor(last, dtype=torch.int32)
        (got,) = session.run({"rows": rows.numpy(), "ends": given.numpy()}).values()
        first = [0, *last[:-1]]
        wanted = [rows[a:b] @ weight for a, b, weight in zip(first, last, weights, strict=True)]
        np.testing.assert_allclose(got, torch.cat(wanted).numpy(), rtol=1e-5, atol=1e-6)


def test_grouped_attention_of_five_axes():
    def attend(x):
        few = x[..., :2, :, :]
        return scaled_dot_product_attention(x, few, few, enable_gqa=True)

    built = built_of(Net(attend), {"x": torch.rand(2, 3, 4, 5, 8)})
    done = convert.to_onnx(built, 20)
    assert (done.exporter, done.attempts) == ("dynamo-fixed", [])
    same(built, done.model)


def test_other_sizes_are_made_and_what_pytorch_refuses_is_noted():
    built = built_of(
        Net(lambda x: x.view(x.shape[0], 2, -1)), {"x": torch.rand(2, 4)}, {"x": {0: "rows", 1: "columns"}}
    )
    assert list(sizes.other_sizes(built)) == [
        {"rows": 4, "columns": 4},
        {"rows": 2, "columns": 8},
        {"rows": 3, "columns": 5},
        {"rows": 4, "columns": 8},
    ]
    assert sizes.resized(built, {"rows": 3, "columns": 5})["x"].shape == (3, 5)
    done = convert.to_onnx(built, 20)
    assert done.notes == ["PyTorch itself refuses rows=3, columns=5: not checked there"]


def test_wrong_numbers_at_another_size_are_found():
    wide = built_of(Net(lambda x: x * x.shape[0]), {"x": torch.rand(2, 3)}, {"x": {0: "rows"}})
    baked = built_of(Net(lambda x: x * 2), {"x": torch.rand(2, 3)}, {"x": {0: "rows"}})
    model = convert.to_onnx(baked, 20).model
    wrong, _ = sizes.check(wide, model)
    assert wrong.startswith("at rows=4 it differs from PyTorch: output of call 1: ")


def test_a_mask_of_all_ones_that_was_baked_in_is_found():
    class Masked(nn.Module):
        def __init__(self, *, baked):
            super().__init__()
            self.baked = baked

        def forward(self, x, mask):
            return x * mask.sum() * 0.25 if not self.baked else x * (1 + 0 * mask.sum())

    inputs = {"x": torch.rand(4), "mask": torch.ones(4)}
    built = built_of(Masked(baked=False), inputs)
    assert sizes.check_values(built, convert.to_onnx(built, 20).model) == ""
    baked = convert.to_onnx(built_of(Masked(baked=True), inputs), 20).model
    wrong = sizes.check_values(built, baked)
    assert wrong.startswith("at other values of 'mask' it differs from PyTorch: output of call 1: ")
    # Where all inputs are uniform they are placeholders.
    assert sizes.check_values(built_of(Masked(baked=False), {"x": torch.ones(4), "mask": torch.ones(4)}), baked) == ""


def test_what_the_maker_tries_and_catches_is_no_part_of_the_graph():
    def tried(x):
        try:
            return x.view(3, 3)
        except RuntimeError:
            return x * 2

    built = built_of(Net(tried), {"x": torch.rand(2, 4)})
    done = convert.to_onnx(built, 20)
    assert done.exporter == "dynamo-fixed"
    same(built, done.model)


def test_a_form_that_is_wrong_at_the_example_itself_is_a_failed_attempt():
    def packed(x):
        lengths = torch.tensor([3, 2])
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)[0]

    # TorchScript keeps the padded length of the example; what torch.export said names the line.
    with pytest.raises(ExportError, match="the code depends on the values of a tensor"):
        convert.to_onnx(built_of(Net(packed), {"x": torch.rand(2, 4, 1)}), 20)


def test_a_form_with_a_baked_mask_is_refused(monkeypatch):
    class Masked(nn.Module):
        def forward(self, x, mask):
            # What a library does that looks at the mask while PyTorch runs and never while it is exported.
            return x if torch.compiler.is_exporting() or torch.onnx.is_in_onnx_export() else x * mask

    built = built_of(Masked(), {"x": torch.rand(2, 4), "mask": torch.ones(2, 4)})
    with pytest.raises(ExportError) as caught:
        convert.to_onnx(built, 20)
    assert ": net cannot be exported: at other values of 'mask' it differs from PyTorch: " in str(caught.value)
    assert str(caught.value).endswith(
        "; don't let Python decide by a tensor's values in forward(), or give an example that isn't uniform"
    )


@pytest.mark.parametrize(
    ("value", "other"),
    [
        ([[1, 1, 1]], [[1, 1, 0]]),
        ([[True, True]], [[True, False]]),
        ([[0.0, 0.0, 0.0, 0.0]], [[0, 0, 1, 1]]),
        ([[1, 0]], None),
        ([[7, 7]], None),
        ([[1]], None),
        (1.0, None),
    ],
)
def test_only_uniform_ones_and_zeros_get_another_end(value, other):
    changed = sizes._other_end(np.array(value))
    assert (changed is None) == (other is None)
    if other is not None:
        assert changed.dtype == np.array(value).dtype
        assert changed.tolist() == other


def test_repeated_numbers_are_no_ties_at_other_sizes():
    built = built_of(Net(lambda x: x.topk(2).indices), {"x": torch.rand(6)}, {"x": {0: "scores"}})
    done = convert.to_onnx(built, 20)
    assert (done.exporter, done.notes) == ("dynamo-dynamic", [])
    longer = sizes.resized(built, {"scores": 24})["x"]
    assert len(set(longer.tolist())) == 24
    assert 0 <= longer.min() <= longer.max() <= float(built.inputs["x"].max())


def test_nan_weights_name_their_parameter():
    module = nn.Sequential(nn.Linear(2, 2))
    module[0].weight.data[0, 1] = float("nan")
    with pytest.raises(BuildError) as caught:
        built_of(module, torch.ones(1, 2))
    assert str(caught.value).endswith(
        ": the parameter '0.weight' holds NaN in 1 of 4 elements; "
        "load weights of a finished training, or mend this layer"
    )


TWICE = """
import hashlib, torch
from pageside_export import convert
from pageside_export.modules import build_module
torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(16, 2))
built = build_module("net", lambda: (net, torch.zeros(1, 1, 4, 4)), None)
print(hashlib.sha256(convert.serialized(convert.to_onnx(built, 20).model)).hexdigest())
"""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (
            lambda: nn.Linear(4, 4, device="meta"),
            "the parameter 'weight' has no values yet; load its weights in build()",
        ),
        (lambda: nn.LazyLinear(4), "the parameter 'weight' has no values yet; load its weights in build()"),
        (
            lambda: sparse(nn.Linear(4, 4)),
            "the buffer 'kept' is a sparse tensor, which no browser runs; make it dense with .to_dense()",
        ),
    ],
)
def test_weights_without_values_of_their_own(make, words):
    with pytest.raises(BuildError) as caught:
        built_of(make(), {"input": torch.ones(2, 4)})
    assert str(caught.value).endswith(f": {words}")


def sparse(net):
    net.register_buffer("kept", torch.eye(4).to_sparse())
    return net


def test_weights_of_another_net_are_told_with_their_keys():
    def build():
        nn.Linear(4, 4).load_state_dict({"other": torch.ones(1)})

    with pytest.raises(BuildError) as caught:
        build_module("net", build, None)
    assert 'Missing key(s) in state_dict: "weight", "bias". Unexpected key(s) in state_dict: "other".' in str(
        caught.value
    )
    assert "\n" not in str(caught.value)


def test_two_processes_give_the_same_bytes():
    once = [
        subprocess.run([sys.executable, "-c", TWICE], check=True, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert len(once[0].strip()) == hashlib.sha256().digest_size * 2
    assert once[0] == once[1]
