"""Runs in Pyodide, under Node: compiles the Python files of archives for the paths that they have in the page."""

import importlib
import py_compile
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

LIBRARY = "/lib/python312.zip/"
PACKAGES = "/lib/python3.12/site-packages/"
SCRATCH = Path("/tmp")


def compile_all(names: Iterable[str], partly: Iterable[str]) -> None:
    """Write `NAME.compiled.zip` for each archive `NAME.zip`; of those in `partly`, with what a start imports alone."""
    chosen = list(partly)
    for name in names:
        if name != "stdlib":
            zipfile.ZipFile(SCRATCH / f"{name}.zip").extractall(PACKAGES)
    importlib.invalidate_caches()
    importlib.import_module("pageside._snapshot").fill()
    # Pyodide's own standard library stands for the pruned one: the same modules, at the same paths.
    started = {file for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))}
    for name in names:
        compile_archive(name, started if name in chosen else None)


def compile_archive(name: str, started: set[str] | None) -> None:
    """Compile the files of one archive that are in `started`, or all."""
    root = LIBRARY if name == "stdlib" else PACKAGES
    source, target = SCRATCH / "source.py", SCRATCH / "target.pyc"
    with zipfile.ZipFile(SCRATCH / f"{name}.zip") as old, zipfile.ZipFile(SCRATCH / f"{name}.compiled.zip", "w") as new:
        for entry in old.namelist():
            if not entry.endswith(".py") or (started is not None and root + entry not in started):
                continue
            source.write_bytes(old.read(entry))
            try:
                # Never compared with a source: there is none.
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                py_compile.compile(str(source), str(target), root + entry, doraise=True, invalidation_mode=mode)
            except py_compile.PyCompileError:
                continue  # a template, or Python of another version: shipped as it is
            new.writestr(f"{entry}c", target.read_bytes())
