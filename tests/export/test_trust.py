import datetime
import pickle
import re
import shelve
import zipfile

import numpy as np
import pytest
import torch
from pageside_export.errors import BuildError
from pageside_export.modules import build_module
from torch import nn


class Trap:
    """A pickle that runs code: it makes a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def build_from(file, **options):
    def build():
        found = torch.load(file, **options)
        net = nn.Linear(2, 1)
        if isinstance(found, dict) and "weight" in found:
            net.load_state_dict(found)
        return net, torch.zeros(1, 2)

    return build


@pytest.fixture(params=["zip", "plain pickle"])
def trapped(request, tmp_path):
    file, sprung = tmp_path / "weights.pt", tmp_path / "sprung"
    if request.param == "zip":
        torch.save({"weight": Trap(sprung)}, file)
    else:
        file.write_bytes(pickle.dumps(Trap(sprung)))
    return file, sprung


@pytest.mark.parametrize("options", [{}, {"weights_only": False}])
def test_a_pickle_that_runs_code_is_refused_and_does_not_run(trapped, options):
    file, sprung = trapped
    with pytest.raises(BuildError) as caught:
        build_module("net", build_from(file, **options), None)
    where, _, message = str(caught.value).partition(": ")
    assert where.rpartition(":")[0].endswith("test_trust.py")
    # Of a newer pickle protocol than its own torch.load reads nothing at all.
    asked = ": it asks for io.open" if zipfile.is_zipfile(file) else ""
    assert message == (
        f"the weights {str(file)!r} are a pickle that runs code when it is loaded{asked}; "
        "save its state_dict(), or say Model(..., trust=True) if you trust whoever made the file"
    )
    assert not sprung.exists()


def test_every_way_to_torch_load_is_guarded(trapped):
    file, sprung = trapped

    for load in (
        lambda: torch.serialization.load(file, weights_only=False),
        lambda: torch.serialization.load.__wrapped__(file, weights_only=False),
    ):
        with pytest.raises(BuildError, match="runs code when it is loaded"):
            build_module("net", load, None)
        assert not sprung.exists()


def test_numbers_of_numpy_in_a_checkpoint_are_data(tmp_path):
    file = tmp_path / "checkpoint.pt"
    kept = {"best": np.float64(0.9), "epoch": np.int64(3), "mean": np.ones(3, np.float32)}
    torch.save({**nn.Linear(2, 1).state_dict(), **kept}, file)

    def build():
        found = torch.load(file)
        assert (found.pop("best"), found.pop("epoch"), found.pop("mean").sum()) == (0.9, 3, 3)
        net = nn.Linear(2, 1)
        net.load_state_dict(found)
        return net, torch.zeros(1, 2)

    build_module("net", build, None)


def test_a_maker_may_trust_a_file(tmp_path):
    file, sprung = tmp_path / "weights.pt", tmp_path / "sprung"
    file_of_module = Trap(sprung)
    torch.save({"other": file_of_module}, file)
    build_module("net", build_from(file, weights_only=False), None, trust=True)
    assert sprung.exists()


def test_a_state_dict_loads_and_torch_is_left_as_it_was(tmp_path):
    before = torch.load
    file = tmp_path / "weights.pt"
    torch.save(nn.Linear(2, 1).state_dict(), file)
    build_module("net", build_from(file, weights_only=False), None)
    assert torch.load is before


def unpickled(file, *, text=False):
    def build():
        found = pickle.loads(file.read_bytes()) if text else pickle.load(file.open("rb"))
        net = nn.Linear(2, 1)
        net.load_state_dict({name: torch.as_tensor(value) for name, value in found.items()})
        return net, torch.zeros(1, 2)

    return build


@pytest.mark.parametrize("text", [False, True])
def test_a_plain_pickle_load_that_runs_code_is_refused_too(tmp_path, text):
    file, sprung = tmp_path / "weights.pkl", tmp_path / "sprung"
    file.write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(BuildError) as caught:
        build_module("net", unpickled(file, text=text), None)
    which = "in memory" if text else repr(str(file))
    assert str(caught.value).partition(": ")[2] == (
        f"the pickle {which} runs code when it is loaded: it asks for {open.__module__}.open; "
        "save its state_dict(), or say Model(..., trust=True) if you trust whoever made the file"
    )
    assert not sprung.exists()


@pytest.mark.parametrize("kind", ["arrays", "tensors"])
def test_a_plain_pickle_of_weights_loads(tmp_path, kind):
    file = tmp_path / "weights.pkl"
    state = nn.Linear(2, 1).state_dict()
    file.write_bytes(
        pickle.dumps({name: value.numpy() for name, value in state.items()} if kind == "arrays" else state)
    )
    built = build_module("net", unpickled(file), None)
    assert torch.equal(built.module.weight, state["weight"])
    assert pickle.load.__name__ == "load"
    assert not hasattr(pickle.load, "__wrapped__")


def test_a_maker_may_trust_a_plain_pickle(tmp_path):
    file, sprung = tmp_path / "weights.pkl", tmp_path / "sprung"
    file.write_bytes(pickle.dumps({"weight": torch.zeros(1, 2), "bias": torch.zeros(1), "other": Trap(sprung)}))
    with pytest.raises(BuildError):
        build_module("net", unpickled(file), None, trust=True)  # the file object is no weight, and that is all
    assert sprung.exists()


class Own(pickle.Unpickler):
    def find_class(self, module, name):
        return super().find_class(module, name)


@pytest.mark.parametrize("unpickler", [pickle.Unpickler, pickle._Unpickler, Own])
def test_an_unpickler_of_the_maker_s_own_is_refused_too(tmp_path, unpickler):
    file, sprung = tmp_path / "weights.pkl", tmp_path / "sprung"
    file.write_bytes(pickle.dumps(Trap(sprung)))

    def build():
        unpickler(file.open("rb")).load()
        return nn.Linear(2, 1), torch.zeros(1, 2)

    with pytest.raises(BuildError) as caught:
        build_module("net", build, None)
    words = r"the pickle that is read at .*test_trust\.py:\d+ runs code when it is loaded: it asks for "
    words += re.escape(f"{open.__module__}.open; save its state_dict()")
    assert re.search(words, str(caught.value))
    assert not sprung.exists()
    build_module("net", build, None, trust=True)
    assert sprung.exists()


def test_an_unpickler_reads_weights_and_a_library_its_own(tmp_path):
    file = tmp_path / "weights.pkl"
    state = nn.Linear(2, 1).state_dict()
    file.write_bytes(pickle.dumps(state))
    with shelve.open(str(tmp_path / "cache")) as cache:
        cache["made"] = datetime.date(2026, 11, 25)

    def build():
        net = nn.Linear(2, 1)
        net.load_state_dict(pickle.Unpickler(file.open("rb")).load())
        with shelve.open(str(tmp_path / "cache")) as cache:
            assert cache["made"].year == 2026
        return net, torch.zeros(1, 2)

    assert torch.equal(build_module("net", build, None).module.weight, state["weight"])


@pytest.mark.parametrize("kind", ["array of objects", "plain pickle"])
def test_a_pickle_in_numpy_load_is_refused_too(tmp_path, kind):
    file, sprung = tmp_path / "weights.npy", tmp_path / "sprung"
    if kind == "plain pickle":
        file.write_bytes(pickle.dumps(Trap(sprung)))
    else:
        np.save(file, np.array([Trap(sprung)], dtype=object), allow_pickle=True)

    def build():
        np.load(file, allow_pickle=True)
        return nn.Linear(2, 1), torch.zeros(1, 2)

    with pytest.raises(BuildError) as caught:
        build_module("net", build, None)
    assert f" runs code when it is loaded: it asks for {open.__module__}.open; " in str(caught.value)
    assert not sprung.exists()


def test_numpy_load_reads_containers_of_arrays(tmp_path):
    file = tmp_path / "weights.npy"
    np.save(file, {"weight": np.ones((1, 2), np.float32)}, allow_pickle=True)

    def build():
        net = nn.Linear(2, 1)
        net.weight.data = torch.from_numpy(np.load(file, allow_pickle=True).item()["weight"])
        return net, torch.zeros(1, 2)

    assert build_module("net", build, None).module.weight.tolist() == [[1, 1]]
