import hashlib
import json

import numpy as np
import pytest
from demos import GREET, TINY_DEMO, TINY_MODEL, tiny, write
from pageside_export import bundle, exporting, loader, report
from pageside_export.errors import ExportError, LoadError, UserError
from pageside_export.exporting import export_demo
from pageside_export.options import ExportOptions
from pageside_export.quantize import NotTried, int8_weights

QUICK = ExportOptions(timed_calls=2, recipes=("int8_weights",))

#: One weight of a thousand makes the scale of its row so coarse that all others become zero.
COARSE = TINY_MODEL.replace(
    "return Tiny(), ",
    "net = Tiny()\n    net.narrow.weight.data[:, 0] = 1e4\n    net.wide.weight.data[0] = 0\n"
    "    net.wide.bias.data[0] = -1\n    return net, ",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("demos") / "tiny")


@pytest.fixture
def exported(folder):
    return export_demo(loader.load(folder), QUICK)


def test_every_example_is_a_golden_call_and_both_variants_are_measured(exported):
    (model,) = exported.models
    assert len(model.calls) == 4
    assert len(model.golden) == 3
    assert [variant.id for variant in model.variants] == ["fp32", "int8_weights"]
    fp32, int8 = model.variants
    assert fp32.measured["cosine"] > 0.999999
    assert 0.99 < int8.measured["cosine"] < 1
    assert len(int8.onnx) < len(fp32.onnx)
    assert fp32.measured["native_ms"] > 0
    assert set(model.backends) == {"wasm", "webgpu"}
    assert set(model.backends["wasm"]) == {"fp32", "int8_weights"}


def test_the_examples_outputs_are_pytorchs(exported):
    torch_model = exported.demo.build(exported.demo.models["tiny"])
    scores = torch_model.run({"x": np.full((1, 4), 2, np.float32)})["scores"][0]
    shown = {one["label"]: one["confidence"] for one in exported.examples[1].outputs[0]["confidences"]}
    assert shown == {str(index): pytest.approx(float(score)) for index, score in enumerate(scores)}


def test_a_second_export_is_taken_from_the_cache(folder, exported, monkeypatch):
    monkeypatch.setattr(exporting.convert, "to_onnx", lambda *_: pytest.fail("exported again"))
    again = export_demo(loader.load(folder), QUICK)
    assert again.models[0].reused
    assert [variant.onnx for variant in again.models[0].variants] == [v.onnx for v in exported.models[0].variants]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("model.py", "manual_seed(0)", "manual_seed(1)"),
        ("demo.py", "[1, 2, -3, 0.5]", "[1, 2]"),
        ("model.py", "import torch\n", "import torch  # a comment\n"),
    ],
)
def test_a_change_is_exported_again(tmp_path, exported, name, old, new):
    folder = tiny(tmp_path / "tiny")
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    other = export_demo(loader.load(folder), QUICK)
    assert other.models[0].key != exported.models[0].key


def test_the_report_names_the_weights_by_their_hash_whatever_else_changes(tmp_path, exported):
    def hash_of(name, **changes):
        demo = loader.load(write(tmp_path / name, **{"demo_py": TINY_DEMO, "model_py": TINY_MODEL, **changes}))
        return demo.build(demo.models["tiny"]).weights_sha256()

    (entry,) = report.report(exported)["models"]
    assert entry["weights_sha256"] == hash_of("same")
    assert hash_of("demo", demo_py=TINY_DEMO.replace("2, -3", "3, 5")) == hash_of("same")
    assert hash_of("other", model_py=TINY_MODEL.replace("manual_seed(0)", "manual_seed(1)")) != hash_of("same")


def test_weights_outside_the_folder_are_part_of_the_key(tmp_path, exported):
    weights = tmp_path / "weights.pt"
    text = TINY_MODEL.replace(
        "return Tiny(), ",
        f"net = Tiny()\n    net.narrow.bias.data.fill_(float(open({str(weights)!r}).read()))\n    return net, ",
    )
    folder = write(tmp_path / "tiny", demo_py=TINY_DEMO, model_py=text)
    keys = set()
    for value in ("1", "2", "1"):
        weights.write_text(value, encoding="utf-8")
        keys.add(export_demo(loader.load(folder), QUICK).models[0].key)
    assert len(keys) == 2


def test_a_damaged_cache_is_made_again(folder, exported, cache):
    stored = cache / "export" / exported.models[0].key / "int8_weights.onnx"
    original = stored.read_bytes()
    stored.write_bytes(original[:-1] + b"x")
    again = export_demo(loader.load(folder), QUICK)
    assert not again.models[0].reused
    assert hashlib.sha256(again.models[0].variants[1].onnx).digest() == hashlib.sha256(original).digest()


