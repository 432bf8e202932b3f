"""Comments of the page's files stay in the repository; the rest keeps its tokens and how they stand in lines."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_javascript
from pageside_export import assets
from pageside_export.comments import without_comments
from tree_sitter import Language, Node, Parser

PARSER = Parser(Language(tree_sitter_javascript.language()))
PAGE = sorted(path for path in assets.SITE.rglob("*") if path.suffix in (".js", ".css"))


def tokens(content: bytes) -> list[tuple[bool, bytes]]:
    """Each leaf that is no comment: whether a line begins with it, and its text."""

    def leaves(node: Node) -> Iterator[Node]:
        if node.type == "comment":
            return
        if not node.children:
            yield node
        for child in node.children:
            yield from leaves(child)

    found = list(leaves(PARSER.parse(content).root_node))
    ends = [-1, *(leaf.end_point.row for leaf in found)]
    return [(leaf.start_point.row > end, leaf.text or b"") for end, leaf in zip(ends, found, strict=False)]


@pytest.mark.parametrize(
    ("source", "shipped"),
    [
        ("/** What it is. */\nexport const a = 1; // one\n", "export const a = 1;\n"),
        ("{\n  // One.\n  // Two.\n\n  a();\n  /* Three.\n   */\n}\n", "{\n\n  a();\n}\n"),
        ("f(/** @type {any} */ (x));\n", "f( (x));\n"),
        ("return /* here\n */ x;\n", "return \n x;\n"),  # as before: JavaScript ends the statement at this line
        ("a() /* one */ /* two */\nb()\n", "a() \nb()\n"),
        ("typeof/**/x;\n", "typeof x;\n"),
        ("const a = '// no', b = `/* no ${c /* yes */} */`, d = /\\/\\*[/*]/;\n", None),
        ("/*! Licence. */\n", "/*! Licence. */\n"),
        ("// only", ""),
    ],
)
def test_javascript(source: str, shipped: str | None) -> None:
    got = without_comments(".js", source.encode()).decode()
    assert got == (source.replace("c /* yes */", "c ") if shipped is None else shipped)


def test_css() -> None:
    source = '/* Stage */\n.a::after { content: "/* no */"; } /* two\nlines */\n.b { color: red; }\n'
    assert without_comments(".css", source.encode()).decode() == (
        '.a::after { content: "/* no */"; }\n.b { color: red; }\n'
    )


def test_other_files_are_left_alone() -> None:
    assert without_comments(".svg", b"<!-- a --><svg/>") == b"<!-- a --><svg/>"


def test_what_cannot_be_parsed_is_refused() -> None:
    with pytest.raises(ValueError, match="no JavaScript that can be parsed"):
        without_comments(".js", b"const = ;")


@pytest.mark.parametrize("path", PAGE, ids=lambda path: path.name)
def test_the_page_s_files_keep_every_token(path: Path) -> None:
    source = path.read_bytes()
    shipped = without_comments(path.suffix, source)
    if path.suffix == ".js":
        assert tokens(shipped) == tokens(source)
        assert b"/**" not in shipped
