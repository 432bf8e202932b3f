"""Text with marked spans: by class, or by score."""

from __future__ import annotations

import math

from pageside import _options
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

    Span = tuple[str, str | float | None]

IGNORED = _options.names("show_whitespaces")


class HighlightedText(Component):
    """The function returns a list of (text, mark) pairs, or Gradio's `{"text": ..., "entities": [...]}`.

    A mark is a class as text, a score, or None for plain text; at -1 and 1 and beyond a score's colour is full. An
    entity has `entity` (or `entity_group`), `start` and `end`, in letters. `color_map` gives classes their CSS colours.
    `combine_adjacent` joins neighbours of one class with `adjacent_separator` between them; `show_inline_category`
    writes the mark beside each span, `show_legend` all of them above. None or an empty list clears the output.
    """

    is_input: ClassVar[bool] = False

    def __init__(
        self,
        value: Any = None,
        *,
        color_map: dict[str, str] | None = None,
        show_legend: bool = False,
        show_inline_category: bool = True,
        combine_adjacent: bool = False,
        adjacent_separator: str = "",
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("HighlightedText", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self.color_map = dict(color_map or {})
        self.show_legend = show_legend
        self.show_inline_category = show_inline_category
        self.combine_adjacent = combine_adjacent
        self.adjacent_separator = adjacent_separator
        self.value = self.postprocess(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters that the page needs; `value` as a payload."""
        return {
            "value": self.value,
            "color_map": self.color_map,
            "show_legend": self.show_legend,
            "show_inline_category": self.show_inline_category,
            "info": self.info,
        }

    def postprocess(self, value: Any) -> list[list[Any]] | None:
        """[[text, class, score or None], ...]; empty texts are left out."""
        if value is None:
            return None
        spans = self._entities(value) if isinstance(value, dict) else value
        if not isinstance(spans, (list, tuple)):
            raise self.bad_output(
                f"it takes a list of (text, mark) pairs or a dict with text and entities, not {type(value).__name__}"
            )
        pairs = [self._pair(span) for span in spans]
        if self.combine_adjacent:
            pairs = self._combined(pairs)
        return [[text, mark] for text, mark in pairs if text] or None

    def _pair(self, span: Any) -> Span:
        if not isinstance(span, (list, tuple)) or len(span) != 2 or not isinstance(span[0], str):
            raise self.bad_output(f"{span!r} is no span; give (text, class), (text, score) or (text, None)")
        text, mark = span
        if mark is None or isinstance(mark, str):
            return text, mark
        try:
            score = float(mark)
        except (TypeError, ValueError):
            raise self.bad_output(f"{mark!r} marks {text!r}; a mark is a text, a number, or None") from None
        if not math.isfinite(score):
            raise self.bad_output(f"{score:g} marks {text!r}; a score is a finite number")
        return text, score

    def _entities(self, value: dict[str, Any]) -> list[Span]:
        if not isinstance(value.get("text"), str) or not isinstance(value.get("entities"), (list, tuple)):
            raise self.bad_output(f"it got a dict with {', '.join(map(str, value))}; it takes text and entities")
        text, spans, at = value["text"], [], 0
        for entity in value["entities"]:
            if not isinstance(entity, dict) or not {"start", "end"} <= set(entity):
                raise self.bad_output(f"{entity!r} is no entity; it is a dict with entity, start and end")
        for entity in sorted(value["entities"], key=lambda one: one["start"]):
            start, end = entity["start"], entity["end"]
            if not at <= start <= end <= len(text):
                raise self.bad_output(f"the entity {start} to {end} overlaps another or lies outside of the text")
            name = entity.get("entity", entity.get("entity_group"))
            spans += [(text[at:start], None), (text[start:end], name)]
            at = end
        return [*spans, (text[at:], None)]

    def _combined(self, pairs: list[Span]) -> list[Span]:
        joined: list[Span] = []
        for text, mark in pairs:
            if joined and joined[-1][1] == mark:
                joined[-1] = (joined[-1][0] + self.adjacent_separator + text, mark)
            else:
                joined.append((text, mark))
        return joined


# Gradio's other spelling.
Highlight = Highlightedtext = HighlightedText
