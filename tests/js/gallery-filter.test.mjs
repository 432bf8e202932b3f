import assert from "node:assert/strict";
import { test } from "node:test";
import { kindsOf, matches } from "../../site/src/page/gallery-filter.js";

const PAINT = {
  title: "Paint a photo", name: "paint-photo", description: "In two styles.", inputs: ["image", "radio", "slider"],
  words: ["painter", "camera"],
};

test("settings beside an input are no kind of their own; alone they are", () => {
  assert.deepEqual(kindsOf(PAINT.inputs), ["picture"]);
  assert.deepEqual(kindsOf(["slider", "number"]), ["slider", "number"]);
  assert.deepEqual(kindsOf(["audio", "audio"]), ["sound"]);
});

test("every word must be somewhere, in any case", () => {
  assert.ok(matches(PAINT, { words: "", kind: "" }));
  assert.ok(matches(PAINT, { words: " STYLES  photo", kind: "" }));
  assert.ok(matches(PAINT, { words: "picture", kind: "picture" }));
  assert.ok(matches(PAINT, { words: "camera painter", kind: "" }));
  assert.ok(!matches(PAINT, { words: "photo digits", kind: "" }));
  assert.ok(!matches(PAINT, { words: "photo", kind: "sound" }));
});
