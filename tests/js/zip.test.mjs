import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { storedFiles } from "../../site/src/shared/zip.js";

/** An archive by Python's zipfile: {path: text}, with a compression method. */
function archive(files, method = "ZIP_STORED") {
  const script = `import io, json, sys, zipfile
target = io.BytesIO()
with zipfile.ZipFile(target, "w", zipfile.${method}) as made:
    for path, text in json.loads(sys.argv[1]).items():
        made.writestr(path, text)
sys.stdout.buffer.write(target.getvalue())`;
  return new Uint8Array(execFileSync("python3", ["-c", script, JSON.stringify(files)]));
}

test("stored files by path, as views into the archive", () => {
  const bytes = archive({ "numpy/__init__.py": "x = 1\n", "numpy/empty/": "", "naïve.txt": "ä", "empty.py": "" });
  const files = storedFiles(bytes);
  assert.deepEqual([...files.keys()], ["numpy/__init__.py", "naïve.txt", "empty.py"]);
  assert.equal(new TextDecoder().decode(files.get("numpy/__init__.py")), "x = 1\n");
  assert.equal(new TextDecoder().decode(files.get("naïve.txt")), "ä");
  assert.equal(files.get("empty.py").length, 0);
  assert.equal(files.get("naïve.txt").buffer, bytes.buffer);
});

test("an archive within a larger buffer", () => {
  const bytes = archive({ "a.txt": "a" });
  const larger = new Uint8Array(bytes.length + 20);
  larger.set(bytes, 10);
  assert.deepEqual([...storedFiles(larger.subarray(10, 10 + bytes.length)).keys()], ["a.txt"]);
});

test("null where something is compressed, cut off, or no archive", () => {
  assert.equal(storedFiles(archive({ "a.txt": "a".repeat(1000) }, "ZIP_DEFLATED")), null);
  const whole = archive({ "a.txt": "a", "b.txt": "b" });
  assert.equal(storedFiles(whole.subarray(0, whole.length - 1)), null);
  assert.equal(storedFiles(whole.subarray(40)), null);
  assert.equal(storedFiles(new Uint8Array(10)), null);
  assert.equal(storedFiles(new Uint8Array(0)), null);
});
