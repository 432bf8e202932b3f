/** What the maker tells the visitor beside the answer, above the outputs. */
import { el } from "./dom.js";

/** @typedef {import("../protocol.d.ts").Notice} Notice */

/** So many are shown at once; a loop may say more. */
const MOST = 5;

export class Notices {
  constructor() {
    // A screen reader tells each when it comes.
    this.element = el("div", { className: "notices", role: "log" });
  }

  /** @param {Notice} notice */
  add({ kind, title, message, seconds }) {
    const line = el("p", { className: "notice" }, el("strong", { textContent: title }), " ", message);
    line.dataset.kind = kind;
    this.element.append(line);
    if (this.element.childElementCount > MOST) this.element.firstElementChild?.remove();
    if (seconds > 0) setTimeout(() => line.remove(), 1000 * seconds);
  }

  /** The next call begins. */
  clear() {
    this.element.replaceChildren();
  }
}
