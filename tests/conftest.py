"""For every test: where the repository is, and the marks that follow from a test's folder."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MARKED = {"browser": "browser", "pyodide": "pyodide"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in MARKED:
            item.add_marker(MARKED[folder])


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT
