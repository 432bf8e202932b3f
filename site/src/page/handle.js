/** The public object around an Engine: what `connect` gives, and `window.pageside` on a demo page. */

import { buffersOf } from "../shared/buffers.js";
import { FaultError } from "../shared/fault.js";

/** @typedef {import("./client.js").Engine} Engine */
/** @typedef {import("../protocol.js").Bundle} Bundle */
/** @typedef {import("../protocol.js").Status} Status */
/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("../protocol.js").Payload} Payload */

/**
 * @param {string | URL} url of a demo's page, its folder, or its bundle.json
 * @returns {Promise<{bundle: Bundle, base: string}>}
 */
export async function loadBundle(url) {
  const page = new URL(url, globalThis.document?.baseURI ?? location.href);
  // A folder named without its slash: "https://.../classify-photo".
  if (!/\/$|\.\w+$/.test(page.pathname)) page.pathname += "/";
  const base = page.pathname.endsWith("bundle.json") ? page : new URL("bundle.json", page);
  const response = await fetch(base, { cache: "no-cache" }).catch((error) => {
    throw new FaultError("download", `${base.pathname} could not be read: ${error.message}`);
  });
  if (!response.ok) throw new FaultError("download", `${base.pathname}: the host answered ${response.status}`);
  const text = await response.text().catch((error) => {
    throw new FaultError("download", `${base.pathname} broke off: ${error.message}`);
  });
  const bundle = parsed(text, base.pathname);
  if (bundle?.format !== "pageside-bundle" || bundle.version !== 1) {
    throw new FaultError("download", `${base.pathname} is not a bundle that this page can read (pageside-bundle, version 1)`, {
      hint: "Build the demo again with the same version of pageside.",
    });
  }
  return { bundle, base: new URL("./", base).href };
}

/**
 * @param {string} text
 * @param {string} path
 * @returns {any}
 */
function parsed(text, path) {
  try {
    return JSON.parse(text);
  } catch {
    // A page of the host's own ("not found" with 200), or the first part of the file.
    throw new FaultError("download", `${path} is not JSON: it was cut off, or the host sent something else`);
  }
}

/**
 * @typedef {object} Codec what each page/components/<type>.js exports for values without a DOM
 * @property {(value: any, config: import("../protocol.js").ComponentConfig) => Promise<Payload>} toPayload
 * @property {(payload: Payload, config: import("../protocol.js").ComponentConfig) => any} toPublic
 */

/**
 * @param {import("../protocol.js").ComponentConfig} config
 * @returns {Promise<Codec>}
 */
function codec(config) {
  return import(`./components/${config.type}.js`);
}

/** The public object: what `connect` gives, and `window.pageside` on a demo page. */
export class Handle {
  /** @type {Engine} */
  #engine;

  /** @param {Engine} engine */
  constructor(engine) {
    this.#engine = engine;
    /** Resolves when the demo can answer; rejects with the reason when it can't start. @type {Promise<void>} */
    this.ready = engine.open().then(() => undefined);
    this.ready.catch(() => undefined);
    this.bundle = engine.bundle;
    /** Stored values as in bundle.json, with absolute URLs; `predict(...example.inputs)` takes them. */
    this.examples = absolute(engine.bundle.examples, engine.base);
  }

  /**
   * @param {...any} inputs one for each input component
   * @returns {Promise<any>} the output's value, or an array of them where there are several
   */
  async predict(...inputs) {
    const { inputs: takes, outputs: gives } = this.bundle.interface;
    if (inputs.length !== takes.length) throw new FaultError("input", countMessage(inputs.length, takes));
    const payloads = await Promise.all(takes.map(async (config, i) => (await codec(config)).toPayload(inputs[i], config)));
    const theirs = buffersOf(inputs);
    const transfer = [...buffersOf(payloads)].filter((buffer) => !theirs.has(buffer));
    const { outputs } = await this.#engine.call(payloads, { transfer });
    const values = await Promise.all(gives.map(async (config, i) => (await codec(config)).toPublic(outputs[i], config)));
    return values.length === 1 ? values[0] : values;
  }

  /** @returns {Status} */
  status() {
    return this.#engine.status;
  }

  /**
   * Takes this backend from now on, if it is right on this device; rejects with the reason if it is not.
   * @param {BackendId} id
   * @param {{timed?: boolean}} [options] timed: whether its report's milliseconds are to be of calls as large as the demo's
   * @returns {Promise<Status>}
   */
  useBackend(id, options) {
    return this.#engine.useBackend(id, options);
  }

  /**
   * @param {"status" | "progress"} event
   * @param {(detail: any) => void} listener
   * @returns {() => void} takes the listener away
   */
  on(event, listener) {
    return this.#engine.on(event, listener);
  }

  /** Ends the worker and frees its memory. */
  close() {
    this.#engine.close();
  }
}

/**
 * @param {number} count
 * @param {import("../protocol.js").ComponentConfig[]} takes
 */
function countMessage(count, takes) {
  const names = takes.map((config) => config.label || config.type).join(", ");
  return `predict takes ${takes.length} ${takes.length === 1 ? "input" : "inputs"} (${names}) and got ${count}`;
}

/**
 * A copy with the `url` of every file made absolute.
 * @param {any} value
 * @param {string} base
 * @returns {any}
 */
export function absolute(value, base) {
  if (Array.isArray(value)) return value.map((item) => absolute(item, base));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) =>
    [key, key === "url" && typeof item === "string" ? new URL(item, base).href : absolute(item, base)]);
  return Object.fromEntries(entries);
}
