"""A model's state, from step to step where the model runs: in the worker, on the GPU, and from the one to the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_bundle import counter_entry, make_bundle
from engine_visit import CALL, TIMEOUT_MS, USE, Visit
from nginx import Nginx
from playwright.sync_api import Browser

COUNTING = """
import numpy as np
import pageside as ps

counter = ps.Model("counter", keep=["after"])
zeros = state = np.zeros((1, 4), np.float32)


async def count(steps):
    global state
    state = state if steps else zeros
    for _ in range(int(steps.rstrip("!") or 2)):
        y, state = await counter(x=np.full((1, 4), 0.5), state=state)
    # With "!" the state is nowhere but where the model runs.
    return f"{y.item()}: {'' if steps.endswith('!') else (await state.numpy()).tolist()}"


demo = ps.Interface(count, inputs="text", outputs="text")
"""
#: The models' worker tells where each kept output is.
HOLD = "this.held.set(held, tensor);"
TELL = "new BroadcastChannel('kept').postMessage(tensor.held.tensor.location);"
LISTEN = "() => { new BroadcastChannel('kept').onmessage = ({ data }) => { window.kept = data; }; }"


@pytest.fixture
def visit(chromium: Browser, tmp_path: Path) -> Iterator[Visit]:
    folder = make_bundle(tmp_path / "site", COUNTING, with_model=False, models=[counter_entry])
    folder.edit_source("worker/models.js", HOLD, HOLD + TELL)
    context = chromium.new_context()
    context.set_default_timeout(TIMEOUT_MS)
    with Nginx(tmp_path / "nginx", {"/": folder.root}) as server:
        yield Visit(server, context.new_page())
    context.close()


def test_a_state_stays_where_the_model_runs_and_moves_with_it(visit: Visit) -> None:
    assert visit.open(backend="wasm")["backend"] == "wasm"
    visit.page.evaluate(LISTEN)
    assert visit.call("3") == "1.5: [[1.5, 1.5, 1.5, 1.5]]"
    visit.page.wait_for_function("() => window.kept === 'cpu'")
    # From the worker's memory to the GPU, four steps there, and back.
    assert visit.page.evaluate(USE, "webgpu")["backend"] == "webgpu"
    assert visit.call("4") == "3.5: [[3.5, 3.5, 3.5, 3.5]]"
    visit.page.wait_for_function("() => window.kept === 'gpu-buffer'")
    assert visit.page.evaluate(USE, "wasm")["backend"] == "wasm"
    assert visit.call("1") == "4.0: [[4.0, 4.0, 4.0, 4.0]]"
    visit.page.wait_for_function("() => window.kept === 'cpu'")


def test_a_state_on_a_gpu_that_is_lost_is_told(visit: Visit) -> None:
    """A real device of the software GPU; the state went with it, and the page answers on."""
    visit.keep_devices()
    assert visit.open(backend="webgpu")["backend"] == "webgpu"
    assert visit.call("3!") == "1.5: "
    visit.lose_device()
    fault = visit.fault(CALL, "1")
    assert fault["stage"] == "device lost"
    assert fault["message"].startswith("what the model kept on the GPU is lost: ")
    assert visit.call("") == "1.0: [[1.0, 1.0, 1.0, 1.0]]"
    assert visit.status()["backend"] == "wasm"
