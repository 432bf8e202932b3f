/** What a demo did on this device, and what is to be said about it. */
import { el } from "./dom.js";
import { backendName, describeBackend } from "./state.js";

/** @typedef {import("../protocol.d.ts").BackendReport} BackendReport */
/**
 * @typedef {object} DemoResult
 * @property {string} name @property {string} title @property {string} version Of the runtime that the site was built with.
 * @property {BackendReport[]} backends @property {boolean} python A demo without a model.
 * @property {number} threads @property {number} bytes Read, from the network or the cache.
 * @property {string} error Why it did not start; empty when it did.
 */

/** @param {DemoResult} result @returns {string[]} A sentence for each thing that is not as it should be. */
export function finding({ title, backends, error }) {
  const wrong = backends.filter(({ state }) => state === "wrong" || state === "failed");
  // A browser without WebGPU, or without a feature of it, lacks nothing that it promised.
  const told = wrong.filter(({ id, reason }) => !(id === "webgpu" && /no WebGPU|no adapter|WebGPU has no/i.test(reason)));
  const sentences = told.map(({ id, state, reason }) => {
    const what = state === "wrong" ? "gives wrong numbers and is not used" : "does not run";
    return `${title}: ${backendName(id)} ${what}. ${reason}`;
  });
  return error ? [`${title} does not start: ${error}.`, ...sentences] : sentences;
}

/** @param {DemoResult} result @returns {HTMLElement} */
export function resultView(result) {
  const slowest = Math.max(...result.backends.map(({ milliseconds }) => milliseconds ?? 0));
  const rows = result.backends.map((report) => backendRow(report, slowest));
  const words = result.error || (result.python ? "Plain Python; it starts here." : "");
  return el("section", { className: "card device-card" }, el("h2", { textContent: result.title }),
    words ? el("p", { className: result.error ? "device-wrong" : "device-soft", textContent: words }) : null,
    rows.length ? el("ul", { className: "device-backends" }, ...rows) : null);
}

/** @param {BackendReport} report @param {number} slowest Milliseconds that fill the bar. */
function backendRow(report, slowest) {
  const { name, state, numbers, reason } = describeBackend(report);
  const bar = el("span", { className: "device-bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", String(slowest ? (report.milliseconds ?? 0) / slowest : 0));
  return el("li", { "data-state": report.state },
    el("div", {}, el("strong", { textContent: name }), ` ${state}`), bar,
    el("div", { className: "device-soft", textContent: numbers }),
    reason ? el("div", { className: report.state === "ok" ? "device-soft" : "device-wrong", textContent: reason }) : null);
}
