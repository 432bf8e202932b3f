"""HighlightedText: Gradio's two forms of values, what is drawn, messages."""

from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError

NAMES = [{"entity": "name", "start": 8, "end": 11}, {"entity_group": "name", "start": 0, "end": 3}]


def message(work: Any) -> str:
    with pytest.raises(ComponentError) as caught:
        work()
    return str(caught.value)


def test_pairs() -> None:
    text = ps.HighlightedText()
    assert text.postprocess([("a ", "noun"), ("b ", np.float32(0.5)), ("", "x"), ("c", None)]) == [
        ["a ", "noun"],
        ["b ", 0.5],
        ["c", None],
    ]
    assert text.postprocess([("a", 7), ("b", -2.5)]) == [["a", 7.0], ["b", -2.5]]
    assert text.postprocess(None) is None
    assert text.postprocess([]) is None
    assert ps.Interface(str, "text", "highlightedtext").outputs[0].props() == {
        "value": None,
        "color_map": {},
        "show_legend": False,
        "show_inline_category": True,
        "info": None,
    }


def test_entities() -> None:
    assert ps.HighlightedText().postprocess({"text": "Ada met Bob.", "entities": NAMES}) == [
        ["Ada", "name"],
        [" met ", None],
        ["Bob", "name"],
        [".", None],
    ]


def test_neighbours_are_joined() -> None:
    text = ps.HighlightedText(combine_adjacent=True, adjacent_separator=" ")
    assert text.postprocess([("New", "place"), ("York", "place"), ("is", None)]) == [
        ["New York", "place"],
        ["is", None],
    ]


def test_messages() -> None:
    text = ps.HighlightedText(label="Words")
    assert message(lambda: text.postprocess("Ada")) == (
        "HighlightedText 'Words': it takes a list of (text, mark) pairs or a dict with text and entities, not str"
    )
    assert message(lambda: text.postprocess([("a", float("nan"))])) == (
        "HighlightedText 'Words': nan marks 'a'; a score is a finite number"
    )
    assert message(lambda: text.postprocess([("a", [1])])) == (
        "HighlightedText 'Words': [1] marks 'a'; a mark is a text, a number, or None"
    )
    assert message(lambda: text.postprocess(["a"])) == (
        "HighlightedText 'Words': 'a' is no span; give (text, class), (text, score) or (text, None)"
    )
    assert message(lambda: text.postprocess({"text": "a", "entities": [{"entity": "x", "start": 0}]})) == (
        "HighlightedText 'Words': {'entity': 'x', 'start': 0} is no entity; it is a dict with entity, start and end"
    )
    assert message(lambda: text.postprocess({"text": "a", "entities": [{"entity": "x", "start": 0, "end": 9}]})) == (
        "HighlightedText 'Words': the entity 0 to 9 overlaps another or lies outside of the text"
    )
    assert message(lambda: ps.Interface(str, "highlightedtext", "text")) == (
        "HighlightedText shows answers; it can't be in inputs"
    )
