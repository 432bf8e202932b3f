"""Complex tensors, and the way back from a spectrogram: what torch.onnx alone refuses or gets wrong."""

import pytest
import torch
from pageside_export import convert
from test_chain import Net, built_of, same
from torch import view_as_complex, view_as_real

pytestmark = pytest.mark.slow

HANN, SHORT = torch.hann_window(16), torch.hann_window(12)


def parts(x):
    """(2, 16) real to (2, 8) complex."""
    return view_as_complex(x.reshape(2, 8, 2))


MOVED = {
    "unsqueeze": lambda z: z[:, None] * z.unsqueeze(-2),
    "select": lambda z: z[1] * z.select(-2, 0),
    "unbind": lambda z: torch.stack(z.unbind(-1), -1)[:, 1:] * z.unbind(0)[1][3],
    "expand": lambda z: z[:, None].expand(2, 3, 8),
    "repeat": lambda z: z.repeat(2, 3),
    "repeat_interleave": lambda z: z.repeat_interleave(2, -1).reshape(-1) * z.repeat_interleave(2),
    "index": lambda z: z[:, [3, 1]],
    "index_select": lambda z: z.index_select(-1, torch.tensor([3, 1])),
    "pad": lambda z: torch.nn.functional.pad(z, (1, 2, 0, 1)),
    "where": lambda z: torch.where(z.real > 0, z, torch.zeros_like(z)),
    "polar": lambda z: torch.polar(z.real, z.imag),
    "complex": lambda z: torch.complex(z.real, z.imag[:1]),
    "exp": torch.exp,
    "pow": lambda z: z**3,
    "einsum": lambda z: torch.einsum("bi,oi->bo", z, z.conj()),
}


@pytest.mark.parametrize("name", MOVED)
def test_what_torch_onnx_lacks_for_complex_numbers(name):
    built = built_of(Net(lambda x: view_as_real(MOVED[name](parts(x)))), {"x": torch.randn(2, 16)})
    done = convert.to_onnx(built, 20)
    assert (done.exporter, done.attempts) == ("dynamo-fixed", [])
    same(built, done.model)


WAYS_BACK = {
    "plain": {},
    "shorter": {"length": 60},
    "longer": {"length": 70},
    "short window": {"win_length": 12, "window": SHORT},
    "from the first sample on": {"window": torch.ones(16), "center": False},
    "normalized": {"normalized": True},
}


@pytest.mark.parametrize("name", WAYS_BACK)
@pytest.mark.parametrize("batch", [(), (2,)])
def test_the_way_back_from_a_spectrogram(name, batch):
    given = {"window": HANN, **WAYS_BACK[name]}
    net = Net(lambda x: torch.istft(view_as_complex(x), 16, 4, **given))
    sound = torch.randn(*batch, 64)
    both = {key: value for key, value in given.items() if key != "length"}
    spectrum = view_as_real(torch.stft(sound, 16, 4, return_complex=True, **both)).contiguous()
    axes = {"x": {len(batch) + 1: "frames"}}
    built = built_of(net, {"x": spectrum}, axes)
    done = convert.to_onnx(built, 20)
    assert done.attempts == []
    same(built, done.model)
    assert len(done.model.graph.node) < 60  # not one write a frame
