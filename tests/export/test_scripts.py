"""The page's modules, joined: what ships runs as the sources do, in fewer files."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from pageside_export import scripts
from pageside_export.assets import SITE
from pageside_export.comments import without_comments

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    path.relative_to(SITE).as_posix(): without_comments(".js", path.read_bytes())
    for path in sorted((SITE / "src").rglob("*.js"))
}
#: What an entry of the page must be there for `join`.
ENTRIES = {
    "src/page/main.js": 'import { el } from "./dom.js";\nel();\n',
    "src/page/dom.js": "export const el = () => 1;\n",
    "src/page/field.js": 'import { el } from "./dom.js";\nexport class Field { make() { return el(); } }\n',
    "src/page/answer-tools.js": "export function answerTools() {}\n",
    "src/page/gallery.js": "",
    "src/worker/main.js": "",
    "src/worker/models.js": "",
}
GLOBALS = json.loads((ROOT / "node_modules/globals/globals.json").read_text())


def join(more: dict[str, str]) -> dict[str, str]:
    joined = scripts.join({path: text.encode() for path, text in (ENTRIES | more).items()})
    return {path: content.decode() for path, content in joined.items()}


def worker(main: str, **modules: str) -> str:
    """The worker's file, where its entry is `main` and has `modules` beside it."""
    beside = {f"src/worker/{name}.js": text for name, text in modules.items()}
    joined = join({"src/worker/main.js": main} | beside)
    assert not joined.keys() & beside.keys()
    return joined["src/worker/main.js"]


def imported(path: str, text: str) -> list[str]:
    found = re.findall(r'^(?:import|export)\b[^;]*?from "(\.[^"]+)";', text, re.M)
    return [(Path("/") / path).parent.joinpath(each).resolve().relative_to("/").as_posix() for each in found]


def test_a_module_is_a_function_and_its_importers_know_its_names() -> None:
    assert worker('import { a } from "./a.js";\nself.n = a;\n', a="export const a = 7;\n") == (
        "/*! src/worker/a.js */\nconst { a } = (() => {\nconst a = 7;\nreturn { a };\n})();\nself.n = a;\n"
    )


def test_what_stays_apart_imports_from_the_joined_file() -> None:
    label = 'import { el } from "../%s";\nimport {\n  Field,\n} from "../%s";\nimport * as i from "./image.js";\n'
    folder = "src/page/components/"
    joined = join({f"{folder}label.js": label % ("dom.js", "field.js"), f"{folder}image.js": "export const i = 1;\n"})
    assert joined[f"{folder}label.js"] == label % ("base.js", "base.js")
    assert joined["src/page/main.js"].startswith('import { el } from "./base.js";')
    assert joined["src/page/base.js"].endswith("export { el, answerTools, Field };\n")
    assert "src/page/field.js" not in joined


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ("export let a = 1;", "", "a.js can't be joined with others: let a = 1;"),
        ("export const { a } = f();", "", "a.js can't be joined with others: const { a } = f();"),
        ("export default class A {}", "", "a.js can't be joined with others: export default class A {}"),
        ('import { b as c } from "./b.js";', "export const b = 1;", "a.js can't be joined with others: b as c"),
        ('import * as b from "./b.js";', "export const b = 1;", "a.js can't be joined with others: * as b"),
        ('import "./b.js";', 'import "./a.js";', "modules import each other: src/worker/a.js, src/worker/b.js"),
        ('import "./b.js"; export const x = 1;', "export const x = 2;", "a.js and src/worker/b.js both export x"),
    ],
)
def test_what_can_not_be_joined_stops_the_build(a: str, b: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        worker('import "./a.js";\n', a=a, b=b)


def test_a_module_that_names_files_beside_it_is_joined_beside_them() -> None:
    place, main = "export const place = new URL('x', import.meta.url);\n", 'import { place } from "%s";\n'
    assert "import.meta.url" in worker(main % "./a.js", a=place)
    with pytest.raises(ValueError, match=r"src/shared/a.js names files beside it, and src/worker/main.js is elsewhere"):
        join({"src/worker/main.js": main % "../shared/a.js", "src/shared/a.js": place})


def test_of_our_modules_none_is_missing_and_none_is_twice() -> None:
    joined = {path: content.decode() for path, content in scripts.join(SOURCES).items()}
    for path, text in joined.items():
        assert all(each in joined for each in imported(path, text)), path
    ones = [path for path in SOURCES if path not in joined]
    assert len(ones) > 40
    page = [text for path, text in joined.items() if path.startswith("src/page/") and path != "src/page/gallery.js"]
    for path in ones:
        first = next(line for line in SOURCES[path].decode().splitlines() if line.startswith("export "))
        assert sum(first.removeprefix("export ") in text for text in page) <= 1, path


def test_the_demo_s_page_asks_for_few_files() -> None:
    joined = {path: content.decode() for path, content in scripts.join(SOURCES).items()}
    for path, most in [("src/page/main.js", 1), ("src/page/components/textbox.js", 1), ("src/worker/main.js", 0)]:
        assert len(set(imported(path, joined[path]))) == most, path


def test_no_export_hides_a_global_of_browsers_from_its_neighbours() -> None:
    texts = b"\n".join(scripts.join(SOURCES).values()).decode()
    groups = re.findall(r"^const \{ (.+) \} = \(\(\) => \{$", texts, re.M)
    exported = {name for group in groups for name in group.split(", ")}
    known = GLOBALS["browser"].keys() | GLOBALS["worker"].keys() | GLOBALS["builtin"].keys()
    assert len(exported) > 80
    assert not exported & known


def test_what_is_joined_is_javascript(tmp_path: Path) -> None:
    for path, content in scripts.join(SOURCES).items():
        file = tmp_path / path.replace("/", "-").replace(".js", ".mjs")
        file.write_bytes(content)
        done = subprocess.run(["node", "--check", str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
