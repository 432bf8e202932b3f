/** Building elements without a framework, and without `innerHTML` for anything that a maker or a visitor wrote. */

let lastId = 0;

/** @param {string} prefix @returns {string} An id that is not taken. */
export const freshId = (prefix) => `${prefix}-${++lastId}`;

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Record<string, any>} [props] Properties, as `textContent` and `onclick`; names with a dash, and `role`, are attributes.
 * @param {...(Node | string | null)} children null is left out.
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null) continue;
    if (name.includes("-") || name === "role") element.setAttribute(name, value);
    else /** @type {any} */ (element)[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** @param {number | string} size Pixels, or any length of CSS. */
export const cssSize = (size) => (typeof size === "number" ? `${size}px` : size);

/** A button below a component's stage. @param {string} words @param {() => void} act */
export const tool = (words, act) => el("button", { type: "button", className: "button", textContent: words, onclick: act });

/**
 * @param {string} html Rendered at build from Markdown with raw HTML escaped.
 * @returns {DocumentFragment} Links open beside the demo, so that nothing entered is lost.
 */
export function trustedHtml(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  for (const link of template.content.querySelectorAll("a[href]:not([href^='#'])")) {
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener");
  }
  return template.content;
}

/**
 * A button that copies text and says so.
 * @param {() => string} text @param {string} [words]
 */
export function copyButton(text, words = "Copy") {
  const button = el("button", { type: "button", className: "button quiet", textContent: words });
  button.addEventListener("click", async () => {
    const done = await navigator.clipboard?.writeText(text()).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Not allowed here; select the text";
    setTimeout(() => (button.textContent = words), 2000);
  });
  return button;
}
