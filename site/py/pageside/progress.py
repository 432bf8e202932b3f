"""How far a call is, in Gradio's words; the page shows it while the function runs, and elsewhere it says nothing."""

from __future__ import annotations

from asyncio import get_running_loop
from collections.abc import Sized
from time import monotonic

from pageside import _calls, _options
from pageside._errors import InterfaceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeVar

    T = TypeVar("T")

# So many messages a second, and so many at once after a silence.
RATE = 20
BURST = 10


class Progress(_calls.NoInput):
    """Tells the visitor how far the function is: `def f(x, progress=ps.Progress())`. Such a parameter is no input.

    `progress(0.3, desc="Reading")` shows a share, `progress((3, 10), unit="pages")` steps, `progress(None)` that
    something goes on; `for page in progress.tqdm(pages)` counts by itself, and so does another within it. Any Progress
    tells of the call that it is used in, that of a helper's parameter too. Natively, and at build, it does nothing.
    `track_tqdm` is accepted and warns: what goes through the tqdm library is not shown.
    """

    def __init__(self, track_tqdm: bool = False) -> None:
        self.track_tqdm = track_tqdm
        if track_tqdm:
            _options.accept("Progress", {"track_tqdm": True}, frozenset({"track_tqdm"}), ())

    def __call__(
        self,
        progress: float | tuple[float, float | None] | None,
        desc: str | None = None,
        total: float | None = None,
        unit: str = "steps",
    ) -> None:
        """Show `progress`: a share from 0 to 1, `(step, total)` with None for a total that nobody knows, or None.

        `desc` is what is going on, `unit` what is counted. `total` is Gradio's; a tuple has its own.
        """
        try:
            level = _level(progress, desc, unit)
        except (TypeError, ValueError):
            raise InterfaceError(
                f"progress({progress!r}): it is a number from 0 to 1, a tuple (step, total), or None"
            ) from None
        if track := _track():
            track.show([*track.levels, level])

    def tqdm(
        self, iterable: Iterable[Any] | None, desc: str | None = None, total: float | None = None, unit: str = "steps"
    ) -> Any:
        """An iterator over the items of `iterable`, counted as they are done; `total` is for those that have no length.

        Without an iterable, `bar = progress.tqdm(None, total=10)`, it is counted by `bar.update()`.
        """
        track = _track()
        if iterable is None:
            if track:
                track.levels.append(Level(desc, 0, total, unit))
                track.show(track.levels)
            return self
        if track is None:
            return iter(iterable)
        length = len(iterable) if isinstance(iterable, Sized) else total
        return track.steps(iter(iterable), Level(desc, 0, length, unit))

    def update(self, n: float = 1) -> None:
        """So many steps more of the innermost `tqdm`."""
        track = _track()
        if track and track.levels:
            track.levels[-1].done += n
            track.show(track.levels)


class Level:
    """One bar: a loop, or what a single call of the Progress said."""

    def __init__(
        self, desc: str | None, done: Any = None, total: Any = None, unit: str = "steps", share: float | None = None
    ) -> None:
        self.desc = "" if desc is None else str(desc)
        self.done = done
        self.total = total
        self.unit = unit
        self.share = share

    def told(self) -> dict[str, Any]:
        """Level of `protocol.d.ts`."""
        share = self.done / self.total if self.done is not None and self.total else self.share
        return {
            "desc": self.desc,
            "done": _short(self.done),
            "total": _short(self.total),
            "unit": str(self.unit),
            "share": None if share is None else min(1.0, max(0.0, float(share))),
        }


class Track:
    """The loops that one call is in, outermost first, and when the page was last told of them.

    What is left out can't follow later in a synchronous function, where no timer runs. Therefore numbers alone, of
    which the next is soon there, use only half of a burst; a new stage's words and a loop's end have the rest.
    """

    def __init__(self, call: _calls.Watched) -> None:
        self.call = call
        self.levels: list[Level] = []
        self.room = float(BURST)
        self.at = 0.0
        self.words: str | None = None
        self.waiting: list[Level] = []
        self.timed = False

    def steps(self, iterator: Iterator[T], level: Level) -> Iterator[T]:
        """The items, with a level of their own until the last, or until the loop is left."""
        self.levels.append(level)
        try:
            self.show(self.levels)
            for item in iterator:
                yield item
                level.done += 1
                self.show(self.levels)
            if self.waiting:
                self.show(self.levels, last=len(self.levels) == 1)
        finally:
            self.levels.remove(level)

    def show(self, levels: list[Level], *, last: bool = False) -> None:
        """Tell the page, unless it was told a moment ago; then once the function lets others have their turn."""
        now = monotonic()
        self.room = min(BURST, self.room + (now - self.at) * RATE)
        self.at = now
        words = levels[0].desc
        if self.room < (1 if last or words != self.words else BURST / 2):
            self._later(levels)
            return
        self.room -= 1
        self.words = words
        self.waiting = []
        self.call.tell([level.told() for level in levels])

    def _later(self, levels: list[Level]) -> None:
        self.waiting = [*levels]
        if not self.timed:
            self.timed = True
            get_running_loop().call_later(1 / RATE, self._rest)

    def _rest(self) -> None:
        self.timed = False
        if self.waiting:
            self.show(self.waiting, last=True)


def _track() -> Track | None:
    """Of the call that runs, where somebody watches it."""
    call = _calls.watched.get()
    if call is None:
        return None
    if call.track is None:
        call.track = Track(call)
    track: Track = call.track
    return track


def _level(progress: Any, desc: str | None, unit: str) -> Level:
    if progress is None:
        return Level(desc)
    if isinstance(progress, tuple):
        done, total = progress
        return Level(desc, float(done), None if total is None else float(total), unit)
    return Level(desc, share=float(progress))


def _short(number: Any) -> float | None:
    if number is None:
        return None
    value = float(number)
    return int(value) if value.is_integer() else round(value, 2)
