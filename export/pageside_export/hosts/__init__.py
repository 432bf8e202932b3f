"""What each static host wants beside the site: one file a host, each with `files(info) -> dict[path, text]`.

A new host is a new file here; `site.py` finds it by itself. Nothing that these files ask for is required: a host that
ignores them serves a working site, with one thread for WebAssembly.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

#: Cross-origin isolation, which gives WebAssembly its threads; every file of the site is from the same origin.
ISOLATION: Mapping[str, str] = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "cross-origin",
}

#: For the folder of assets, whose name changes with its content; a year is the most that browsers keep.
IMMUTABLE = "public, max-age=31536000, immutable"

#: For everything else: keep it, but ask each time whether it is still the newest.
REVALIDATE = "no-cache"


@dataclass(frozen=True)
class SiteInfo:
    """What a host's files are made from."""

    title: str
    description: str
    #: The path below which the site is served, as `/x/`.
    base_path: str
    pageside_version: str


def files(info: SiteInfo) -> dict[str, str]:
    """The files of all hosts: path in the site, and content."""
    found: dict[str, str] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(__path__)):
        make = cast(Callable[[SiteInfo], dict[str, str]], importlib.import_module(f"{__name__}.{module}").files)
        found.update(make(info))
    return found
