import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest
from demos import GREET, tiny, write
from pageside_export import launch
from pageside_export.bundle import write_bundle
from pageside_export.errors import EnvironmentError_, UsageError

RESTORED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.executable, [sys.executable, "-u", sys.argv[1]])
"""


@pytest.fixture
def shell():
    """A notebook's kernel, in this process."""
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    made = InteractiveShell.instance()
    yield made
    InteractiveShell.clear_instance()


def run_cells(shell, *cells):
    for cell in cells:
        result = shell.run_cell(cell, store_history=True)
        result.raise_error()


@pytest.fixture
def served(monkeypatch):
    """Bundles in place of whole sites, which the tests of the site build: here only the road to them counts."""
    built = []

    def build(demos, out, options):
        out.mkdir(parents=True, exist_ok=True)
        bundle = write_bundle(demos[0], out / demos[0].name, options.export)
        (out / "index.html").write_text(f"<title>{bundle['interface']['title']}</title>", encoding="utf-8")
        built.append((demos[0], out, bundle))

    monkeypatch.setattr(launch.site, "build", build)
    yield built
    while launch._servers:
        launch._servers.pop().close()


def test_a_notebook_cell_becomes_a_page_in_an_iframe(shell, served, capsys, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    run_cells(
        shell,
        "import pageside as gr",
        'def greet(name):\n    return "Hello " + name + "!!"',
        'gr.Interface(fn=greet, inputs="text", outputs="text").launch(server_port=0)',
    )
    (_, folder, bundle) = served[0]
    source = (folder / "notebook" / "demo.py").read_text(encoding="utf-8")
    assert source.startswith("import pageside as gr\n")
    assert "def greet" in source
    assert bundle["interface"]["inputs"][0]["type"] == "textbox"
    (frame,) = shown
    assert frame.width == "100%"
    with urllib.request.urlopen(frame.src) as answer:
        assert b"<title>Greet</title>" in answer.read()
    assert f"Running on local URL:  {frame.src.rstrip('/')}" in capsys.readouterr().out


def test_a_notebooks_model_is_the_living_one(shell, served, monkeypatch):
    monkeypatch.setattr("IPython.display.display", lambda frame: None)
    run_cells(
        shell,
        "import torch\nimport numpy as np\nimport pageside as ps",
        "module = torch.nn.Linear(3, 2)\nwith torch.no_grad():\n    module.weight.fill_(1); module.bias.fill_(0.5)",
        'def build():\n    return module, {"x": torch.zeros(1, 3)}',
        'net = ps.Model("line", build=build)\n'
        "async def total(number):\n    return float((await net(x=np.full((1, 3), number)))[0, 0])\n"
        'ps.Interface(total, "number", "number", examples=[2]).launch(server_port=0, quiet=True)',
    )
    _, folder, bundle = served[0]
    assert [model["name"] for model in bundle["models"]] == ["line"]
    assert bundle["examples"] == [{"inputs": [2.0], "outputs": [6.5]}]
    assert "torch" not in (folder / "notebook" / "demo.py").read_text(encoding="utf-8")


def test_inline_false_shows_no_iframe(shell, served, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    run_cells(
        shell, "import pageside as gr", 'gr.Interface(str.upper, "text", "text").launch(inline=False, server_port=0)'
    )
    assert shown == []
    assert len(served) == 1


@pytest.mark.parametrize("name", ["hello.py", "demo.py"])
def test_a_script_serves_until_it_is_stopped(tmp_path, cache, name):
    file = tmp_path / name
    text = GREET.replace(".launch()", ".launch(server_port=0)") + "print('after')\n"
    file.write_text(text, encoding="utf-8")
    process = subprocess.Popen(
        # A shell's background job would hand down a Ctrl-C that is switched off.
        [sys.executable, "-u", "-c", RESTORED, str(file)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PAGESIDE_CACHE": str(cache)},
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("Running on local URL:  http://127.0.0.1:")
        url = line.split()[-1]
        with urllib.request.urlopen(f"{url}/gallery.json") as answer:
            (card,) = json.load(answer)["demos"]
        assert card["title"] == "Greet"
        process.send_signal(signal.SIGINT)
        assert process.stdout.read() == "\nstopped\nafter\n"
        assert process.wait(10) == 0
    finally:
        process.kill()


def test_a_mistake_in_a_script_is_one_line(tmp_path, cache):
    file = tmp_path / "hello.py"
    file.write_text(GREET.replace('["Ada"]', "[3]").replace('"Hello " + name', "name.nothing"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PAGESIDE_CACHE": str(cache)},
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"{file}:5: example 1 failed: AttributeError: 'str' object has no attribute 'nothing'" in done.stderr


def test_a_folders_demo_ships_its_data(tmp_path):
    folder = tiny(tmp_path / "tiny")
    frame = type("Frame", (), {"f_globals": {"__name__": "__main__", "__file__": str(folder / "demo.py")}})
    assert launch._script_path(frame) == folder
    alone = write(tmp_path / "alone", demo_py=GREET)
    frame.f_globals["__file__"] = str(alone / "demo.py")
    assert launch._script_path(frame) == alone / "demo.py"


def test_options_of_gradio_are_known(recwarn):
    chosen = launch._chosen({"share": False, "server_port": 1234, "auth": None})
    assert chosen.server_port == 1234
    assert len(recwarn) == 0
    launch._chosen({"share": True})
    assert "launch(share=...) has no effect on a static page" in str(recwarn[0].message)
    assert recwarn[0].filename == __file__
    with pytest.raises(Exception, match=r"launch\(\) has no option 'server_prt'; did you mean 'server_port'\?"):
        launch._chosen({"server_prt": None})


def test_a_port_that_is_asked_for_is_taken_or_refused(tmp_path):
    first = launch._serve(tmp_path, launch.LaunchOptions(server_port=0), isolation=True)
    try:
        with pytest.raises(EnvironmentError_, match=f"port {first.port} is taken"):
            launch._serve(tmp_path, launch.LaunchOptions(server_port=first.port), isolation=True)
    finally:
        first.close()
    with pytest.raises(UsageError, match="server_port=70000 is no port"):
        launch._serve(tmp_path, launch.LaunchOptions(server_port=70000), isolation=True)
