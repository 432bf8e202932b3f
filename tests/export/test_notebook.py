import pytest
from pageside_export.notebook import python_of, rebuild


def source(*cells):
    return rebuild(cells).text


LAUNCH = 'gr.Interface(fn=greet, inputs="text", outputs="text").launch()'
GREET = 'def greet(name):\n    return "Hello " + name + "!!"'


def test_one_cell_stays_as_it_is_written():
    cell = f"import pageside as gr\n\n\n{GREET}\n\n\n{LAUNCH}"
    text = source(cell)
    assert [line for line in text.splitlines() if line] == [line for line in cell.splitlines() if line]


def test_names_are_followed_through_earlier_cells():
    text = source("import pageside as gr", "import os\nunused = 1", GREET, LAUNCH)
    assert "import pageside as gr" in text
    assert "def greet" in text
    assert "os" not in text
    assert "unused" not in text


def test_the_latest_definition_wins():
    text = source("import pageside as gr", 'def greet(name):\n    return "old"', GREET, LAUNCH)
    assert "old" not in text
    assert text.count("def greet") == 1


def test_a_function_may_call_one_that_was_defined_later():
    text = source(
        "import pageside as gr", "def greet(name):\n    return later(name)", "def later(name):\n    return name", LAUNCH
    )
    assert "def later" in text


def test_what_changes_a_needed_value_is_kept():
    text = source(
        "import pageside as gr\nwords = []",
        'words.append("a")\nwords += ["b"]\nwords[0] = "c"\nother = []\nother.append(1)',
        "def greet(name):\n    return words[0]",
        LAUNCH,
    )
    assert 'words.append("a")' in text
    assert 'words += ["b"]' in text
    assert 'words[0] = "c"' in text
    assert "other" not in text


def test_training_stays_in_the_notebook():
    text = source(
        "import torch, pageside as gr",
        "module = torch.nn.Linear(2, 2)\nfor _ in range(3):\n    module(torch.zeros(2))",
        'def build():\n    return module, {"x": torch.zeros(1, 2)}',
        'net = gr.Model("net", build=build)\nasync def greet(name):\n    return str(await net(x=[[0, 1]]))\n' + LAUNCH,
    )
    assert "torch" not in text
    assert "def build" not in text
    assert "gr.Model('net', build='notebook:build')" in text


def test_a_second_launch_does_not_keep_the_first():
    text = source(
        f"import pageside as gr\n{GREET}",
        f"demo = {LAUNCH.removesuffix('.launch()')}",
        "demo.launch()",
        "demo.launch()",
    )
    assert text.count("launch()") == 1


def test_decorators_and_comments_above_are_kept():
    text = source(
        "import pageside as gr\nimport functools",
        "# Says hello.\n@functools.cache\ndef greet(name):\n    return name  # to whom",
        LAUNCH,
    )
    assert "# Says hello.\n@functools.cache\ndef greet" in text
    assert "# to whom" in text


def test_class_bodies_defaults_and_comprehensions_read_names():
    text = source(
        "import pageside as gr\nbase = 1\nstep = 2\ntimes = 3",
        "class Counter:\n    start = base\n\ndef greet(name, by=step):\n    return [Counter.start * times]",
        LAUNCH,
    )
    for name in ("base = 1", "step = 2", "times = 3", "class Counter"):
        assert name in text


def test_a_local_name_does_not_pull_a_global_in():
    text = source("import pageside as gr\nx = open('huge')", "def greet(name):\n    x = name\n    return x", LAUNCH)
    assert "huge" not in text


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\nx = 1", "x = 1"),
        ("!pip install y\nx = 1", "x = 1"),
        ("files = !ls\nx = 1", "x = 1"),
        ("x = 1\nx?", "x = 1"),
        ("%%time\nx = 1", "x = 1"),
        ("%%bash\nls", ""),
        ('text = """\n%d files\n"""', 'text = """\n%d files\n"""'),
        ("this isn't python", ""),
    ],
)
def test_magics_are_dropped(cell, python):
    assert python_of(cell) == python


def test_what_is_rebuilt_runs():
    text = source(
        "%load_ext x\nhello = 'Hello '", "def greet(name):\n    return hello + name", "print(greet('Ada'))\ngr = 1"
    )
    namespace = {}
    exec(text, namespace)
    assert namespace["greet"]("Ada") == "Hello Ada"
