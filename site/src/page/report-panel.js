/** The panel with the report card. Neither the report nor what draws it is loaded before it is opened. */
import { FaultError } from "../shared/fault.js";
import { el } from "./dom.js";
import { faultView } from "./fault-view.js";

/** Also the page's fragment that opens the panel. */
export const REPORT_ID = "report";

/** @param {string} base The URL of the demo's folder. @returns {HTMLElement} */
export function reportPanel(base) {
  const body = el("div", { className: "report" });
  const note = el("p", { className: "panel-lead", role: "status" });
  const panel = el("details", { className: "panel", id: REPORT_ID },
    el("summary", { textContent: "How this model was verified" }), note, body);
  let asked = false;
  const load = async () => {
    if (asked) return;
    asked = true;
    note.hidden = false;
    note.textContent = "Reading the report";
    try {
      const [{ reportView }, report] = await Promise.all([import("./report-view.js"), read(new URL("report.json", base))]);
      body.replaceChildren(reportView(report, base));
    } catch (error) {
      asked = false;
      body.replaceChildren(faultView(/** @type {Error} */ (error), load));
    }
    note.textContent = "";
    note.hidden = true;
  };
  panel.addEventListener("toggle", () => panel.open && load());
  panel.open = location.hash === `#${REPORT_ID}`;
  document.addEventListener("click", ({ target }) => {
    if (target instanceof Element && target.closest(`a[href="#${REPORT_ID}"]`)) panel.open = true;
  });
  return panel;
}

/** @param {URL} url @returns {Promise<import("../report.d.ts").Report>} */
async function read(url) {
  const response = await fetch(url).catch((error) => {
    throw new FaultError("download", `report.json could not be read: ${error.message}`);
  });
  if (!response.ok) throw new FaultError("download", `report.json could not be read: the host answered ${response.status}`);
  const report = await response.json();
  if (report.format !== "pageside-report" || report.version !== 1) {
    throw new Error(`report.json is of version ${report.version}, and this page reads version 1; build the site again`);
  }
  return report;
}
