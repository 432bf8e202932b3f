import base64

import numpy as np
import pytest
from pageside_export.inbrowser import _fallback, _fastest, _on_webgpu, _Told
from pageside_export.verify import Call

CALL = Call({}, {"y": np.array([[1.0, 2.0]], np.float32)})
SWIFTSHADER = {"name": "google swiftshader", "fallback": False}
UNTRIED = {"adapter": "google swiftshader", "software": True, "ms": None, "cosine": None}


def told(ran, adapter=SWIFTSHADER):
    return _Told(1, {}, {}, {"fp32": {}, "fp16": {}}, ran, adapter)


def answered(*values):
    data = base64.b64encode(np.array([values], np.float32).tobytes()).decode()
    output = {"name": "y", "dtype": "float32", "shape": [1, len(values)], "data": data}
    return {"fp32": {"failed": "", "ms": 3214.51, "outputs": [output]}}


def test_a_variant_counts_by_its_fastest_call_whatever_else_the_machine_did_meanwhile():
    assert _fastest({"failed": "", "times": [246.7, 81.2, 797.3]}) == 81.2


def test_a_variant_that_does_not_run_has_no_time():
    assert _fastest({"failed": "out of memory", "times": [81.2]}) is None
    assert _fastest({"failed": "", "times": []}) is None


def test_one_call_on_webgpu_is_compared_with_pytorch():
    assert _on_webgpu("fp32", CALL, told(answered(1, 2))) == {**UNTRIED, "ms": 3214.5, "cosine": 1.0, "failed": ""}
    assert _on_webgpu("fp32", CALL, told(answered(2, -1)))["cosine"] == 0
    hardware = _on_webgpu("fp32", CALL, told(answered(1, 2), {"name": "nvidia ampere", "fallback": False}))
    assert (hardware["adapter"], hardware["software"]) == ("nvidia ampere", False)
    wrong = _on_webgpu("fp32", CALL, told(answered(1, np.nan)))
    assert (wrong["ms"], wrong["cosine"], wrong["failed"]) == (3214.5, None, "it gave NaN, infinity or another shape")


@pytest.mark.parametrize(
    ("id_", "ran", "reason"),
    [
        ("int8_static", {}, "not offered: WebGPU has no kernels for its integer arithmetic"),
        ("fp16", {}, "not run: the variants before it took too long"),
        ("fp16", {"fp16": {"failed": "no shader-f16\nmore"}}, "no shader-f16"),
    ],
)
def test_why_a_variant_was_not_run_on_webgpu(id_, ran, reason):
    assert _on_webgpu(id_, CALL, told(ran)) == {**UNTRIED, "failed": reason}


def test_without_an_adapter():
    nothing = {**UNTRIED, "adapter": "", "software": False}
    assert _on_webgpu("fp32", CALL, told({}, None)) == {
        **nothing,
        "failed": "not run: Chromium gives no WebGPU adapter here",
    }


@pytest.mark.parametrize(
    ("placed", "reason"),
    [
        (None, "not offered: WebGPU has no kernels for its integer arithmetic"),
        ({"failed": "no shader-f16\nmore", "lines": []}, "WebGPU does not open it here: no shader-f16"),
        ({"failed": "", "lines": []}, "onnxruntime did not say where it put the operators"),
    ],
)
def test_operators_that_are_not_known_have_a_reason(placed, reason):
    assert _fallback(placed) == (None, reason)


def test_operators_that_webgpu_leaves_to_wasm():
    lines = ["x] Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1", "x]   Det (/Det)"]
    assert _fallback({"failed": "", "lines": lines}) == ({"Det": {"nodes": 1}}, "")
    assert _fallback({"failed": "", "lines": [lines[0].replace("CPU", "WebGpu")]}) == ({}, "")
