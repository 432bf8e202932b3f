import sys
from pathlib import Path

import pytest
from demos import GREET, TINY_DEMO, TINY_MODEL, tiny, write
from pageside_export import loader
from pageside_export.errors import BuildError, LoadError, UserError


def shipped(demo):
    return [demo.path_of(file) for file in demo.files]


def failure(path):
    with pytest.raises(UserError) as caught:
        loader.load(path)
    return str(caught.value)


def test_a_single_file_anywhere(tmp_path):
    write(tmp_path, hello_py=GREET, other_txt="not named")
    demo = loader.load(tmp_path / "hello.py")
    assert demo.name == "hello"
    assert shipped(demo) == ["demo.py"]
    assert demo.interface.inputs[0].type == "textbox"


def test_a_folder(tmp_path):
    demo = loader.load(tiny(tmp_path / "My demo"))
    assert demo.name == "My-demo"
    assert list(demo.models) == ["tiny"]
    assert shipped(demo) == ["demo.py"]


def test_the_process_is_left_as_it_was(tmp_path):
    before = (list(sys.path), Path.cwd(), sys.modules["__main__"], set(sys.modules))
    demo = loader.load(write(tmp_path / "a", demo_py="import helper\n" + GREET, helper_py="x = 1"))
    demo2 = loader.load(tiny(tmp_path / "b"))
    demo2.build(demo2.models["tiny"])
    assert (sys.path, Path.cwd(), sys.modules["__main__"]) == before[:3]
    assert "helper" not in sys.modules
    assert "model" not in sys.modules
    assert not list(tmp_path.rglob("__pycache__"))
    assert demo.name == "a"


def test_what_a_library_added_to_the_path_stays_and_what_a_demo_added_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    library = "/x/site-packages/onnxruntime/transformers"
    write(tmp_path / "adds", demo_py=f"import sys\nsys.path += ['/elsewhere', {library!r}]\n{GREET}")
    loader.load(tmp_path / "adds")
    assert library in sys.path
    assert "/elsewhere" not in sys.path


def test_two_demos_each_have_their_own_model(tmp_path):
    first = loader.load(tiny(tmp_path / "a"))
    second = loader.load(
        write(
            tmp_path / "b",
            demo_py=TINY_DEMO,
            model_py=TINY_MODEL.replace("512, 3", "512, 7").replace("4, 512", "4, 512"),
        )
    )
    sizes = [demo.build(demo.models["tiny"]).module.narrow.out_features for demo in (first, second, first)]
    assert sizes == [3, 7, 3]


def test_modules_and_data_are_shipped_and_the_rest_is_not(tmp_path):
    folder = tiny(tmp_path / "demo")
    text = "import labels\nfrom pack.inner import y\n" + TINY_DEMO
    write(folder, demo_py=text, labels_py="import more", more_py="x = 1", notes_txt="a", README_md="b")
    write(folder, requirements_txt="c", tests_py="assert 0", weights_pt="d", table_npz="e", _hidden_txt="f")
    write(folder / "pack", __init___py="", inner_py="y = 1")
    write(folder / "examples", one_png="")
    write(folder / "data", words_json="[]")
    write(folder / "dist", gallery_json="{}", junk_txt="")
    (folder / "big.bin").write_bytes(bytes(6_000_000))
    (folder / "_hidden.txt").rename(folder / ".hidden.txt")
    demo = loader.load(folder)
    assert shipped(demo) == [
        "demo.py",
        "labels.py",
        "more.py",
        "pack/__init__.py",
        "pack/inner.py",
        "data/words.json",
        "notes.txt",
        "table.npz",
    ]


def test_a_single_file_ships_what_it_names(tmp_path):
    write(tmp_path, hello_py="WORDS = open('words.txt').read()\n" + GREET, words_txt="a", other_txt="b")
    assert shipped(loader.load(tmp_path / "hello.py")) == ["demo.py", "words.txt"]


