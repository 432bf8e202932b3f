"""Plot with real matplotlib, where a page draws: in Pyodide, under Node."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from pageside_export import vendor

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

pytestmark = pytest.mark.pyodide


def test_a_figure_is_drawn_twice_as_fine_and_let_go() -> None:
    node = shutil.which("node")
    assert node, "Node is missing; run make install"
    wheels = [vendor.pyodide_wheel(name) for name in vendor.resolve(["matplotlib"])]
    arguments = [ROOT / "node_modules/pyodide", ROOT / "site/py/pageside", *wheels]
    command = [node, str(HERE / "plot.mjs"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[:4000]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "size": [800, 400],
        "corner": [0x20, 0x40, 0x60],
        "drawn": True,
        "open": [],
        "plain": 200,
        "dpi": 100.0,
    }
