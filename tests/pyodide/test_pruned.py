"""The pruned standard library and numpy in real Pyodide: everything that stayed imports and works."""

import subprocess
from pathlib import Path

import zstandard
from pageside_export import assets, vendor

SCRIPT = """
import importlib, importlib.metadata, io, pkgutil, sys, zipfile
library = next(path for path in sys.path if path.endswith(".zip"))
files = [name for name in zipfile.ZipFile(library).namelist() if name.endswith(".py")]
modules = sorted({name[:-3].replace("/", ".").removesuffix(".__init__") for name in files})
skipped = ("asyncio.windows", "concurrent.futures.process", "tty", "site-packages")
for name in modules:
    if not name.startswith(skipped) and not name.endswith("__main__"):
        try:
            importlib.import_module(name)
        except Exception as error:
            print("cannot import", name, repr(error))

import numpy as np
for module in pkgutil.walk_packages(np.__path__, "numpy."):
    try:
        importlib.import_module(module.name)
    except Exception as error:
        print("cannot import", module.name, repr(error))
exec("from numpy import *")
assert np.allclose(np.linalg.inv(np.eye(3) * 2), np.eye(3) / 2)
assert np.allclose(np.fft.ifft(np.fft.fft(np.arange(8.0))), np.arange(8.0))
assert np.random.default_rng(1).normal(size=3).shape == (3,)
assert np.random.RandomState(1).rand() > 0
assert np.polynomial.Polynomial([1, 2])(3) == 7
assert np.ma.array([1, 2], mask=[0, 1]).sum() == 1
assert importlib.metadata.version("numpy") == "2.0.2"
assert "Fortran" in str(getattr(np.f2py, "__getattr__").__code__.co_consts)

from PIL import Image
stream = io.BytesIO()
Image.fromarray(np.zeros((4, 5, 3), "uint8")).save(stream, "JPEG")
assert Image.open(io.BytesIO(stream.getvalue())).reduce(2).size == (3, 2)

import asyncio, email.message, json, re, unittest.mock
assert json.loads("[1]") == [1] and re.match("a", "a") and unittest.mock.Mock()() is not None
try:
    raise ValueError("a line number that is right")
except ValueError as error:
    import traceback
    assert "ValueError" in "".join(traceback.format_exception(error))
print("done")
"""


def test_pruned_python_in_pyodide(tmp_path: Path) -> None:
    collected = assets.collect(["numpy", "pillow"], [])
    runtime = collected.runtime("", ["numpy", "pillow"])["pyodide"]
    refs = {"stdlib.zip": runtime["stdlib"], **{ref["name"] + ".whl": ref for ref in runtime["wheels"][:2]}}
    for name, ref in refs.items():
        (tmp_path / name).write_bytes(zstandard.decompress(collected.files[ref["url"]]))
    (tmp_path / "script.py").write_text(SCRIPT)
    folder = vendor.npm_file("pyodide", "pyodide.mjs").parent
    words = [folder, *(tmp_path / name for name in ("stdlib.zip", "script.py", "numpy.whl", "pillow.whl"))]
    command = ["node", str(Path(__file__).with_name("pruned.mjs")), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stdout[-2000:] + done.stderr[-2000:]
