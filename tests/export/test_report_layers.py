"""The error after each layer, on a model whose layers are known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from demos import TINY_DEMO, TINY_MODEL, tiny, write
from pageside_export import loader
from pageside_export.card import layers
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.exporting import export_demo
from pageside_export.options import ExportOptions

OPTIONS = ExportOptions(timed_calls=2, recipes=("int8_weights", "fp16", "int8_static"), browser=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("demos") / "tiny")


@pytest.fixture
def model(folder):
    (found,) = export_demo(loader.load(folder), OPTIONS).models
    (found.variants[0].path.parent / "layers.json").unlink(missing_ok=True)
    return found


def test_each_layer_with_weights_has_an_error_in_each_variant(model):
    found = layers.measured(model)
    assert found["names"] == ["wide", "narrow"]
    assert found["operators"] == ["Gemm", "Gemm"]
    assert found["calls"] == 2
    assert found["reason"] is None
    assert set(found["errors"]) == {one.id for one in model.variants[1:]}
    assert all(0 < error < 0.2 for errors in found["errors"].values() for error in errors if error is not None)


def test_the_last_layer_s_error_is_that_of_the_output(model):
    """Against the sessions themselves, run as they are published."""
    found = layers.measured(model)
    right, got = (
        [OnnxSession(OnnxModel(one.path, one.session_config)).run(call.inputs)["scores"] for call in model.golden[:2]]
        for one in (model.variant("fp32"), model.variant("int8_weights"))
    )
    worst = max(np.linalg.norm(x - y) / np.linalg.norm(x) for x, y in zip(right, got, strict=True))
    assert found["errors"]["int8_weights"][-1] == pytest.approx(worst, rel=0.02)


def test_a_second_look_is_taken_from_the_cache(model, monkeypatch):
    first = layers.measured(model)
    monkeypatch.setattr(layers, "_measure", lambda _: pytest.fail("measured again"))
    assert layers.measured(model) == first


def test_other_variants_are_measured_anew(model, monkeypatch):
    layers.measured(model)
    monkeypatch.setattr(layers, "_measure", lambda _: layers._none("again"))
    other = replace(model, variants=model.variants[:2])
    assert layers.measured(other)["reason"] == "again"


def test_a_damaged_cache_is_measured_anew(model):
    first = layers.measured(model)
    kept = model.variants[0].path.parent / "layers.json"
    kept.write_text("{")
    assert layers.measured(model) == first
    assert json.loads(kept.read_text())["layers"] == first


def test_a_big_model_is_left_out(model, monkeypatch):
    monkeypatch.setattr(layers, "MOST_BYTES", 1_000_000 * (model.variants[0].size // 1_000_000))
    found = layers.measured(model)
    assert found["names"] == []
    assert found["reason"].startswith("not measured for a model of more than ")


def test_many_layers_are_thinned_out_evenly(model, monkeypatch):
    monkeypatch.setattr(layers, "MOST_LAYERS", 1)
    assert layers.measured(model)["names"] == ["wide"]


def test_a_variant_that_does_not_run_so_is_named(model, monkeypatch):
    real = layers._outputs

    def outputs(variant, *rest):
        if variant.id == "fp16":
            raise RuntimeError("no kernel\nmore")
        return real(variant, *rest)

    monkeypatch.setattr(layers, "_outputs", outputs)
    found = layers.measured(model)
    assert found["skipped"] == {"fp16": "RuntimeError: no kernel"}
    assert "fp16" not in found["errors"]


def test_an_fp32_form_that_does_not_run_so_stops_no_export(model, monkeypatch):
    def outputs(*_):
        raise RuntimeError("no kernel\nmore")

    monkeypatch.setattr(layers, "_outputs", outputs)
    reason = "fp32 does not run with its inner tensors as outputs: RuntimeError: no kernel"
    assert layers.measured(model) == layers._none(reason)


def test_a_model_without_layers(tmp_path):
    text = TINY_MODEL.replace("self.narrow(torch.relu(self.wide(x)))", "torch.relu(x)[:, :3]")
    folder = write(tmp_path / "small", demo_py=TINY_DEMO, model_py=text)
    (model,) = export_demo(loader.load(folder), ExportOptions(timed_calls=2, recipes=("fp16",), browser=False)).models
    assert layers.measured(model)["reason"] == "no layer has weights of its own"


def test_a_tensor_without_a_number_has_none():
    right = np.array([3.0, 4.0], np.float32)
    assert layers._error(right, right) == 0
    assert layers._error(right, np.array([3.0, 4.5], np.float32)) == 0.1
    assert layers._error(right, np.array([np.nan, 4.0], np.float32)) is None
    assert layers._error(right, np.zeros(3, np.float32)) is None
    assert layers._error(right, None) is None
