/**
 * A table, in or out. Public value: `{headers: [text, ...], data: [[cell, ...], ...]}`, or null; a bare array of rows does
 * too. To Python it goes as it is; from there `data` comes as JSON text.
 */
import { FaultError } from "../../shared/fault.js";
import { blankRow, cellOf, formatTable, isWrong, kindOf, orderOf, shownCell, tableOf, wrongCell } from "../../shared/table.js";
import { answerTools } from "../answer-tools.js";
import { cssSize, el, tool } from "../dom.js";
import { Field, define } from "../field.js";
import { GridEditor } from "../grid-editor.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** @typedef {import("../../shared/table.js").Cell} Cell */
/** @typedef {import("../../shared/table.js").Table} Table */
/** @typedef {[least: number, most: number | null] | null} Limits null where nothing is added or removed. */

/** Rows in the page at once, until the visitor asks for more. */
const PAGE = 200;
/** Of a column where others have a width, and of the rows' numbers. */
const USUAL_WIDTH = "10rem";
const LEAD_WIDTH = "3.5rem";
/** Milliseconds. A line that appears below the table would move the button that is being pressed. */
const AFTER_PRESS = 250;
/** Ways of sorting, by their number and one. */
const WAYS = ["descending", "none", "ascending"];

/** @param {number} number @param {string} what */
const count = (number, what) => `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;

/** @param {Limits} limits @param {number} length */
const mayGrow = (limits, length) => Boolean(limits && length < (limits[1] ?? Infinity));

export default class Dataframe extends Field {
  static stylesheet = true;
  /** @type {Table | null} */
  #table = null;
  /** The places of the rows, as they are seen. @type {number[]} */
  #order = [];
  #sorted = { column: 0, way: 0 };
  /** @type {GridEditor | null} Of an input. */
  #editor = null;

  /** @param {HTMLElement} body */
  build(body) {
    const { max_height: most, wrap, interactive, show_row_numbers: numbered } = this.config.props;
    const edits = this.mode === "input" && interactive !== false;
    const named = { "aria-labelledby": this.label?.id };
    this.label?.removeAttribute("for");
    this.lead = numbered ? 1 : 0;
    this.head = el("thead");
    this.rows = el("tbody");
    this.grid = el("table", { className: "dataframe", ...named, role: edits ? "grid" : null }, this.head, this.rows);
    this.asControl(this.grid).toggleAttribute("data-wrap", Boolean(wrap));
    // What scrolls must be reached by the keyboard; the cells of a grid are.
    this.box = el("div", { className: "dataframe-box", ...(edits ? {} : { tabIndex: 0, role: "region", ...named }) }, this.grid);
    this.box.style.maxHeight = cssSize(most ?? 500);
    this.none = el("p", { className: "dataframe-none" });
    this.tally = el("span");
    this.more = button("", () => this.#drawRows(PAGE));
    this.foot = el("div", { className: "dataframe-foot" }, this.tally, this.more);
    this.tools = el("div", { className: "dataframe-foot" });
    body.append(this.box, this.none, this.foot, this.tools);
    if (this.mode === "output") body.append(answerTools(this, { text: () => this.#text(), usual: ["copy"] }));
    if (edits) this.#editor = new GridEditor(this.rows, this.#host());
  }

  get value() {
    return this.#table;
  }

  /** @param {any} value */
  set value(value) {
    this.#editor?.close(false);
    this.#table = value || this.mode === "input" ? tableOf(value, this.config.props) : null;
    this.#sorted = { column: 0, way: 0 };
    this.toggleAttribute("data-empty", !this.#table);
    this.#draw();
    this.#editor?.drawn(true);
  }

  problem() {
    const wrong = this.#table && wrongCell(this.#table, this.config.props);
    return wrong ? `${wrong} Write it as 3 or -0.5.` : null;
  }

  describe() {
    if (!this.#table) return "no answer";
    const { headers, data } = this.#table;
    const first = data.length ? `; first row: ${data[0].map(shownCell).join(", ")}` : "";
    return `${count(data.length, "row")}, ${count(headers.length, "column")}${first}`;
  }

  // ------------------------------------------------------------------------------------------------------- drawing

  /** @param {boolean} [keep] The order in view, to which rows were added, and as many of them as there were. */
  #draw(keep = false) {
    const { head, rows, box, none } = this;
    if (!head || !rows || !box || !none) return;
    const { headers, data } = this.#table ?? { headers: [], data: [] };
    const shown = keep ? rows.rows.length : 0;
    box.hidden = !this.#table;
    none.hidden = data.length > 0;
    none.textContent = this.#table ? "No rows" : "No answer yet";
    const lead = el("th", { scope: "col" }, el("span", { className: "visually-hidden", textContent: "Row" }));
    head.replaceChildren(el("tr", {}, this.lead ? lead : null, ...headers.map((name, i) => this.#header(name, i))));
    this.#drawWidths(headers.length);
    if (!keep) this.#order = orderOf(data, this.#sorted.column, this.#sorted.way);
    rows.replaceChildren();
    this.#drawRows(Math.max(PAGE, shown));
  }

  /** @param {string} name @param {number} column */
  #header(name, column) {
    const { column: sorted, way } = this.#sorted;
    const cells = (this.#table?.data ?? []).map((row) => row[column]).filter((cell) => cell !== null);
    const numbers = this.#kind(column) === "number" || (cells.length > 0 && cells.every((cell) => typeof cell === "number"));
    const sort = el("button", { type: "button", className: "dataframe-sort", textContent: name, onclick: () => this.#sort(column) });
    return el("th", { scope: "col", className: numbers ? "number" : "", "aria-sort": WAYS[column === sorted ? way + 1 : 1] }, sort);
  }

  /** @param {number} columns */
  #drawWidths(columns) {
    const { grid, lead } = this;
    /** @type {(number | string)[]} */
    const given = this.config.props.column_widths ?? [];
    if (!grid || !given.length) return;
    const widths = Array.from({ length: columns }, (_, i) => cssSize(given[i] ?? USUAL_WIDTH));
    if (lead) widths.unshift(LEAD_WIDTH);
    const parts = widths.map(() => el("col"));
    parts.forEach((part, i) => (part.style.width = widths[i]));
    grid.querySelector("colgroup")?.remove();
    grid.prepend(el("colgroup", {}, ...parts));
    grid.style.tableLayout = "fixed";
    grid.style.width = `calc(${widths.join(" + ")})`;
  }

  /** @param {number} more Rows that are put into the page. */
  #drawRows(more) {
    const { rows, grid, foot, tally, more: button } = this;
    if (!rows || !grid || !foot || !tally || !button) return;
    const from = rows.rows.length;
    const total = this.#order.length;
    rows.append(...this.#order.slice(from, from + more).map((_, i) => this.#row(from + i)));
    const left = total - rows.rows.length;
    grid.setAttribute("aria-rowcount", String(total + 1));
    foot.hidden = left === 0;
    tally.textContent = `${(total - left).toLocaleString("en")} of ${count(total, "row")}`;
    button.textContent = `Show ${Math.min(PAGE, left)} more`;
    this.#editor?.drawn();
    this.#drawTools();
  }

  /** @param {number} view */
  #row(view) {
    const lead = this.lead ? el("th", { scope: "row", textContent: String(this.#order[view] + 1) }) : null;
    const cells = (this.#table?.headers ?? []).map((_, column) => this.#fill(el("td"), view, column));
    return el("tr", {}, lead, ...cells);
  }

  /** @param {HTMLElement} cell @param {number} view @param {number} column */
  #fill(cell, view, column) {
    const value = this.#read(view, column);
    const kind = this.#kind(column);
    const fixed = this.#isFixed(column);
    if (this.#editor) {
      const wrong = isWrong(value, kind);
      const said = { role: "gridcell", "aria-readonly": fixed, "aria-invalid": wrong, title: wrong ? "This is not a number" : "" };
      for (const [name, text] of Object.entries(said)) cell.setAttribute(name, String(text));
      cell.tabIndex = -1;
    }
    cell.className = kind === "number" || typeof value === "number" ? "number" : "";
    if (kind === "bool" && value !== null) {
      const props = { type: "checkbox", checked: value === true, disabled: fixed, tabIndex: -1, "aria-label": this.#name(view, column) };
      cell.replaceChildren(el("input", props));
    } else cell.replaceChildren(...this.#words(shownCell(value)));
    return cell;
  }

  /** @param {string} text @returns {(Node | string)[]} A long one is cut, with a button that shows the rest. */
  #words(text) {
    const most = this.config.props.max_chars;
    if (!most || text.length <= most) return [text];
    // The editor shows it.
    if (this.#editor) return [`${text.slice(0, most)}…`];
    const rest = el("button", { type: "button", className: "dataframe-rest", textContent: "…", "aria-label": "Show the whole text" });
    rest.onclick = () => rest.parentElement?.replaceChildren(text);
    return [text.slice(0, most), rest];
  }

  /** The buttons that add and remove. */
  #drawTools() {
    const { tools } = this;
    if (!tools || !this.#editor || !this.#table) return;
    const { rows, columns } = this.config.props;
    const { headers, data } = this.#table;
    const [view, column] = this.#editor.place;
    const buttons = [
      ...pair(rows, data.length, "row", { name: String(view + 1), add: () => this.#addRow(), drop: () => this.#dropRow(view) }),
      ...pair(columns, headers.length, "column",
        { name: headers[column], add: () => this.#addColumn(), drop: () => this.#dropColumn(column) }),
    ];
    // A button that has the focus stays where it is.
    buttons.forEach(({ textContent, disabled, onclick }, i) =>
      Object.assign(tools.children[i] ?? tools.appendChild(button("", () => {})), { textContent, disabled, onclick }));
  }

  // ------------------------------------------------------------------------------------------------------- editing

  /** @returns {import("../grid-editor.js").Host} */
  #host() {
    return {
      size: () => [this.#order.length, this.#table?.headers.length ?? 0],
      read: (view, column) => this.#read(view, column),
      name: (view, column) => this.#name(view, column),
      write: (view, column, value) => {
        this.#write(view, column, value);
        const cell = this.#cell(view, column);
        if (cell && typeof value === "string") this.#fill(cell, view, column);
        this.#editor?.drawn();
        this.#edited();
      },
      typed: () => this.setProblem(""),
      isFixed: (column) => this.#isFixed(column),
      cell: (view, column) => this.#cell(view, column),
      paste: (block, view, column) => this.#paste(block, view, column),
      moved: () => this.#drawTools(),
    };
  }

  /** @param {number} column */
  #kind(column) {
    return kindOf(column, this.config.props);
  }

  /** @param {number} column */
  #isFixed(column) {
    return !this.#editor || (this.config.props.static_columns?.includes(column) ?? false);
  }

  /** @param {number} view @param {number} column @returns {Cell} */
  #read(view, column) {
    return this.#table?.data[this.#order[view]]?.[column] ?? null;
  }

  /** @param {number} view @param {number} column */
  #name(view, column) {
    return `${this.#table?.headers[column]}, row ${view + 1}`;
  }

  /** @param {number} view @param {number} column @returns {HTMLElement | undefined} */
  #cell(view, column) {
    while (this.rows && view >= this.rows.rows.length && view < this.#order.length) this.#drawRows(PAGE);
    return this.rows?.rows[view]?.cells[column + (this.lead ?? 0)];
  }

  /** @param {number} view @param {number} column @param {string | boolean} value */
  #write(view, column, value) {
    const row = this.#table?.data[this.#order[view]];
    if (!row || column >= row.length || this.#isFixed(column)) return;
    row[column] = typeof value === "string" ? cellOf(value, this.#kind(column), row[column]) : value;
  }

  /** Says which cell is wrong. @param {string} [more] What else is to be said. */
  #edited(more = "") {
    this.changed();
    clearTimeout(this.telling);
    this.telling = setTimeout(() => this.setProblem(this.problem() ?? more), AFTER_PRESS);
  }

  /** With new rows and columns where there may be. @param {string[][]} block @param {number} top @param {number} left */
  #paste(block, top, left) {
    const { rows, columns } = this.config.props;
    const { headers, data } = /** @type {Table} */ (this.#table);
    const bottom = top + block.length;
    const right = left + Math.max(...block.map((cells) => cells.length));
    while (data.length < bottom && mayGrow(rows, data.length)) this.#pushRow();
    while (headers.length < right && mayGrow(columns, headers.length)) this.#pushColumn();
    block.forEach((cells, i) => cells.forEach((text, j) => this.#write(top + i, left + j, text)));
    const cut = bottom > data.length || right > headers.length;
    const size = `${count(data.length, "row")} and ${count(headers.length, "column")}`;
    this.#changedSize(cut ? `Not all that was pasted fits: this table has ${size}.` : "");
  }

  /** @param {string} [more] */
  #changedSize(more) {
    this.#draw(true);
    this.#edited(more);
  }

  #pushRow() {
    const { headers, data } = /** @type {Table} */ (this.#table);
    this.#order.push(data.length);
    data.push(blankRow(headers.length, this.config.props));
  }

  #pushColumn() {
    const { headers, data } = /** @type {Table} */ (this.#table);
    headers.push(String(headers.length + 1));
    const [blank] = blankRow(headers.length, this.config.props).slice(-1);
    for (const row of data) row.push(blank);
  }

  #addRow() {
    this.#pushRow();
    this.#changedSize();
    this.box?.scrollTo({ top: this.box.scrollHeight });
  }

  #addColumn() {
    this.#pushColumn();
    this.#changedSize();
    this.box?.scrollTo({ left: this.box.scrollWidth });
  }

  /** @param {number} view */
  #dropRow(view) {
    const row = this.#order[view];
    this.#table?.data.splice(row, 1);
    this.#order = this.#order.filter((other) => other !== row).map((other) => other - Number(other > row));
    this.#changedSize();
  }

  /** @param {number} column */
  #dropColumn(column) {
    for (const row of [this.#table?.headers, ...(this.#table?.data ?? [])]) row?.splice(column, 1);
    this.#changedSize();
  }

  /** @param {number} column Up, down, and as it was. */
  #sort(column) {
    const { column: before, way } = this.#sorted;
    const next = /** @type {Record<number, number>} */ ({ 1: -1, [-1]: 0, 0: 1 })[column === before ? way : 0];
    this.#sorted = { column, way: next };
    this.#draw();
    this.head?.querySelectorAll("button")[column]?.focus();
  }

  /** @returns {string} As it is seen, for a spreadsheet. */
  #text() {
    const { headers, data } = this.#table ?? { headers: [], data: [] };
    return formatTable([headers, ...this.#order.map((row) => data[row])]);
  }
}

