"""Python's memory on its way into a snapshot and out of it: what is in it, whether it works, what must be new."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import FileFinder

# What nearly every demo uses; the next visit finds it in memory.
KEPT = ("inspect", "linecache", "pathlib", "numpy.linalg", "pageside._bridge", "pageside._traceback", "pageside.ops")


def fill() -> None:
    """Import what is to be in a snapshot."""
    from pageside import components

    for name in KEPT:
        importlib.import_module(name)
    components.classes()


def check() -> None:
    """After a restore: raise where numpy computes wrongly, and renew what must differ between visits."""
    import numpy as np

    # The files were written anew; what Python remembers of their folders is from another visit. The standard library's
    # archive is the same, and importlib.invalidate_caches() would read its whole directory again, at some length.
    for finder in sys.path_importer_cache.values():
        if isinstance(finder, FileFinder):
            finder.invalidate_caches()
    matrix = np.array([[4.0, 7.0], [2.0, 6.0]])
    product = matrix @ np.linalg.inv(matrix)
    if not np.allclose(product, np.eye(2)):
        raise ArithmeticError(f"numpy computes wrongly: a matrix times its inverse is {product.tolist()}")
    # With the same memory each time, random numbers would be the same on each visit.
    for name in ("random", "numpy.random"):
        if name in sys.modules:
            sys.modules[name].seed()
