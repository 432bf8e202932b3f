/** Tables as pure functions: pasted text, sorting, what a cell holds. A cell is a text, a number, true or false, or null. */

/** @typedef {string | number | boolean | null} Cell */

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const collator = new Intl.Collator(undefined, { numeric: true });

/**
 * @param {string} text What spreadsheets put on the clipboard: tabs between cells, and quotes around one with a tab, a
 *   line's end or a quote in it.
 * @returns {string[][]} At least one row.
 */
export function parseTable(text) {
  const field = /(?:"((?:[^"]|"")*)"|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/gy;
  /** @type {string[][]} */
  const rows = [[]];
  for (let more = true; more;) {
    const [, quoted, plain, end] = /** @type {RegExpExecArray} */ (field.exec(text));
    rows[rows.length - 1].push(quoted?.replaceAll('""', '"') ?? plain);
    // A line's end at the very end begins no row.
    more = end === "\t" || (end !== "" && field.lastIndex < text.length);
    if (more && end !== "\t") rows.push([]);
  }
  return rows;
}

/** @param {Cell[][]} rows @returns {string} As spreadsheets paste it. */
export function formatTable(rows) {
  const quoted = (/** @type {string} */ text) => (/[\t\r\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map((cell) => quoted(String(cell ?? ""))).join("\t")).join("\n");
}

/**
 * @param {string} text As it was typed or pasted. @param {string} kind The column's datatype. @param {Cell} [before]
 * @returns {Cell} In a column of numbers a text where it spells none, null where there is none.
 */
export function cellOf(text, kind, before) {
  const short = text.trim();
  if (kind === "bool") return /^(true|1|yes)$/i.test(short);
  if (kind === "number" && !short) return null;
  // A number among texts stays one.
  return (kind === "number" || typeof before === "number") && NUMBER.test(short) ? Number(short) : text;
}

/** @param {Cell} cell @returns {string} Six digits after the point; small numbers have six in all. */
export function shownCell(cell) {
  if (typeof cell !== "number" || Number.isInteger(cell)) return String(cell ?? "");
  return String(Number(Math.abs(cell) < 1 ? cell.toPrecision(6) : cell.toFixed(6)));
}

/** @param {Cell} a @param {Cell} b @returns {number} */
function compare(a, b) {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y || 0;
  return collator.compare(String(a), String(b));
}

/**
 * @param {Cell[][]} rows @param {number} column @param {number} way 1, -1, or 0 for the order as it is.
 * @returns {number[]} The places of the rows; what is empty comes last either way.
 */
export function orderOf(rows, column, way) {
  const order = rows.map((_, i) => i);
  const empty = (/** @type {number} */ i) => rows[i][column] === null || rows[i][column] === "";
  if (way === 0) return order;
  return order.sort((i, j) => Number(empty(i)) - Number(empty(j)) || way * compare(rows[i][column], rows[j][column]));
}

// ------------------------------------------------------------------------------------------------- as a demo describes it

/** @typedef {{ headers: string[], data: Cell[][] }} Table */
/** @typedef {Record<string, any>} Props Of the component: `headers`, `row_count`, `column_count`, `datatype`. */

/** @param {number} column @param {Props} props @returns {string} Its datatype. */
export const kindOf = (column, { datatype: kinds }) => (Array.isArray(kinds) ? kinds[column] : kinds) ?? "str";

/** @param {number} length @param {Props} props @returns {Cell[]} */
export function blankRow(length, props) {
  const blanks = /** @type {Record<string, Cell>} */ ({ number: null, bool: false });
  return Array.from({ length }, (_, i) => blanks[kindOf(i, props)] ?? (kindOf(i, props) === "number" ? null : ""));
}

/**
 * @param {any} value A table, its rows, or the cells of one column; what is no value is an empty table.
 * @param {Props} props @returns {Table} A copy, with rows of one length.
 */
export function tableOf(value, props) {
  const { headers = [], row_count: length = 3, column_count: columns = 3 } = props;
  if (!value) return { headers: [...headers], data: Array.from({ length }, () => blankRow(columns, props)) };
  const names = value.headers ?? headers;
  const cells = (/** @type {any} */ row) => (Array.isArray(row) || ArrayBuffer.isView(row) ? Array.from(/** @type {any} */ (row)) : [row]);
  const rows = Array.from(value.data ?? value, cells);
  const width = rows.reduce((most, row) => Math.max(most, row.length), rows.length ? 0 : names.length);
  return {
    headers: Array.from({ length: width }, (_, i) => String(names[i] ?? i + 1)),
    data: rows.map((row) => Array.from({ length: width }, (_, i) => row[i] ?? null)),
  };
}

/** @param {Cell} cell @param {string} kind @returns {boolean} Whether it is to be a number and is none. */
export const isWrong = (cell, kind) => kind === "number" && typeof cell === "string" && typeof cellOf(cell, kind) === "string";

/** @param {Table} table @param {Props} props @returns {string} What is wrong with its first wrong cell; else empty. */
export function wrongCell({ headers, data }, props) {
  for (const [i, row] of data.entries()) {
    const column = row.findIndex((cell, j) => isWrong(cell, kindOf(j, props)));
    if (column >= 0) return `Row ${i + 1}, ${headers[column]}: “${row[column]}” is not a number.`;
  }
  return "";
}
