"""Pruned Python means the same as the whole one, and is the same bytes each time."""

import ast
import io
import zipfile

import pytest
from pageside_export import prune, vendor

SOURCES = [
    '"""Doc."""\nx = 1\n',
    'def f():\n    """Only\n\n    a docstring."""\n',
    'class A:\n    """Doc."""  # comment\n    x = "# no comment"\n',
    'def f():\n    "one"; return 1\n',
    'def f():\n    """two\n    lines"""; return 1\n',
    'async def f():\n    r"""raw \\d\n    """\n    return "#"\n',
    'x = """not a\ndocstring"""  # gone\n',
    "def f(a,  # first\n      b):  # second\n    return a\n",
    '"é"; y = "ü"  # ö\n',
    "# -*- coding: utf-8 -*-\n# gone\nx = 1",
    'def f():\n    ("in "\n     "parentheses")\n    return 2\n',
    'class A: "one line"\n',
]


@pytest.mark.parametrize("source", SOURCES)
def test_stripped_source_means_the_same_on_the_same_lines(source):
    stripped = prune.strip_source(source)
    assert len(stripped.splitlines()) == len(source.splitlines())

    def places(text):
        nodes = (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.stmt))
        return [(type(node).__name__, node.lineno) for node in nodes]

    assert places(stripped) == places(source)
    assert not any(word in stripped for word in ("gone", "Doc", "first"))


def test_docstrings_become_empty_not_none():
    scope = {}
    exec(prune.strip_source('def f():\n    """Words."""\n'), scope)
    assert scope["f"].__doc__ == ""


def names(content):
    return set(zipfile.ZipFile(io.BytesIO(content)).namelist())


def archive(tmp_path, files):
    path = tmp_path / "lib.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name, text in files.items():
            target.writestr(name, text)
    return path


def test_optional_modules_go_unless_something_needs_them(tmp_path):
    library = archive(
        tmp_path, {"json.py": "x = 1", "smtplib.py": "import mailbox", "mailbox.py": "x = 1", "turtle.py": "x = 1"}
    )
    assert names(prune.prune_stdlib(library)) == {"json.py"}
    assert names(prune.prune_stdlib(library, {"smtplib"})) == {"json.py", "smtplib.py", "mailbox.py"}


@pytest.fixture
def unstripped(monkeypatch):
    """Which files stay does not depend on what is in them, and stripping a thousand takes seconds."""
    monkeypatch.setattr(prune, "strip_source", lambda source: source)


@pytest.mark.usefixtures("unstripped")
def test_rare_encodings_go_and_common_ones_stay():
    kept = names(prune.prune_stdlib(vendor.npm_file("pyodide", "python_stdlib.zip")))
    assert {"encodings/utf_8.py", "encodings/latin_1.py", "encodings/cp1252.py", "encodings/shift_jis.py"} <= kept
    assert not {"encodings/cp037.py", "encodings/mac_croatian.py"} & kept
    assert {"asyncio/__init__.py", "unittest/mock.py", "email/parser.py", "json/__init__.py", "re/__init__.py"} <= kept
    assert {"pyodide/__init__.py", "_pyodide/_base.py", "importlib/metadata/__init__.py"} <= kept


@pytest.mark.usefixtures("unstripped")
def test_numpy_keeps_its_public_modules_and_loses_tests_and_stubs():
    kept = names(prune.prune_numpy(vendor.pyodide_wheel("numpy")))
    for module in ("random", "linalg", "fft", "ma", "polynomial", "testing", "char", "f2py"):
        assert f"numpy/{module}/__init__.py" in kept
    assert not [name for name in kept if name.endswith((".pyi", ".pxd")) or "/tests/" in name]
    assert "numpy-2.0.2.dist-info/METADATA" in kept


def test_the_same_bytes_each_time(tmp_path):
    library = archive(tmp_path, {"json.py": "x = 1  # gone", "re.py": "'Doc.'", "asyncio/__init__.py": "x = 2"})
    first = prune.prune_stdlib(library)
    assert first == prune.prune_stdlib(library)
    content = zipfile.ZipFile(io.BytesIO(first))
    assert {name: content.read(name).decode() for name in content.namelist()} == {
        "asyncio/__init__.py": "x = 2",
        "json.py": "x = 1",
        "re.py": '""',
    }


def test_record_names_every_file(tmp_path):
    wheel = tmp_path / "one-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as target:
        for name in ("one/__init__.py", "one/tests/test_one.py", "one-1.0.dist-info/RECORD"):
            target.writestr(name, "")
    content = zipfile.ZipFile(io.BytesIO(prune.prune_wheel(wheel)))
    recorded = {line.split(",")[0] for line in content.read("one-1.0.dist-info/RECORD").decode().splitlines()}
    assert recorded == set(content.namelist()) == {"one/__init__.py", "one-1.0.dist-info/RECORD"}
