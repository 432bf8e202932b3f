/** What the page says about the engine, as pure functions of the messages that came. No DOM. */
import { needsNewWorker } from "../shared/fault.js";
import { formatBytes, formatCosine, formatMilliseconds } from "../shared/format.js";

/** @typedef {import("../protocol.d.ts").Status} Status */
/** @typedef {import("../protocol.d.ts").Progress} Progress */
/** @typedef {import("../protocol.d.ts").BackendReport} BackendReport */

const BACKEND_NAMES = /** @type {Record<string, string>} */ ({ wasm: "WASM", webgpu: "WebGPU", python: "Python" });

/** @param {string} id @returns {string} */
export const backendName = (id) => BACKEND_NAMES[id] ?? id;

/**
 * @param {Map<string, Progress>} progress The last of each kind.
 * @returns {{ words: string, details: string[], share: number }} In a line, what has most bytes to come; all of them as
 *   details; the share of all bytes, 0 to 1.
 */
export function progressWords(progress) {
  const all = [...progress.values()];
  const loaded = all.reduce((sum, item) => sum + item.loaded, 0);
  const total = all.reduce((sum, item) => sum + item.total, 0);
  const open = all.filter((item) => item.loaded < item.total).sort((a, b) => left(b) - left(a));
  const details = all.map(describeProgress);
  if (all.length === 0) return { words: "Starting to load", details, share: 0 };
  if (open.length === 0) return { words: "Loaded; starting and checking", details, share: 1 };
  return { words: `Loading ${describeProgress(open[0])}${rateWords(open)}`, details, share: total ? loaded / total : 0 };
}

/** @param {Progress[]} open @returns {string} How fast both workers load together. */
function rateWords(open) {
  const rates = new Map(open.map(({ worker, rate }) => [worker, rate ?? 0]));
  const rate = [...rates.values()].reduce((sum, one) => sum + one, 0);
  return rate ? ` · ${formatBytes(Math.round(rate))}/s` : "";
}

/** @param {Progress} progress @returns {number} bytes */
const left = ({ loaded, total }) => total - loaded;

/** @param {Progress} progress @returns {string} As "Python 3.1 of 5.4 MB": one unit where both share it. */
function describeProgress({ what, loaded, total }) {
  const [whole, part] = [formatBytes(total), formatBytes(Math.min(loaded, total))];
  const unit = whole.split(" ")[1];
  return `${what} ${part.endsWith(` ${unit}`) ? part.split(" ")[0] : part} of ${whole}`;
}

const STORAGE = {
  kept: "Kept on this device for the next visit.",
  full: "This device has no room to keep the files: the demo works, and is loaded again at the next visit.",
  blocked: "This browser lets the page keep nothing: the demo works, and is loaded again at the next visit.",
};

/** @param {Status} status @returns {string} Whether the next visit needs the network; empty where that is not known yet. */
export const storageWords = ({ storage }) => (storage ? STORAGE[storage] : "");

/** @param {Status} status Ready. @returns {string[]} The parts of the badge. */
export function badgeParts(status) {
  if (status.backend === "python") return ["Python", "runs on your device"];
  return [
    backendName(status.backend ?? "model"),
    status.backend === "wasm" ? `${status.threads} ${status.threads === 1 ? "thread" : "threads"}` : null,
    status.milliseconds === null ? null : formatMilliseconds(status.milliseconds),
    status.cosine === null ? "not verified" : `verified, cos ${formatCosine(status.cosine)}`,
  ].filter((part) => part !== null);
}

const STATES = { ok: "right on this device", wrong: "wrong on this device", failed: "did not run", untried: "not tried yet" };

/** @param {BackendReport} report @returns {{ name: string, state: string, numbers: string, reason: string }} */
export function describeBackend(report) {
  const numbers = [
    report.variant || null,
    report.milliseconds === null ? null : formatMilliseconds(report.milliseconds),
    report.cosine === null ? null : `cos ${formatCosine(report.cosine)} against PyTorch`,
    report.relative_error === null ? null : `relative error ${report.relative_error.toExponential(1)} against native onnxruntime`,
  ].filter((part) => part !== null);
  return { name: backendName(report.id), state: STATES[report.state], numbers: numbers.join(" · "), reason: report.reason };
}

/**
 * Which interface parts an edit changed so that the page must be drawn anew.
 * @param {import("../protocol.d.ts").InterfaceConfig} before
 * @param {import("../protocol.d.ts").InterfaceConfig} after
 */
export function sameInterface(before, after) {
  /** @param {import("../protocol.d.ts").InterfaceConfig} config */
  const drawn = ({ description_html: _d, article_html: _a, ...rest }) => JSON.stringify(rest, sortedKeys);
  return drawn(before) === drawn(after);
}

/** @param {string} _key @param {any} value */
function sortedKeys(_key, value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Stages after which the same call may well succeed. */
const WORTH_RETRYING = ["download", "integrity", "memory", "device lost", "model"];

/** @param {{ name?: string, stage?: string }} fault */
export const worthRetrying = (fault) => WORTH_RETRYING.includes(fault.stage ?? "") || needsNewWorker(fault);

const STAGE_TITLES = /** @type {Record<string, string>} */ ({
  download: "The download failed", integrity: "A file is not what was published", python: "The demo's Python stopped",
  model: "The model did not run", memory: "Not enough memory", "device lost": "The graphics device was lost",
  input: "This input cannot be used", cancelled: "Stopped",
});

/** @param {{ stage?: string }} fault @returns {string} */
export const faultTitle = (fault) => STAGE_TITLES[fault.stage ?? ""] ?? "Something went wrong";
