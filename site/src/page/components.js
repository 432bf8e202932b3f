/** Component modules by type, loaded when an interface names them. */

/** @typedef {import("./field.js").Field} Field */
/** @typedef {import("../protocol.d.ts").ComponentConfig} ComponentConfig */

/**
 * What `components/README.md` asks of a component file.
 * @typedef {object} ComponentModule
 * @property {(new () => Field) & { stylesheet?: boolean }} default
 * @property {(value: any, config: ComponentConfig) => Promise<any>} toPayload
 * @property {(payload: any, config: ComponentConfig) => any} toPublic
 * @property {(value: any, config: ComponentConfig) => HTMLElement} preview
 */

/** @param {ComponentConfig} config @returns {Promise<ComponentModule>} */
export async function loadComponent({ type }) {
  if (!/^[a-z0-9_]+$/.test(type)) throw new Error(`${type} is not the name of a component`);
  const module = await import(`./components/${type}.js`);
  if (module.default.stylesheet) await loadStyle(new URL(`../../css/${type}.css`, import.meta.url).href);
  return module;
}

/** @param {string} href Usually linked by the page already; an edited demo may bring a component that is not. */
function loadStyle(href) {
  const links = /** @type {NodeListOf<HTMLLinkElement>} */ (document.querySelectorAll("link[rel=stylesheet]"));
  if ([...links].some((link) => link.href === href)) return undefined;
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    // A missing style is no reason to show nothing.
    link.onload = link.onerror = resolve;
    document.head.append(link);
  });
}

/** @param {ComponentConfig[]} configs */
export const loadComponents = (configs) => Promise.all(configs.map(loadComponent));

/**
 * @param {ComponentModule} module @param {ComponentConfig} config @param {"input" | "output"} mode
 * @returns {Field}
 */
export function createField(module, config, mode) {
  const field = new module.default();
  field.configure(config, mode);
  return field;
}
