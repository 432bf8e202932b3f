/*! Pageside, Apache-2.0. With comments and types this file is site/src/page/main.js of its repository. */
/**
 * A demo's page. First the interface with the first example and its stored answer, then the engine; see "The page's life"
 * in docs/architecture.md.
 */
import { gunzipIfGzipped } from "../shared/gzip.js";
import { Badge } from "./badge.js";
import { Engine, Handle, absolute, loadBundle } from "./client.js";
import { codePanel } from "./code-panel.js";
import { loadComponents } from "./components.js";
import { el, trustedHtml } from "./dom.js";
import { earlyHandle } from "./early-handle.js";
import { isEmbedded, reportHeight } from "./embedded.js";
import { faultView } from "./fault-view.js";
import { takeFilesFrom } from "./intake.js";
import { bringBack, keepInputs } from "./kept-inputs.js";
import { filesIn, keepOffline, runtimeScripts, tellLoaded } from "./offline.js";
import { reportPanel } from "./report-panel.js";
import { Runner } from "./runner.js";
import { sharePanel } from "./share.js";
import { sameInterface } from "./state.js";
import { InterfaceView } from "./view.js";

/** @typedef {import("../protocol.d.ts").Bundle} Bundle */
/** @typedef {import("../protocol.d.ts").InterfaceConfig} InterfaceConfig */

const STORED = "Computed by PyTorch at build time";
const STORED_PYTHON = "Computed at build time";
/** @template {HTMLElement} T @param {string} id @returns {T} */
const byId = (id) => /** @type {T} */ (document.getElementById(id));

class DemoPage {
  /** @param {Bundle} bundle @param {string} base */
  constructor(bundle, base) {
    /** First values that are files have their addresses in it. */
    this.bundle = { ...bundle, interface: absolute(bundle.interface, base) };
    this.base = base;
    this.examples = absolute(bundle.examples, base);
    this.engine = new Engine(bundle, base, openOptions());
    this.badge = new Badge(this.engine);
    this.runner = new Runner(this.engine, (text) => (byId("announcer").textContent = text));
    /** @type {InterfaceView | null} */
    this.view = null;
  }

  /** @param {InterfaceConfig} config */
  async draw(config) {
    const [inputs, outputs] = await Promise.all([loadComponents(config.inputs), loadComponents(config.outputs)]);
    const fits = this.examples.every((/** @type {import("../protocol.d.ts").Example} */ example) =>
      example.inputs.length === config.inputs.length && example.outputs.length === config.outputs.length);
    const options = { examples: fits ? this.examples : [], badge: this.badge.element, actions: this.#actions() };
    this.view = new InterfaceView(config, { inputs, outputs }, options);
    this.runner.view = this.view;
    byId("app").replaceChildren(this.view.element);
    byId("app").hidden = false;
    byId("opening").hidden = true;
  }

  /** @returns {import("./view.js").Actions} */
  #actions() {
    return {
      submit: () => void this.runner.submit(),
      stop: () => this.runner.stop(),
      clear: () => this.#clear(),
      edited: (field) => this.#edited(field),
      begin: () => this.runner.forget(),
      given: () => this.#given(),
      choose: (index) => {
        this.showExample(index);
        void this.runner.submit({ quiet: true });
      },
    };
  }

  /** @param {number} index Its stored answer is there at once. */
  showExample(index) {
    const { view } = this;
    const example = this.examples[index];
    if (!view || !example) return;
    this.runner.forget();
    view.setInputs(example.inputs);
    view.setOutputs(example.outputs);
    view.setFault(null);
    view.setOrigin(this.bundle.models.length ? STORED : STORED_PYTHON);
    view.examples.mark(index);
  }

  /** What was written here before the visitor went elsewhere; its answer is not known any more. */
  bringInputsBack() {
    const { view } = this;
    keepInputs(() => this.view?.inputs ?? []);
    if (!view || !bringBack(view.inputs)) return;
    view.examples.mark(null);
    view.setStale(true);
  }

