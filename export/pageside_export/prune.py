"""Takes out of Python's standard library and of numpy what a page cannot need, the same bytes each time.

Three steps, all undone by `--full-python`: files that no page can use (servers, test suites, type stubs), docstrings
and comments (as `python -OO`; line numbers stay, so tracebacks are right), and the compression inside the archive,
because one gzip over all files is smaller than one deflate a file.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

# Standard library modules for things that a page does not have: processes, sockets, terminals, a debugger, old media.
_OPTIONAL = """
    _pyio aifc antigravity bdb cProfile cgi cgitb chunk cmd
    compileall crypt ctypes curses dbm distutils doctest ensurepip filecmp fileinput ftplib getpass idlelib
    imaplib imghdr lib2to3 mailbox mailcap modulefinder msilib multiprocessing netrc nntplib nturl2path optparse
    pdb pickletools pipes plistlib poplib profile pstats pty pyclbr pydoc pydoc_data sched shelve
    smtplib sndhdr sunau symtable tabnanny telnetlib this tkinter trace turtle turtledemo uu venv
    webbrowser wsgiref xdrlib xmlrpc zipapp
"""

#: A demo (or a package that it ships) that imports one of these gets it, with what that one imports in turn.
OPTIONAL_MODULES = frozenset(_OPTIONAL.split())

#: Encodings that a file or a form can still have; the others (EBCDIC, DOS, old Macs, East Asia's rare ones) go.
_ENCODINGS = re.compile(
    r"encodings/(__init__|aliases|ascii|base64_codec|big5|charmap|cp125\d|cp437|cp850|cp932|cp949|euc_jp|euc_kr|gb18030|"
    r"gb2312|gbk|hex_codec|idna|iso2022_jp|iso8859_\d+|koi8_[ru]|latin_1|mac_roman|punycode|raw_unicode_escape|shift_jis|"
    r"undefined|unicode_escape|utf_\w+|zlib_codec)\.py$"
)

#: Of numpy: Fortran's compiler bridge, tests and the libraries made for them, type stubs, headers, build tools.
_NUMPY = re.compile(
    r"^numpy/(f2py|distutils|_pyinstaller|_core/(include|lib))/|/tests/|\.(pyi|pxd|pyx|a|h|c|typed)$|^numpy/random/(_examples|lib)/|"
    r"/(_operand_flag_tests|_rational_tests|_simd|_struct_ufunc_tests|_umath_tests|lapack_lite)\.cpython|"
    r"_core/(code_generators|cversions)|^numpy/(conftest|_configtool)\.py$|entry_points\.txt$"
)

# `from numpy import *` asks for every public module, this one too.
_NO_F2PY = b"""def __getattr__(name):
    raise AttributeError(f"numpy.f2py.{name} is not on this page: no Fortran compiler runs in a browser")
"""

_EPOCH = (1980, 1, 1, 0, 0, 0)


def prune_stdlib(archive: Path, needed: Iterable[str] = ()) -> bytes:
    """A smaller `python_stdlib.zip`; `needed` are top-level modules to keep, with the ones that they import."""
    with zipfile.ZipFile(archive) as source:
        kept = _closure(source, frozenset(needed))

        def keep(name: str) -> bool:
            top = name.split("/", maxsplit=1)[0].removesuffix(".py")
            if top in OPTIONAL_MODULES:
                return top in kept
            return not name.startswith("encodings/") or bool(_ENCODINGS.match(name))

        return _repack(source, keep)


def prune_numpy(wheel: Path) -> bytes:
    """A smaller numpy wheel with all of its public modules but `numpy.f2py`."""
    with zipfile.ZipFile(wheel) as source:
        return _repack(source, lambda name: not _NUMPY.search(name), {"numpy/f2py/__init__.py": _NO_F2PY})


def prune_wheel(wheel: Path) -> bytes:
    """Any other wheel without tests, type stubs, docstrings and comments."""
    with zipfile.ZipFile(wheel) as source:
        return _repack(source, lambda name: not re.search(r"/tests/|\.(pyi|pxd|pyx)$", name))


def strip_source(source: str) -> str:
    """Python source with docstrings emptied and comments gone; every statement stays on its line.

    Raises ValueError when the result does not mean the same, which would be a fault of this function.
    """
    lines = source.splitlines(keepends=True)
    tree = ast.parse(source)
    strings = {(node.lineno, node.col_offset): node for node in _docstrings(tree)}
    for node in strings.values():
        _blank(lines, node)
    stripped = _without_comments("".join(lines))
    for node in strings.values():
        node.value = ast.Constant("")
    if ast.dump(ast.parse(stripped)) != ast.dump(tree):
        raise ValueError("stripping docstrings and comments changed the program")
    return stripped


def imported_modules(source: str) -> set[str]:
    """Top-level names of everything that `source` imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def wheel_imports(wheel: Path) -> set[str]:
    """Top-level names of everything that the Python files of a wheel import, its tests apart."""
    names: set[str] = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py") and "/tests/" not in name:
                names |= imported_modules(archive.read(name).decode())
    return names


