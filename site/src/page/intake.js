/** Files dropped or pasted anywhere on the page go to the first input that takes them. */

/** @param {() => import("./field.js").Field[]} inputs */
export function takeFilesFrom(inputs) {
  /** @param {DataTransfer | null} data @returns {File[]} */
  const filesOf = (data) => [...(data?.files ?? [])];
  /** @param {File[]} files */
  const give = (files) => files.length > 0 && inputs().some((field) => field.takeFiles(files));
  /** @param {boolean} over */
  const mark = (over) => document.body.toggleAttribute("data-drag", over);

  document.addEventListener("dragover", (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    mark(true);
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget === null && mark(false));
  document.addEventListener("drop", (event) => {
    mark(false);
    const files = filesOf(event.dataTransfer);
    if (files.length === 0) return;
    // Without this the browser leaves the page for the file, and what was entered is lost.
    event.preventDefault();
    give(files);
  });
  document.addEventListener("paste", (event) => {
    if (give(filesOf(event.clipboardData))) event.preventDefault();
  });
}
