/** Gives a file to the visitor. */
import { el } from "./dom.js";

/** Until the browser has surely begun to read it, in milliseconds. */
const KEPT_MS = 10_000;

/** @param {Blob} content @param {string} name Of the file, with its ending. */
export function saveFile(content, name) {
  const url = URL.createObjectURL(content);
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
