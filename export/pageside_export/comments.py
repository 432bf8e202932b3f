"""The page's own files as visitors get them: without comments, which are for those who work on them.

They were three tenths of our bytes. Every token stays, and where a line began one begins; lines that held a comment
alone go. A comment that begins with an exclamation mark stays, as minifiers have it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

#: Strings are found too, so that none is cut that looks like a comment.
_CSS = re.compile(rb"""/\*(?:[^*]|\*(?!/))*\*/|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)


def without_comments(suffix: str, content: bytes) -> bytes:
    """`content` of a file with `suffix` (".js", ".css"; another comes back as it is) without its comments.

    Raises ValueError where JavaScript cannot be parsed.
    """
    find = {".js": _of_js, ".css": _of_css}.get(suffix)
    return content if find is None else _cut(content, find)


def _of_js(content: bytes) -> Iterator[tuple[int, int]]:
    import tree_sitter_javascript
    from tree_sitter import Language, Node, Parser

    root = Parser(Language(tree_sitter_javascript.language())).parse(content).root_node
    if root.has_error:
        raise ValueError("this is no JavaScript that can be parsed")

    def inside(node: Node) -> Iterator[tuple[int, int]]:
        if node.type == "comment":
            yield node.start_byte, node.end_byte
        else:
            yield from chain.from_iterable(map(inside, node.children))

    return inside(root)


def _of_css(content: bytes) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _CSS.finditer(content) if found[0].startswith(b"/*"))


def _cut(content: bytes, find: Callable[[bytes], Iterator[tuple[int, int]]]) -> bytes:
    kept, at = [], 0
    for start, end in find(content):
        comment = content[start:end]
        if comment.startswith(b"/*!"):
            continue
        before, is_last = content[at:start], content[end : end + 1] in (b"\n", b"")
        if is_last:
            before = before.rstrip(b" \t")
        elif b"\n" in comment:
            before += b"\n"
        kept += [before, b" " * _joins(content, start, end)]
        # Alone on its lines, their last end goes too. Elsewhere an end stays, for it may end a statement.
        at = end + (is_last and content[:start].rstrip(b" \t")[-1:] in (b"\n", b""))
    return b"".join([*kept, content[at:]])


def _joins(content: bytes, start: int, end: int) -> bool:
    """Whether the two sides of a comment would become one word."""
    sides = content[start - 1 : start], content[end : end + 1]
    return all(side.isalnum() or side in (b"_", b"$") for side in sides)