def test_a_build_says_which_variant_is_not_published_and_why(tmp_path, capsys):
    demo = loader.load(write(tmp_path / "bad", demo_py=TINY_DEMO, model_py=COARSE))
    bundle.write_bundle(demo, tmp_path / "out", QUICK)
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "not published" in line]
    assert line.startswith("bad: tiny: int8_weights is not published: scores of call 1: ")


def test_a_variant_that_misses_is_not_published_and_the_report_says_why(tmp_path):
    demo = loader.load(write(tmp_path / "bad", demo_py=TINY_DEMO, model_py=COARSE))
    done = export_demo(demo, QUICK)
    (model,) = done.models
    assert [variant.id for variant in model.published] == ["fp32"]
    assert model.backends == {"wasm": ["fp32"], "webgpu": ["fp32"]}
    table = report.table(done)
    assert "int8_weights is not published: scores of call 1: " in table
    assert model.sentence.endswith("1 missed its tolerance and is not published.")
    entry = report.report(done)["models"][0]["variants"][1]
    assert entry["published"] is False
    assert entry["rejected"]


def asking(folder, model_py, words):
    return loader.load(write(folder, demo_py=TINY_DEMO.replace('build="model:build"', words), model_py=model_py))


def test_a_variant_that_the_maker_asks_for_and_that_misses_is_refused(tmp_path):
    with pytest.raises(ExportError) as raised:
        export_demo(asking(tmp_path / "bad", COARSE, 'variant="int8_weights"'), QUICK)
    assert str(raised.value).startswith("demo.py: tiny: variant='int8_weights' cannot be published: scores of call 1: ")
    assert str(raised.value).endswith(
        "; take another variant, or name a tolerance of your own, as tolerance={'cosine': 0.98}"
    )


def test_the_maker_s_own_tolerance_lets_it_through_and_the_report_says_so(tmp_path):
    loose = 'variant="int8_weights", tolerance={"cosine": 0, "norm": 2, "top1": False}'
    done = export_demo(asking(tmp_path / "loose", COARSE, loose), QUICK)
    (model,) = done.models
    assert model.backends == {"wasm": ["int8_weights", "fp32"], "webgpu": ["int8_weights", "fp32"]}
    entry = report.report(done)["models"][0]
    assert entry["asked"]["tolerance"] == {"cosine": 0, "norm": 2, "top1": False}
    assert entry["kinds"] == {"scores": "logits"}
    assert [one["tolerance"]["scores"]["cosine"] for one in entry["variants"]] == [0.9999, 0]


def test_a_variant_that_the_maker_asks_for_comes_first(tmp_path):
    done = export_demo(asking(tmp_path / "tiny", TINY_MODEL, 'variant="fp32"'), QUICK)
    assert done.models[0].backends["wasm"] == ["fp32", "int8_weights"]
    assert "fp32 is what the demo asks for: " in done.models[0].sentence


def test_an_export_that_differs_from_pytorch_is_refused(tmp_path):
    exporting = "torch.compiler.is_exporting() or torch.onnx.is_in_onnx_export()"
    other = f"(torch.relu if {exporting} else torch.tanh)(self.wide(x))"
    text = TINY_MODEL.replace("torch.relu(self.wide(x))", other)
    demo = loader.load(write(tmp_path / "other", demo_py=TINY_DEMO, model_py=text))
    with pytest.raises(ExportError, match=r"at the example's inputs it differs from PyTorch: scores of call 1"):
        export_demo(demo, QUICK)


def test_an_exporter_that_is_wrong_gives_way_to_one_that_is_right(tmp_path):
    other = "(torch.relu if torch.compiler.is_exporting() else torch.tanh)(self.wide(x))"
    text = TINY_MODEL.replace("torch.relu(self.wide(x))", other)
    done = export_demo(loader.load(write(tmp_path / "other", demo_py=TINY_DEMO, model_py=text)), QUICK)
    conversion = done.models[0].conversion
    assert conversion["exporter"] == "torchscript"
    assert [attempt["exporter"] for attempt in conversion["attempts"]] == ["dynamo-fixed"]


