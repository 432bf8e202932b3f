"""Where a text is cut."""

import re


def passages(text: str) -> list[str]:
    """The text in sentences; joined they are the text again. One of a word or two goes with the next."""
    found = [""]
    for part in re.findall(r"[^\n]*?[.!?]+[\"')\]]*(?:\s+|$)|[^\n]+(?:\n\s*|$)|\s+", text):
        if len(found[-1].split()) > 2:
            found.append("")
        found[-1] += part
    return [passage for passage in found if passage.strip()]
