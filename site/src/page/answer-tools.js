/** The buttons below an answer: to download it, to share it, to copy it. */
import { copyButton, el, tool } from "./dom.js";
import { fetchFile } from "./given-file.js";
import { saveFile } from "./save-file.js";

/**
 * @param {import("./field.js").Field} field An output; the buttons are there while it has an answer.
 * @param {{ file?: () => Promise<File>, text?: () => string, usual?: string[] }} answer `usual`: what the maker did not ask for.
 * @returns {HTMLElement}
 */
export function answerTools(field, { file, text, usual = [] }) {
  /** @type {string[]} */
  const asked = field.config.props.buttons ?? usual;
  const buttons = [];
  if (file && asked.includes("download")) buttons.push(fileButton("Download", field, file, (one) => saveFile(one, one.name)));
  if (file && asked.includes("share") && canShare()) {
    buttons.push(fileButton("Share", field, file, (one) => navigator.share({ files: [one] })));
  }
  if (text && asked.includes("copy")) buttons.push(copyButton(text));
  return el("div", { className: "answer-tools", hidden: buttons.length === 0 }, ...buttons);
}

/** Whether this device hands files on; mostly phones do. */
const canShare = () => navigator.canShare?.({ files: [new File([""], "a.png", { type: "image/png" })] }) ?? false;

/**
 * @param {string} words @param {import("./field.js").Field} field
 * @param {() => Promise<File>} file @param {(file: File) => Promise<void> | void} act
 */
function fileButton(words, field, file, act) {
  const button = tool(words, async () => {
    field.setProblem("");
    try {
      await act(await file());
    } catch (error) {
      const { name, message, hint } = /** @type {Error & { hint?: string }} */ (error);
      // The visitor closed the list of places to share to.
      if (name !== "AbortError") field.setProblem(message, hint ?? "Try again.");
    }
  });
  button.classList.add("quiet");
  return button;
}

/**
 * @param {import("./field.js").Field} field Its label names the file.
 * @param {Blob} content @param {string} ending As "png".
 */
export function asFile(field, content, ending) {
  const name = (field.config.label || "answer").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "answer";
  return new File([content], `${name}.${ending}`, { type: content.type });
}

/** @param {import("./field.js").Field} field @param {string} address Of a file of this site. @param {string} what It is. */
export async function storedFile(field, address, what) {
  const { blob, name } = await fetchFile(address, what);
  return asFile(field, blob, name.split(".").pop() ?? "");
}