def test_a_build_inside_the_demo(tmp_path):
    text = TINY_DEMO.replace('"model:build"', "build").replace(
        "net =", "def build():\n    import model\n    return model.build()\n\nnet ="
    )
    demo = loader.load(write(tmp_path / "x", demo_py=text, model_py=TINY_MODEL))
    assert shipped(demo) == ["demo.py"]
    built = demo.build(demo.models["tiny"])
    assert list(built.inputs) == ["x"]
    assert built.outputs == ["scores"]


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ('a = gr.Interface(str.upper, "text", "text", title="A")', "A"),
        ('a = gr.Interface(str, "text", "text", title="A")\ndemo = gr.Interface(str, "text", "text", title="D")', "D"),
        (
            'demo = gr.Interface(str, "text", "text", title="D")\n'
            'other = gr.Interface(str, "text", "text", title="O")\nif __name__ == "__main__":\n    other.launch()',
            "O",
        ),
    ],
)
def test_which_interface(tmp_path, text, chosen):
    write(tmp_path, x_py="import pageside as gr\n" + text)
    assert loader.load(tmp_path / "x.py").interface.title == chosen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import pageside\nx = 1 / 0", "x.py:2: ZeroDivisionError: division by zero; --debug shows the traceback"),
        ("import pageside\nx = (", "x.py:2: SyntaxError: '(' was never closed; --debug shows the traceback"),
        (
            "import nothere",
            "x.py:1: ModuleNotFoundError: No module named 'nothere'; install nothere, or put a nothere.py",
        ),
        (
            "import sys\nsys.exit(3)",
            "x.py:2: called sys.exit(3) while it was loaded; build the Interface without leaving",
        ),
        ("import pageside", "x.py makes no Interface; write Interface(fn, inputs, outputs).launch()"),
        (
            'import pageside as ps\na = ps.Interface(str, "text", "text")\nb = ps.Interface(str, "text", "text")',
            "x.py makes 2 interfaces; call launch() on one, or name it `demo`",
        ),
        (
            "import torch\nimport pageside as ps\n" + 'ps.Interface(str, "text", "text").launch()',
            "x.py:1: imports torch, which a page does not have; import it inside the build function",
        ),
    ],
)
def test_mistakes_in_the_source(tmp_path, monkeypatch, text, message):
    write(tmp_path, x_py=text)
    monkeypatch.chdir(tmp_path)
    assert failure("x.py").startswith(message)


def test_a_fault_in_a_helper_names_the_helper(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, x_py="import helper", helper_py="\n\nopen('nothing.txt')")
    assert failure("x.py").startswith("helper.py:1: FileNotFoundError") or failure("x.py").startswith("helper.py:3:")


def test_what_is_no_demo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, notes_txt="x")
    (tmp_path / "empty").mkdir()
    assert failure("nothing") == "nothing: there is no such demo; give a folder with demo.py, or a .py file"
    assert failure("notes.txt") == "notes.txt: is not a demo; give a folder with demo.py, or a .py file"
    assert failure("empty") == "empty: no demo.py in this folder; write one, or `pageside new NAME` makes a folder"
    assert (
        failure(tmp_path) == f"{tmp_path}: no demo.py in this folder; write one, or `pageside new NAME` makes a folder"
    )


