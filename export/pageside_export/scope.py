"""Runs a demo's code as if its own folder were the only one, and leaves the process as it was."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pageside_export.places import seen_from

_OURS = {"__main__", "pageside", "pageside_export"}


class Scope:
    """The folder of a demo: on `sys.path` and the working directory inside `with scope.active():`.

    Its modules are in `sys.modules` only there, so that two demos may each have their own `model.py`.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.main: ModuleType | None = None
        self._modules: dict[str, ModuleType] = {}
        self._depth = 0

    @contextlib.contextmanager
    def active(self) -> Iterator[None]:
        """May be nested."""
        self._depth += 1
        try:
            if self._depth > 1:
                yield
            else:
                with seen_from(Path.cwd()), self._entered():
                    yield
        finally:
            self._depth -= 1

    @contextlib.contextmanager
    def _entered(self) -> Iterator[None]:
        before = (list(sys.path), Path.cwd(), sys.dont_write_bytecode, sys.modules.get("__main__"))
        hidden = self._take_out(self._names())
        others = set(sys.modules)
        sys.modules.update(self._modules)
        if self.main is not None:
            sys.modules["__main__"] = self.main
        sys.path.insert(0, str(self.folder))
        # Bytecode would litter the maker's folder, and is stale when a file changes twice in a second.
        sys.dont_write_bytecode = True
        os.chdir(self.folder)
        importlib.invalidate_caches()
        try:
            yield
        finally:
            self._modules = self._take_out(self._own_modules() - others)
            sys.modules.update(hidden)
            # A library that was first imported here (onnxruntime's quantization) may have added to the path for good.
            libraries = [one for one in sys.path if one not in before[0] and "site-packages" in Path(one).parts]
            sys.path[:], sys.dont_write_bytecode = before[0] + libraries, before[2]
            os.chdir(before[1])
            if before[3] is not None:
                sys.modules["__main__"] = before[3]

    def _names(self) -> set[str]:
        """Loaded modules of other folders that this folder has under the same name."""
        tops = {path.stem for path in self.folder.glob("*.py")} | {
            path.parent.name for path in self.folder.glob("*/__init__.py")
        }
        tops -= set(sys.stdlib_module_names) | _OURS
        return {
            name
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] in tops and not _below(module, self.folder)
        }

    def _own_modules(self) -> set[str]:
        return {
            name
            for name, module in list(sys.modules.items())
            if name.partition(".")[0] not in _OURS and _below(module, self.folder)
        }

    @staticmethod
    def _take_out(names: set[str]) -> dict[str, ModuleType]:
        return {name: sys.modules.pop(name) for name in names}


def _below(module: ModuleType | None, folder: Path) -> bool:
    # As text: all loaded modules are asked at each call of a demo, and there are thousands.
    file = getattr(module, "__file__", None) or ""
    # A virtual environment inside the demo's folder holds libraries, not the demo.
    return file.startswith(f"{folder}{os.sep}") and "site-packages" not in Path(file).parts
