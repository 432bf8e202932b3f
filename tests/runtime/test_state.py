"""State: kept from call to call within a session, first values of its own, messages."""

import asyncio
import threading
from typing import Any

import pageside as ps
import pytest
from pageside._errors import ComponentError


def calls(demo: ps.Interface, *words: str, session: dict[int, Any] | None) -> list[Any]:
    """The last outputs of each of several calls."""

    async def run() -> list[Any]:
        return [[outputs async for outputs in demo.process([word], session)][-1] for word in words]

    return asyncio.run(run())


def collect(word: str, seen: list[str]) -> tuple[str, list[str]]:
    seen.append(word)
    return " ".join(seen), seen


def test_it_is_kept_within_a_session_and_begins_anew_in_another() -> None:
    demo = ps.Interface(collect, ["text", ps.State(["so"])], ["text", ps.State()], examples=["a"])
    session: dict[int, Any] = {}
    assert calls(demo, "a", "b", session=session) == [["so a"], ["so a b"]]
    assert calls(demo, "c", session=session) == [["so a b c"]]
    assert calls(demo, "d", "e", session=None) == [["so d"], ["so e"]]
    session.clear()
    assert calls(demo, "f", session=session) == [["so f"]]


def test_the_page_does_not_see_it() -> None:
    demo = ps.Interface(collect, ["text", "state"], ["text", "state"])
    config = demo.get_config()
    assert [component["type"] for component in config["inputs"] + config["outputs"]] == ["textbox", "textbox"]
    assert (config["inputs"][0]["label"], config["outputs"][0]["label"]) == ("word", "output")


def test_one_state_may_stand_on_both_sides_and_there_may_be_two() -> None:
    kept = ps.State(0)

    def step(one: int, word: str, two: str) -> tuple[str, int, str]:
        return f"{one} {two}", one + 1, two + word

    demo = ps.Interface(step, [kept, "text", ps.State("x")], ["text", kept, ps.State()])
    assert calls(demo, "a", "b", session={}) == [["0 x"], ["1 xa"]]


def test_a_generator_keeps_the_last_it_yielded() -> None:
    def count(word: str, n: int) -> Any:
        for _ in range(3):
            n += 1
            yield f"{word}{n}", n

    demo = ps.Interface(count, ["text", ps.State(0)], ["text", ps.State()])
    assert calls(demo, "a", "b", session={}) == [["a3"], ["b6"]]


def test_what_cannot_be() -> None:
    with pytest.raises(ComponentError) as caught:
        ps.Interface(collect, ["text", "state"], "text")
    assert str(caught.value) == "1 State among the inputs, 0 among the outputs; the function takes each and returns it"
    demo = ps.Interface(collect, ["text", ps.State(threading.Lock())], ["text", "state"])
    with pytest.raises(ComponentError, match=r"State\(value\): a lock can't be copied: cannot pickle"):
        calls(demo, "a", session={})
