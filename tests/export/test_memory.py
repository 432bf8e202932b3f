"""How much memory an export of a big model takes, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("resource")

#: Layers and words: 180 MB of weights in many matrices, as those of a big model are, none of them a large share alone.
SIZE = ("12", "4096")


def test_an_export_grows_by_no_more_than_twice_the_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path))
    script = Path(__file__).with_name("big_export.py")
    done = subprocess.run(
        [sys.executable, str(script), *SIZE, "int4_blocks"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    content = json.loads(done.stdout)
    assert content["failed"] == {}
    assert list(content["variants"]) == ["fp32", "int4_blocks"]
    assert content["weights"] > 150e6
    assert content["peak"] - content["base"] < 2 * content["weights"]
