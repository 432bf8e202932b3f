"""Every choice that a build takes, with its default and its reason.

Environment variables change no result; they say where things are: `$PAGESIDE_CACHE` here, `$PAGESIDE_PYODIDE` in
`vendor.py`, `$PAGESIDE_CHROMIUM` in `browsers.py`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

#: What onnxruntime-web 1.30 runs with all kernels that we use, on WebAssembly and on WebGPU.
OPSET = 20

#: Parts stay below the 25 MiB that Cloudflare allows for a file, and a broken download repeats little.
PART_BYTES = 20_000_000

#: Golden calls a model in the bundle: enough to notice a wrong kernel, few enough to download.
GOLDEN_CALLS = 3

#: Rows of a golden call whose rows are independent: a visitor waits for all of them, and more notice no more.
GOLDEN_ROWS = 2

#: Of one golden call, before gzip; larger ones are left out.
GOLDEN_BYTES = 2_000_000

#: Of all golden calls of a model, before gzip: pictures are bytes that a visitor waits for. The first is there anyway.
GOLDEN_TOGETHER = 1_500_000

#: Inputs that are taken of a model's calibration(): ranges settle long before, and every recipe runs them often.
CALIBRATION_CALLS = 64

#: From here on a model is big: its weights stay in a file while variants are made, and its module is let go.
BIG_BYTES = 200_000_000


def cache_dir() -> Path:
    """The folder of everything that can be made again: `$PAGESIDE_CACHE`, else the platform's own place."""
    chosen = os.environ.get("PAGESIDE_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "pageside"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "pageside" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pageside"


@dataclass(frozen=True)
class ExportOptions:
    """How models become ONNX variants."""

    opset: int = OPSET
    part_bytes: int = PART_BYTES
    golden_calls: int = GOLDEN_CALLS
    golden_bytes: int = GOLDEN_BYTES
    #: Names of the recipes to try; empty for all of `pageside_export/quantize`.
    recipes: tuple[str, ...] = ()
    #: Timed calls of a variant in native onnxruntime; the fastest counts.
    timed_calls: int = 15
    calibration_calls: int = CALIBRATION_CALLS
    big_bytes: int = BIG_BYTES
    #: Take a finished export from the cache where its key is the same.
    reuse: bool = True
    #: Time the variants in Chromium too, where there is one.
    browser: bool = False


@dataclass(frozen=True)
class BuildOptions:
    """How a site is built from demos."""

    #: The path below which the site is served, as `/x/`; only absolute URLs (canonical links) need it.
    base_path: str = "/"
    export: ExportOptions = field(default_factory=ExportOptions)
