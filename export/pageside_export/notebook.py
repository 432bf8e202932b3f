"""A demo's source from a notebook's cells: the statements that its page needs, and no others.

A notebook trains, plots and tries things out. The page needs the function and what it calls. So the source begins with
what the `launch()` cell needs, and follows the names: for each name that is read, the latest statement that binds it,
and the later ones that change it. What only a model's build needs is left out, since models are built here, not there.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

#: Stands in the page's source where the notebook has a function that builds a model.
BUILT_HERE = "notebook:build"

_MAGIC = re.compile(r"^\s*(?:[%!?]|[\w.]+\s*=\s*[%!]|.*\?\??\s*$)")
_CELL_MAGIC_ON_PYTHON = re.compile(r"^%%(?:time|timeit|capture|prun)\b")
_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__"}


@dataclass
class Statement:
    """One statement of a cell, with the names that it binds, changes and reads."""

    text: str
    cell: int
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    #: Read when the statement runs.
    reads: set[str] = field(default_factory=set)
    #: Read when a function that it defines is called.
    reads_later: set[str] = field(default_factory=set)
    launches: bool = False
    #: `from x import *` and `from __future__`: always needed.
    always: bool = False


@dataclass(frozen=True)
class Source:
    """The text of the page's demo.py, and the names that its statements bind."""

    text: str
    names: frozenset[str]


def rebuild(cells: Sequence[str]) -> Source:
    """The source for the last cell, in which `launch()` is called; the cells in the order in which they ran."""
    statements = [one for number, cell in enumerate(cells) for one in _statements(python_of(cell), number)]
    last = len(cells) - 1
    roots = [index for index, one in enumerate(statements) if one.cell == last and one.launches]
    roots = roots or [index for index, one in enumerate(statements) if one.cell == last]
    needed = _follow(statements, roots)
    kept = [statements[index] for index in sorted(needed)]
    # One blank line inside a cell, two between cells, as people write them.
    gaps = ["\n\n" if before.cell == after.cell else "\n\n\n" for before, after in pairwise(kept)]
    text = "".join(one.text + gap for one, gap in zip(kept, [*gaps, "\n"], strict=True)) if kept else ""
    return Source(_tight(text), frozenset(name for one in kept for name in one.binds))


def python_of(cell: str) -> str:
    """A cell without magics and shell commands; empty where the whole cell is in another language."""
    lines = cell.splitlines()
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and lines[0].startswith("%%"):
        if not _CELL_MAGIC_ON_PYTHON.match(lines[0]):
            return ""
        lines.pop(0)
    text = "\n".join(lines)
    if _parses(text):
        return text
    text = "\n".join(line for line in lines if not _MAGIC.match(line))
    return text if _parses(text) else ""


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def _follow(statements: list[Statement], roots: list[int]) -> set[int]:
    """The roots and all that they need, by index."""
    needed: set[int] = set()
    queue = [index for index, one in enumerate(statements) if one.always] + roots
    while queue:
        index = queue.pop()
        if index in needed:
            continue
        needed.add(index)
        one = statements[index]
        bindings = {
            *(_binding(statements, name, index) for name in one.reads),
            *(_binding(statements, name, len(statements)) for name in one.reads_later),
        }
        queue.extend(other for other in bindings if other is not None)
        for name in one.binds | one.reads | one.reads_later:
            queue.extend(_changes(statements, name))
    return needed


def _binding(statements: list[Statement], name: str, before: int) -> int | None:
    """The latest statement before that binds a name; without one the first at all."""
    indexes = [index for index, one in enumerate(statements) if name in one.binds]
    earlier = [index for index in indexes if index < before]
    return earlier[-1] if earlier else indexes[0] if indexes else None


def _changes(statements: list[Statement], name: str) -> Iterator[int]:
    """Statements that change what the latest binding of a name made, as `labels.append("cat")`."""
    latest = _binding(statements, name, len(statements))
    if latest is not None:
        for index, one in enumerate(statements):
            if index > latest and name in one.changes and not one.launches:
                yield index


def _statements(text: str, cell: int) -> Iterator[Statement]:
    lines = text.splitlines()
    for node in ast.parse(text).body:
        yield from (_analysed(part, code, cell) for part, code in _parts(node, text, lines))


def _parts(node: ast.stmt, text: str, lines: list[str]) -> Iterator[tuple[ast.stmt, str]]:
    """The statement and its text with the comment above; an import of several names as several imports."""
    if isinstance(node, ast.Import | ast.ImportFrom) and len(node.names) > 1:
        for alias in node.names:
            part = ast.Import([alias]) if isinstance(node, ast.Import) else _import_from(node, alias)
            yield part, ast.unparse(part)
        return
    changed = _BuildElsewhere()
    rewritten = changed.visit(node)
    yield (rewritten, ast.unparse(rewritten) if changed.found else _text(node, text, lines))


