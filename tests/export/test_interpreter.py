import itertools

import pytest
import wasmtime
from pageside_export import interpreter, vendor
from pageside_export.errors import EnvironmentError_
from pageside_export.pack import sha256
from pageside_export.wasm import Module, indirect_calls

#: V8's, of WebAssembly's bytes; a body has its length's bytes and locals before it.
TAKEN_IN = 500
THEIRS = vendor.npm_file("pyodide", "pyodide.asm.wasm").read_bytes()
PLACES = vendor.lock()["interpreter"]
CALLS = """
(module
  (type $one (func (param i32) (result i32)))
  (type $two (func (param i32 f64) (result f64)))
  (table 3 funcref)
  (elem (i32.const 0) $double $triple $scaled)
  (func $double (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2)))
  (func $triple (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $scaled (param i32 f64) (result f64) (f64.mul (f64.convert_i32_s (local.get 0)) (local.get 1)))
  (func $loop (export "loop") (param i32 i32) (result f64)
    (call_indirect (type $two)
      (call_indirect (type $one) (call_indirect (type $one) (local.get 0) (local.get 1)) (i32.const 1))
      (f64.const 0.5)
      (i32.const 2))))
"""


@pytest.fixture(scope="module")
def binaries():
    ours = interpreter.pyodide_wasm()
    return Module.parse(THEIRS), Module.parse(ours), ours


def test_the_loop_calls_through_functions_of_ours(binaries):
    before, after, ours = binaries
    loop = before.find(PLACES["loop"], "", "", "")
    calls = list(indirect_calls(before.code[loop]))
    assert len(calls) > 100
    assert list(indirect_calls(after.code[loop])) == []
    added = after.code[len(before.code) :]
    assert len(added) == len({kind for _, _, kind in calls})
    assert all(len(body) > TAKEN_IN for body in added)
    wasmtime.Module.validate(wasmtime.Store().engine, ours)


def test_what_the_loop_would_take_in_is_too_long_for_it(binaries):
    before, after, _ = binaries
    changed = [index for index, body in enumerate(before.code) if after.code[index] != body]
    protocol = set(PLACES["protocol"].values())
    assert {sha256(before.code[index]) for index in changed} == protocol | {PLACES["loop"]}
    for index in changed:
        if sha256(before.code[index]) in protocol:
            assert len(before.code[index]) < TAKEN_IN < len(after.code[index])
            assert after.code[index].startswith(before.code[index][:-1])


def test_all_else_is_as_it_was(binaries):
    before, after, _ = binaries
    rest = [[one for one in module.sections if one[0] not in {1, 3, 10}] for module in (before, after)]
    assert rest[0] == rest[1]
    assert before.binary()[0] == THEIRS


def test_calls_reach_whom_they_did(monkeypatch):
    theirs = bytes(wasmtime.wat2wasm(CALLS))
    double, _, _, loop = map(sha256, Module.parse(theirs).code)
    monkeypatch.setattr(vendor, "lock", lambda: {"interpreter": {"loop": loop, "protocol": {"double": double}}})
    engine = wasmtime.Engine()
    answers = []
    for binary in (theirs, interpreter.steadied(theirs)):
        store = wasmtime.Store(engine)
        run = wasmtime.Instance(store, wasmtime.Module(engine, binary), []).exports(store)["loop"]
        answers.append([run(store, value, place) for value, place in itertools.product([0, 7, -5], [0, 1])])
    assert answers[0] == answers[1] == [0.0, 0.0, 21.0, 31.5, -15.0, -22.5]


def test_another_version_of_pyodide_is_refused():
    module = Module.parse(THEIRS)
    module.code = [b"\0\x0b"] * len(module.code)
    expected = PLACES["protocol"]["PyObject_Size"][:12]
    with pytest.raises(EnvironmentError_) as caught:
        interpreter.steadied(module.binary()[0])
    assert str(caught.value) == (
        f"interpreter: pyodide.asm.wasm of pyodide has 0 functions with the SHA-256 {expected}..., one is needed; "
        "find the functions of this version and write them into vendor.lock.json (docs/decisions/0046-interpreter.md)"
    )