@pytest.mark.parametrize("bad", ["float('nan')", "float('inf')"])
def test_nan_of_pytorch_is_refused(tmp_path, bad):
    text = TINY_MODEL.replace("self.narrow(torch.relu(self.wide(x)))", f"self.narrow(torch.relu(self.wide(x))) * {bad}")
    text_demo = TINY_DEMO.replace("float(score)", "0.5")
    demo = loader.load(write(tmp_path / "nan", demo_py=text_demo, model_py=text))
    with pytest.raises(
        ExportError, match=r"model.py:13: tiny: PyTorch's own output 'scores' of call 1 holds (NaN|inf)"
    ):
        export_demo(demo, QUICK)


def test_without_examples_the_example_inputs_are_the_golden_call(tmp_path):
    text = TINY_DEMO.replace(", examples=[1, 2, -3, 0.5]", "")
    done = export_demo(loader.load(write(tmp_path / "x", demo_py=text, model_py=TINY_MODEL)), QUICK)
    assert len(done.models[0].golden) == 1
    assert done.examples == []


def test_a_failing_example_names_itself_and_the_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = TINY_DEMO.replace("    scores =", "    1 / (number - 2)\n    scores =")
    demo = loader.load(write(tmp_path / "x", demo_py=text, model_py=TINY_MODEL))
    with pytest.raises(LoadError) as caught:
        export_demo(demo, QUICK)
    message = "x/demo.py:7: example 2 failed: ZeroDivisionError: division by zero; --debug shows the traceback"
    assert str(caught.value) == message


def test_a_demo_without_a_model(tmp_path):
    done = export_demo(loader.load(write(tmp_path / "g", demo_py=GREET)), QUICK)
    assert done.models == []
    assert done.examples[0].outputs == ["Hello Ada!!"]
    assert report.table(done) == "g has no model: nothing to export."


def test_what_a_function_leaves_in_its_folder_is_told(tmp_path, capsys):
    source = """
        import pageside as ps

        def save(text):
            with open("said.txt", "w") as file:
                file.write(text)
            return "said.txt"

        demo = ps.Interface(save, "text", "file", examples=["a", "b"])
        """
    folder = write(tmp_path / "saver", demo_py=source)
    export_demo(loader.load(folder), ExportOptions())
    assert "saver: its function left said.txt in " in capsys.readouterr().err
    export_demo(loader.load(folder), ExportOptions())
    assert "left" not in capsys.readouterr().err


def test_an_unknown_variant(exported):
    with pytest.raises(UserError, match="tiny has no variant 'int3'; take from fp32, int8_weights"):
        exported.models[0].variant("int3")


def test_the_report_is_json_and_the_table_is_whole(exported):
    content = json.loads(json.dumps(report.report(exported), allow_nan=False))
    assert content["versions"]["torch"]
    table = report.table(exported)
    assert "tiny, 4 calls against PyTorch" in table
    assert "is chosen:" in table


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_infinite_answers_are_refused_in_one_line(tmp_path):
    text = TINY_MODEL.replace("self.narrow(torch.relu(self.wide(x)))", "self.narrow(torch.relu(self.wide(x))) / 0")
    demo = write(tmp_path / "tiny", demo_py=TINY_DEMO.replace("float(score)", "0.5"), model_py=text)
    with pytest.raises(ExportError, match="tiny: PyTorch's own output 'scores' of call 1 holds infinity; give inputs"):
        export_demo(loader.load(demo), QUICK)


def test_an_unknown_recipe_is_told_for_a_demo_without_a_model_too(tmp_path):
    demo = loader.load(write(tmp_path / "greet", demo_py=GREET))
    with pytest.raises(UserError, match="--recipes: there is no recipe 'foo'; take from fp16, "):
        export_demo(demo, ExportOptions(recipes=("foo",)))


def test_parts_concatenate(exported):
    variant = exported.models[0].variants[0]
    parts = [part.content for part in variant.parts(1000)]
    assert {len(part) for part in parts[:-1]} == {1000}
    assert 0 < len(parts[-1]) <= 1000
    assert b"".join(parts) == variant.onnx


@pytest.mark.parametrize(
    ("error", "reason"),
    [(ValueError("odd shape\nmore"), "ValueError: odd shape"), (NotTried("it is big"), "it is big")],
)
def test_a_recipe_that_fails_leaves_the_others(tmp_path, monkeypatch, error, reason):
    def fail(*_):
        raise error

    monkeypatch.setattr(int8_weights, "apply", fail)
    done = export_demo(loader.load(tiny(tmp_path / "tiny")), ExportOptions(recipes=("int8_weights",), reuse=False))
    assert [variant.id for variant in done.models[0].variants] == ["fp32"]
    assert report.report(done)["models"][0]["failed"] == {"int8_weights": reason}
