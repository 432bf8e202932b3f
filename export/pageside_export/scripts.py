"""The page's modules as visitors get them: a few files, where the sources are a file for each thing.

A demo's page imported sixty modules, each a request of its own, and those of a worker were known only when the one that
imports them had come: on a line with 20 ms of round trip half a second went by before Python's first byte was asked for
(`docs/decisions/0043-joined-modules.md`).

What is joined is wrapped, not renamed: each module is a function that gives its exports, each after those that it
imports. Every line is the source's, and view-source still shows what we wrote.

    /*! src/page/dom.js */
    const { el, tool } = (() => {
    ...
    return { el, tool };
    })();
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

#: One file for what every demo's page imports; components, and what only some pages need, import from there.
BASE = "src/page/base.js"
MAIN = "src/page/main.js"
#: Of which each export is used by nearly every component.
_SHARED_BY_COMPONENTS = ("src/page/field.js", "src/page/answer-tools.js")
#: Each is one file with all that it imports.
_ALONE = ("src/page/gallery.js", "src/worker/main.js", "src/worker/models.js")
_NAMES_FILES_BESIDE_IT = re.compile(rb"import\.meta|\bimport\([\"'`]\.")


@dataclass(frozen=True)
class _Module:
    """`imports` by the place of their path in `text`; `whole` statements that a joined file does without."""

    text: bytes
    imports: dict[tuple[int, int], str]
    exports: tuple[str, ...]
    whole: tuple[tuple[int, int], ...]
    #: Why it can't be joined with what it imports, or with others.
    problem: str = ""


def join(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """`files`, modules by path, with what is always loaded together in one file, and without what nobody loads.

    Raises ValueError for modules that can't be joined: two that import each other, two exports of one name, an import
    under another name, an export that may change.
    """
    modules = {path: _parse(path, text) for path, text in files.items()}
    base = _in_order(modules, [MAIN, *_SHARED_BY_COMPONENTS])
    base.remove(MAIN)
    exported = ", ".join(name for path in base for name in modules[path].exports)
    joined = {BASE: _wrapped(modules, base, BASE) + f"export {{ {exported} }};\n".encode()}
    inside = set(base)
    for path in _ALONE:
        *others, _ = _in_order(modules, [path])
        joined[path] = _wrapped(modules, others, path) + _body(modules[path])
        inside.update(others)
    apart = _in_order(modules, [path for path in files if path not in inside and path not in joined])
    return {path: _from_base(path, modules[path], base) for path in apart if path not in base} | joined


def imported(path: str, text: bytes) -> list[str]:
    """The paths of the modules that the module at `path` imports as it is loaded."""
    return [*_parse(path, text).imports.values()]


def _in_order(modules: Mapping[str, _Module], roots: Sequence[str]) -> list[str]:
    """The roots and all that they import, each after what it imports."""
    graph: dict[str, list[str]] = {}
    queue = [*roots]
    while queue:
        path = queue.pop(0)
        if path not in graph:
            graph[path] = [*modules[path].imports.values()]
            queue += graph[path]
    try:
        return [*TopologicalSorter(graph).static_order()]
    except CycleError as error:
        raise ValueError(f"modules import each other: {', '.join(sorted(set(error.args[1])))}") from None


def _wrapped(modules: Mapping[str, _Module], paths: Sequence[str], target: str) -> bytes:
    """The modules as functions, one after the other, in the file `target`."""
    owner: dict[str, str] = {}
    parts = []
    for path in paths:
        module = modules[path]
        if module.problem:
            raise ValueError(f"{path} can't be joined with others: {module.problem}")
        if posixpath.dirname(path) != posixpath.dirname(target) and _NAMES_FILES_BESIDE_IT.search(module.text):
            raise ValueError(f"{path} names files beside it, and {target} is elsewhere")
        for name in module.exports:
            if owner.setdefault(name, path) != path:
                raise ValueError(f"{path} and {owner[name]} both export {name}, and are in one file")
        names = ", ".join(module.exports)
        head, foot = f"/*! {path} */\nconst {{ {names} }} = (() => {{\n", f"return {{ {names} }};\n}})();\n"
        parts += [head.encode(), _body(module), foot.encode()]
    return b"".join(parts)


def _body(module: _Module) -> bytes:
    """Its text without imports, and without the word `export`."""
    kept, at = [], 0
    for start, end in sorted(module.whole):
        kept.append(module.text[at:start])
        at = end + (module.text[end : end + 1] in (b"\n", b" "))
    return b"".join([*kept, module.text[at:]])


def _from_base(path: str, module: _Module, base: Sequence[str]) -> bytes:
    """Its text with BASE as the place of what is in there."""
    here = posixpath.relpath(BASE, posixpath.dirname(path))
    here = here if here.startswith(".") else f"./{here}"
    kept, at = [], 0
    for (start, end), imported in sorted(module.imports.items()):
        if imported in base:
            kept += [module.text[at:start], here.encode()]
            at = end
    return b"".join([*kept, module.text[at:]])


def _parse(path: str, text: bytes) -> _Module:
    import tree_sitter_javascript
    from tree_sitter import Language, Parser

    imports, exports, whole, problems = {}, [], [], []
    for node in Parser(Language(tree_sitter_javascript.language())).parse(text).root_node.children:
        if node.type not in ("import_statement", "export_statement"):
            continue
        if source := node.child_by_field_name("source"):
            fragment = source.named_children[0]
            place = posixpath.join(posixpath.dirname(path), _text(fragment))
            imports[(fragment.start_byte, fragment.end_byte)] = posixpath.normpath(place)
            whole.append((node.start_byte, node.end_byte))
            problems += [_text(each) for each in _renamed(node)]
            continue
        declaration = node.child_by_field_name("declaration")
        if declaration is None or any(child.type == "default" for child in node.children):
            problems.append(_text(node).split("\n")[0])
            continue
        whole.append((node.start_byte, declaration.start_byte - 1))
        declared = [declaration, *declaration.named_children]
        names = [name for each in declared if (name := each.child_by_field_name("name"))]
        exports += [_text(name) for name in names]
        if _text(declaration).startswith(("let ", "var ")) or any(name.type != "identifier" for name in names):
            problems.append(_text(declaration).split("\n")[0])
    return _Module(text, imports, tuple(exports), tuple(whole), "; ".join(problems))


def _renamed(statement: Node) -> Iterator[Node]:
    """Parts of an import or a passing on that give another name to what they name."""
    for node in statement.named_children:
        if node.type in ("identifier", "namespace_import") or node.child_by_field_name("alias"):
            yield node
        elif node.type in ("import_clause", "named_imports", "export_clause"):
            yield from _renamed(node)


def _text(node: Node) -> str:
    assert node.text is not None
    return node.text.decode()