define("ps-dataframe", Dataframe);

/** @param {string} words @param {() => void} act */
function button(words, act) {
  const element = tool(words, act);
  element.classList.add("quiet");
  return element;
}

/**
 * @param {Limits} limits @param {number} length @param {string} what
 * @param {{ name: string, add: () => void, drop: () => void }} acts `name` of what is removed.
 */
function pair(limits, length, what, { name, add, drop }) {
  if (!limits) return [];
  const more = button(`Add ${what}`, add);
  const less = button(`Remove ${what} ${name ?? ""}`, drop);
  more.disabled = !mayGrow(limits, length);
  less.disabled = length <= limits[0];
  return [more, less];
}

/** @param {any} value @param {ComponentConfig} config @returns {Promise<Table>} @throws {FaultError} A number that is none. */
export async function toPayload(value, { label, props }) {
  const name = label || "Table";
  const rows = value?.data ?? value;
  if (value && !Array.isArray(rows) && !ArrayBuffer.isView(rows)) {
    const hint = "Give { headers, data }, or an array of rows.";
    throw new FaultError("input", `${name}: ${JSON.stringify(value)} is no table.`, { hint });
  }
  const { headers, data } = tableOf(value, props);
  const wrong = wrongCell({ headers, data }, props);
  if (wrong) throw new FaultError("input", `${name}: ${wrong}`, { hint: "Write it as 3 or -0.5." });
  const typed = (/** @type {Cell} */ cell, /** @type {number} */ i) => (typeof cell === "string" ? cellOf(cell, kindOf(i, props)) : cell);
  return { headers, data: data.map((row) => row.map(typed)) };
}

/** @param {{ headers: string[], data: string } | null} payload @param {ComponentConfig} _config @returns {Table | null} */
export const toPublic = (payload, _config) => payload && { headers: payload.headers, data: JSON.parse(payload.data) };

/** @param {any} value @param {ComponentConfig} config @returns {HTMLElement} Its size and its first cells. */
export function preview(value, { props }) {
  const { headers, data } = tableOf(value, props);
  const rows = data.slice(0, 3).map((row) => row.slice(0, 6).map(shownCell).join(", "));
  const textContent = value ? `${data.length} × ${headers.length}: ${rows.join("; ")}` : "(empty)";
  return el("span", { className: "example-text", textContent });
}
