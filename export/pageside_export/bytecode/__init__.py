"""Python files compiled ahead of the visit, by the very Python that the page runs: Pyodide, under Node.

Most of a cold start was the compiler at work on the standard library and numpy. Compiled files are larger, so of those
two only the modules that every start imports are compiled; of the other packages, all. A page has no use for the source
of what it imports, so the compiled file takes its place.
"""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from pageside_export import vendor
from pageside_export.errors import EnvironmentError_
from pageside_export.pack import remember, sha256
from pageside_export.progress import task
from pageside_export.prune import store

STDLIB = "stdlib"
#: Archives of which only what a start imports is compiled.
_PARTLY = (STDLIB, "numpy")
_NODE_SCRIPT = Path(__file__).with_name("compile.mjs")
_PYTHON_SCRIPT = Path(__file__).with_name("inside.py")


def compile_archives(archives: Mapping[str, bytes]) -> dict[str, bytes]:
    """Zip archives of Python files, by name, with compiled files in place of sources; the same bytes each time.

    `archives` are the standard library under the name `STDLIB`, and wheels, `numpy` and `pageside` among them. Raises
    EnvironmentError_ where Node is missing or fails.
    """
    key = " ".join([vendor.pyodide_version(), *(f"{name}={sha256(content)}" for name, content in archives.items())])
    code = sha256(b"".join(path.read_bytes() for path in (Path(__file__), _NODE_SCRIPT, _PYTHON_SCRIPT)))
    kept = remember("bytecode", sha256(f"{key} {code}".encode()), lambda: store(_compiled(archives).items()))
    with zipfile.ZipFile(io.BytesIO(kept)) as whole:
        return {name: _with_compiled(content, whole.read(name)) for name, content in archives.items()}


def _compiled(archives: Mapping[str, bytes]) -> dict[str, bytes]:
    """For each archive a zip that holds its compiled files alone."""
    node = shutil.which("node")
    if not node:
        raise EnvironmentError_("node is missing", "build", "install Node 20 or newer; `pageside doctor` says how")
    with tempfile.TemporaryDirectory() as name, task("compiling Python for the page"):
        folder = Path(name)
        for archive, content in archives.items():
            (folder / f"{archive}.zip").write_bytes(content)
        pyodide = vendor.npm_file("pyodide", "pyodide.mjs").parent
        settings = json.dumps({"names": list(archives), "partly": _PARTLY})
        command = [node, str(_NODE_SCRIPT), str(pyodide), str(_PYTHON_SCRIPT), str(folder), settings]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = (done.stdout.strip() or done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
            raise EnvironmentError_(f"Pyodide under Node could not compile Python: {reason}", "build", "try again")
        return {archive: (folder / f"{archive}.compiled.zip").read_bytes() for archive in archives}


def _with_compiled(archive: bytes, compiled: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(io.BytesIO(compiled)) as new:
        files = {name: old.read(name) for name in old.namelist() if f"{name}c" not in new.namelist()}
        files |= {name: new.read(name) for name in new.namelist()}
    # Files of a kind side by side: gzip looks back 32 kB.
    names = sorted(files, key=lambda name: (name.rpartition(".")[2], name))
    for name in names:
        if name.endswith(".dist-info/RECORD"):
            # The format allows a RECORD without hashes.
            files[name] = "".join(f"{entry},,\n" for entry in sorted(names)).encode()
    return store((name, files[name]) for name in names)
