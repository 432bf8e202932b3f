"""Every architecture of the zoo: converted, each recipe applied, compared natively; the share is printed."""

import contextlib
import multiprocessing
import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

GOAL = 0.95
PROCESSES = 2
HERE = Path(__file__).parent


def attempt(name: str) -> str:
    """Why an architecture fails, in a line; empty if it passes. Runs in a process of its own."""
    import torch
    import zoo
    from pageside_export import convert
    from pageside_export.modules import build_module
    from pageside_export.quantize import Given, NotTried, recipes
    from pageside_export.verify import Call, Measurement, compare, misses

    torch.set_num_threads(1)
    torch.manual_seed(0)
    try:
        module, inputs, axes = zoo.MAKERS[name]()
        built = build_module(name, lambda: (module, inputs), axes)
        done = convert.to_onnx(built, 20)
        feeds = {key: value.numpy() for key, value in built.inputs.items()}
        reference = built.run(feeds)
        for recipe in recipes():
            with tempfile.TemporaryDirectory() as folder:
                given = Given([Call(feeds, reference)], recipe.TOLERANCE, Path(folder))
                try:
                    changed = recipe.apply(done.model, given)
                except NotTried:
                    continue
                if changed is None:
                    continue
                got = given.session(changed, recipe.SESSION_CONFIG).run(feeds)
            missed = misses(Measurement([compare(reference, got)]), recipe.TOLERANCE)
            # A quantized variant that misses is not published; it must run all the same, and stay finite.
            if recipe.ID == "fp32" and missed:
                return f"{recipe.ID}: {missed[0]}"
            if not all(np.isfinite(value).all() for value in got.values()):
                return f"{recipe.ID}: NaN or infinity"
    except Exception as error:
        return f"{type(error).__name__}: {error}".splitlines()[0]
    return ""


def take_core(cores) -> None:
    """A process of this test on a core of its own (tests/conftest.py says why)."""
    with contextlib.suppress(AttributeError, OSError):  # other systems, and containers with cores of other numbers
        os.sched_setaffinity(0, {cores.get()})


def test_the_zoo_passes(capsys):
    import zoo

    names = list(zoo.MAKERS)
    assert len(names) >= 60
    context = multiprocessing.get_context("spawn")
    cores = context.Queue()
    for number in range(PROCESSES):
        cores.put(number % (os.cpu_count() or 1))
    with ProcessPoolExecutor(PROCESSES, context, take_core, (cores,)) as pool:
        failures = {name: message for name, message in zip(names, pool.map(attempt, names), strict=True) if message}
    share = 1 - len(failures) / len(names)
    with capsys.disabled():
        print(f"\nzoo: {share:.1%} of {len(names)} architectures pass")
        for name, message in failures.items():
            print(f"  {name}: {message}")
    assert share >= GOAL


def test_a_failure_is_told(monkeypatch):
    import torch
    import zoo
    from torch import nn

    class Branch(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    monkeypatch.setitem(zoo.MAKERS, "branch", lambda: (Branch(), {"x": torch.ones(2)}, None))
    assert "ExportError: " in attempt("branch")
    assert "the code depends on the values of a tensor" in attempt("branch")
