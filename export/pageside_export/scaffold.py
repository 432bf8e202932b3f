"""A new demo's folder: source, model, model card and example pictures drawn here."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from pageside_export.errors import UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TEMPLATES = Path(__file__).with_name("templates")
FILES = ("demo.py", "model.py", "README.md")

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[-_][A-Za-z0-9]+)*")
_LONGEST = 64
#: Names of the built site's own files and folders, and what Windows keeps for devices.
_TAKEN = {"assets", "examples", "golden", "models", "files", "con", "prn", "aux", "nul"}


def create(path: Path) -> Path:
    """Makes the folder `path`, complete or not at all. UsageError for a bad name, or if something is there already."""
    name = path.name
    check_name(name)
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} exists already", "pageside new", "take another name, or move it away")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", "pageside new", "make it first")
    words = {"name": name, "model": f"{name}-edges"[:_LONGEST], "title": _title(name)}
    made = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=path.parent))
    try:
        for file in FILES:
            text = (TEMPLATES / f"{file}.txt").read_text(encoding="utf-8")
            (made / file).write_text(Template(text).substitute(words), encoding="utf-8")
        _draw_examples(made / "examples")
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
