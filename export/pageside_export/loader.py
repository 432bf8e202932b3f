"""From a path to a demo: finds it, executes it as a script would be, and takes its interface and models."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pageside
from pageside import interface as interfaces
from pageside import model as models
from pageside.interface import Interface
from pageside.model import Model

from pageside_export.errors import LoadError, UserError
from pageside_export.places import maker_place, shown
from pageside_export.scope import Scope
from pageside_export.shipping import Builds, files_to_ship

if TYPE_CHECKING:
    from pageside_export.engines import TorchEngine
    from pageside_export.modules import Built


@dataclass
class Demo:
    """A demo that has been executed."""

    #: A folder name and a part of a URL.
    name: str
    folder: Path
    source: Path
    interface: Interface
    models: dict[str, Model]
    #: What goes into the bundle: the source first. Its modules that only a build needs are not among them.
    files: list[Path]
    scope: Scope
    #: Whether the demo is a folder, rather than a single file.
    whole_folder: bool = True

    def path_of(self, file: Path) -> str:
        """A file's path in the bundle; the source is always `demo.py`."""
        return "demo.py" if file == self.source else file.relative_to(self.folder).as_posix()

    def torch_engine(self) -> TorchEngine:
        """An engine that builds this demo's models by their own `build`."""
        from pageside_export.engines import TorchEngine

        return TorchEngine(self.build)

    def build(self, model: Model) -> Built:
        """Calls a model's `build`. Raises BuildError."""
        from pageside_export.modules import build_module

        with self.scope.active():
            return build_module(model.name, model.build, model.dynamic_shapes, trust=model.trust)


def load(path: str | Path) -> Demo:
    """The demo in a folder with `demo.py`, or in a single `.py` file, anywhere. Raises LoadError."""
    source, whole_folder = _find(Path(path))
    scope = Scope(source.parent)
    launched: list[Interface] = []
    with scope.active(), _recording(launched):
        namespace = _execute(source, scope)
        registered = models.registered()
        try:
            interface = interfaces.choose(namespace, launched, shown(source))
        except pageside.Error as error:
            raise LoadError(str(error)) from error
    builds = _builds(registered, namespace)
    files = files_to_ship(source, source.parent, whole_folder=whole_folder, builds=builds)
    return Demo(_name(source, whole_folder), source.parent, source, interface, registered, files, scope, whole_folder)


def of_running_script(path: Path, interface: Interface, namespace: dict[str, Any]) -> Demo:
    """The demo of a script that runs now and has called `launch()`: its living interface and models.

    `namespace` holds the script's globals. Executing it a second time would print and compute everything twice.
    """
    source, whole_folder = _find(path)
    registered = models.registered()
    builds = _builds(registered, namespace)
    files = files_to_ship(source, source.parent, whole_folder=whole_folder, builds=builds)
    scope, name = Scope(source.parent), _name(source, whole_folder)
    return Demo(name, source.parent, source, interface, registered, files, scope, whole_folder)


def main_builder() -> Callable[[Model], Built]:
    """Builds models of the script that runs now: `build="model:build"` is looked for beside it, or where it runs."""
    from pageside_export.modules import build_module

    file = getattr(sys.modules.get("__main__"), "__file__", None)
    scope = Scope(Path(file).resolve().parent if file else Path.cwd())

    def build(model: Model) -> Built:
        with scope.active():
            return build_module(model.name, model.build, model.dynamic_shapes, trust=model.trust)

    return build


def _find(path: Path) -> tuple[Path, bool]:
    # Absolute but with its symlinks: they may give the demo its name.
    given, path = path, path.absolute()
    if path.is_dir():
        if not (path / "demo.py").is_file():
            raise LoadError("no demo.py in this folder", str(given), "write one, or `pageside new NAME` makes a folder")
        return path / "demo.py", True
    if not path.exists():
        raise LoadError("there is no such demo", str(given), "give a folder with demo.py, or a .py file")
    if path.suffix != ".py":
        raise LoadError("is not a demo", str(given), "give a folder with demo.py, or a .py file")
    return path, False


def _name(source: Path, whole_folder: bool) -> str:
    stem = source.parent.resolve().name if whole_folder or source.stem == "demo" else source.stem
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")
    return name or "demo"


@contextmanager
def _recording(launched: list[Interface]) -> Iterator[None]:
    """While a demo is executed `launch()` only says which interface it is called on, and no older model is known."""

    def hook(interface: Interface, options: dict[str, Any]) -> tuple[None, str, str]:
        del options
        launched.append(interface)
        return None, "", ""

    before = interfaces.launch_hook
    interfaces.launch_hook = hook
    models.clear()
    try:
        yield
    finally:
        interfaces.launch_hook = before


def _execute(source: Path, scope: Scope) -> dict[str, Any]:
    module = ModuleType("__main__")
    module.__file__ = str(source)
    scope.main = sys.modules["__main__"] = module
    try:
        exec(compile(source.read_bytes(), str(source), "exec", dont_inherit=True), module.__dict__)
    except UserError:
        raise
    except pageside.Error as error:
        raise LoadError(str(error), maker_place(error) or shown(source)) from error
    except SystemExit as error:
        what = f"called sys.exit({'' if error.code is None else repr(error.code)}) while it was loaded"
        raise LoadError(what, maker_place(error) or shown(source), "build the Interface without leaving") from error
    except Exception as error:
        raise _failed(error, source) from error
    return module.__dict__


def _failed(error: Exception, source: Path) -> LoadError:
    first = str(error.msg if isinstance(error, SyntaxError) else error).strip().partition("\n")[0]
    what = f"{type(error).__name__}: {first}" if first else type(error).__name__
    todo = "--debug shows the traceback"
    if isinstance(error, ModuleNotFoundError) and error.name:
        todo = (
            f"install {error.name.partition('.')[0]}, or put a {error.name.partition('.')[0]}.py beside {source.name}"
        )
    return LoadError(what, maker_place(error) or shown(source), todo)


def _builds(registered: dict[str, Model], namespace: dict[str, Any]) -> Builds:
    modules = {
        model.build.partition(":")[0].partition(".")[0] for model in registered.values() if isinstance(model.build, str)
    }
    functions = {
        name
        for name, value in namespace.items()
        if any(value is model.build for model in registered.values() if not isinstance(model.build, str))
    }
    return Builds(frozenset(modules), frozenset(functions))
