/** The examples: a strip of thumbnails where there are pictures, rows of text elsewhere. */
import { el } from "./dom.js";

/**
 * @param {object} options
 * @param {import("../protocol.d.ts").Example[]} options.examples
 * @param {import("../protocol.d.ts").ComponentConfig[]} options.configs Of the inputs.
 * @param {import("./components.js").ComponentModule[]} options.modules Of the inputs.
 * @param {(index: number) => void} options.choose
 * @returns {{ element: HTMLElement, mark: (index: number | null) => void }}
 */
export function examplesView({ examples, configs, modules, choose }) {
  const buttons = examples.map((example, index) => {
    const parts = modules.map((module, i) => module.preview(example.inputs[i], configs[i]));
    if (example.label) parts.unshift(el("span", { className: "example-label", textContent: example.label }));
    const button = el("button", { type: "button", className: "example", "aria-pressed": "false" }, ...parts);
    const words = parts.map((part) => part.textContent).filter(Boolean).join(", ");
    button.setAttribute("aria-label", `Example ${index + 1}${words ? `: ${words}` : ""}`);
    button.addEventListener("click", () => choose(index));
    return button;
  });
  const pictures = buttons.some((button) => button.querySelector("img"));
  const list = el("ul", { className: pictures ? "examples-strip" : "examples-rows" },
    ...buttons.map((button) => el("li", {}, button)));
  const element = el("section", { className: "examples", "aria-label": "Examples", hidden: examples.length === 0 },
    el("h2", { textContent: "Examples" }), list);
  return {
    element,
    mark: (chosen) => buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(index === chosen))),
  };
}
