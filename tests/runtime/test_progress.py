"""Progress: which parameters it takes out of the inputs, what it says of a call that is watched, and its silence."""
# ruff: noqa: B008 - as makers write it

import asyncio
import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside import _calls, _options
from pageside import progress as progress_module
from pageside._errors import InterfaceError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time, which goes on by a second with each look at it."""
    step = [1.0]
    now = itertools.accumulate(itertools.repeat(step), lambda at, by: at + by[0], initial=100.0)
    monkeypatch.setattr(progress_module, "monotonic", lambda: next(now))
    return step


def told(fn: Any, *values: Any, inputs: Any = None) -> list[list[dict[str, Any]]]:
    """What the page hears of one call."""
    heard: list[list[dict[str, Any]]] = []

    async def call() -> None:
        _calls.watched.set(_calls.Watched(heard.append))
        takes = inputs if inputs is not None else ["text"] * len(values)
        async for _ in ps.Interface(fn, takes, "text").process(list(values)):
            pass

    asyncio.run(call())
    return heard


def short(levels: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(level["desc"], level["done"], level["total"]) for level in levels]


# ------------------------------------------------------------------------------------------------- which parameters


@pytest.mark.parametrize("inputs", [1, 2])
@pytest.mark.parametrize(
    "fn",
    [
        lambda a, b="x", progress=ps.Progress(): f"{a}{b}{type(progress).__name__}",
        lambda a, progress=ps.Progress(), b="x": f"{a}{b}{type(progress).__name__}",
        lambda a, b="x", *, progress=ps.Progress(): f"{a}{b}{type(progress).__name__}",
    ],
)
def test_it_is_no_input_wherever_it_stands(fn: Any, inputs: int) -> None:
    interface = ps.Interface(fn, ["text"] * inputs, "text")
    assert [one.label for one in interface.inputs] == ["a", "b"][:inputs]

    async def answer() -> Any:
        return [outputs async for outputs in interface.process(["a", "x"][:inputs])]

    assert asyncio.run(answer()) == [["axProgress"]]


def test_the_signature_is_checked_without_it() -> None:
    def read(page, progress=ps.Progress()):
        return page

    with pytest.raises(InterfaceError) as caught:
        ps.Interface(read, ["text", "text"], "text")
    assert str(caught.value).startswith("read takes 1 argument (page), but there are 2 inputs")


# ------------------------------------------------------------------------------------------------------ what it says


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ({"progress": 0.3, "desc": "Reading"}, ("Reading", None, None, "steps", 0.3)),
        ({"progress": 1}, ("", None, None, "steps", 1.0)),
        ({"progress": np.float32(0.5), "total": 4}, ("", None, None, "steps", 0.5)),
        ({"progress": 7}, ("", None, None, "steps", 1.0)),
        ({"progress": float("nan")}, ("", None, None, "steps", 0.0)),
        ({"progress": (3, 10), "unit": "pages"}, ("", 3, 10, "pages", 0.3)),
        ({"progress": (np.int64(3), None)}, ("", 3, None, "steps", None)),
        ({"progress": (0.123456, 0)}, ("", 0.12, 0, "steps", None)),
        ({"progress": None, "desc": "Waiting"}, ("Waiting", None, None, "steps", None)),
    ],
)
def test_a_share_steps_or_nothing_known(said: dict[str, Any], level: tuple[Any, ...]) -> None:
    def fn(progress=ps.Progress()):
        progress(**said)

    ((heard,),) = told(fn)
    assert tuple(heard.values()) == level
    assert list(heard) == ["desc", "done", "total", "unit", "share"]


@pytest.mark.parametrize("value", ["30%", (1, 2, 3), [1, 2]])
def test_what_is_no_progress_is_an_error_natively_too(value: Any) -> None:
    with pytest.raises(InterfaceError) as caught:
        ps.Progress()(value)
    assert str(caught.value) == f"progress({value!r}): it is a number from 0 to 1, a tuple (step, total), or None"


@pytest.mark.usefixtures("clock")
def test_loops_within_loops() -> None:
    def fn(progress=ps.Progress()):
        for _ in progress.tqdm(range(2), desc="Outer"):
            for _ in progress.tqdm(iter("ab"), desc="Inner", total=2, unit="letters"):
                pass
            progress(0.5, desc="Beside")

    heard = [short(levels) for levels in told(fn)]
    inner = [[("Outer", 0, 2), ("Inner", done, 2)] for done in range(3)]
    assert heard[:5] == [[("Outer", 0, 2)], *inner, [("Outer", 0, 2), ("Beside", None, None)]]
    assert heard[5:7] == [[("Outer", 1, 2)], [("Outer", 1, 2), ("Inner", 0, 2)]]
    assert heard[-1] == [("Outer", 2, 2)]


@pytest.mark.usefixtures("clock")
def test_a_loop_that_is_left_is_gone() -> None:
    def fn(progress=ps.Progress()):
        for item in progress.tqdm([1, 2, 3], desc="Left"):
            if item == 2:
                break
        try:
            for _ in progress.tqdm([1], desc="Failed"):
                raise ValueError("no")
        except ValueError:
            pass
        progress(1.0, desc="After")

    assert short(told(fn)[-1]) == [("After", None, None)]


@pytest.mark.usefixtures("clock")
def test_a_bar_that_is_counted_by_hand() -> None:
    def fn(progress=ps.Progress()):
        bar = progress.tqdm(None, desc="Bytes", total=10, unit="bytes")
        bar.update(4)
        bar.update()

    assert [short(levels) for levels in told(fn)] == [[("Bytes", done, 10)] for done in (0, 4, 5)]


def test_a_helper_has_its_own() -> None:
    def helper(progress=ps.Progress()):
        progress(0.1, desc="Helping")

    assert short(told(lambda text: helper() or text, "a")[0]) == [("Helping", None, None)]


def test_a_generator_an_async_one_and_a_task() -> None:
    async def fn(progress=ps.Progress()):
        async def part(name):
            progress(0.5, desc=name)

        await asyncio.gather(part("one"), part("two"))
        for letter in progress.tqdm("ab", desc="Letters"):
            yield letter

    heard = [short(levels) for levels in told(fn)]
    assert heard[:2] == [[("one", None, None)], [("two", None, None)]]
    assert heard[-1] == [("Letters", 2, 2)]


# ------------------------------------------------------------------------------------------------------- how often


def test_numbers_come_twenty_times_a_second_and_a_loop_s_end_always(clock: list[float]) -> None:
    clock[0] = 0.001

    def fn(progress=ps.Progress()):
        for _ in progress.tqdm(range(2000), desc="Reading"):
            pass
        progress(0.0, desc="Writing")

    heard = told(fn)
    # Two seconds long.
    assert 40 <= len(heard) <= 40 + progress_module.BURST
    assert short(heard[-2]) == [("Reading", 2000, 2000)]
    assert short(heard[-1]) == [("Writing", None, None)]


def test_many_short_loops_do_not_flood_the_page(clock: list[float]) -> None:
    clock[0] = 0.0001

    def fn(progress=ps.Progress()):
        for number in range(5000):
            for _ in progress.tqdm([number], desc=f"Item {number}"):
                pass

    # A look at the clock for each of three messages.
    assert len(told(fn)) <= 1.6 * progress_module.RATE + progress_module.BURST


def test_what_was_left_out_follows_where_the_function_waits() -> None:
    async def fn(progress=ps.Progress()):
        for step in range(20):
            progress((step, 20))
        await asyncio.sleep(0.2)

    heard = told(fn)
    assert len(heard) < 10
    assert short(heard[-1]) == [("", 19, 20)]


# --------------------------------------------------------------------------------------------------------- its silence


def test_natively_it_does_nothing() -> None:
    progress = ps.Progress()
    assert progress(0.5, "Reading") is None
    assert list(progress.tqdm(iter("ab"), desc="Letters")) == ["a", "b"]
    assert next(progress.tqdm([3])) == 3
    progress.tqdm(None, total=3).update(2)
    with pytest.raises(TypeError):
        progress.tqdm(3)


def test_a_call_that_fails_leaves_nothing_to_the_next() -> None:
    def fn(fail, progress=ps.Progress()):
        for _ in progress.tqdm([1, 2], desc="Before" if fail else "Now"):
            if fail:
                raise ps.Error("no")

    with pytest.raises(ps.Error):
        told(fn, True, inputs=["checkbox"])
    assert short(told(fn, False, inputs=["checkbox"])[0]) == [("Now", 0, 2)]


def test_the_library_s_own_bars_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_options, "_warned", set())
    with pytest.warns(UserWarning, match=r"^Progress\(track_tqdm=...\) has no effect on a static page") as caught:
        assert ps.Progress(track_tqdm=True).track_tqdm
    assert caught[0].filename == __file__
