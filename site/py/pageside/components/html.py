"""HTML that the function writes, out only."""

from __future__ import annotations

from pageside import _options
from pageside.components.base import Component

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar

IGNORED = _options.names("apply_default_css css_template head js_on_load server_functions")


class HTML(Component):
    """The function returns a text of HTML: text, tables, lists, links, pictures as `data:` URLs, SVG, inline styles.

    What a visitor entered may be in it: scripts, event handlers, frames, forms and whatever would ask another host are
    left out, and the page's console names them once. It is drawn apart from the page, so that a `<style>` in it holds
    for it alone, and so do its classes. None or "" clears the output.

    The label is for screen readers alone unless `show_label=True`. `min_height` and `max_height` are pixels or CSS;
    `padding=True` leaves room around it.
    """

    is_input: ClassVar[bool] = False

    def __init__(
        self,
        value: Any = None,
        *,
        html_template: str = "${value}",
        min_height: int | str | None = None,
        max_height: int | str | None = None,
        padding: bool = False,
        label: str | None = None,
        info: str | None = None,
        show_label: bool | None = False,
        **gradio: Any,
    ) -> None:
        ignored = {name: gradio.pop(name) for name in sorted(IGNORED & set(gradio))}
        _options.accept("HTML", ignored, IGNORED, ())
        super().__init__(label=label, info=info, show_label=bool(show_label), **gradio)
        if html_template != "${value}":
            raise self.bad_option(f"html_template={html_template!r}): a page fills no template; return the whole HTML")
        self.min_height = min_height
        self.max_height = max_height
        self.padding = padding
        self.value = self.postprocess(value() if callable(value) else value)

    def props(self) -> dict[str, Any]:
        """The parameters."""
        heights = {"min_height": self.min_height, "max_height": self.max_height}
        return {"value": self.value, **heights, "padding": self.padding, "info": self.info}

    def postprocess(self, value: Any) -> str | None:
        """The text as it is; the page leaves out what is not safe."""
        if value is None or isinstance(value, str):
            return value
        raise self.bad_output(f"it takes a text of HTML, not {type(value).__name__}")
