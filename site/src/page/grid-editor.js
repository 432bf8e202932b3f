/**
 * Editing the cells of a table in place. One tab stop, arrow keys from cell to cell; Enter, F2, a double click or typing
 * opens an editor over the cell, Enter, Tab, the arrow keys or going elsewhere closes it, Escape undoes it.
 */
import { formatTable, parseTable } from "../shared/table.js";
import { el } from "./dom.js";

/** @typedef {import("../shared/table.js").Cell} Cell */

/**
 * What it edits; a row's place is that in which it is seen.
 * @typedef {object} Host
 * @property {() => [rows: number, columns: number]} size
 * @property {(row: number, column: number) => Cell} read
 * @property {(row: number, column: number) => string} name Of a cell, for screen readers.
 * @property {(row: number, column: number, value: string | boolean) => void} write
 * @property {() => void} typed Something is being written in the editor.
 * @property {(column: number) => boolean} isFixed Whether a column can't be edited.
 * @property {(row: number, column: number) => HTMLElement | undefined} cell Of a row that may not be drawn yet.
 * @property {(block: string[][], row: number, column: number) => void} paste
 * @property {() => void} moved
 */

/** @type {Record<string, [number, number]>} Rows and columns that a key goes on by. */
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], Home: [0, -Infinity], End: [0, Infinity] };

/** @param {HTMLElement} cell @returns {HTMLElement} What has the focus in it. */
const stopOf = (cell) => cell.querySelector("input[type=checkbox]:enabled") ?? cell;

/** @param {number} place @param {number} length */
const clamp = (place, length) => Math.max(0, Math.min(length - 1, place));

export class GridEditor {
  /** Where the tab stop is: row, column. */
  #at = [0, 0];
  /** @type {HTMLElement | undefined} */
  #stop;
  /** @type {HTMLInputElement | HTMLTextAreaElement | null} */
  #editor = null;
  /** What is typed takes the place of what was there; the arrow keys leave such an editor. */
  #typing = false;
  /** Tab goes from cell to cell, since it came from one that was edited. */
  #tabbing = false;