def store(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip of `files` (name, content) in the given order, not compressed inside, with a fixed date."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return target.getvalue()


def _repack(source: zipfile.ZipFile, keep: Callable[[str], bool], replaced: Mapping[str, bytes] | None = None) -> bytes:
    new = replaced or {}
    names = [info.filename for info in source.infolist() if not info.is_dir() and keep(info.filename)] + list(new)
    # Files of a kind side by side: gzip looks back 32 kB.
    names.sort(key=lambda name: (name.rpartition(".")[2], name))
    present = set(names)
    return store((name, _slim(name, new.get(name) or source.read(name), present)) for name in names)


def _slim(name: str, content: bytes, present: set[str]) -> bytes:
    if name.endswith(".py"):
        try:
            return strip_source(content.decode()).encode()
        except (SyntaxError, UnicodeDecodeError):
            return content  # Python of another version, or a template: shipped as it is
    if name.endswith(".dist-info/RECORD"):
        # The hashes of stripped files would be wrong; the format allows none.
        return "".join(f"{entry},,\n" for entry in sorted(present)).encode()
    return content


def _closure(source: zipfile.ZipFile, needed: frozenset[str]) -> set[str]:
    kept: set[str] = set()
    todo = set(needed & OPTIONAL_MODULES)
    while todo:
        module = todo.pop()
        kept.add(module)
        for name in source.namelist():
            if name == f"{module}.py" or (name.startswith(f"{module}/") and name.endswith(".py")):
                todo |= (imported_modules(source.read(name).decode()) & OPTIONAL_MODULES) - kept
    return kept


def _docstrings(tree: ast.AST) -> list[ast.Expr]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                found.append(first)
    return found


def _blank(lines: list[str], node: ast.Expr) -> None:
    """Replaces the docstring by `""`, keeping the number of lines. Columns of `ast` count UTF-8 bytes."""
    start, end = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    head = lines[start].encode()[: node.col_offset].decode()
    tail = lines[end].encode()[node.end_col_offset :].decode()
    if start == end:
        lines[start] = f'{head}""{tail}'
        return
    lines[start] = f'{head}""\n'
    for index in range(start + 1, end):
        lines[index] = "\n"
    lines[end] = tail if not tail.strip() or tail.lstrip().startswith("#") else _statement(head, tail)


def _statement(head: str, tail: str) -> str:
    # `"""doc\n"""; x = 1` on the closing line: the rest becomes a statement of its own at the same indent.
    indent = head[: len(head) - len(head.lstrip())]
    return indent + tail.lstrip().lstrip(";").lstrip()


def _without_comments(source: str) -> str:
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT and not (token.start[0] <= 2 and "coding" in token.string):
            row, column = token.start
            ending = "\n" if lines[row - 1].endswith("\n") else ""
            lines[row - 1] = lines[row - 1][:column].rstrip() + ending
    return "".join(lines)
