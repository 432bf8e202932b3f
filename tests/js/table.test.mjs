import assert from "node:assert/strict";
import { test } from "node:test";
import { blankRow, cellOf, formatTable, orderOf, parseTable, shownCell, tableOf, wrongCell } from "../../site/src/shared/table.js";

test("what a spreadsheet puts on the clipboard", () => {
  assert.deepEqual(parseTable("a\tb\r\nc\td\r\n"), [["a", "b"], ["c", "d"]]);
  assert.deepEqual(parseTable('"two\nlines"\t"say ""so"""\n"not closed\t"a" b'), [["two\nlines", 'say "so"'], ['"not closed', '"a" b']]);
  assert.deepEqual(parseTable("a\t\n\tb\t"), [["a", ""], ["", "b", ""]]);
  assert.deepEqual(parseTable("\n\nx"), [[""], [""], ["x"]]);
  assert.deepEqual([parseTable(""), parseTable("one")], [[[""]], [["one"]]]);
});

test("a copied table comes back as it was", () => {
  const rows = [["name", "n"], ["a\tb", 'say "so"'], ["", "two\nlines"]];
  assert.deepEqual(parseTable(formatTable(rows)), rows);
  assert.equal(formatTable([[1.5, null, true]]), "1.5\t\ttrue");
});

test("a text becomes what its column holds", () => {
  const numbers = ["3", " -0.5 ", "1e3", "+.5", "5."].map((text) => cellOf(text, "number"));
  assert.deepEqual(numbers, [3, -0.5, 1000, 0.5, 5]);
  assert.deepEqual(["1,5", "0x10", "many", "1 2", "NaN"].map((text) => cellOf(text, "number")), ["1,5", "0x10", "many", "1 2", "NaN"]);
  assert.equal(cellOf("  ", "number"), null);
  assert.deepEqual(["TRUE", "1", "no", ""].map((text) => cellOf(text, "bool")), [true, true, false, false]);
  assert.deepEqual([cellOf("7", "str"), cellOf("7", "str", 5), cellOf("x", "str", 5)], ["7", 7, "x"]);
});

test("rows are sorted, empty cells last", () => {
  const rows = [["b10", 3], ["b9", null], ["", -1], ["a", 20]];
  assert.deepEqual([0, 1, -1].map((way) => orderOf(rows, 0, way)), [[0, 1, 2, 3], [3, 1, 0, 2], [0, 1, 3, 2]]);
  assert.deepEqual([1, -1].map((way) => orderOf(rows, 1, way)), [[2, 0, 3, 1], [3, 0, 2, 1]]);
  assert.deepEqual(orderOf([[true], [false], ["Infinity"]], 0, 1), [1, 0, 2]);
});

test("numbers are shown with few digits", () => {
  const cells = [0.1 + 0.2, 1234567.891, 1e-9, 12345678901, -2 / 3, null, false];
  assert.deepEqual(cells.map(shownCell), ["0.3", "1234567.891", "1e-9", "12345678901", "-0.666667", "", "false"]);
});

test("tables are read in every form that predict takes", () => {
  const props = { headers: ["a", "b"], row_count: 2, column_count: 2, datatype: ["number", "bool"] };
  assert.deepEqual(tableOf(null, props), { headers: ["a", "b"], data: [[null, false], [null, false]] });
  assert.deepEqual(tableOf([[1, true, 3], [2]], props), { headers: ["a", "b", "3"], data: [[1, true, 3], [2, null, null]] });
  assert.deepEqual(tableOf([5, 6], props), { headers: ["a"], data: [[5], [6]] });
  assert.deepEqual(tableOf([new Float32Array([1, 2])], {}), { headers: ["1", "2"], data: [[1, 2]] });
  const given = { headers: ["x"], data: [["y"]] };
  assert.deepEqual(tableOf(given, props), given);
  assert.notEqual(tableOf(given, props).data[0], given.data[0]);
  assert.deepEqual(tableOf({ headers: ["x"], data: [] }, props), { headers: ["x"], data: [] });
  assert.deepEqual(blankRow(3, { datatype: "str" }), ["", "", ""]);
});

test("the first cell that is no number is named", () => {
  const props = { datatype: ["str", "number"] };
  assert.equal(wrongCell({ headers: ["who", "age"], data: [["x", 1], ["y", "old"]] }, props), "Row 2, age: “old” is not a number.");
  assert.equal(wrongCell({ headers: ["who", "age"], data: [["x", "1.5"], ["y", null]] }, props), "");
});
