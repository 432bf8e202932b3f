/** The report card on the page: verdicts, numbers, reasons, plots, and whose weights these are. */
import { formatBytes, formatCosine, formatMilliseconds, formatPercent } from "../shared/format.js";
import { el } from "./dom.js";

/** @typedef {import("../report.d.ts").Report} Report */
/** @typedef {import("../report.d.ts").ReportModel} ReportModel */
/** @typedef {import("../report.d.ts").ReportVariant} ReportVariant */

const COLUMNS = [
  "Variant", "Verdict", "Download", "Error", "Cosine", "Mean error", "Top-1", "Score", "Native", "WASM", "WebGPU",
];
/** Those that are there only where a variant has such a number. @type {Record<string, (variant: ReportVariant) => boolean>} */
const RARE = {
  "Score": ({ score }) => score !== null,
  "WASM": ({ browser }) => browser !== null,
  "WebGPU": ({ browser }) => typeof browser?.webgpu.ms === "number",
};
const VERDICTS = { published: "published", spare: "not needed", rejected: "rejected" };

/** @param {Report} report @param {string} base The URL of the folder with report.json. @returns {HTMLElement} */
export function reportView(report, base) {
  const link = (/** @type {string} */ file) => el("a", { href: new URL(file, base).href, textContent: file });
  return el("div", {},
    ...report.models.map((model) => modelView(model, base, report.models.length > 1)),
    el("h3", { textContent: "Provenance" }), facts(report),
    el("p", { className: "report-links" }, "The whole report: ", link("report.json"), ", ", link("report.md")));
}

/** @param {ReportVariant} variant @returns {keyof typeof VERDICTS} */
export const verdict = (variant) => (variant.rejected.length ? "rejected" : variant.published ? "published" : "spare");

/** @param {ReportVariant} variant @returns {string[]} A cell for each of COLUMNS; WASM with one thread. */
export function cells(variant) {
  const { cosine, mean_abs_error: mean, top1, native_ms: native } = variant.measured;
  const wasm = variant.browser?.wasm_1_ms, webgpu = variant.browser?.webgpu;
  return [
    variant.id, VERDICTS[verdict(variant)], formatBytes(variant.wire_bytes), formatError(variant.relative_error),
    orNone(cosine, "none"), formatError(mean), top1 === null ? "–" : formatPercent(top1),
    variant.score === null ? "–" : String(Number(variant.score.toPrecision(4))), formatMilliseconds(native),
    typeof wasm === "number" ? formatMilliseconds(wasm) : "–",
    typeof webgpu?.ms === "number" ? `${formatMilliseconds(webgpu.ms)}, ${orNone(webgpu.cosine, "wrong")}` : "–",
  ];
}

/** @param {number | null} cosine @param {string} none */
const orNone = (cosine, none) => (cosine === null ? none : formatCosine(cosine));

/** @param {number | null} error @returns {string} Two digits, as "0.065" or "1.8e-6". */
export function formatError(error) {
  if (error === null) return "none";
  return error !== 0 && error < 1e-3 ? error.toExponential(1) : String(Number(error.toPrecision(2)));
}

/** @param {ReportModel} model @param {string} base @param {boolean} named */
function modelView(model, base, named) {
  const calls = `${model.calls} recorded ${model.calls === 1 ? "call" : "calls"}`;
  return el("section", {},
    named ? el("h3", { textContent: model.name }) : null,
    el("p", { className: "report-choice", textContent: model.sentence }),
    el("p", { className: "report-soft", textContent: `Each variant was compared with PyTorch on ${calls} at build. The error is a share `
      + "of PyTorch's own output, at the worst call; the mean error is absolute. Your device checks the published ones again." }),
    table(model),
    model.remarks.length
      ? el("ul", { className: "report-remarks" }, ...model.remarks.map((text) => el("li", { textContent: text }))) : null,
    el("div", { className: "report-plots" }, ...model.plots.map((plot) => figure(plot, base))));
}

/** @param {ReportModel} model */
function table(model) {
  const kept = COLUMNS.map((name) => !(name in RARE) || model.variants.some(RARE[name]));
  const head = el("tr", {}, ...COLUMNS.filter((_, i) => kept[i]).map((name) => el("th", { scope: "col", textContent: name })));
  const rows = model.variants.map((variant) => {
    const [name, ...rest] = cells(variant).filter((_, i) => kept[i]);
    return el("tr", { "data-verdict": verdict(variant) },
      el("th", { scope: "row", textContent: name }), ...rest.map((text) => el("td", { textContent: text })));
  });
  const caption = el("caption", { className: "visually-hidden", textContent: `The variants of ${model.name}` });
  // Reached by Tab, so that the arrow keys can move a table that is wider than the phone.
  return el("div", { className: "report-table", tabIndex: 0, role: "region", "aria-label": `The variants of ${model.name}` },
    el("table", {}, caption, el("thead", {}, head), el("tbody", {}, ...rows)));
}

/** @param {import("../report.d.ts").ReportPlot} plot @param {string} base */
function figure(plot, base) {
  const picture = el("img", { loading: "lazy", width: 400, height: 330, alt: plot.alt, src: new URL(plot.file, base).href });
  return el("figure", {}, picture, el("figcaption", {}, el("p", { textContent: plot.caption }),
    plot.notes.length ? el("ul", {}, ...plot.notes.map((text) => el("li", { textContent: text }))) : null));
}

/** @param {Report} report */
function facts(report) {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`).join(", ");
  const { system, machine, python } = report.machine;
  const published = report.models.flatMap((model) => model.variants.filter((one) => one.published));
  const exporters = [...new Set(report.models.map((model) => model.conversion.exporter))].join(", ");
  const pairs = [
    ["Weights", report.weights.source ?? "not stated in the model card"],
    ["Licence", report.weights.licence ?? "not stated in the model card"],
    ["Exported by", `${exporters}, with ${versions}`],
    ["On", `${system} ${machine}, Python ${python}`],
  ];
  return el("dl", { className: "report-facts" },
    ...pairs.flatMap(([name, text]) => [el("dt", { textContent: name }), el("dd", { textContent: text })]),
    el("dt", { textContent: "SHA-256" }),
    ...published.map((one) => el("dd", {}, `${one.id} `, el("code", { textContent: one.sha256 }))));
}
