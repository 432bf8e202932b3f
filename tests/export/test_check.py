"""What `pageside check` prints, and when; the check itself is tested in tests/browser."""

import json

import pytest
from pageside_export import check, cli
from pageside_export.check import Result

BUNDLE = {"models": [{"variants": [{"id": "fp32"}, {"id": "int8_weights"}]}]}
RESULTS = [
    Result("digits", "wasm", "fp32", 0.99, 3.25, 2_000_000, 3),
    Result("digits", "webgpu", "int8_weights", 0.5, 4.0, 2_000_000, 3, ["example 1 differs"], {"fp32": "NaN"}),
    Result("bare", "python", bytes=1_000_000),
]


@pytest.fixture
def seen(monkeypatch, capfd):
    """The commands' results, and what was on standard output when each of them was asked for."""
    printed = []

    def results(folder, bundles, options):
        for result in RESULTS:
            printed.append(capfd.readouterr().out)
            yield result

    monkeypatch.setattr(check, "chosen", lambda folder, options: {"digits": BUNDLE, "bare": {"models": []}})
    monkeypatch.setattr(check, "check", results)
    return printed


def test_each_row_is_printed_as_soon_as_it_is_known(seen, capfd):
    assert cli.main(["check", "dist"]) == 1
    out, err = capfd.readouterr()
    assert seen == [
        "",
        "demo    backend  variant       cosine    ms      bytes\n"
        "digits  wasm     fp32          0.990000  3.2     2.0 MB    ok\n",
        "digits  webgpu   int8_weights  0.500000  4.0     2.0 MB    MISS\n",
    ]
    assert out == "bare    python                                   1.0 MB    ok, no examples\n"
    assert err == ""


def test_as_json_only_at_the_end(seen, capfd):
    assert cli.main(["check", "dist", "--json"]) == 1
    assert seen == ["", "", ""]
    content = json.loads(capfd.readouterr().out)
    assert content["ok"] is False
    assert [one["examples"] for one in content["results"]] == [3, 3, 0]
