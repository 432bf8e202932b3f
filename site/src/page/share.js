/** How to take this demo elsewhere: a link, a tag for a post, a module for a web page. */
import { copyButton, el } from "./dom.js";

/** The folder that holds client.js and embed.js: the parent of the versioned assets. */
const ROOT = new URL("../../../../", import.meta.url).href;

/** @param {{ base: string, title: string }} options `base`: the URL of the demo's folder. @returns {HTMLElement} */
export function sharePanel({ base, title }) {
  const page = location.href.replace(/[?#].*$/, "");
  const tag = `<script src="${ROOT}embed.js" async></script>\n<pageside-demo src="${page}" title="${attribute(title)}"></pageside-demo>`;
  const code = [
    `import { connect } from "${ROOT}client.js";`, "",
    `const demo = await connect("${base}");`,
    "console.log(await demo.predict(...demo.examples[0].inputs));",
  ].join("\n");
  return el("details", { className: "panel", id: "share" }, el("summary", { textContent: "Share or embed" }),
    snippet("Link", page), snippet("In a blog post or on any web page", tag), snippet("From JavaScript", code));
}

/** @param {string} text */
const attribute = (text) => text.replace(/[&"<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** @param {string} name @param {string} text */
function snippet(name, text) {
  return el("div", { className: "snippet" },
    el("div", { className: "snippet-head" }, el("h3", { textContent: name }), copyButton(() => text)),
    el("pre", { textContent: text, tabIndex: 0 }));
}
