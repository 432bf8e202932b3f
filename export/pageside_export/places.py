"""Where something happened in the maker's own files, as `models/x/model.py:31`."""

from __future__ import annotations

import re
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_FILE_LINE = re.compile(r'File "([^"]+)", line (\d+)')
_LIBRARIES = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")]
_OURS = Path(__file__).resolve().parent


_reader: ContextVar[Path | None] = ContextVar("pageside_reader", default=None)


@contextmanager
def seen_from(folder: Path) -> Iterator[None]:
    """While a demo has changed the working directory, paths are shown as from here."""
    token = _reader.set(folder)
    try:
        yield
    finally:
        _reader.reset(token)


def shown(path: Path) -> str:
    """A path as its reader would type it: relative to where the command runs, if it lies below."""
    try:
        return path.resolve().relative_to((_reader.get() or Path.cwd()).resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def maker_place(error: BaseException) -> str:
    """The innermost line of the maker's own files that an exception (or its causes) came through; empty if none."""
    current: BaseException | None = error
    place = ""
    while current is not None:
        if isinstance(current, SyntaxError) and current.filename and is_maker_file(current.filename):
            return f"{shown(Path(current.filename))}:{current.lineno}"
        frames = [(frame.filename, frame.lineno or 0) for frame in traceback.extract_tb(current.__traceback__)]
        place = _last(frames) or place_in_text(str(current)) or place
        current = current.__cause__ or current.__context__
    return place


def place_in_text(text: str) -> str:
    """The last `File "...", line n` of the maker's own files in a printed traceback; empty if none."""
    return _last([(path, int(line)) for path, line in _FILE_LINE.findall(text)])


def place(name: str, line: int) -> str:
    """`file:line` as its reader would type it."""
    return f"{shown(Path(name))}:{line}"


def library_place(name: str, line: int) -> str:
    """`file:line` of an installed library, the same on every machine: `torchvision/ops/boxes.py:86`."""
    path = Path(name).resolve()
    folders = [folder for folder in _LIBRARIES if path.is_relative_to(folder)]
    deepest = max(folders, key=lambda folder: len(folder.parts), default=path.parent)
    return f"{path.relative_to(deepest).as_posix()}:{line}"


def is_maker_file(name: str) -> bool:
    """Whether a file is neither Python's, nor an installed library's, nor ours."""
    path = Path(name)
    if name.startswith("<") or not path.is_absolute() or not path.is_file():
        return False
    path = path.resolve()
    return not any(path.is_relative_to(folder) for folder in (*_LIBRARIES, _OURS)) and not _is_runtime(path)


def _is_runtime(path: Path) -> bool:
    import pageside

    return path.is_relative_to(Path(pageside.__file__).resolve().parent)


def _last(frames: list[tuple[str, int]]) -> str:
    mine = [(path, line) for path, line in frames if is_maker_file(path)]
    return f"{shown(Path(mine[-1][0]))}:{mine[-1][1]}" if mine else ""