def test_the_module_that_builds_may_not_be_shipped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "x", demo_py="from model import SIZE\n" + TINY_DEMO, model_py="SIZE = 3")
    message = "x/demo.py:1: imports model, which builds a model and never reaches the page; "
    assert failure("x") == message + "put what both need into a file of its own"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            "def build():\n    import torch\n    return torch.nn.ReLU()",
            'x/model.py:1: build() returned a ReLU without example inputs; return (module, {"image": tensor})',
        ),
        ("def build():\n    return 3", 'x/model.py:1: build() returned an int; return (module, {"image": tensor})'),
        ("def build():\n    return None", 'x/model.py:1: build() returned None; return (module, {"image": tensor})'),
        (
            "import torch\ndef build():\n    x = torch.ones(1)\n    return torch.nn.MSELoss(), {'input': x, 'y': x}",
            "x/model.py:2: build() gave an example input 'y' that forward() does not take; it takes input, target",
        ),
        (
            "import torch\ndef build():\n    return torch.nn.ReLU(), {'y': torch.zeros(1), 'z': torch.zeros(1)}",
            "x/model.py:2: build() returned 2 example inputs for a forward() that takes 1; it takes input",
        ),
        (
            "import torch\ndef build():\n    return torch.nn.ReLU(), [1]",
            "x/model.py:2: the example input 'input' is an int; make it a tensor",
        ),
        ("x = 1", "x/model.py: has no function build(); write it, or change build='model:build'"),
        (
            "def build():\n    raise OSError('no weights')",
            "x/model.py:2: build() failed: OSError: no weights; --debug shows the traceback",
        ),
        (
            "import torch\ndef build():\n    return torch.nn.Linear(3, 2), torch.zeros(1, 4)",
            "x/model.py:2: forward() with build()'s example inputs failed: RuntimeError: mat1 and mat2 shapes",
        ),
        (
            "import torch\nclass M(torch.nn.Module):\n    def forward(self, x):\n        return 'no'\n"
            "def build():\n    return M(), torch.zeros(1)",
            "x/model.py:3: forward() returned a str; return a tensor, or a dict of names to tensors",
        ),
        (
            "import torch\nclass M(torch.nn.Module):\n    def forward(self, x):\n        return {'a': x, 'b': [{1}]}\n"
            "def build():\n    return M(), torch.zeros(1)",
            "x/model.py:3: forward() returned a set as 'b.0'; return tensors, in dicts, tuples or dataclasses",
        ),
        (
            "import torch\nclass M(torch.nn.Module):\n    def forward(self, x):\n        x + 1\n"
            "def build():\n    return M()",
            'x/model.py:5: build() returned an M without example inputs; return (module, {"image": tensor})',
        ),
        (
            "import numpy as np, torch\ndef build():\n    return torch.nn.ReLU(), {'input': np.zeros(1)}",
            "x/model.py:2: the example input 'input' is an ndarray; make it a tensor, or a dict, tuple",
        ),
        (
            "import torch\ndef build():\n    raise AssertionError('Torch not compiled with CUDA enabled')",
            "x/model.py:3: build() failed: AssertionError: Torch not compiled with CUDA enabled; "
            'models are built on the CPU: take .cuda(), .to("cuda") and device="cuda" out',
        ),
        (
            "import torch\ndef build():\n    raise RuntimeError('torch.cuda.is_available() is False.')",
            "x/model.py:3: build() failed: RuntimeError: torch.cuda.is_available() is False.; "
            'models are built on the CPU: give torch.load map_location="cpu"',
        ),
    ],
)
def test_mistakes_of_build(tmp_path, monkeypatch, model, message):
    monkeypatch.chdir(tmp_path)
    demo = loader.load(write(tmp_path / "x", demo_py=TINY_DEMO, model_py=model))
    with pytest.raises(BuildError) as caught:
        demo.build(demo.models["tiny"])
    assert str(caught.value).startswith(message)


def test_a_build_that_names_no_module(tmp_path):
    demo = loader.load(write(tmp_path / "x", demo_py=TINY_DEMO))
    with pytest.raises(
        BuildError, match=r"build='model:build' names a module that does not exist; put a model.py beside"
    ):
        demo.build(demo.models["tiny"])


def test_a_mistake_in_the_interface_names_its_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, x_py='import pageside as gr\ngr.Interface(str, "txt", "text")')
    assert failure("x.py").startswith("x.py:2: ")
    with pytest.raises(LoadError):
        loader.load("x.py")
