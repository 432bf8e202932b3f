"""On a slow line a model's graph is opened and run before its weights are there; the answer is the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from drivers import Driver
from nginx import Nginx

WEIGHTS = "int12_weights.[0-9]+.bin.zst$"
SEARCH = """
await window.pageside.ready;
const { inputs, outputs } = window.pageside.examples[1];
const [nearest] = await window.pageside.predict(...inputs);
const { state, backend, cosine } = window.pageside.status();
return { nearest: nearest.map(([text]) => text), stored: outputs[0].map(([text]) => text), state, backend, cosine };
"""


@pytest.fixture(scope="module")
def slow(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("slow"), {"/pageside/": site}, slow=WEIGHTS) as nginx:
        yield nginx


def test_the_graph_comes_before_the_weights_and_the_answer_is_right(browser: Driver, slow: Nginx) -> None:
    slow.hits()
    browser.open(slow.url("search-text/?backend=wasm"))
    seen = browser.eval_async(SEARCH)
    assert seen["nearest"] == seen["stored"]
    assert (seen["state"], seen["backend"]) == ("ready", "wasm")
    assert seen["cosine"] > 0.999
    # In the order in which they were sent to their ends.
    files = [
        hit.path.rpartition("/")[2] for hit in slow.hits() if "int12_weights." in hit.path and "/models/" in hit.path
    ]
    assert files[0] == "int12_weights.rehearsal.onnx.gz"
    assert len(files) == 3
    assert browser.console_errors() == []
