/** A fault on the page: stage, message, what to do next, and the maker's traceback, folded. */
import { el } from "./dom.js";
import { faultTitle, worthRetrying } from "./state.js";

/**
 * @param {import("../shared/fault.js").FaultError | Error} error
 * @param {(() => void) | null} retry
 * @returns {HTMLElement}
 */
export function faultView(error, retry) {
  const fault = /** @type {import("../shared/fault.js").Fault} */ (/** @type {unknown} */ (error));
  const name = fault.name && !["Error", "InputError"].includes(fault.name) ? `${fault.name}: ` : "";
  const again = retry && worthRetrying(fault) ? el("button", { type: "button", className: "button", textContent: "Try again" }) : null;
  again?.addEventListener("click", () => retry?.());
  return el("div", { className: "fault", role: "alert", "data-stage": fault.stage ?? "" },
    el("p", { className: "fault-title", textContent: faultTitle(fault) }),
    el("p", { className: "fault-message", textContent: name + fault.message }),
    fault.hint ? el("p", { className: "fault-hint", textContent: fault.hint }) : null,
    fault.traceback ? el("details", {},
      el("summary", { textContent: "Python traceback" }), el("pre", { textContent: fault.traceback, tabIndex: 0 })) : null,
    again);
}
