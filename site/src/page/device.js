/**
 * The device report: each demo's golden check on every backend of this device, its times as bars, and all of it as JSON
 * for a bug report. A backend with wrong numbers is a finding here, as it is on the demo's own page; it is never used.
 */
import { formatBytes } from "../shared/format.js";
import { connect } from "./client.js";
import { deviceFacts, factRows } from "./device-facts.js";
import { finding, resultView } from "./device-view.js";
import { el } from "./dom.js";
import { saveFile } from "./save-file.js";
import { backendName } from "./state.js";

/** @typedef {import("../protocol.d.ts").BackendId} BackendId */
/** @typedef {import("./device-view.js").DemoResult} DemoResult */
/** @typedef {{ name: string, title: string, bytes: number }} Card */

/** @type {BackendId[]} */
const BACKENDS = ["wasm", "webgpu"];
const FORMAT = "pageside-device-report";

/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

/** @param {string} words */
const say = (words) => (byId("work").textContent = words);

/** @returns {Promise<Card[]>} */
async function readCards() {
  const response = await fetch("../gallery.json", { cache: "no-cache" }).catch(() => null);
  if (response?.ok) return (await response.json()).demos;
  throw new Error(`The list of demos could not be read: ${response ? `the host answered ${response.status}` : "no connection"}.`);
}

/**
 * @param {Card} card
 * @returns {Promise<DemoResult>} A demo that does not start is a result too.
 */
async function examine({ name, title }) {
  /** @type {DemoResult} */
  const result = { name, title, version: "", backends: [], python: false, threads: 0, bytes: 0, error: "" };
  try {
    const demo = await connect(`../${name}/`);
    try {
      await tryBackends(demo, result);
    } finally {
      const { threads, bytes } = demo.status();
      Object.assign(result, { threads, bytes });
      demo.close();
    }
  } catch (error) {
    result.error = /** @type {Error} */ (error).message;
  }
  return result;
}

/** @param {import("./handle.js").Handle} demo @param {DemoResult} result */
async function tryBackends(demo, result) {
  result.version = demo.bundle.runtime.version;
  result.python = demo.bundle.models.length === 0;
  /** @type {import("../shared/fault.js").FaultError | null} */
  const fault = await demo.ready.then(() => null, (error) => error);
  if (fault && (fault.stage !== "model" || result.python)) throw fault;
  for (const id of result.python ? [] : BACKENDS) {
    say(`${result.title}: checking ${backendName(id)}`);
    // The reason is in the status, whatever it is.
    await demo.useBackend(id, { timed: true }).catch(() => undefined);
    // A worker that did not start is another one for each backend, and knows of this one alone.
    const seen = demo.status().backends.filter((report) => !fault || report.id === id);
    result.backends = fault ? [...result.backends, ...seen] : seen;
  }
  if (fault && !result.backends.some(({ reason }) => reason)) throw fault;
}

/** @param {Card[]} cards @param {import("./device-facts.js").DeviceFacts} device */
async function run(cards, device) {
  const [runButton, saveButton] = [byId("run"), byId("save")].map((button) => /** @type {HTMLButtonElement} */ (button));
  runButton.disabled = saveButton.disabled = true;
  byId("results").replaceChildren();
  byId("findings").replaceChildren();
  /** @type {DemoResult[]} */
  const demos = [];
  for (const card of cards) {
    say(`${card.title}: loading`);
    const result = await examine(card);
    demos.push(result);
    byId("results").append(resultView(result));
    byId("findings").append(...finding(result).map((words) => el("li", { textContent: words })));
  }
  const found = byId("findings").childElementCount;
  say(found ? `Done: ${found} ${found === 1 ? "finding" : "findings"}.` : "Done: every backend that this device has gives right numbers.");
  const report = { format: FORMAT, version: 1, made: new Date().toISOString(), page: location.href, device, demos };
  saveButton.onclick = () => save(report);
  runButton.disabled = saveButton.disabled = false;
}

/** @param {object} report */
function save(report) {
  saveFile(new Blob([JSON.stringify(report, null, 2)], { type: "application/json" }), "device-report.json");
}

async function open() {
  const [cards, device] = await Promise.all([readCards(), deviceFacts()]);
  byId("facts").replaceChildren(...factRows(device));
  const button = /** @type {HTMLButtonElement} */ (byId("run"));
  button.disabled = cards.length === 0;
  button.addEventListener("click", () => void run(cards, device));
  const bytes = cards.reduce((sum, card) => sum + card.bytes, 0);
  say(cards.length ? `${cards.length} demos, at most ${formatBytes(bytes)} to download.` : "This site has no demo.");
}

open().catch((error) => say(`${error.message} Check the connection and reload the page.`));
