"""Where the weights come from and under which licence: what the demo's model card says, in its maker's words.

The card is README.md beside demo.py. Its front matter is read as the Hugging Face Hub does (`license`,
`base_model`); else a table's rows named licence and weights or source. Nothing is guessed: what the card does not
say is null.
"""

from __future__ import annotations

from typing import Any

from pageside_export.loader import Demo

#: The card's names for each fact, the first found wins.
NAMES = {"licence": ("licence", "license"), "source": ("weights", "source", "base_model")}


def stated(demo: Demo) -> dict[str, str | None]:
    """`source` and `licence` of the weights. A single file has no card of its own."""
    card = demo.folder / "README.md"
    if not demo.whole_folder or not card.is_file():
        return dict.fromkeys(("source", "licence"))
    return read(card.read_text(encoding="utf-8"))


def read(text: str) -> dict[str, str | None]:
    """The facts of a model card."""
    head, body = _split(text)
    places = (_front(head), _rows(body))
    return {
        key: next((facts[name] for facts in places for name in NAMES[key] if facts.get(name)), None)
        for key in ("source", "licence")
    }


def _split(text: str) -> tuple[str, str]:
    """Front matter, and the rest."""
    lines = text.splitlines()
    if lines[:1] != ["---"] or "---" not in lines[1:]:
        return "", text
    end = lines.index("---", 1)
    return "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])


def _front(head: str) -> dict[str, str]:
    """`name: value` at the left edge, of one line each: the fields that are read here are no lists."""
    pairs = (line.partition(":") for line in head.splitlines() if line[:1].isalpha())
    return {name.strip().lower(): value.strip().strip("\"'") for name, _, value in pairs if value.strip()}


def _rows(body: str) -> dict[str, str]:
    """The rows of two cells of all tables, as plain text; the first of a name counts."""
    from markdown_it import MarkdownIt

    found: dict[str, str] = {}
    row: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(body):
        if token.type == "tr_open":
            row = []
        elif token.type == "inline":
            row.append(_plain(token))
        elif token.type == "tr_close" and len(row) == 2:
            found.setdefault(row[0].strip().lower(), row[1].strip())
    return found


def _plain(token: Any) -> str:
    return "".join(child.content for child in token.children or [])
