"""The examples that a folder holds, as `Interface(examples="folder")` takes them."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from pageside._errors import InterfaceError


def listed(folder: str, wanted: int) -> list[list[str]]:
    """The values of each example in a folder, as text: the rows of its log.csv, else its files by name.

    None in a page, to which examples come with the bundle. Raises InterfaceError.
    """
    if sys.platform == "emscripten":
        return []
    # A script may have been started from another folder.
    beside = Path(getattr(sys.modules["__main__"], "__file__", "")).parent / folder
    place = beside if beside.is_dir() else Path(folder)
    where, log = f"Interface(examples={folder!r})", place / "log.csv"
    if not place.is_dir():
        raise InterfaceError(f"{where}: there is no such folder in {Path.cwd()}; give its path relative to the demo")
    if log.is_file():
        with log.open(newline="", encoding="utf-8") as lines:
            return [row[:wanted] for row in list(csv.reader(lines))[1:] if row]
    if wanted != 1:
        raise InterfaceError(f"{where}: it has no log.csv, which says what belongs to each of {wanted} inputs")
    names = sorted(path.name for path in place.iterdir() if path.is_file() and path.name[0] != ".")
    return [[name] for name in names]
