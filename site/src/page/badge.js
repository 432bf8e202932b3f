/** The line that says what runs and whether its numbers are right, and the panel of backends behind it. */
import { el } from "./dom.js";
import { backendName, badgeParts, describeBackend, progressWords, storageWords } from "./state.js";
import { REPORT_ID } from "./report-panel.js";
import { formatBytes } from "../shared/format.js";

/** @typedef {import("../protocol.d.ts").Status} Status */
/** @typedef {import("../protocol.d.ts").BackendId} BackendId */
/** @typedef {import("./client.js").Engine} Engine */

/** Milliseconds between two times of calls on the badge: nobody reads one that changes faster, and each is a frame to draw. */
const READABLE = 250;

export class Badge {
  /** @param {Engine} engine */
  constructor(engine) {
    this.engine = engine;
    /** @type {Map<string, import("../protocol.d.ts").Progress>} */
    this.progress = new Map();
    this.words = el("span", { className: "badge-words", id: "badge" });
    this.bar = el("progress", { className: "badge-progress", max: 1, value: 0, "aria-label": "Loading" });
    this.panel = el("div", { className: "backends" });
    this.downloads = el("ul", { className: "downloads" });
    /** What the panel was drawn from. */
    this.drawn = "";
    /** What the words say beside the time of the last call, and when they were written. */
    this.said = { what: "", at: 0 };
    /** Writes the last time where no call follows. @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;
    this.element = el("details", { className: "badge" },
      el("summary", {}, el("span", { className: "badge-dot", "aria-hidden": "true" }), this.words, this.bar), this.panel);
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
    document.addEventListener("click", (event) => {
      if (!event.composedPath().includes(this.element)) this.element.open = false;
    });
    engine.on("progress", (progress) => {
      this.progress.set(progress.what, progress);
      this.show(engine.status);
    });
    engine.on("status", (status) => this.show(status));
    this.show(engine.status);
  }

  #close() {
    this.element.open = false;
    this.element.querySelector("summary")?.focus();
  }

  /** @param {Status} status */
  show(status) {
    this.element.dataset.state = status.state;
    if (status.state !== "ready") this.said = { what: "", at: 0 };
    if (status.state === "loading") {
      const { words, details, share } = progressWords(this.progress);
      this.words.textContent = words;
      this.downloads.replaceChildren(...details.map((line) => el("li", { textContent: line })));
      this.bar.value = share;
    } else if (status.state === "failed") this.words.textContent = "Not running on this device";
    else this.#say(status);
    // While a panel is open its buttons are in use: replaced only when what they say has changed.
    const now = JSON.stringify([status.state, status.backend, status.backends, status.bytes, status.storage]);
    if (now !== this.drawn) this.#drawPanel(status);
    this.drawn = now;
  }

  /** @param {Status} status Ready. */
  #say(status) {
    const what = badgeParts({ ...status, milliseconds: null }).join(" · "), now = performance.now();
    clearTimeout(this.later);
    const wait = what === this.said.what ? this.said.at + READABLE - now : 0;
    if (wait > 0) {
      this.later = setTimeout(() => this.show(this.engine.status), wait);
      return;
    }
    this.words.textContent = badgeParts(status).join(" · ");
    this.said = { what, at: now };
  }

  /** @param {Status} status */
  #drawPanel(status) {
    // The button in use goes away with the old panel; without this, so would the place on the page of who uses the keyboard.
    if (this.panel.contains(document.activeElement)) this.element.querySelector("summary")?.focus();
    this.panel.replaceChildren(
      el("p", { textContent: explain(status) }),
      ...(status.state === "loading" ? [this.downloads] : []),
      el("ul", {}, ...status.backends.map((report) => this.#row(report, status))),
      el("p", { className: "backends-note", role: "status" },
        status.bytes ? `${formatBytes(status.bytes)} read so far, from the network or this device's cache.` : ""),
      el("p", { className: "backends-storage", textContent: storageWords(status) }),
      this.engine.bundle.models.length ? this.#links() : "");
  }

  #links() {
    const link = el("a", { href: `#${REPORT_ID}`, textContent: "How this model was verified" });
    link.addEventListener("click", () => (this.element.open = false));
    const device = new URL("../device/", this.engine.base).href;
    return el("p", {}, link, " · ", el("a", { href: device, textContent: "Check this device" }));
  }

  /** @param {import("../protocol.d.ts").BackendReport} report @param {Status} status */
  #row(report, status) {
    const { name, state, numbers, reason } = describeBackend(report);
    const current = status.backend === report.id;
    const use = el("button", { type: "button", className: "button quiet", textContent: `Use ${name}` });
    use.addEventListener("click", () => this.#use(report.id));
    const action = current ? el("span", { className: "backend-current", textContent: "in use" }) : use;
    return el("li", { "data-state": report.state },
      el("div", { className: "backend-head" }, el("strong", { textContent: name }), ` ${state}`, action),
      el("div", { className: "backend-numbers", textContent: numbers }),
      reason ? el("div", { className: "backend-reason", textContent: reason }) : null);
  }

  /** @param {BackendId} id */
  async #use(id) {
    const note = this.panel.querySelector(".backends-note");
    if (note) note.textContent = `Loading ${backendName(id)} and checking its numbers…`;
    try {
      await this.engine.useBackend(id);
    } catch (error) {
      const last = this.panel.querySelector(".backends-note");
      if (last) last.textContent = `${backendName(id)} is not used: ${/** @type {Error} */ (error).message}`;
    }
  }
}

/** @param {Status} status */
function explain(status) {
  if (status.state === "loading") return "The answers below come from PyTorch. The demo is being loaded to run on your device.";
  if (status.state === "failed") return "The demo did not start here. The stored answers of the examples stay readable.";
  if (status.backend === "python") return "This demo is plain Python. It runs in your browser and sends nothing anywhere.";
  return "Each way to run the model was checked on this device against recorded PyTorch outputs. One that misses is not used.";
}
