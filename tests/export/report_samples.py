"""A small report, as report.json holds one, for the tests of the report card."""

import copy
from typing import Any

LAYERS = {
    "reason": None,
    "calls": 2,
    "names": ["wide", "narrow"],
    "operators": ["Gemm", "Gemm"],
    "errors": {"int8_weights": [0.004, 0.006], "int8_static": [0.1, None]},
    "skipped": {},
}
MODEL = {
    "name": "net",
    "calls": 4,
    "golden": 3,
    "cache_key": "0" * 32,
    "backends": {"wasm": ["int8_weights", "fp32"], "webgpu": ["int8_weights", "fp32"]},
    "sentence": "int8_weights is chosen: 4.4 MB and 16.1 ms a call.",
    "conversion": {
        "exporter": "dynamo-fixed",
        "attempts": [{"exporter": "dynamo-dynamic", "error": "a guard", "where": "model.py:3"}],
        "notes": ["The axis n became 1."],
    },
    "failed": {"int4_blocks": "no matrix is large"},
    "kinds": {"y": "logits"},
    "asked": {"tolerance": {}, "prefer": {"bytes": 1.0, "time": 1.0, "error": 1.0}, "variant": None},
    "remarks": ["int8_static is not published: y of call 2: cosine 0.976, below 0.99.", "The axis n became 1."],
    "layers": LAYERS,
}


def variant(id_: str, **changes: Any) -> dict[str, Any]:
    measured = {"cosine": 0.998, "max_abs_error": 0.446414, "mean_abs_error": 0.05, "top1": 5 / 6, "native_ms": 16.059}
    output = {"name": "y", "largest": 0.1, "norm": 0.065, "gap": 0.0, "equal": None, "finite": True}
    output |= {key: measured[key] for key in ("cosine", "max_abs_error", "mean_abs_error", "top1")}
    return {
        "id": id_,
        "published": True,
        "rejected": [],
        "bytes": 4_800_000,
        "wire_bytes": 4_400_000,
        "sha256": "ab" * 32,
        "session_config": {},
        "measured": measured,
        "relative_error": 0.065,
        "browser": None,
        "score": None,
        "tolerance": {"y": {"cosine": 0.99}},
        "outputs": [output],
        **changes,
    }


def sample() -> dict[str, Any]:
    """fp32 and int8_weights published, int8_static rejected, mixed_int8 not needed; without `plots`."""
    exact = {"cosine": 1.0, "max_abs_error": 8e-6, "mean_abs_error": 1e-6, "top1": 1.0, "native_ms": 16.2}
    variants = [
        variant("fp32", bytes=18_500_000, wire_bytes=17_200_000, measured=exact, relative_error=1.8e-6),
        variant("int8_weights"),
        variant(
            "int8_static", published=False, rejected=["y of call 2: cosine 0.976, below 0.99"], relative_error=0.22
        ),
        variant("mixed_int8", published=False, wire_bytes=4_500_000),
    ]
    return {
        "format": "pageside-report",
        "version": 1,
        "demo": "shapes",
        "machine": {"system": "Linux", "machine": "x86_64", "python": "3.11.7"},
        "versions": {"pageside": "0.1.0", "torch": "2.13.0"},
        "weights": {"source": "a package", "licence": "Apache-2.0"},
        "models": [{**copy.deepcopy(MODEL), "variants": variants}],
    }
