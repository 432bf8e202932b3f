import assert from "node:assert/strict";
import { test } from "node:test";
import { FaultError, isCrash, isOutOfMemory, needsNewWorker, toFault } from "../../site/src/shared/fault.js";

test("a fault keeps its fields on the way through the worker boundary", () => {
  const error = new FaultError("python", "division by zero", { name: "ZeroDivisionError", traceback: "demo.py:3" });
  const fault = structuredClone(toFault(error, "model"));
  assert.deepEqual(fault, {
    name: "ZeroDivisionError", message: "division by zero", stage: "python", traceback: "demo.py:3",
    hint: "Try another input, or read the traceback.",
  });
  assert.deepEqual({ ...FaultError.from(fault) }, { ...error });
});

test("any other error gets the stage of where it was caught", () => {
  assert.deepEqual(toFault(new TypeError("no"), "model").name, "TypeError");
  assert.deepEqual(toFault("words", "download").message, "words");
  assert.deepEqual(toFault(new Error("x"), "download").stage, "download");
});

test("memory that ran out is known in every engine's words", () => {
  for (const message of ["Array buffer allocation failed", "std::bad_alloc", "out of memory", "Cannot enlarge memory arrays",
    "Aborted(OOM)", "failed to allocate a buffer of size 4"]) {
    assert.ok(isOutOfMemory(new Error(message)), message);
    assert.equal(toFault(new RangeError(message), "model").stage, "memory");
  }
  assert.equal(isOutOfMemory(new Error("the model has a memory cell")), false);
});

test("after what broke a runtime, or took all memory, a worker is not used again", () => {
  assert.ok(isCrash(new WebAssembly.RuntimeError("unreachable")));
  assert.ok(isCrash(new Error("Aborted(Assertion failed)")));
  assert.equal(isCrash(new Error("no such operator")), false);
  for (const name of ["PythonStopped", "ModelStopped", "WorkerStopped"]) assert.ok(needsNewWorker({ name, stage: "model" }));
  assert.ok(needsNewWorker({ name: "MemoryError", stage: "memory" }));
  assert.equal(needsNewWorker({ name: "ValueError", stage: "python" }), false);
});
