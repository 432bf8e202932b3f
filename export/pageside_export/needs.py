"""What a demo's Python needs in the page: Pyodide's packages and modules of the standard library."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pageside_export import progress, vendor
from pageside_export.errors import LoadError
from pageside_export.loader import Demo
from pageside_export.places import shown

#: The runtime itself imports these.
ALWAYS = ("numpy",)


@dataclass(frozen=True)
class Needs:
    """Of one demo."""

    #: Pyodide's packages with their dependencies, dependencies first.
    packages: tuple[str, ...]
    #: Top-level modules that its files import.
    modules: frozenset[str]


def of_demo(demo: Demo) -> Needs:
    """Raises LoadError with file and line when demo.py cannot run in a page for want of a module."""
    own = {path.relative_to(demo.folder).parts[0].removesuffix(".py") for path in demo.files}
    skipped = {getattr(model.build, "__name__", "") for model in demo.models.values()}
    modules: set[str] = set()
    packages = set(ALWAYS)
    for path in demo.files:
        if path.suffix != ".py":
            continue
        for found in _imports(path, skipped):
            modules.add(found.module)
            if found.module not in own and (package := _package(found, path)):
                packages.add(package)
    packages.update(demo.interface.packages())
    return Needs(tuple(vendor.resolve(packages)), frozenset(modules))


@dataclass(frozen=True)
class _Import:
    module: str
    line: int
    #: Runs whenever the file does, rather than in a function or after `try:`.
    always: bool
    #: In a function, and below no `try:` or `if`.
    when_called: bool


def _package(found: _Import, path: Path) -> str | None:
    """The package that gives an imported module, None where Python itself does or the import may fail."""
    if found.module in {"pageside", "js", "pyodide", "pyodide_js"}:
        return None
    package = vendor.package_of_module(found.module)
    problem = _problem(found.module, package)
    if problem is None:
        return package
    if found.always:
        todo = "do it with numpy, or import it inside the build function if only the build needs it"
        raise LoadError(problem, f"{shown(path)}:{found.line}", todo)
    # What Pyodide doesn't know at all is torch and its like, which a function of the build imports.
    if package and found.when_called:
        progress.say(f"{shown(path)}:{found.line}: {problem}: the page raises ModuleNotFoundError if it gets there")
    return None


def _problem(module: str, package: str | None) -> str | None:
    release = f"Pyodide {vendor.pyodide_version()}"
    if package is None:
        known = module in sys.stdlib_module_names
        return None if known else f"imports {module}, which {release}, the page's Python, does not have"
    for name in vendor.resolve([package]):
        if vendor.packages()[name].kind == "shared_library":
            return f"imports {module}, which needs {release}'s shared library {name}; pages cannot load it yet"
    return None


def _imports(path: Path, skipped: set[str]) -> Iterator[_Import]:
    tree = ast.parse(path.read_bytes(), str(path))
    queue: list[tuple[ast.AST, bool, bool]] = [(tree, True, False)]
    while queue:
        node, always, called = queue.pop()
        if isinstance(node, ast.FunctionDef) and node.name in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (_Import(alias.name.partition(".")[0], node.lineno, always, called) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield _Import(node.module.partition(".")[0], node.lineno, always, called)
        below = always and isinstance(node, ast.Module | ast.ClassDef | ast.With)
        called = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
            called and not isinstance(node, ast.If | ast.Try)
        )
        queue.extend((child, below, called) for child in ast.iter_child_nodes(node))
