import hashlib
import json
from urllib.parse import unquote

import jsonschema
import numpy as np
import onnxruntime as ort
import pytest
from demos import GREET, tiny, write
from pageside_export import bundle, loader, planes
from pageside_export.errors import BundleError
from pageside_export.options import ExportOptions
from pageside_export.pack import unpacked
from PIL import Image

SHA = "0" * 64
FILE = {"url": "../assets/a/x.gz", "bytes": 1, "size": 2, "sha256": SHA, "encoding": "gzip"}
ORT = {"module": "../assets/a/ort.mjs", "glue": "../assets/a/glue.mjs", "binary": FILE, "product_switch": 8}
RUNTIME = {
    "assets": "../assets/a/",
    "version": "1",
    "ort": {"wasm": ORT, "jspi": ORT, "asyncify": ORT},
    "pyodide": {
        "module": "../assets/a/pyodide.mjs",
        "binary": FILE,
        "stdlib": FILE,
        "lock": FILE,
        "wheels": [{**FILE, "name": "numpy"}],
    },
}
OPTIONS = ExportOptions(timed_calls=2, part_bytes=3000)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tiny(tmp_path_factory.mktemp("demos") / "tiny")
    write(folder, labels_txt="a\n", bundle_json="{}", big_csv="1,2,3\n" * 20_000)
    write(folder / "models", list_txt="x")
    (folder / "odd name#1.txt").write_text("odd", encoding="utf-8")
    return folder


@pytest.fixture
def written(source, tmp_path):
    made = bundle.write_bundle(loader.load(source), tmp_path / "out", OPTIONS)
    bundle.finish_bundle(made, RUNTIME, tmp_path / "out")
    return tmp_path / "out", json.loads((tmp_path / "out" / "bundle.json").read_text(encoding="utf-8"))


def files_of(value):
    if isinstance(value, dict):
        if "sha256" in value:
            yield value
        for item in value.values():
            yield from files_of(item)
    elif isinstance(value, list):
        for item in value:
            yield from files_of(item)


def read(folder, ref):
    stored = (folder / unquote(ref["url"])).read_bytes()
    assert len(stored) == ref["bytes"]
    content = unpacked(stored) if "encoding" in ref else stored
    content = planes.join(content, ref["planes"]) if "planes" in ref else content
    assert len(content) == ref["size"]
    assert hashlib.sha256(content).hexdigest() == ref["sha256"]
    return content


def tensor(folder, stored):
    return np.frombuffer(read(folder, stored["file"]), stored["dtype"]).reshape(stored["shape"])


def test_every_file_is_there_with_its_size_and_hash(written):
    folder, content = written
    refs = [ref for key in ("files", "models", "examples") for ref in files_of(content[key])]
    assert len(refs) > 20
    for ref in refs:
        read(folder, ref)
    named = {unquote(ref["url"]) for ref in refs}
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    plots = {f"report/tiny.{kind}.svg" for kind in ("error-bytes", "time-bytes", "error-layers")}
    assert found == named | {"bundle.json", "report.json", "report.md"} | plots


def test_the_source_comes_first_and_our_own_names_are_kept_free(written):
    folder, content = written
    places = {file["path"]: file["url"] for file in content["files"]}
    assert next(iter(places)) == "demo.py"
    assert places["bundle.json"] == "files/bundle.json"
    assert places["models/list.txt"] == "files/models/list.txt"
    assert places["odd name#1.txt"] == "odd%20name%231.txt"
    assert places["big.csv"] == "big.csv.gz"
    assert places["labels.txt"] == "labels.txt"
    assert "model.py" not in places
    assert not (folder / "model.py").exists()


def test_parts_make_a_model_that_gives_the_golden_outputs(written):
    folder, content = written
    (model,) = content["models"]
    for variant in model["variants"]:
        assert all(part["size"] <= 3000 for part in variant["parts"])
        data = b"".join(read(folder, part) for part in variant["parts"])
        options = ort.SessionOptions()
        assert set(variant["wasm_config"]) == {"optimization.disable_specified_optimizers"}
        for key, value in (variant["session_config"] | variant["wasm_config"]).items():
            options.add_session_config_entry(key, value)
        session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        for golden in model["golden"]:
            feeds = {name: tensor(folder, stored) for name, stored in golden["inputs"].items()}
            (got,) = session.run(None, feeds)
            np.testing.assert_allclose(got, tensor(folder, golden["variants"][variant["id"]]["scores"]), rtol=1e-5)
            np.testing.assert_allclose(got, tensor(folder, golden["outputs"]["scores"]), rtol=0.1, atol=0.01)
    assert len(model["variants"][0]["parts"]) > 1
    assert model["inputs"] == [{"name": "x", "dtype": "float32", "shape": [1, 4]}]
    assert model["outputs"] == [{"name": "scores", "dtype": "float32", "shape": [1, 3]}]


def test_two_bundles_of_the_same_demo_are_the_same_bytes(source, tmp_path):
    for name in ("a", "b"):
        made = bundle.write_bundle(loader.load(source), tmp_path / name, OPTIONS)
        bundle.finish_bundle(made, RUNTIME, tmp_path / name)
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.*")}
        for name in ("a", "b")
    )
    assert first.keys() == second.keys()
    assert [path for path, data in first.items() if second[path] != data and path.name != "report.json"] == []


