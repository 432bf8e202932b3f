"""For every test: where the repository is, and the marks that follow from a test's folder."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MARKED = {"browser": "browser", "pyodide": "pyodide", "models": "slow"}
#: Folders whose tests open no browser, which would count the cores.
WITHOUT_BROWSER = {"project", "runtime", "export", "models"}
#: Files of tests/export whose tests export models or build sites: seconds each.
SLOW = {
    *("test_bundle", "test_chain", "test_commands", "test_convert", "test_exporting", "test_hooks", "test_launch"),
    *("test_memory", "test_quantize", "test_recipes", "test_report_card", "test_report_layers", "test_serve"),
    *("test_site", "test_zoo"),
}


def pytest_configure(config: pytest.Config) -> None:
    """Gives each of several processes a core of its own: onnxruntime's threads wait for each other by spinning."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    alone = all(WITHOUT_BROWSER.intersection(Path(argument).parts) for argument in config.args)
    if worker and alone and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in MARKED:
            item.add_marker(MARKED[folder])
        elif folder == "export" and item.path.stem in SLOW:
            item.add_marker("slow")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
