"""`_bridge.py` in real Pyodide under Node, driven as the page's worker drives it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pageside_export.vendor import pyodide_wheel

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

pytestmark = pytest.mark.pyodide

MODEL_ANSWER = [
    {"label": "dark", "confidences": [{"label": "dark", "confidence": 0.8}, {"label": "bright", "confidence": 0.2}]},
    {"width": 3, "height": 2, "data": {"kind": "Uint8Array", "length": 18, "first": [204, 204, 204]}},
]


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    node = shutil.which("node")
    assert node, "Node is missing; run make install"
    arguments = [ROOT / "node_modules/pyodide", pyodide_wheel("numpy"), ROOT / "site/py/pageside", HERE / "demo"]
    command = [node, str(HERE / "bridge.mjs"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[:4000]
    return dict(json.loads(done.stdout))


def test_the_interface_comes_as_json(report: dict[str, Any]) -> None:
    config = report["config"]
    assert [(one["type"], one["label"]) for one in config["inputs"]] == [("textbox", "what"), ("image", "picture")]
    assert config["inputs"][0]["props"]["placeholder"] is None
    assert (config["title"], config["generator"], config["live"]) == ("Work", True, False)
    assert config["description_html"] == ""
    assert "description" not in config


def test_a_picture_goes_through_the_model_and_back(report: dict[str, Any]) -> None:
    assert report["model"] == {"value": MODEL_ANSWER}
    # float64 of the maker arrives as float32, in memory that the worker may keep.
    assert report["seen"] == {
        "name": "double",
        "dtype": "float32",
        "shape": [1, 3, 2, 3],
        "kind": "Float32Array",
        "own": True,
    }


def test_every_dtype_comes_back_from_the_model(report: dict[str, Any]) -> None:
    assert report["dtypes"] == {"value": ["float16 (4,) 1.0, bool () True, int64 (2,) [-1, 1099511627776]"]}


def test_a_generator_streams(report: dict[str, Any]) -> None:
    assert report["streamed"] == ["step 0", "step 1", "step 2"]
    assert report["stream"] == {"value": [{"label": "step 2", "confidences": None}, None]}


def test_an_exception_shows_the_makers_lines_only(report: dict[str, Any]) -> None:
    raised = report["raise"]
    assert (raised["name"], raised["stage"]) == ("ValueError", "python")
    assert raised["message"] == "cannot reshape array of size 3 into shape (2,2)"
    assert raised["traceback"].splitlines()[0] == "Traceback (most recent call last):"
    assert "    np.zeros(3).reshape(2, 2)" in raised["traceback"]
    assert raised["traceback"].count('File "demo.py"') == raised["traceback"].count("File ") == 2


def test_a_cause_is_shown(report: dict[str, Any]) -> None:
    assert "KeyError: 'missing'" in report["chain"]["traceback"]
    assert "direct cause" in report["chain"]["traceback"]


def test_the_makers_error_is_a_message_for_the_visitor(report: dict[str, Any]) -> None:
    told = {key: report["tell"][key] for key in ("name", "message", "stage")}
    assert told == {"name": "Error", "message": "Please draw something", "stage": "input"}
    assert "traceback" not in report["tell"]


def test_misuse_has_a_message(report: dict[str, Any]) -> None:
    assert report["beforeOpen"]["message"] == "no demo is open"
    assert report["wrongCount"]["message"] == "1 value given; work takes 2"
    assert report["nothing"]["message"] == "the function yielded nothing; a generator must yield at least one answer"


def test_what_the_worker_throws_is_handed_back(report: dict[str, Any]) -> None:
    assert report["runFails"] == {"same": True}
    assert report["emitThrows"] == {"same": True}
    assert report["closedByEmit"] == "endless demo.py __main__"


def test_cancel_stops_a_generator_at_its_next_step(report: dict[str, Any]) -> None:
    assert (report["cancelEndless"]["stage"], report["cancelEndless"]["steps"]) == ("cancelled", 3)


def test_cancel_stops_a_wait(report: dict[str, Any]) -> None:
    assert report["cancelSleep"]["told"] is True
    assert report["cancelSleep"]["message"] == "the call was cancelled"
    assert report["cancelSleep"]["again"] is False
    assert report["afterCancel"] == {"value": MODEL_ANSWER}


def test_an_edit_that_fails_leaves_the_demo_as_it_was(report: dict[str, Any]) -> None:
    assert report["syntax"]["message"] == "'(' was never closed (demo.py, line 2)"
    assert "ps.Interface(1 +" in report["syntax"]["traceback"]
    assert report["editRaises"]["traceback"].startswith('Traceback (most recent call last):\n  File "demo.py", line 3')
    assert report["noInterface"]["message"] == (
        "demo.py makes no Interface; write Interface(fn, inputs, outputs).launch()"
    )
    assert report["exits"]["message"] == "demo.py called sys.exit(); a page can't end"
    assert report["afterBadEdits"] == {"value": MODEL_ANSWER}
    assert "np.zeros(3).reshape(2, 2)" in report["raiseAfterBadEdits"]["traceback"]


def test_an_edit_answers_in_place_of_the_demo(report: dict[str, Any]) -> None:
    assert [one["type"] for one in report["edited"]["inputs"]] == ["textbox"]
    assert report["greeting"] == {"value": ["Hello you!!"]}
    assert "return name[9] + 'Hello '" in report["greetingFails"]["traceback"]


def test_a_model_that_the_page_lacks_is_named(report: dict[str, Any]) -> None:
    assert report["newModel"]["message"] == "model 'other' is not on this page, which has double; build the page again"


def test_a_forgotten_await_is_explained(report: dict[str, Any]) -> None:
    assert "A Model is awaited: write `await net(...)`, inside `async def`." in report["forgotAwait"]["traceback"]


def test_files_go_in_and_out_by_path(report: dict[str, Any]) -> None:
    data = {"kind": "Int16Array", "length": 2, "first": [5, -6]}
    assert report["paths"] == {"value": [{"rate": 8000, "channels": 1, "data": data}]}


def test_only_what_the_demo_uses_is_imported(report: dict[str, Any]) -> None:
    assert report["imported"] == []


def test_pictures_are_scaled_the_same_as_natively(report: dict[str, Any]) -> None:
    import numpy as np
    from pageside.ops import resize_crop

    photo = ((np.arange(768 * 1024 * 3, dtype=np.int64) * 31) % 256).astype(np.uint8).reshape(768, 1024, 3)
    assert report["checksum"] == int(resize_crop(photo, 224).astype(np.int64).sum())
