/** Which demos of a gallery fit what the visitor looks for. No DOM. */

/** Component types in words; those that are no input of their own kind stand for what they take. */
const KINDS = /** @type {Record<string, string>} */ ({
  textbox: "text", image: "picture", sketchpad: "drawing", audio: "sound", annotatedimage: "picture", highlightedtext: "text",
  imageslider: "picture", markdown: "text", label: "label", lineplot: "plot", dataframe: "table", colorpicker: "colour",
});
/** Beside another input they are its settings. */
const SETTINGS = ["slider", "checkbox", "checkboxgroup", "radio", "dropdown", "number", "colorpicker"];

/** @param {string[]} types @returns {string[]} Each kind once, in their order. */
export function kindsOf(types) {
  const main = types.filter((type) => !SETTINGS.includes(type));
  return [...new Set((main.length ? main : types).map((type) => KINDS[type] ?? type))];
}

/**
 * @param {{ title: string, name: string, description: string, inputs: string[], words?: string[] }} demo
 * @param {{ words: string, kind: string }} wanted Every word must be there; no kind is any kind.
 */
export function matches({ title, name, description, inputs, words: more = [] }, { words, kind }) {
  if (kind && !kindsOf(inputs).includes(kind)) return false;
  const text = `${title} ${name} ${description} ${kindsOf(inputs).join(" ")} ${more.join(" ")}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
