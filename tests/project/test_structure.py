"""docs/architecture.md, held true: who may import whom, house numbers, names, versions."""

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pageside
import pytest

ROOT = Path(__file__).resolve().parents[2]
TRACKED = [
    ROOT / line
    for line in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / line).is_file()
]
TOP_LEVEL = {"site", "models", "export", "docs", "mkdocs.yml", "tests", "README.md"}
ECOSYSTEM = {
    *(
        ".ci",
        ".github",
        ".gitignore",
        ".npmrc",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "eslint.config.js",
        "package.json",
    ),
    *("package-lock.json", "pyproject.toml", "requirements.in", "requirements.lock", "requirements-torch.txt"),
    "tsconfig.base.json",
}
# Folder to the top-level modules that it never imports, at any depth of its code.
PYTHON_NEVER = {
    "site/py/pageside": {"torch", "onnx", "onnxruntime", "pageside_export", "models"},
    "export/pageside_export": {"models", "js", "pyodide"},
}
JS_IMPORT = re.compile(
    r"""^\s*(?:import|export)\b[^"'`;]*?["']([^"']+)["']|\bimport\(\s*["'`]([^"'`]+)["'`]""", re.MULTILINE
)
JS_MAY = {"shared": ("shared",), "page": ("page", "shared"), "worker": ("worker", "shared")}
#: A function's lines without its docstring, and a file's.
FUNCTION_LINES, FILE_LINES = 60, 500


def sources(suffix: str, *folders: str) -> list[Path]:
    return [path for path in TRACKED if path.suffix == suffix and path.relative_to(ROOT).as_posix().startswith(folders)]


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module, node.lineno


def test_the_top_level_holds_the_fixed_names_only() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in TRACKED}
    assert found - TOP_LEVEL - ECOSYSTEM == set()
    assert TOP_LEVEL - found == set()


@pytest.mark.parametrize("folder", PYTHON_NEVER)
def test_python_imports_keep_to_the_table(folder: str) -> None:
    wrong = [
        f"{shown(path)}:{line} imports {name}"
        for path in sources(".py", folder)
        for name, line in imports(path)
        if name.partition(".")[0] in PYTHON_NEVER[folder] and path.name != "_bridge.py"
    ]
    assert wrong == []


def test_only_the_bridge_talks_to_javascript() -> None:
    talkers = {
        shown(path)
        for path in sources(".py", "site/py", "export", "models")
        for name, _ in imports(path)
        if name.partition(".")[0] in {"js", "pyodide", "pyodide_js"}
    }
    assert talkers <= {"site/py/pageside/_bridge.py"}


def test_demos_import_no_torch_and_no_other_demo() -> None:
    for path in sources(".py", "models"):
        if path.name == "demo.py":
            top = [
                node
                for node in ast.parse(path.read_text(encoding="utf-8")).body
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            names = {name for node in top for name, _ in imports_of(node)}
            assert not names & {"torch", "pageside_export", "models"}, shown(path)


def imports_of(node: ast.Import | ast.ImportFrom) -> list[tuple[str, int]]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return [(name.partition(".")[0], node.lineno) for name in names]


def test_javascript_imports_keep_to_the_table() -> None:
    wrong = []
    for path in sources(".js", "site/src"):
        room = path.relative_to(ROOT / "site" / "src").parts[0]
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for match in JS_IMPORT.finditer(text):
            target = match[1] or match[2]
            if not target.startswith(".") or "$" in target:
                continue
            goal = (path.parent / target).resolve().relative_to(ROOT / "site" / "src").parts[0]
            if room in JS_MAY and goal not in JS_MAY[room]:
                wrong.append(f"{shown(path)} imports {target}")
    assert wrong == []


def test_one_file_makes_the_worker_and_one_imports_each_runtime() -> None:
    def users(pattern: str) -> set[str]:
        return {
            shown(path) for path in sources(".js", "site/src") if re.search(pattern, path.read_text(encoding="utf-8"))
        }

    assert users(r"new Worker\(") == {"site/src/page/client.js"}
    assert users(r"loadPyodide\(") == {"site/src/worker/interpreter.js"}
    assert users(r"InferenceSession\.create\(") == {"site/src/worker/session.js"}


def test_python_functions_and_files_keep_to_the_house_numbers() -> None:
    long = []
    for path in sources(".py", "site", "export", "models", "tests", "docs"):
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > FILE_LINES:
            long.append(f"{shown(path)} has {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1 - (ast.get_docstring(node) or "").count("\n")
                if lines > FUNCTION_LINES:
                    long.append(f"{shown(path)}:{node.lineno} {node.name} has {lines} lines")
    assert long == []


def test_public_names_are_sorted_and_there() -> None:
    assert list(pageside.__all__) == sorted(pageside.__all__)
    for name in pageside.__all__:
        assert getattr(pageside, name) is not None


def test_there_is_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest is not None
    assert {pageside.__version__, newest[1], project} == {project}


def test_every_component_is_there_in_python_and_in_javascript() -> None:
    python = {path.stem for path in (ROOT / "site/py/pageside/components").glob("*.py")} - {"__init__", "base"}
    javascript = {path.stem for path in (ROOT / "site/src/page/components").glob("*.js")}
    assert python == javascript


def test_every_command_and_option_of_the_docs_exists() -> None:
    from pageside_export.cli import discover

    known = {command.NAME: options(command) for command in discover()}
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `pageside (\w+)[^`]*` \| (.*) \|$", text, re.MULTILINE)
    assert {name for name, _ in rows} == set(known)
    for name, row in rows:
        missing = set(re.findall(r"--[a-z][a-z-]*", row)) - known[name]
        assert not missing, f"docs/cli.md: pageside {name} has no {missing}"


def options(command: object) -> set[str]:
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)  # type: ignore[attr-defined]
    return {text for action in parser._actions for text in action.option_strings}


BINARY = {".jpg", ".png", ".webp", ".pt", ".npz", ".wav"}


def test_no_machines_path_and_no_registrys_host_is_committed() -> None:
    # In pieces, so that this file does not hold what it looks for.
    hosts = ("registry.npm" + "js.org", "files.python" + "hosted.org", "deb.deb" + "ian.org", "pypi" + ".org")
    paths = re.compile(r"""["'( =](/(?:root|work|opt|mnt)/|/home/(?!pyodide))""")
    found = []
    for path in TRACKED:
        if path.suffix in BINARY:
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{shown(path)} names {host}" for host in hosts if host in text]
        found += [f"{shown(path)} has the path {match[1]}" for match in paths.finditer(text)]
    assert found == []


def test_every_component_is_in_the_docs() -> None:
    from pageside import components

    table = (ROOT / "docs" / "components.md").read_text(encoding="utf-8")
    missing = [name for name in components.classes() if f"| `{name}` |" not in table]
    assert not missing, f"docs/components.md has no row for {', '.join(missing)}"


def test_every_demo_is_in_the_docs() -> None:
    table = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    missing = [path.parent.name for path in ROOT.glob("models/*/demo.py") if f"| `{path.parent.name}` |" not in table]
    assert not missing, f"docs/gallery.md has no row for {', '.join(missing)}"
