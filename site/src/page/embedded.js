/** In an iframe: a compact look, and the page around learns the height. `embed.js` is the other side. */

export const HEIGHT_MESSAGE = "pageside:height";

export const isEmbedded = () => window.parent !== window;

export function reportHeight() {
  document.documentElement.classList.add("embedded");
  let last = 0;
  const report = () => {
    const height = Math.ceil(document.body.getBoundingClientRect().height);
    if (height === last) return;
    last = height;
    // A height is no secret; whose message this is, the receiver checks.
    window.parent.postMessage({ type: HEIGHT_MESSAGE, height }, "*");
  };
  new ResizeObserver(report).observe(document.body);
  report();
}
