"""Files for what a component gives by path, as Gradio's do with `type="filepath"`."""

from __future__ import annotations

import os
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

TYPES = ("numpy", "pil", "filepath")


def place(owner: object, name: str, content: bytes) -> str:
    """The absolute path of a file with this content. The owner's next file of that name takes its place.

    In the page files are in memory: each call with one of its own would fill it.
    """
    folder = os.path.join(_folder().name, f"{id(owner):x}")  # noqa: PTH118
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    path = os.path.join(folder, name)  # noqa: PTH118
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(content)
    return path


@cache
def _folder() -> TemporaryDirectory[str]:
    from tempfile import TemporaryDirectory

    return TemporaryDirectory(prefix="pageside-")
