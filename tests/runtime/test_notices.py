"""Info, Success and Warning: what the page hears, and silence elsewhere."""

import asyncio
from typing import Any

import pageside as ps
from pageside import _calls


def work(word: str) -> str:
    ps.Info(f"Read {word}")
    ps.Warning("Long", 0, title="Careful")
    ps.Success(duration=None)
    ps.Info("hidden", visible=False)
    return word


def run(notify: Any) -> list[Any]:
    async def call() -> list[Any]:
        if notify:
            _calls.watched.set(_calls.Watched(print, notify))
        return [outputs async for outputs in ps.Interface(work, "text", "text").process(["a"])]

    return asyncio.run(call())


def test_the_page_hears_each() -> None:
    heard: list[dict[str, Any]] = []
    assert run(heard.append) == [["a"]]
    assert heard == [
        {"kind": "info", "title": "Info", "message": "Read a", "seconds": 10.0},
        {"kind": "warning", "title": "Careful", "message": "Long", "seconds": 0.0},
        {"kind": "success", "title": "Success", "message": "Success.", "seconds": 0.0},
    ]


def test_elsewhere_nothing_is_said(capsys: Any) -> None:
    assert run(None) == [["a"]]
    assert capsys.readouterr() == ("", "")
