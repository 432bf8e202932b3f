/**
 * Files, in or out. Payload: `{name, data}`, bytes, or a list of them where there may be several. Public values that it
 * takes: File, Blob, URL, a payload, a file stored in bundle.json, or a list of these; that it gives: a File or a list of Files.
 */
import { FaultError } from "../../shared/fault.js";
import { formatBytes } from "../../shared/format.js";
import { cssSize, el, tool } from "../dom.js";
import { Field, define } from "../field.js";
import { addressOf, fetchFile } from "../given-file.js";
import { saveFile } from "../save-file.js";

/** @typedef {import("../../protocol.d.ts").ComponentConfig} ComponentConfig */
/** A File, or one that bundle.json stores. @typedef {File | { file: { url: string }, name: string, size: number }} Item */
/** @typedef {{ name: string, data: Uint8Array }} FilePayload */

/** Bytes of all files of one value; they are in memory twice while they cross to Python. */
const MOST = 512_000_000;

export default class FileField extends Field {
  static stylesheet = true;
  /** @type {Item[]} */
  #items = [];

  /** @param {HTMLElement} body */
  build(body) {
    const { file_count: count, file_types: types, height } = this.config.props;
    this.list = el("ul", { className: "file-list" });
    if (height) this.list.style.maxHeight = cssSize(height);
    body.append(this.list);
    this.several = this.mode === "output" || count !== "single";
    if (this.mode === "output") return;
    const picker = el("input", { type: "file", className: "visually-hidden", tabIndex: -1, multiple: this.several });
    picker.webkitdirectory = count === "directory";
    picker.accept = (types ?? []).map((/** @type {string} */ type) => (/[./]/.test(type) ? type : `${type}/*`)).join();
    this.asControl(picker);
    picker.addEventListener("input", (event) => event.stopPropagation());
    picker.addEventListener("change", (event) => {
      event.stopPropagation();
      this.#take([...(picker.files ?? [])]);
      // Emptied, so that choosing the same file again is a change again.
      picker.value = "";
    });
    const what = count === "directory" ? "a folder" : this.several ? "files" : "a file";
    this.chooseButton = tool(`Choose ${what}`, () => picker.click());
    this.list.addEventListener("click", ({ target }) => this.#items.length || target instanceof HTMLButtonElement || picker.click());
    this.bar = el("progress", { className: "file-progress", max: 1, value: 0, hidden: true, "aria-label": "Reading" });
    body.append(picker, this.bar, el("div", { className: "file-tools" }, this.chooseButton));
  }

  get value() {
    return this.several ? (this.#items.length ? this.#items : null) : (this.#items[0] ?? null);
  }

  /** @param {any} value */
  set value(value) {
    this.setProblem("");
    this.#items = [value ?? []].flat();
    this.toggleAttribute("data-empty", !this.#items.length);
    this.list?.replaceChildren(...(this.#items.length ? this.#items.map((item) => this.#row(item)) : [this.#emptyWords()]));
  }

  takeValue() {
    const { bar } = this;
    const show = (/** @type {number} */ share) => bar && Object.assign(bar, { value: share, hidden: share === 1 });
    return this.#items.length ? Object.assign([...this.#items], { show }) : null;
  }

  problem() {
    return this.mode === "input" && !this.#items.length ? this.missing("Choose a file first.") : null;
  }

  describe() {
    return this.#items.map((item) => item.name).join(", ") || "no file";
  }

  /** Of what is dropped on the page. @param {File[]} files */
  takeFiles(files) {
    if (this.mode !== "input") return false;
    const fitting = files.filter((file) => fits(file, this.config));
    // Another input may take what this one doesn't; if there is none, the visitor is told why.
    if (!fitting.length && document.querySelectorAll(".input-side input[type=file]").length > 1) return false;
    this.#take(fitting.length ? fitting : files);
    return true;
  }

  /** @param {File[]} files */
  #take(files) {
    if (!files.length) return undefined;
    const adds = this.config.props.file_count === "multiple";
    return this.#try(() => {
      this.value = checked(adds ? [...this.#items, ...files] : files.slice(0, this.several ? files.length : 1), this.config);
      this.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

  /** @param {() => Promise<void> | void} act */
  async #try(act) {
    this.setProblem("");
    try {
      await act();
    } catch (error) {
      const fault = /** @type {FaultError} */ (error);
      this.setProblem(fault.message, fault.hint);
    }
  }

  /** @param {Item} item */
  #row(item) {
    const isInput = this.mode === "input";
    const button = isInput ? tool("Remove", () => this.#remove(item)) : tool("Download", () => this.#save(item));
    button.classList.add("quiet");
    button.setAttribute("aria-label", `${button.textContent} ${item.name}`);
    const size = el("span", { className: "file-size", textContent: formatBytes(item.size) });
    return el("li", {}, el("span", { className: "file-name", textContent: item.name }), size, button);
  }

  #emptyWords() {
    if (this.mode === "output") return el("li", { textContent: "No file yet" });
    const { file_types: types } = this.config.props;
    const strong = el("strong", { textContent: `Drop ${this.several ? "files" : "a file"} anywhere on this page` });
    return el("li", {}, strong, el("br"), types ? `or choose: ${types.join(", ")}` : "or choose here");
  }

  /** @param {Item} item */
  #remove(item) {
    this.value = this.#items.filter((other) => other !== item);
    this.chooseButton?.focus();
    this.changed();
  }

  /** @param {Item} item */
  #save(item) {
    return this.#try(async () => saveFile(item instanceof File ? item : (await fetchFile(item.file.url, "file")).blob, item.name));
  }
}

define("ps-file", FileField);

/** @param {{ name: string, type?: string }} file @param {ComponentConfig} config What the browser knows no type of may be any kind. */
function fits({ name, type = "" }, { props: { file_types: types } }) {
  return !types || types.some((/** @type {string} */ one) =>
    one.startsWith(".") ? name.toLowerCase().endsWith(one.toLowerCase()) : !type || `${type}/`.startsWith(`${one}/`));
}

/** @template {{ name: string, size: number }} T @param {T[]} files @param {ComponentConfig} config @returns {T[]} @throws {FaultError} */
function checked(files, config) {
  const { file_count: count, file_types: types } = config.props;
  const wrong = files.find((file) => !fits(file, config));
  if (wrong) throw new FaultError("input", `${wrong.name} can't be used here.`, { hint: `Choose a file of ${types.join(", ")}.` });
  if (count === "single" && files.length > 1) throw new FaultError("input", `One file is taken, not ${files.length}.`);
  const size = sizeOf(files);
  if (size > MOST) throw new FaultError("input", `${formatBytes(size)} are too much for a page; ${MOST / 1e6} MB is the most.`);
  return files;
}

/** @param {{ size: number }[]} files */
const sizeOf = (files) => files.reduce((sum, { size }) => sum + size, 0);

/**
 * @param {any} value @param {ComponentConfig} config @returns {Promise<FilePayload | FilePayload[] | null>}
 * @throws {FaultError} Not a file, or one that cannot be used.
 */
export async function toPayload(value, config) {
  const files = checked(await Promise.all([value ?? []].flat().map((item) => opened(item, config))), config);
  const whole = sizeOf(files);
  let read = 0;
  /** @type {FilePayload[]} */
  const payload = [];
  try {
    for (const file of files) {
      payload.push({ name: file.name, data: await bytesOf(file, (bytes) => value.show?.((read += bytes) / whole)) });
    }
  } finally {
    value?.show?.(1);
  }
  if (!payload.length) return null;
  return config.props.file_count === "single" ? payload[0] : payload;
}

/** @param {any} item @param {ComponentConfig} config @returns {Promise<File>} */
async function opened(item, config) {
  if (item instanceof File) return item;
  if (item instanceof Blob) return new File([item], "file", item);
  if (ArrayBuffer.isView(item?.data)) return new File([item.data], item.name ?? "file");
  const address = addressOf(item);
  if (typeof address !== "string") {
    throw new FaultError("input", `${config.label || "File"}: ${Object.prototype.toString.call(item)} is not a file.`,
      { hint: "Give a File, a Blob, a URL, or {name, data}." });
  }
  const { blob, name } = await fetchFile(address, "file");
  return new File([blob], item.name ?? name, { type: item.name ? "" : blob.type });
}

/** In memory of its own, which can be given away. @param {File} file @param {(bytes: number) => void} count Told of new bytes. */
async function bytesOf(file, count) {
  const data = new Uint8Array(file.size);
  let at = 0;
  const reader = file.stream().getReader();
  try {
    for (let part = await reader.read(); part.value; part = await reader.read()) {
      data.set(part.value, at);
      at += part.value.length;
      count(part.value.length);
    }
  } catch (error) {
    const hint = "It may be a folder, or have changed since; choose it again.";
    throw new FaultError("input", `${file.name} could not be read: ${/** @type {Error} */ (error).message}`, { hint });
  }
  return data;
}

/** @param {any} payload @param {ComponentConfig} _config @returns {File | File[] | null} */
export function toPublic(payload, _config) {
  const fileOf = (/** @type {any} */ { name, data }) => new File([data], name);
  return Array.isArray(payload) ? payload.map(fileOf) : payload && fileOf(payload);
}

/** @param {any} value @param {ComponentConfig} _config @returns {HTMLElement} */
export function preview(value, _config) {
  const names = [value ?? []].flat().map((item) => item.name).join(", ");
  return el("span", { className: "example-text", textContent: names || "(no file)" });
}
