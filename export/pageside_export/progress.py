"""Progress of long work on standard error: one line that is rewritten, with bytes or counts.

Quiet where nobody watches: when standard error is no terminal, and with `--json`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

Unit = Literal["bytes", ""]

_REDRAW_SECONDS = 0.1
_quiet = False


def configure(*, quiet: bool) -> None:
    """Switches every line of this module off or on; the command line calls it once."""
    global _quiet  # noqa: PLW0603 - one process has one terminal
    _quiet = quiet


def say(line: str) -> None:
    """A line that stays, on standard error, also where it is no terminal; silent with `--json`."""
    if not _quiet:
        print(line, file=sys.stderr, flush=True)


def format_bytes(count: float) -> str:
    """`18.7 MB`, in powers of ten as file managers and hosts count."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} bytes"


@dataclass
class Task:
    """One piece of work with `done` of `total`; a total of 0 means that it is not known."""

    what: str
    total: int = 0
    unit: Unit = ""
    done: int = 0
    _drawn: float = field(default=0.0, repr=False)

    def advance(self, amount: int = 1) -> None:
        """Counts `amount` more as done."""
        self.done += amount
        self.draw()

    def draw(self, *, force: bool = False) -> None:
        """Rewrites the line, at most ten times a second."""
        now = time.monotonic()
        if not _watched() or (not force and now - self._drawn < _REDRAW_SECONDS):
            return
        self._drawn = now
        sys.stderr.write(f"\r\x1b[K{self.text()}")
        sys.stderr.flush()

    def text(self) -> str:
        """`download model: 3.1 MB of 18.7 MB (17 %)`."""
        if not self.done and not self.total:
            return f"{self.what} ..."
        show = format_bytes if self.unit == "bytes" else lambda count: f"{count:.0f}"
        if not self.total:
            return f"{self.what}: {show(self.done)}"
        return f"{self.what}: {show(self.done)} of {show(self.total)} ({100 * self.done / self.total:.0f} %)"


@contextmanager
def task(what: str, total: int = 0, unit: Unit = "") -> Iterator[Task]:
    """Shows `what` while the body runs; the body calls `advance()`."""
    current = Task(what, total, unit)
    current.draw(force=True)
    try:
        yield current
    finally:
        if _watched():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _watched() -> bool:
    return not _quiet and sys.stderr.isatty()
