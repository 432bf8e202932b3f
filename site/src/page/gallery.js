/** The gallery: a card for each demo in gallery.json. */
import { formatBytes } from "../shared/format.js";
import { el } from "./dom.js";
import { keepOffline } from "./offline.js";

/**
 * @typedef {object} DemoCard
 * @property {string} name @property {string} title @property {string} description @property {string} url
 * @property {string[]} inputs Component types. @property {string[]} outputs
 * @property {number} bytes On the wire to the first answer.
 * @property {string | null} thumbnail
 */

const KINDS = /** @type {Record<string, string>} */ ({ textbox: "text", image: "picture" });

/** @param {string[]} types */
const describeTypes = (types) => types.map((type) => KINDS[type] ?? type).join(" + ");

/** @param {DemoCard} demo */
function card(demo) {
  const link = el("a", { href: demo.url, className: "card-link", textContent: demo.title || demo.name });
  const takes = `${describeTypes(demo.inputs)} → ${describeTypes(demo.outputs)}`;
  const picture = demo.thumbnail
    ? el("img", { src: demo.thumbnail, alt: "", className: "card-picture", decoding: "async" })
    : el("div", { className: "card-picture card-plain", "aria-hidden": "true", textContent: takes });
  return el("li", { className: "demo-card" }, picture,
    el("div", { className: "card-text" },
      el("h2", {}, link),
      el("p", { className: "card-description", textContent: demo.description }),
      el("p", { className: "card-facts" }, el("span", { textContent: takes }), el("span", { textContent: formatBytes(demo.bytes) }))));
}

async function show() {
  const opening = /** @type {HTMLElement} */ (document.getElementById("opening"));
  const response = await fetch("gallery.json", { cache: "no-cache" }).catch(() => null);
  if (!response?.ok) {
    const why = response ? `the host answered ${response.status}` : "no connection";
    opening.textContent = `The list of demos could not be read: ${why}. Check the connection and reload the page.`;
    return;
  }
  const { demos } = /** @type {{ demos: DemoCard[] }} */ (await response.json());
  opening.textContent = "There is no demo here yet. Build one with: pageside build DEMO -o dist";
  opening.hidden = demos.length > 0;
  document.getElementById("cards")?.replaceChildren(...demos.map(card));
}

void show().then(() => keepOffline());
