"""Formatted text, out only."""

from __future__ import annotations

from pageside import _options
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

IGNORED = _options.names("header_links latex_delimiters padding sanitize_html")


class Markdown(Component):
    """The function returns text in Markdown: CommonMark with tables and strikethrough.

    HTML in it is shown as it is written, and a picture as a link: what a visitor entered can't change the page, and no
    other host is asked. `line_breaks=True` keeps the lines as they are. An indentation that all lines share goes. None
    clears the output. `height`, `min_height` and `max_height` are pixels or CSS. `buttons=["copy"]` copies the text.
    """

    is_input: ClassVar[bool] = False
    offers: ClassVar[dict[str, bool]] = {"copy": False}

    def __init__(
        self,
        value: Any = None,
        *,
        line_breaks: bool = False,
        height: int | str | None = None,
        max_height: int | str | None = None,
        min_height: int | str | None = None,
        label: str | None = None,
        info: str | None = None,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("Markdown", ignored, IGNORED, ())
        super().__init__(label=label, info=info, **gradio)
        self.line_breaks = line_breaks
        self.height = height
        self.max_height = max_height
        self.min_height = min_height
        self.value = self.postprocess(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        heights = {"height": self.height, "max_height": self.max_height, "min_height": self.min_height}
        return {"value": self.value, "line_breaks": self.line_breaks, **heights, "info": self.info}

    def postprocess(self, value: Any) -> str | None:
        """The text without the indentation that all its lines after the first share."""
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.bad_output(f"it takes a text in Markdown, not {type(value).__name__}")
        first, *rest = value.expandtabs().splitlines() or [""]
        shared = min((len(line) - len(line.lstrip()) for line in rest if line.strip()), default=0)
        return "\n".join([first.lstrip(), *(line[shared:] for line in rest)]).strip("\n")