def _import_from(node: ast.ImportFrom, alias: ast.alias) -> ast.ImportFrom:
    return ast.ImportFrom(node.module, [alias], node.level)


def _text(node: ast.stmt, text: str, lines: list[str]) -> str:
    decorators = getattr(node, "decorator_list", [])
    start = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    if decorators:
        body = "\n".join(lines[start - 1 : node.end_lineno])
    else:
        body = ast.get_source_segment(text, node) or ast.unparse(node)
        tail = lines[(node.end_lineno or start) - 1].encode()[node.end_col_offset :].decode().strip()
        body += f"  {tail}" if tail.startswith("#") else ""
    above = start - 1
    while above > 0 and lines[above - 1].startswith("#"):
        above -= 1
    return "\n".join([*lines[above : start - 1], body])


class _BuildElsewhere(ast.NodeTransformer):
    """Puts a name in place of the function in `Model(..., build=function)`: the page never builds."""

    found = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "Model":
            for keyword in node.keywords:
                if keyword.arg == "build":
                    keyword.value = self._replaced(keyword.value)
            if len(node.args) > 1:
                node.args[1] = self._replaced(node.args[1])
        return node

    def _replaced(self, value: ast.expr) -> ast.expr:
        if isinstance(value, ast.Constant):
            return value
        self.found = True
        return ast.Constant(BUILT_HERE)


def _analysed(node: ast.stmt, text: str, cell: int) -> Statement:
    one = Statement(text, cell)
    if isinstance(node, ast.ImportFrom) and (node.module == "__future__" or node.names[0].name == "*"):
        one.always = True
    _Names(one).visit(node)
    one.reads -= _BUILTINS
    one.reads_later -= _BUILTINS
    return one


class _Names(ast.NodeVisitor):
    """Fills in what a statement binds, changes and reads. A local of a function may pass for a global: then a
    statement too many is kept, never one too few."""

    def __init__(self, statement: Statement) -> None:
        self.statement = statement
        self.depth = 0

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            if not self.depth:
                self.statement.binds.add(node.id)
        elif self.depth:
            self.statement.reads_later.add(node.id)
        else:
            self.statement.reads.add(node.id)

    def visit_Import(self, node: ast.Import) -> None:
        if not self.depth:
            self.statement.binds |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if not self.depth:
            self.statement.binds |= {alias.asname or alias.name for alias in node.names}

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if not self.depth:
            self.statement.binds.add(node.name)
        for part in (*node.decorator_list, node.args, node.returns):
            if part is not None:
                self.visit(part)
        inner = _Names(Statement("", 0))
        inner.depth = 1
        for child in node.body:
            inner.visit(child)
        local = _locals(node)
        self.statement.reads_later |= inner.statement.reads_later - local

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.visit(node.args)
        inner = _Names(Statement("", 0))
        inner.depth = 1
        inner.visit(node.body)
        self.statement.reads_later |= inner.statement.reads_later - _parameters(node.args)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if not self.depth:
            self.statement.binds.add(node.name)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)
        inner = _Names(Statement("", 0))
        for child in node.body:
            inner.visit(child)
        reads = self.statement.reads_later if self.depth else self.statement.reads
        reads |= inner.statement.reads - inner.statement.binds
        self.statement.reads_later |= inner.statement.reads_later

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._change(node.target)
        self.generic_visit(node)
        if isinstance(node.target, ast.Name):
            self.statement.binds.discard(node.target.id)
            self.visit_Name(ast.Name(node.target.id, ast.Load()))

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Attribute | ast.Subscript):
                self._change(target)
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        """Taken as nothing: a name that is deleted in a notebook is deleted to save memory."""

    def visit_Expr(self, node: ast.Expr) -> None:
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and not self.depth:
            self._change(call.func.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "launch" and not self.depth:
            self.statement.launches = True
        self.generic_visit(node)

    def _change(self, target: ast.expr) -> None:
        """The name at the root of `labels[0].names`; calls of a module's functions change nothing of ours."""
        while isinstance(target, ast.Attribute | ast.Subscript):
            target = target.value
        if isinstance(target, ast.Name) and not self.depth:
            self.statement.changes.add(target.id)


def _locals(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    declared = {name for child in ast.walk(node) if isinstance(child, ast.Global) for name in child.names}
    stored = {child.id for child in ast.walk(node) if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)}
    inner = {
        child.name
        for child in ast.walk(node)
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and child is not node
    }
    imported = {
        alias.asname or alias.name.partition(".")[0]
        for child in ast.walk(node)
        if isinstance(child, ast.Import | ast.ImportFrom)
        for alias in child.names
    }
    return (_parameters(node.args) | stored | inner | imported) - declared


def _parameters(args: ast.arguments) -> set[str]:
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return {arg.arg for arg in named if arg is not None}


def _tight(text: str) -> str:
    """Imports follow each other without a blank line."""
    return re.sub(r"(?m)^((?:import|from) .*)\n\n+(?=(?:import|from) )", r"\1\n", text)
