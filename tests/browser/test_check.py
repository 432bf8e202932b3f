"""`pageside check` on a real site, and on one that was tampered with."""

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import pageside, require


@pytest.fixture(autouse=True)
def _chromium():
    require("chromium")


def checked(dist: Path, *words: str):
    done = pageside("check", str(dist), *words)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def copy(site: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copytree(site, tmp_path / "dist"))


def test_every_demo_on_every_backend(copy):
    # A call of a large model on the software GPU takes seconds: these two, and one example, say the same as all of all.
    names = ("greet", "read-digit")
    listed = json.loads((copy / "gallery.json").read_bytes())
    listed["demos"] = [card for card in listed["demos"] if card["name"] in names]
    (copy / "gallery.json").write_text(json.dumps(listed))
    for name in names:
        path = copy / name / "bundle.json"
        bundle = json.loads(path.read_bytes())
        bundle["examples"] = bundle["examples"][:1]
        path.write_text(json.dumps(bundle))
    code, out, err = checked(copy, "--json")
    assert (code, err) == (0, "")
    results = json.loads(out)["results"]
    rows = {(row["demo"], row["backend"]): row for row in results}
    with_models = [(name, id_) for name in names[1:] for id_ in ("wasm", "webgpu")]
    assert set(rows) == {("greet", "python"), *with_models}
    for row in results:
        assert row["problems"] == []
        assert row["cosine"] > 0.95
        assert row["bytes"] > 1_000_000
        assert row["milliseconds"] > 0
        assert row["examples"] > 0


def test_the_table(site):
    code, out, _ = checked(site, "--demo", "greet")
    assert code == 0
    assert re.match(
        r"demo +backend +variant +cosine +ms +bytes\ngreet +python +1\.000000 +\d+\.\d +\d\.\d MB +ok\n$", out
    )


def test_an_answer_that_is_not_the_stored_one(copy):
    path = copy / "greet" / "bundle.json"
    bundle = json.loads(path.read_bytes())
    bundle["examples"][0]["outputs"] = ["Goodbye"]
    path.write_text(json.dumps(bundle))
    code, out, err = checked(copy, "--demo", "greet")
    assert code == 1
    assert "MISS" in out
    first = bundle["examples"][0]["inputs"][0]
    assert err == (f"greet on python: example 1 answers 'Hello {first}!!' where PyTorch's answer is 'Goodbye'\n")


def test_a_variant_that_is_refused_here_is_told(copy):
    path = copy / "read-digit" / "bundle.json"
    bundle = json.loads(path.read_bytes())
    bundle["examples"] = bundle["examples"][:1]
    (model,) = bundle["models"]
    del model["backends"]["webgpu"][:]
    first = model["backends"]["wasm"][0]
    variant = next(one for one in model["variants"] if one["id"] == first)
    variant["tolerance"] = {"cosine": 1, "relative_error": 1e-12}
    path.write_text(json.dumps(bundle))
    code, out, err = checked(copy, "--demo", "read-digit")
    assert (code, out.count("\n")) == (0, 2)
    assert re.fullmatch(
        rf"read-digit on wasm: {first} is not used here, after its download: digit-net, golden call 1, output \w+: "
        r"(cosine|relative error) .+\n",
        err,
    )


def test_a_file_that_is_missing(copy):
    for wheel in copy.glob("assets/*/py/*"):
        wheel.unlink()
    code, _, err = checked(copy, "--demo", "greet", "--timeout", "60")
    assert code == 1
    assert "greet: did not get ready: " in err
    assert re.search(r"request failed with 404: \S*/assets/\S+/py/pageside-", err)


def test_a_request_to_another_origin(copy):
    for script in copy.glob("assets/*/src/page/main.js"):
        script.write_text(script.read_text() + '\nfetch("http://localhost:9/spy").catch(() => 0);\n')
    code, _, err = checked(copy, "--demo", "greet")
    assert code == 1
    # The page's content security policy stops it, and says so in the console.
    assert "http://localhost:9/spy" in err


def test_an_error_in_the_console(copy):
    for script in copy.glob("assets/*/src/page/main.js"):
        script.write_text(script.read_text() + '\nconsole.error("something broke");\n')
    code, _, err = checked(copy, "--demo", "greet")
    assert (code, err) == (1, "greet on python: console error: something broke\n")


def test_a_page_that_does_not_load_in_time_is_a_miss(site):
    code, out, err = checked(site, "--demo", "greet", "--timeout", "0.001")
    assert code == 1
    assert out.rstrip().endswith("MISS")
    assert err.startswith("greet: did not get ready: ")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["missing"], "missing: there is no such folder; run `pageside build -o DIR` first\n"),
        (["SITE", "--demo", "nothing"], "SITE: there is no demo nothing; take from DEMOS\n"),
    ],
)
def test_mistakes(site, words, line):
    words = [word.replace("SITE", str(site)) for word in words]
    done = pageside("check", *words)
    assert (done.returncode, done.stdout) == (2, "")
    demos = ", ".join(sorted(path.parent.name for path in site.glob("*/bundle.json")))
    assert done.stderr == line.replace("SITE", str(site)).replace("DEMOS", demos)


def test_a_browser_that_does_not_start(site, monkeypatch):
    monkeypatch.setenv("PAGESIDE_CHROMIUM", shutil.which("true"))
    done = pageside("check", str(site))
    assert done.returncode == 2
    assert re.fullmatch(r"browser: \S+/true does not start \(.+\); run `pageside doctor`\n", done.stderr)