def test_a_demo_without_a_model_and_markdown(tmp_path):
    text = GREET.replace('"text", ex', '"text", description="**Bold** <script>x</script>", ex')
    made = bundle.write_bundle(loader.load(write(tmp_path / "g", demo_py=text)), tmp_path / "out", OPTIONS)
    bundle.finish_bundle(made, RUNTIME, tmp_path / "out")
    assert made["models"] == []
    assert made["examples"] == [{"inputs": ["Ada"], "outputs": ["Hello Ada!!"]}]
    html = made["interface"]["description_html"]
    assert html == "<p><strong>Bold</strong> &lt;script&gt;x&lt;/script&gt;</p>"
    assert "description" not in made["interface"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b.update(version=2), r"x/bundle.json: \$.version: 1 was expected; build it again"),
        (lambda b: b.update(more=1), r"Additional properties are not allowed \('more' was unexpected\)"),
        (lambda b: b["files"][0].update(url="https://elsewhere/demo.py"), r"\$.files\[0\].url"),
        (lambda b: b["files"][0].update(path="../demo.py"), r"\$.files\[0\].path"),
        (lambda b: b["files"][0].update(sha256="abc"), r"\$.files\[0\].sha256: 'abc' does not match"),
        (lambda b: b["files"][0].pop("bytes"), r"\$.files\[0\]: 'bytes' is a required property"),
        (lambda b: b["files"][0].update(path="other.py"), r"'demo.py' was expected"),
        (lambda b: b["files"][0].update(extra=1), r"\$.files\[0\]: Unevaluated properties are not allowed"),
        (lambda b: b["models"][0]["golden"].clear(), r"\$.models\[0\].golden: \[\] should be non-empty"),
        (lambda b: b["models"][0]["inputs"][0].update(dtype="bfloat16"), r"'bfloat16' is not one of"),
        (lambda b: b["models"][0]["variants"][0]["measured"].update(cosine=None), r"cosine: None is not of type"),
        (lambda b: b["runtime"].update(assets="../assets/a"), r"\$.runtime.assets"),
    ],
)
def test_the_schema_refuses(written, change, message):
    _, content = written
    bundle.check_schema(content, "x/bundle.json")
    change(content)
    with pytest.raises(BundleError, match=message):
        bundle.check_schema(content, "x/bundle.json")


def test_the_schema_is_one():
    schema = json.loads(bundle.SCHEMA_FILE.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)


def test_a_variant_that_rounds_activations_has_a_tolerance_of_its_own():
    first = np.float32([1, 2, 3])
    near, far = [{"y": first + 1e-6}], [{"y": first + np.float32([0.09, -0.09, 0])}]
    assert bundle.page_tolerance([{"y": first}], near) == {}
    assert bundle.page_tolerance([{"y": first}], far) == {"tolerance": {"cosine": 0.99774, "relative_error": 0.06}}
    assert bundle.page_tolerance([{"y": first}], [{"y": np.full(3, np.nan)}]) == {}
    assert bundle.page_tolerance([{"y": first}], [{"y": -first}]) == {"tolerance": bundle.WIDEST}


def test_examples_of_a_folder_and_the_one_that_comes_first(tmp_path):
    source = """
    import pageside as gr

    def mark(photo, times):
        return photo[:1, :1] * 0 + times

    gr.Interface(mark, ["image", "number"], "image", examples="flagged", preload_example=-1).launch()
    """
    folder = write(tmp_path / "marks", demo_py=source)
    for name, grey in (("a", 10), ("b", 20)):
        (folder / "flagged").mkdir(exist_ok=True)
        Image.new("RGB", (2, 3), (grey, grey, grey)).save(folder / "flagged" / f"{name}.png")
    (folder / "flagged" / "log.csv").write_text("photo,times,output\na.png,3,\nb.png,4,\n", encoding="utf-8")
    made = bundle.write_bundle(loader.load(folder), tmp_path / "out", OPTIONS)
    bundle.finish_bundle(made, RUNTIME, tmp_path / "out")
    assert made["interface"]["preload_example"] == 1
    assert [example["inputs"][1] for example in made["examples"]] == [3, 4]
    kept = tmp_path / "out" / made["examples"][1]["inputs"][0]["file"]["url"]
    with Image.open(kept) as picture:
        assert picture.getpixel((0, 0)) == (20, 20, 20)


def test_an_imageslider_s_first_pictures_are_in_the_bundle(tmp_path):
    source = """
    import pageside as gr

    first = ("a.png", None)
    gr.Interface(lambda text: None, "text", gr.ImageSlider(first)).launch()
    """
    folder = write(tmp_path / "slides", demo_py=source)
    Image.new("RGB", (2, 3)).save(folder / "a.png")
    made = bundle.write_bundle(loader.load(folder), tmp_path / "out", OPTIONS)
    bundle.finish_bundle(made, RUNTIME, tmp_path / "out")
    first, second = made["interface"]["outputs"][0]["props"]["value"]
    assert (first["width"], first["height"], second) == (2, 3, None)
    assert (tmp_path / "out" / first["file"]["url"]).is_file()