  /** @param {HTMLElement} rows Their cells are `td`. @param {Host} host */
  constructor(rows, host) {
    this.host = host;
    const coarse = matchMedia("(pointer: coarse)");
    /** @param {Event} event */
    const open = ({ target }) => target !== this.#editor && this.#edit();
    rows.addEventListener("dblclick", open);
    rows.addEventListener("click", (event) => coarse.matches && open(event));
    rows.addEventListener("pointerdown", () => (this.#tabbing = false));
    rows.addEventListener("keydown", (event) => this.#onKey(event));
    rows.addEventListener("focusin", ({ target }) => this.#enter(/** @type {HTMLElement} */ (target)));
    rows.addEventListener("focusout", ({ target }) => target === this.#editor && this.close());
    rows.addEventListener("paste", (event) => this.#paste(event));
    rows.addEventListener("copy", (event) => this.#copy(event));
    rows.addEventListener("input", (event) => {
      event.stopPropagation();
      if (event.target === this.#editor) host.typed();
      else host.write(...this.place, /** @type {HTMLInputElement} */ (event.target).checked);
    });
  }

  /** @returns {[row: number, column: number]} Where the tab stop is, in the table as it is now. */
  get place() {
    const [rows, columns] = this.host.size();
    return [clamp(this.#at[0], rows), clamp(this.#at[1], columns)];
  }

  /** Cells were drawn anew. @param {boolean} [first] The tab stop is the first of them. */
  drawn(first = false) {
    if (first) this.#at = [0, 0];
    if (this.#stop) this.#stop.tabIndex = -1;
    const cell = this.host.cell(...this.place);
    this.#stop = cell && stopOf(cell);
    if (this.#stop) this.#stop.tabIndex = 0;
  }

  /** @param {HTMLElement} target It has the focus. */
  #enter(target) {
    const cell = target.closest("td");
    const row = cell?.closest("tr");
    if (!cell || !row || target === this.#editor) return;
    this.#at = [row.sectionRowIndex, cell.cellIndex - row.querySelectorAll("th").length];
    this.drawn();
    this.host.moved();
  }

  /** @param {number} row @param {number} column */
  go(row, column) {
    const [rows, columns] = this.host.size();
    const cell = this.host.cell(clamp(row, rows), clamp(column, columns));
    if (cell) stopOf(cell).focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#tabbing = false;
    const keys = this.#editor ? this.#editorKey : this.#gridKey;
    if (event.key === "Tab" ? this.#tab(event.shiftKey) : keys.call(this, event)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event @returns {boolean} Whether there is nothing left for the browser to do. */
  #gridKey({ key, ctrlKey, metaKey, altKey, target }) {
    if (ctrlKey || metaKey || altKey) return false;
    const [row, column] = this.place;
    const move = MOVES[key];
    if (move) this.go(row + move[0], column + move[1]);
    else if (target instanceof HTMLInputElement) return false;
    else if (key === "Enter" || key === "F2") this.#edit();
    else if (key === "Delete" || key === "Backspace") this.host.write(row, column, "");
    else {
      // The letter itself goes into the editor, which has the focus by then.
      if (key.length === 1 || key === "Process") this.#edit(true);
      return false;
    }
    return true;
  }

  /** @param {KeyboardEvent} event */
  #editorKey({ key, shiftKey, target }) {
    const [row, column] = this.place;
    const [down, right] = MOVES[key] ?? [Number(key === "Enter" && !shiftKey), 0];
    const lines = key !== "Enter" && target instanceof HTMLTextAreaElement;
    const leaves = !lines && (down !== 0 || (right !== 0 && this.#typing));
    if (!leaves && key !== "Escape") return false;
    this.close(leaves);
    this.go(row + (leaves ? down : 0), column + (leaves ? right : 0));
    return true;
  }

  /** From an edited cell to the next one, to edit it too; past the last one the focus leaves the grid. @param {boolean} back */
  #tab(back) {
    if (!this.#editor && !this.#tabbing) return false;
    const [rows, columns] = this.host.size();
    const [row, column] = this.place;
    const next = row * columns + column + (back ? -1 : 1);
    this.close();
    this.#tabbing = next >= 0 && next < rows * columns;
    this.go(...(this.#tabbing ? /** @type {[number, number]} */ ([Math.floor(next / columns), next % columns]) : this.place));
    if (this.#tabbing) this.#edit();
    return this.#tabbing;
  }

  /** Opens the editor over the cell with the tab stop. @param {boolean} [typing] */
  #edit(typing = false) {
    const [row, column] = this.place;
    const cell = this.host.cell(row, column);
    if (!cell || this.host.isFixed(column) || stopOf(cell) !== cell) return;
    this.close();
    const before = String(this.host.read(row, column) ?? "");
    const editor = el(before.includes("\n") ? "textarea" : "input", { className: "dataframe-editor", autocomplete: "off" });
    editor.setAttribute("aria-label", this.host.name(row, column));
    editor.value = typing ? "" : before;
    cell.append(editor);
    this.#editor = editor;
    this.#typing = typing;
    editor.focus();
    editor.select();
  }

  /** Closes the editor. @param {boolean} [keep] What was written in it. */
  close(keep = true) {
    const editor = this.#editor;
    if (!editor) return;
    this.#editor = null;
    editor.remove();
    if (keep && editor.value !== String(this.host.read(...this.place) ?? "")) this.host.write(...this.place, editor.value);
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const block = parseTable(event.clipboardData?.getData("text/plain") ?? "");
    const one = block.length === 1 && block[0].length === 1;
    if (one && (this.#editor || !block[0][0])) return;
    event.preventDefault();
    // Spreadsheets give a picture of the cells too, which is not meant for another input.
    event.stopPropagation();
    this.close(false);
    this.host.paste(block, ...this.place);
    this.go(...this.place);
  }

  /** @param {ClipboardEvent} event The cell's text, where nothing else is chosen. */
  #copy(event) {
    if (this.#editor || !getSelection()?.isCollapsed) return;
    event.preventDefault();
    event.clipboardData?.setData("text/plain", formatTable([[this.host.read(...this.place)]]));
  }
}
