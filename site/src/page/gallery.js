/** The gallery: a card for each demo in gallery.json. */
import { formatBytes, formatMilliseconds } from "../shared/format.js";
import { el } from "./dom.js";
import { kindsOf, matches } from "./gallery-filter.js";
import { keepOffline } from "./offline.js";

/**
 * @typedef {object} DemoCard
 * @property {string} name @property {string} title @property {string} description @property {string} url
 * @property {string[]} inputs Component types. @property {string[]} outputs
 * @property {string[]} words What else a visitor may look for: its models, where its inputs come from.
 * @property {number} bytes On the wire to the first answer.
 * @property {string | null} thumbnail
 * @property {number | null} milliseconds Of one call, with one thread, where the site was built.
 */

/** With fewer demos than these nobody needs to search. */
const SEARCH_FROM = 3;

/** @param {string[]} types */
const describeTypes = (types) => kindsOf(types).join(" + ");

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
      el("p", { className: "card-facts" }, el("span", { textContent: takes }), facts(demo))));
}

/** @param {DemoCard} demo */
function facts({ bytes, milliseconds }) {
  const speed = milliseconds ? `${formatMilliseconds(milliseconds)} a call, ` : "";
  const title = "With one thread where this site was built; bytes of a first visit";
  return el("span", { textContent: `${speed}${formatBytes(bytes)}`, title });
}

/**
 * The page and its bundle are at hand when the visitor clicks; a browser with speculation rules has drawn it by then.
 * @param {HTMLElement} element @param {string} url
 */
function warmUp(element, url) {
  if (HTMLScriptElement.supports?.("speculationrules")) return element;
  const fetchBoth = () => [url, `${url}bundle.json`].forEach((address) => void fetch(address).catch(() => undefined));
  for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, fetchBoth, { once: true });
  return element;
}

/** @param {DemoCard[]} demos @param {HTMLElement[]} cards */
function toolbar(demos, cards) {
  const search = el("input", { type: "search", className: "control", placeholder: "Search", "aria-label": "Search the demos" });
  const none = el("p", { className: "opening", role: "status" });
  const kinds = [...new Set(demos.flatMap((demo) => kindsOf(demo.inputs)))].sort();
  let kind = "";
  const show = () => {
    demos.forEach((demo, i) => (cards[i].hidden = !matches(demo, { words: search.value, kind })));
    const count = cards.filter((card) => !card.hidden).length;
    none.textContent = count ? "" : "No demo fits. Take other words, or all kinds of input.";
  };
  const buttons = ["", ...kinds].map((name) => {
    const button = el("button", { type: "button", className: "button quiet", textContent: name || "All", "aria-pressed": String(!name) });
    button.addEventListener("click", () => {
      kind = name;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      show();
    });
    return button;
  });
  search.addEventListener("input", show);
  return el("div", { className: "gallery-tools", role: "search" }, search,
    el("div", { className: "gallery-kinds", role: "group", "aria-label": "Kind of input" }, ...buttons), none);
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
  const cards = demos.map((demo) => warmUp(card(demo), demo.url));
  const list = document.getElementById("cards");
  list?.replaceChildren(...cards);
  if (demos.length >= SEARCH_FROM) list?.before(toolbar(demos, cards));
}

void show().then(() => keepOffline());
