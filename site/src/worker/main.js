/** The worker's door: one case for each message of protocol.d.ts. */

import { FaultError, toFault } from "../shared/fault.js";
import { holdDuring } from "../shared/pulse.js";
import { Demo } from "./demo.js";

/** @typedef {import("../protocol.js").Request} Request */
/** @typedef {import("../protocol.js").Response} Response */

/** @type {Demo | null} */
let demo = null;

/**
 * @param {Response} message
 * @param {Transferable[]} [transfer]
 */
function post(message, transfer = []) {
  self.postMessage(message, { transfer });
}

/** @returns {Demo} */
function opened() {
  if (!demo) throw new FaultError("input", "the first message to the worker must be `open`");
  return demo;
}

/** @param {Request} request */
async function handle(request) {
  const { id } = request;
  switch (request.type) {
    case "open":
      demo = new Demo(request, post);
      return post({ type: "ready", id, status: await demo.during(() => opened().open()) });
    case "predict":
      return opened().during(() => opened().predict(id, request));
    case "cancel":
      return opened().cancel(request.target);
    case "use-backend":
      return post({ type: "done", id, status: await opened().during(() => opened().useBackend(request.backend, request.timed)) });
    case "edit":
      return post({ type: "edited", id, interface: await opened().during(() => opened().edit(request.source)) });
    default:
      throw new FaultError("input", `the worker knows no message "${/** @type {any} */ (request).type}"`);
  }
}

self.onmessage = ({ data }) => {
  holdDuring(self.name, () =>
    handle(data).catch((error) => post({ type: "error", id: data.id, error: toFault(error, "python") })));
};
