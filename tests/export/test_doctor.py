"""The doctor: findings, the table, the exit code."""

import json

import pytest
from pageside_export import browsers, cli, doctor
from pageside_export.doctor import Finding
from pageside_export.errors import EnvironmentError_

GOOD = Finding("python", True, "3.11.7")
LACKING = Finding("chromium", False, "", "install it")
OPTIONAL = Finding("webkit", False, "only the project's own tests need it", "install it", needed=False)


def test_this_machine():
    findings = {finding.name: finding for finding in doctor.examine(browser=False)}
    assert set(findings) >= {"python", "torch", "onnx", "onnxruntime", "onnxscript", "playwright", "node", "disk"}
    assert findings["torch"].found.startswith("2.13.0")
    assert findings["page runtime"].ok
    assert "Pyodide 0.27.7" in findings["page runtime"].found


def test_what_is_missing_is_told_with_a_remedy(monkeypatch):
    monkeypatch.setattr(browsers, "find", lambda name: None)
    findings = {finding.name: finding for finding in doctor.examine()}
    assert findings["chromium"] == Finding(
        "chromium", False, "", "`pageside doctor --install`, or `apt-get install chromium`"
    )
    assert not findings["nginx"].needed
    assert "WebGPU in Chromium" not in findings


def test_a_package_that_is_missing():
    assert doctor._package("no-such-package", "`pip install it`") == Finding(
        "no-such-package", False, "", "`pip install it`"
    )


def test_a_node_that_is_too_old(monkeypatch):
    monkeypatch.setattr(doctor, "_output", lambda command: "v18.20.1")
    assert not doctor._node().ok
    monkeypatch.setattr(doctor, "_output", lambda command: "")
    assert not doctor._node().ok


def test_a_full_disk(monkeypatch):
    monkeypatch.setattr(doctor, "DISK_BYTES", 10**18)
    finding = doctor._disk()
    assert not finding.ok
    assert finding.todo == "free 1000000000.0 GB, or set PAGESIDE_CACHE to a folder on another disk"


def test_the_table():
    assert doctor.table([GOOD, LACKING, OPTIONAL]).splitlines() == [
        "ok       python    3.11.7",
        "MISSING  chromium",
        "                   install it",
        "without  webkit    only the project's own tests need it",
        "                   install it",
    ]


@pytest.mark.parametrize(("findings", "code"), [([GOOD, OPTIONAL], 0), ([GOOD, LACKING], 1)])
def test_exit_codes(monkeypatch, capsys, findings, code):
    monkeypatch.setattr(doctor, "examine", lambda: findings)
    assert cli.main(["doctor"]) == code
    assert "ok       python" in capsys.readouterr().out
    assert cli.main(["doctor", "--json"]) == code
    assert json.loads(capsys.readouterr().out)["ok"] is (code == 0)


def test_an_installation_that_fails_is_told_and_does_not_hide_the_findings(monkeypatch, capsys):
    def fail():
        raise EnvironmentError_("no apt-get", "doctor", "install it by hand")

    monkeypatch.setattr(doctor, "install", fail)
    monkeypatch.setattr(doctor, "examine", lambda: [GOOD])
    assert cli.main(["doctor", "--install"]) == 0
    out, err = capsys.readouterr()
    assert (out, err) == ("ok       python  3.11.7\n", "doctor: no apt-get; install it by hand\n")
