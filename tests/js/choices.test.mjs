import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedChoice, nameOf, namesOf } from "../../site/src/page/choices.js";

const CONFIG = { label: "Style", props: { choices: [["Ink", "ink"], ["Two", 2]] } };

test("values are shown by their names, own ones as they are", () => {
  assert.equal(nameOf(CONFIG, 2), "Two");
  assert.equal(namesOf(CONFIG, ["ink", "chalk"]), "Ink, chalk");
  assert.equal(namesOf(CONFIG, null), "");
});

test("a value that is none of the choices is refused, unless own ones are allowed", () => {
  assert.equal(checkedChoice(undefined, CONFIG), null);
  assert.equal(checkedChoice("ink", CONFIG), "ink");
  assert.throws(() => checkedChoice("2", CONFIG),
    { stage: "input", message: 'Style: "2" is none of the choices.', hint: 'Give one of "ink", 2.' });
  assert.equal(checkedChoice("2", { ...CONFIG, props: { ...CONFIG.props, allow_custom_value: true } }), "2");
});
