"""For the tests of the export half: their own helpers, and a cache that no test of another folder shares."""

import sys
from pathlib import Path

import pytest
from pageside_export import inbrowser, options, progress, vendor

sys.path.insert(0, str(Path(__file__).parent))

#: The cache of whoever runs the tests.
SHARED = options.cache_dir()

#: What these parts hold is named by content or version, and takes minutes to download and pack again.
SAFE_TO_SHARE = ("gzip", "zstd", "pruned", "npm", "system", f"pyodide-{vendor.pyodide_version()}")


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    for name in SAFE_TO_SHARE:
        (SHARED / name).mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(SHARED / name, target_is_directory=True)
    return folder


@pytest.fixture(autouse=True)
def _not_quiet() -> None:
    """A command with `--json` that an earlier test ran in this process has switched progress off."""
    progress.configure(quiet=False)


@pytest.fixture(autouse=True)
def _own_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGESIDE_CACHE", str(cache))


@pytest.fixture(autouse=True)
def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """`tests/browser/test_inbrowser.py` measures times in a browser; here each would cost a start of Chromium."""
    monkeypatch.setattr(inbrowser, "measure", lambda *_args: {})
