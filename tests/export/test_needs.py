"""What a demo's Python needs in the page."""

import pytest
from demos import write
from pageside_export import loader, needs
from pageside_export.errors import LoadError

DEMO = """
import pageside as gr
{imports}

def greet(name):
    {body}
    return "Hello " + name

gr.Interface(fn=greet, inputs={inputs!r}, outputs="text").launch()
"""


def of(tmp_path, imports="", body="pass", inputs="text", **files):
    source = DEMO.format(imports=imports, body=body, inputs=inputs)
    return needs.of_demo(loader.load(write(tmp_path / "demo", demo_py=source, **files)))


def test_numpy_is_always_there(tmp_path):
    assert of(tmp_path).packages == ("numpy",)


def test_a_package_by_the_name_of_its_module(tmp_path):
    assert of(tmp_path, "import json\nfrom PIL import Image").packages == ("numpy", "pillow")


def test_a_package_that_only_a_function_imports(tmp_path):
    assert of(tmp_path, body="import PIL.Image").packages == ("numpy", "pillow")


def test_a_package_of_a_module_beside_it(tmp_path):
    found = of(tmp_path, "import helper", helper_py="from PIL import Image\n")
    assert found.packages == ("numpy", "pillow")
    assert "PIL" in found.modules


def test_modules_of_the_standard_library_are_told(tmp_path):
    assert {"smtplib", "json"} <= of(tmp_path, "import json, smtplib").modules


def test_a_module_that_no_page_has(tmp_path):
    with pytest.raises(LoadError) as caught:
        of(tmp_path, "import playwright")
    assert str(caught.value).endswith(
        "demo.py:2: imports playwright, which Pyodide 0.27.7, the page's Python, does not have; "
        "do it with numpy, or import it inside the build function if only the build needs it"
    )


@pytest.mark.parametrize("imports", ["try:\n    import playwright\nexcept ImportError:\n    pass", ""])
def test_an_import_that_may_fail_is_no_mistake(tmp_path, imports):
    body = "pass" if imports else "import playwright"
    assert of(tmp_path, imports, body).packages == ("numpy",)


def test_a_package_with_a_shared_library(tmp_path, monkeypatch):
    monkeypatch.setattr(needs.vendor, "package_of_module", lambda module: "scipy" if module == "csv" else None)
    with pytest.raises(LoadError, match=r"imports csv, which needs Pyodide 0.27.7's shared library openblas"):
        of(tmp_path, "import csv")


def test_what_a_build_function_imports_is_left_out(tmp_path):
    source = """
    import pageside as ps

    def build():
        import PIL, torch
        return torch.nn.Identity(), {"x": torch.rand(1, 2)}

    net = ps.Model("net", build=build)
    ps.Interface(lambda name: name, "text", "text").launch()
    """
    demo = loader.load(write(tmp_path, demo_py=source))
    assert needs.of_demo(demo).packages == ("numpy",)


def test_pictures_as_pillow_images(tmp_path):
    source = """
    import pageside as ps

    ps.Interface(lambda picture: "seen", ps.Image(type="pil"), "text").launch()
    """
    assert needs.of_demo(loader.load(write(tmp_path, demo_py=source))).packages == ("numpy", "pillow")


def test_a_function_that_imports_what_pages_cannot_load_is_told(tmp_path, capfd):
    assert of(tmp_path, body="from scipy.special import gamma").packages == ("numpy",)
    said = capfd.readouterr().err
    assert "demo.py:5: imports scipy, which needs Pyodide 0.27.7's shared library" in said
    assert "the page raises ModuleNotFoundError if it gets there" in said
    of(tmp_path, body="if name == 'x': import scipy")
    assert capfd.readouterr().err == ""
