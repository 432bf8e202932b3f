import base64
import json

import numpy as np
import pytest
from demos import GREET, TINY_DEMO, TINY_MODEL, tiny, write
from pageside_export import cli, scaffold
from pageside_export.errors import UsageError


@pytest.fixture
def pageside(capfd, monkeypatch, tmp_path):
    """Runs a command line in an empty folder: exit code, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        code = cli.main(list(words))
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for command in cli.discover():
        assert command.NAME in text
    assert {"new", "export", "run"} <= {command.NAME for command in cli.discover()}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nothing"], "pageside: argument COMMAND: invalid choice: 'nothing'"),
        ([], "pageside: the following arguments are required: COMMAND; `pageside --help` lists what it takes"),
        (["export"], "pageside export: the following arguments are required: DEMO"),
        (["export", "x", "--oops"], "pageside: unrecognized arguments: --oops"),
        (["export", "x"], "x: there is no such demo; give a folder with demo.py, or a .py file"),
        (["new", "a b"], "pageside new: 'a b' is no name for a demo"),
        (["run", "x", "1"], "x: there is no such demo"),
        (["serve", "--port", "x"], "pageside serve: argument --port: 'x' is not a port; give 0 to 65535"),
        (["check", "--timeout", "-1"], "pageside check: argument --timeout: '-1' is no number of seconds above 0"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(pageside, words, line):
    code, out, err = pageside(*words)
    assert code == 2
    assert out == ""
    assert err.startswith(line)
    assert err.count("\n") == 1


@pytest.mark.parametrize("words", [["export", "tiny"], ["build", "tiny"]])
def test_a_file_on_the_way_to_the_output_is_told_at_once(pageside, tmp_path, words):
    tiny(tmp_path / "tiny")
    (tmp_path / "notes").write_text("")
    code, out, err = pageside(*words, "-o", "notes/out")
    assert (code, out) == (2, "")
    assert err == f"-o: notes/out is below a file, {tmp_path / 'notes'}; give a folder\n"


UNSUPPORTED = {
    "an operator": ("torch.linalg.svd(x)[1][None]", "ONNX has no operator for torch's _linalg_svd"),
    "a branch": ("x if x.sum() > 0 else -x", "the code depends on the values of a tensor (an `if`, a loop or a shape)"),
    "a size": ("x[:, : int(x.max()) + 1]", "the code depends on the values of a tensor (an `if`, a loop or a shape)"),
    "numpy": ("torch.from_numpy(x.numpy() * 2)", "the code takes a tensor's values out of PyTorch"),
}


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_what_cannot_be_exported_is_told_in_one_line_with_the_makers_own(pageside, tmp_path, kind):
    code, words = UNSUPPORTED[kind]
    text = TINY_MODEL.replace("self.narrow(torch.relu(self.wide(x)))", code)
    write(tmp_path / "bad", demo_py=TINY_DEMO.replace("float(score)", "0.5"), model_py=text)
    status, out, err = pageside("export", "bad", "--no-browser")
    assert (status, out) == (2, "")
    told = [line for line in err.splitlines() if line.startswith("bad/model.py:")]
    assert told[-1].startswith(f"bad/model.py:11: tiny cannot be exported: {words}; ")
    assert err.splitlines()[-1] == told[-1]
    assert "Traceback" not in err


def test_debug_gives_the_traceback(pageside):
    for words in (["--debug", "export", "x"], ["export", "x", "--debug"]):
        code, _, err = pageside(*words)
        assert code == 2
        assert "Traceback (most recent call last)" in err
        assert err.endswith("x: there is no such demo; give a folder with demo.py, or a .py file\n")


def test_json_gives_errors_as_json(pageside):
    code, out, _ = pageside("export", "x", "--json")
    assert code == 2
    error = json.loads(out)["error"]
    assert error == {
        "type": "LoadError",
        "what": "there is no such demo",
        "where": "x",
        "todo": "give a folder with demo.py, or a .py file",
    }


def test_a_fault_of_our_own_is_one_line_and_exit_code_1(pageside, monkeypatch):
    def fail(path):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("pageside_export.loader.load", fail)
    code, _, err = pageside("export", "x")
    assert code == 1
    assert err == "pageside failed: ZeroDivisionError: division by zero; run again with --debug for the traceback\n"
    code, _, err = pageside("export", "x", "--debug")
    assert "Traceback" in err
    assert err.endswith("pageside failed: ZeroDivisionError: division by zero\n")


def test_new_makes_a_demo_that_exports_and_runs(pageside, tmp_path):
    code, out, _ = pageside("new", "edge-finder")
    assert code == 0
    assert out.splitlines()[-1] == "Look at it with `pageside serve edge-finder`."
    code, out, err = pageside("export", "edge-finder", "-o", "made")
    assert code == 0, err
    assert "edge-finder-edges, 2 calls against PyTorch" in out
    assert (tmp_path / "made" / "models" / "edge-finder-edges" / "fp32.onnx").is_file()
    assert json.loads((tmp_path / "made" / "report.json").read_text())["demo"] == "edge-finder"
    assert (tmp_path / "made" / "report.md").read_text().startswith("# edge-finder: report card\n")
    # A white square on black: its edges answer, its middle and the ground around do not.
    picture = np.zeros((20, 30, 3), np.uint8)
    picture[5:15, 10:20] = 255
    from PIL import Image

    Image.fromarray(picture).save(tmp_path / "square.png")
    code, out, err = pageside("run", "edge-finder", "square.png", "1", "--json")
    assert code == 0, err
    answer = json.loads(out)
    edges = np.frombuffer(base64.b64decode(answer["outputs"][0]["data"]["base64"]), np.uint8).reshape(20, 30, 3)
    assert edges[10, 15].max() == 0
    assert edges[1, 1].max() == 0
    assert edges[10, 9].min() == 255
    assert (answer["engine"], answer["variant"]) == ("onnxruntime", "fp32")


def test_new_from_a_demo_of_the_gallery_or_any_folder(pageside, tmp_path, root):
    code, out, err = pageside("new", "my-digits", "--from", "read-digit")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "Look at it with `pageside serve my-digits`."
    theirs, ours = tmp_path / "my-digits", root / "models" / "read-digit"
    assert (theirs / "weights.pt").read_bytes() == (ours / "weights.pt").read_bytes()
    assert not list(theirs.rglob("__pycache__"))
    assert not list(theirs.glob("thumbnail.*")), "it shows the other demo"
    assert (
        json.loads(pageside("run", "my-digits", "my-digits/examples/3.png", "--json")[1])["outputs"][0]["label"] == "3"
    )
    assert pageside("new", "again", "--from", "my-digits")[0] == 0
    code, _, err = pageside("new", "third", "--from", "no-such")
    assert code == 2
    assert "there is no demo no-such" in err
    assert "read-digit" in err
    assert not (tmp_path / "third").exists()


def test_new_refuses_what_is_there_and_leaves_it(pageside, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "note").write_text("kept", encoding="utf-8")
    code, _, err = pageside("new", "mine")
    assert (code, err) == (2, "pageside new: mine exists already; take another name, or move it away\n")
    assert (tmp_path / "mine" / "note").read_text(encoding="utf-8") == "kept"
    code, _, err = pageside("new", "no/where")
    assert (code, err) == (2, "pageside new: there is no folder no; make it first\n")


@pytest.mark.parametrize("name", ["", "1x", "-x", "x-", "a b", "ä", ".x", "x.py", "x" * 60, "con", "assets", "a--b"])
def test_bad_names(name):
    with pytest.raises(UsageError):
        scaffold.check_name(name)


def test_new_as_json(pageside):
    _, out, _ = pageside("new", "x", "--json")
    content = json.loads(out)
    assert content["folder"] == "x"
    assert content["files"] == ["README.md", "demo.py", "examples/rings.png", "examples/shapes.png", "model.py"]


def test_export_as_json_and_by_recipe(pageside, tmp_path):
    tiny(tmp_path / "tiny")
    code, out, _ = pageside("export", "tiny", "--json", "--recipes", "fp32")
    assert code == 0
    (model,) = json.loads(out)["models"]
    assert [variant["id"] for variant in model["variants"]] == ["fp32"]
    code, _, err = pageside("export", "tiny", "--recipes", "int3")
    known = (
        "fp16, fp32, int12_weights, int16_weights, int4_blocks, int8_dynamic, int8_static, int8_weights, mixed_int4, "
        "mixed_int8, mixed_static"
    )
    assert (code, err) == (2, f"--recipes: there is no recipe 'int3'; take from {known}\n")


def test_run_without_a_model(pageside, tmp_path):
    write(tmp_path / "greet", demo_py=GREET)
    code, out, _ = pageside("run", "greet", "Ada")
    answer = json.loads(out)
    assert code == 0
    assert answer["outputs"] == ["Hello Ada!!"]
    assert (answer["demo"], answer["engine"], answer["variant"]) == ("greet", "python", None)
    assert answer["milliseconds"] >= 0


def test_run_on_each_engine_gives_the_same(pageside, tmp_path):
    tiny(tmp_path / "tiny")
    answers = {}
    for name, words in {
        "torch": ["--engine", "torch"],
        "fp32": ["--variant", "fp32"],
        "int8_weights": ["--variant", "int8_weights"],
    }.items():
        code, out, err = pageside("run", "tiny", "2", "--json", *words)
        assert code == 0, err
        answers[name] = json.loads(out)
        assert answers[name]["variant"] == (None if name == "torch" else name)
    values = {name: [one["confidence"] for one in a["outputs"][0]["confidences"]] for name, a in answers.items()}
    np.testing.assert_allclose(values["fp32"], values["torch"], rtol=1e-4)
    np.testing.assert_allclose(values["int8_weights"], values["torch"], rtol=0.05, atol=0.01)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["tiny"], "pageside run tiny: 0 inputs given, 1 needed; give number (number)"),
        (["tiny", "1", "2"], "pageside run tiny: 2 inputs given, 1 needed; give number (number)"),
        (["tiny", "x"], "Number 'number': 'x' is not a number; write it as 3 or -0.5"),
        (
            ["tiny", "1", "--variant", "int3"],
            "--variant: tiny has no variant 'int3'; take from fp32, fp16, int12_weights, int16_weights, "
            "int8_dynamic, int8_static, int8_weights",
        ),
        (
            ["tiny", "1", "--variant", "fp32", "--engine", "torch"],
            "--variant: there is no variant without onnxruntime; leave it out",
        ),
    ],
)
def test_bad_inputs_of_run(pageside, tmp_path, words, line):
    tiny(tmp_path / "tiny")
    code, out, err = pageside("run", *words)
    assert code == 2
    assert out == ""
    assert err.splitlines()[-1] == line


def test_a_fault_of_the_makers_function_in_run(pageside, tmp_path):
    text = TINY_DEMO.replace("    scores =", "    1 / (number - 7)\n    scores =")
    write(tmp_path / "tiny", demo_py=text, model_py=(tiny(tmp_path / "other") / "model.py").read_text())
    code, out, err = pageside("run", "tiny", "7", "--engine", "torch")
    assert (code, out) == (2, "")
    assert err == "tiny/demo.py:7: ZeroDivisionError: division by zero; --debug shows the traceback\n"
