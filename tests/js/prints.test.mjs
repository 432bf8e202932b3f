import assert from "node:assert/strict";
import { test } from "node:test";
import { Prints } from "../../site/src/shared/prints.js";

function recorded() {
  const sent = [];
  return { sent, prints: new Prints((stream, text) => sent.push([stream, text])) };
}

test("lines are gathered until the call ends", () => {
  const { sent, prints } = recorded();
  prints.write("stdout", "one\n");
  prints.write("stderr", "two\n");
  assert.deepEqual(sent, []);
  prints.flush();
  assert.deepEqual(sent, [["stdout", "one\n"], ["stderr", "two\n"]]);
});

test("a megabyte of prints is cut off, says so, and makes few messages", () => {
  const { sent, prints } = recorded();
  for (let i = 0; i < 100_000; i++) prints.write("stdout", "0123456789\n");
  prints.flush();
  const shown = sent.filter(([stream]) => stream === "stdout").map(([, text]) => text).join("");
  assert.equal(shown.length, 65536);
  assert.ok(sent.length < 20, `${sent.length} messages`);
  assert.deepEqual(sent.at(-1), ["stderr", `\n... ${1_100_000 - 65536} more characters were printed and are not shown\n`]);
});

test("the next call has its own share", () => {
  const { sent, prints } = recorded();
  prints.write("stdout", "x".repeat(70_000));
  prints.flush();
  sent.length = 0;
  prints.write("stdout", "again");
  prints.flush();
  assert.deepEqual(sent, [["stdout", "again"]]);
});
