"""A new demo's folder: source, model, model card and example pictures drawn here."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from pageside_export.errors import UsageError
from pageside_export.pack import check_output
from pageside_export.shipping import THUMBNAILS

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

TEMPLATES = Path(__file__).with_name("templates")
#: The demos of this repository; an installed package has none.
GALLERY = Path(__file__).resolve().parents[2] / "models"
FILES = ("demo.py", "model.py", "README.md")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_LONGEST = 64
#: Names of the built site's own files and folders, and what Windows keeps for devices.
_TAKEN = {"assets", "device", "examples", "golden", "models", "files", "con", "prn", "aux", "nul"}


def create(path: Path) -> Path:
    """Makes the folder `path`, complete or not at all. UsageError for a bad name, or if something is there already."""
    name = path.name
    words = {"name": name, "model": f"{name}-edges"[:_LONGEST], "title": _title(name)}

    def fill(folder: Path) -> None:
        for file in FILES:
            text = (TEMPLATES / f"{file}.txt").read_text(encoding="utf-8")
            (folder / file).write_text(Template(text).substitute(words), encoding="utf-8")
        _draw_examples(folder / "examples")

    return _made(path, fill)


def copy(source: str, path: Path) -> Path:
    """A demo's folder as the beginning of another one, complete or not at all. UsageError."""
    folder = Path(source) if (Path(source) / "demo.py").is_file() else GALLERY / source
    if not (folder / "demo.py").is_file():
        known = ", ".join(sorted(found.parent.name for found in GALLERY.glob("*/demo.py")))
        todo = f"name a folder with demo.py, or one of {known}" if known else "name a folder with demo.py"
        raise UsageError(f"there is no demo {source}", "pageside new --from", todo)
    unwanted = shutil.ignore_patterns("__pycache__", ".*", "node_modules", "dist", *THUMBNAILS)
    return _made(path, lambda made: shutil.copytree(folder, made, ignore=unwanted, dirs_exist_ok=True))


def _made(path: Path, fill: Callable[[Path], object]) -> Path:
    check_name(path.name)
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists already", "pageside new", "take another name, or move it away")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", "pageside new", "make it first")
    check_output(path.parent, "pageside new")
    made = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        fill(made)
        made.chmod(0o755)
        made.rename(path)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return path


def check_name(name: str) -> None:
    """UsageError unless `name` can be a folder, a part of a URL and a model's name on every system."""
    todo = "use letters, digits, - and _, beginning with a letter, as in edge-finder"
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a demo", "pageside new", todo)
    if len(name) > _LONGEST - len("-edges"):
        raise UsageError(f"{name!r} is too long", "pageside new", f"use at most {_LONGEST - len('-edges')} letters")
    if name.lower() in _TAKEN:
        raise UsageError(f"{name!r} is taken by a folder of the built site", "pageside new", "take another")


def _title(name: str) -> str:
    words = re.sub(r"[-_]+", " ", name)
    return words[:1].upper() + words[1:]


def _draw_examples(folder: Path) -> None:
    from PIL import Image

    folder.mkdir()
    Image.fromarray(_shapes()).save(folder / "shapes.png", optimize=True)
    Image.fromarray(_rings()).save(folder / "rings.png", optimize=True)


def _grid(height: int, width: int) -> tuple[Any, Any]:
    import numpy as np

    y, x = np.mgrid[:height, :width]
    return y, x


def _shapes() -> NDArray[np.uint8]:
    """A disc, a box and a stripe on a slow gradient; (240, 320, 3)."""
    import numpy as np

    y, x = _grid(240, 320)
    picture = np.stack([60 + x // 4, 90 + y // 4, 150 - x // 8], axis=-1)
    picture[(x - 100) ** 2 + (y - 110) ** 2 < 60**2] = (235, 190, 60)
    picture[(abs(x - 230) < 50) & (abs(y - 150) < 40)] = (40, 120, 90)
    picture[abs(x + y - 400) < 8] = (240, 240, 235)
    return np.asarray(picture, np.uint8)


def _rings() -> NDArray[np.uint8]:
    """Rings that grow finer towards the border; (240, 240, 3)."""
    import numpy as np

    y, x = _grid(240, 240)
    radius = np.hypot(x - 120, y - 120)
    wave = 0.5 + 0.5 * np.sin(radius**2 / 400)
    low, high = np.array([25, 45, 85]), np.array([250, 225, 190])
    return np.asarray(low + wave[..., None] * (high - low), np.uint8)
