"""Which of a demo's files go into the bundle: what `demo.py` imports and reads, and nothing that only a build needs."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pageside_export.errors import LoadError
from pageside_export.places import shown

#: Weights in these formats are made into ONNX; the page never reads them.
WEIGHTS = {".onnx", ".pt", ".pth", ".safetensors", ".ckpt", ".gguf", ".h5", ".pkl"}
#: These may be tables that demo.py reads; weights are large.
MAYBE_WEIGHTS = {".bin", ".npz"}
MAYBE_WEIGHTS_BYTES = 5_000_000
#: Modules that a page does not have.
NATIVE_ONLY = {"torch", "torchvision", "torchaudio", "onnx", "onnxruntime", "pageside_export"}

#: The gallery's picture of a demo that is a folder, in place of one of its examples.
THUMBNAILS = ("thumbnail.webp", "thumbnail.png", "thumbnail.jpg", "thumbnail.svg")

_SKIPPED_FOLDERS = {"__pycache__", "node_modules", "examples", "training"}
_FOLDER_MARKS = ("bundle.json", "gallery.json", "pyvenv.cfg")


@dataclass(frozen=True)
class Builds:
    """What the demo's models are built by: names of modules, and of functions in demo.py itself."""

    modules: frozenset[str]
    functions: frozenset[str]


def files_to_ship(source: Path, folder: Path, *, whole_folder: bool, builds: Builds) -> list[Path]:
    """`source` first, then the modules of `folder` that it imports, then the data.

    A demo that is a folder ships its data files; a single file ships those that it names in a string.
    LoadError where a shipped module imports what a page does not have.
    """
    modules = _imported(source, folder, builds)
    data = _folder_data(folder) if whole_folder else _named_data([source, *modules], folder)
    data -= {folder / name for name in THUMBNAILS if whole_folder}
    return [source, *modules, *(path for path in sorted(data) if path not in modules and path != source)]


def thumbnail(folder: Path) -> Path | None:
    """The first of THUMBNAILS in the folder."""
    return next((folder / name for name in THUMBNAILS if (folder / name).is_file()), None)


def _imported(source: Path, folder: Path, builds: Builds) -> list[Path]:
    """Modules of `folder` that `source` imports, directly or not, in the order of their names."""
    found, queue = {source: None}, [source]
    while queue:
        path = queue.pop()
        skip = builds.functions if path == source else frozenset()
        for name, line, at_top in _imports(path, skip):
            if at_top and (problem := _problem(name, builds)):
                raise LoadError(problem[0], f"{shown(path)}:{line}", problem[1])
            if name.partition(".")[0] in builds.modules:
                continue
            for module in _module_files(folder, name):
                if module not in found:
                    found[module] = None
                    queue.append(module)
    return sorted(path for path in found if path != source)


def _problem(name: str, builds: Builds) -> tuple[str, str] | None:
    top = name.partition(".")[0]
    if top in NATIVE_ONLY:
        return f"imports {top}, which a page does not have", "import it inside the build function"
    if top in builds.modules:
        return (
            f"imports {top}, which builds a model and never reaches the page",
            "put what both need into a file of its own",
        )
    return None


def _imports(path: Path, skipped: frozenset[str]) -> Iterator[tuple[str, int, bool]]:
    """(dotted name, line, whether it always runs) of each import; those inside `skipped` functions are left out."""
    tree = ast.parse(path.read_bytes(), str(path))
    top = {id(node) for node in tree.body}
    queue: list[ast.AST] = [tree]
    while queue:
        node = queue.pop()
        if isinstance(node, ast.FunctionDef) and node.name in skipped:
            continue
        if isinstance(node, ast.If) and _never_in_page(node.test):
            queue.extend(node.orelse)
            continue
        yield from ((name, node.lineno, id(node) in top) for name in _names(node))  # type: ignore[attr-defined]
        queue.extend(ast.iter_child_nodes(node))


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.ImportFrom) and node.level:
        return [alias.name for alias in node.names] if not node.module else [node.module]
    return []


def _never_in_page(test: ast.expr) -> bool:
    """`if TYPE_CHECKING:` and its forms."""
    name = test.attr if isinstance(test, ast.Attribute) else test.id if isinstance(test, ast.Name) else ""
    return name == "TYPE_CHECKING"


def _module_files(folder: Path, name: str) -> list[Path]:
    """Files of the folder that `import a.b` reads: packages on the way and the module; none for a library."""
    found: list[Path] = []
    place = folder
    for part in name.split("."):
        if (place / f"{part}.py").is_file():
            return [*found, place / f"{part}.py"]
        place = place / part
        if (place / "__init__.py").is_file():
            found.append(place / "__init__.py")
        elif not place.is_dir():
            return found
    return found


def _folder_data(folder: Path) -> set[Path]:
    found: set[Path] = set()
    for path in folder.iterdir():
        if path.is_dir():
            if not _is_skipped_folder(path):
                found |= _folder_data(path)
        elif _is_data(path):
            found.add(path)
    return found


def _is_skipped_folder(path: Path) -> bool:
    return (
        path.name in _SKIPPED_FOLDERS
        or path.name.startswith(".")
        or any((path / mark).exists() for mark in _FOLDER_MARKS)
    )


def _is_data(path: Path) -> bool:
    name, suffix = path.name, path.suffix.lower()
    if name.startswith(".") or suffix in {".py", ".pyc", ".ipynb"} or suffix in WEIGHTS or not path.is_file():
        return False
    if name == "README.md" or (name.startswith("requirements") and suffix == ".txt"):
        return False
    return suffix not in MAYBE_WEIGHTS or path.stat().st_size <= MAYBE_WEIGHTS_BYTES


def _named_data(modules: Iterable[Path], folder: Path) -> set[Path]:
    """Data files that a string in the source names, relative to the folder."""
    found: set[Path] = set()
    for module in modules:
        for node in ast.walk(ast.parse(module.read_bytes(), str(module))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _could_be_path(node.value):
                path = folder / node.value
                if path.is_file() and _is_data(path) and path.resolve().is_relative_to(folder.resolve()):
                    found.add(path)
    return found


def _could_be_path(text: str) -> bool:
    return 0 < len(text) < 256 and "\n" not in text and "\0" not in text and not Path(text).is_absolute()