  #clear() {
    const { view } = this;
    if (!view) return;
    this.runner.forget();
    view.setInputs(view.inputs.map((field) => field.config.props.value));
    view.setOutputs([]);
    view.setFault(null);
    view.setOrigin("");
    view.examples.mark(null);
    view.inputs[0]?.querySelector("button, input, textarea")?.dispatchEvent(new Event("focus"));
  }

  /** @param {import("./field.js").Field} field */
  #edited(field) {
    this.view?.examples.mark(null);
    this.view?.setStale(true);
    if (!this.view?.config.live) return;
    clearTimeout(this.pause);
    const run = () => void this.runner.submit({ live: true });
    const { pause } = /** @type {typeof import("./field.js").Field} */ (field.constructor);
    if (pause === 0) run();
    else this.pause = setTimeout(run, pause);
  }

  /** A file or photo says by itself that its answer is wanted, where it is all that the function takes. */
  #given() {
    this.view?.examples.mark(null);
    this.view?.setStale(true);
    if (this.view?.config.live) void this.runner.submit({ live: true });
    else if (this.view?.inputs.length === 1) void this.runner.submit({ quiet: true });
  }

  /** @param {string} source */
  async edit(source) {
    const config = await this.engine.edit(source);
    const before = this.bundle.interface;
    this.bundle.interface = { ...config, description_html: before.description_html, article_html: before.article_html };
    if (!sameInterface(before, config)) {
      const kept = this.view?.inputs.map((field) => [field.config.type, field.value]) ?? [];
      await this.draw(config);
      this.view?.inputs.forEach((field, i) => kept[i]?.[0] === field.config.type && (field.value = kept[i][1]));
    }
    await this.runner.submit({ quiet: true });
  }

  /** What stands below the interface. */
  drawExtras() {
    const { article_html: article, title } = this.bundle.interface;
    const [code] = this.bundle.files;
    const load = async () => {
      const response = await fetch(new URL(code.url, this.base));
      if (!response.ok || !response.body) throw new Error(`${code.path} could not be read: the host answered ${response.status}`);
      return new Response(await gunzipIfGzipped(response.body)).text();
    };
    byId("extras").replaceChildren(
      ...(article ? [el("section", { className: "prose article" }, trustedHtml(article))] : []),
      ...(this.bundle.models.length ? [reportPanel(this.base)] : []),
      ...(code ? [codePanel({ name: code.path, load, run: (source) => this.edit(source), engine: this.engine })] : []),
      sharePanel({ base: this.base, title }));
  }

  /** @returns {Promise<void>} When the engine runs, or its fault is on the page. */
  async startEngine() {
    try {
      await this.engine.open();
    } catch (error) {
      this.view?.setFault(faultView(/** @type {Error} */ (error), () => {
        this.view?.setFault(null);
        void this.startEngine();
      }));
      // Another backend, chosen in the panel, starts it too.
      const leave = this.engine.on("status", ({ state }) => {
        if (state !== "ready") return;
        leave();
        this.view?.setFault(null);
      });
    }
  }

  /** Last of all, when the visitor has the demo. */
  async keepOffline() {
    let told = "";
    const more = () => [...runtimeScripts(this.bundle, this.base, this.engine.status), ...filesIn(this.examples)];
    if (!(await keepOffline(more))) return;
    // A backend that is tried later brings scripts of its own.
    this.engine.on("status", () => {
      const now = more().join();
      if (now !== told) void tellLoaded(more);
      told = now;
    });
  }
}

/** @returns {import("../protocol.d.ts").OpenOptions} From the address: `?backend=webgpu`, `?threads=1`. */
function openOptions() {
  const query = new URLSearchParams(location.search);
  const backend = query.get("backend");
  const threads = Number(query.get("threads"));
  return {
    ...(backend === "wasm" || backend === "webgpu" ? { backend } : {}),
    ...(Number.isInteger(threads) && threads > 0 ? { threads } : {}),
  };
}

/** @returns {Promise<Handle>} */
async function open() {
  const { bundle, base } = await loadBundle(document.body.dataset.bundle || "./");
  const page = new DemoPage(bundle, base);
  const config = bundle.interface;
  await page.draw(config);
  if (config.description_html) byId("description").replaceChildren(trustedHtml(config.description_html));
  const { preload_example: first = 0 } = config;
  if (first !== false) page.showExample(first);
  for (const field of page.view?.inputs ?? []) field.isPlaceholder = first !== false && page.examples.length > 0;
  page.bringInputsBack();
  page.drawExtras();
  takeFilesFrom(() => page.view?.inputs ?? []);
  // The handle opens the engine; its loading begins after what is above has been painted.
  await visited();
  await painted();
  const handle = new Handle(page.engine);
  void page.startEngine().then(() => page.keepOffline());
  return handle;
}

/** A page that the browser draws ahead of a click (the gallery's speculation rules) downloads no model yet. @returns {Promise<void>} */
function visited() {
  if (!(/** @type {{ prerendering?: boolean }} */ (document).prerendering)) return Promise.resolve();
  return new Promise((resolve) => document.addEventListener("prerenderingchange", () => resolve(), { once: true }));
}

/** Two frames: the first only asks for the paint. A hidden tab paints nothing, so a timer ends the wait too. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => requestAnimationFrame(resolve));
    setTimeout(resolve, 100);
  });
}

if (isEmbedded()) reportHeight();
const opened = open();
const scope = /** @type {any} */ (window);
scope.pageside = earlyHandle(opened);
opened.then((handle) => (scope.pageside = handle), (error) => {
  byId("opening").replaceChildren(faultView(error, () => location.reload()));
});
