"""On a slow line a model's graph is opened and run before its weights are there; the answer is the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from drivers import Driver
from faulty import Faulty

REHEARSAL, WEIGHTS = "int12_weights.rehearsal.onnx.gz", ".bin.zst"
SEARCH = """
await window.pageside.ready;
const { inputs, outputs } = window.pageside.examples[1];
const [nearest] = await window.pageside.predict(...inputs);
const { state, backend, cosine } = window.pageside.status();
return { nearest: nearest.map(([text]) => text), stored: outputs[0].map(([text]) => text), state, backend, cosine };
"""


@pytest.fixture
def slow(site: Path) -> Iterator[Faulty]:
    """Weights trickle until the rehearsal is asked for."""
    faulty = Faulty(site, slow_until={WEIGHTS: REHEARSAL})
    yield faulty
    faulty.close()


def test_the_graph_is_asked_for_while_the_weights_come_and_the_answer_is_right(browser: Driver, slow: Faulty) -> None:
    browser.open(slow.url("search-text/?backend=wasm"))
    seen = browser.eval_async(SEARCH)
    assert len(slow.of(REHEARSAL)) == 1
    assert seen["nearest"] == seen["stored"]
    assert (seen["state"], seen["backend"]) == ("ready", "wasm")
    assert seen["cosine"] > 0.999
    assert browser.console_errors() == []
