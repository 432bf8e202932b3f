/**
 * The service worker's place in a page's life: it is registered when the page is idle, told what the page has loaded, and
 * taken away where the visitor asks. A page never needs it: whatever fails here, fails silently. See docs/offline.md.
 */
import { hasPromiseIntegration } from "../shared/features.js";
import { isEmbedded } from "./embedded.js";

/** @typedef {import("../protocol.d.ts").Bundle} Bundle */
/** @typedef {import("../protocol.d.ts").Status} Status */
/** @typedef {() => string[]} Urls absolute addresses of what the page needs beside what it shows in its own list */

/** What a visitor asks first comes first: a page that has just become able to answer waits so long. */
const PAUSE_MS = 500;
const IDLE_MS = 3000;

/**
 * @param {Urls} [more]
 * @returns {Promise<boolean>} whether there is a service worker now
 */
export async function keepOffline(more = () => []) {
  try {
    const script = address();
    if (!script || !("serviceWorker" in navigator)) return false;
    if (query("sw") === "off") return await remove(script);
    if (!isWanted()) return false;
    await idle();
    await navigator.serviceWorker.register(script, { updateViaCache: "none" });
    await tellLoaded(more);
    return true;
  } catch {
    // Blocked by the browser or its user, or the host has no such file.
    return false;
  }
}

/**
 * Tells a service worker that is there what it should keep.
 * @param {Urls} [more]
 */
export async function tellLoaded(more = () => []) {
  const { active } = await navigator.serviceWorker.ready;
  const own = performance.getEntriesByType("resource").map(({ name }) => name);
  active?.postMessage({ type: "keep", urls: [...new Set([...own, ...more()])] });
}

/**
 * The runtimes' scripts, which the worker imports and the page therefore does not see.
 * @param {Bundle} bundle
 * @param {string} base
 * @param {Status} status
 */
export function runtimeScripts({ runtime, models }, base, status) {
  const { ort, pyodide } = runtime;
  const tried = status.backends.some(({ id, state }) => id === "webgpu" && state !== "untried");
  const builds = [...(models.length ? [ort.wasm] : []), ...(tried ? [hasPromiseIntegration() ? ort.jspi : ort.asyncify] : [])];
  const found = [pyodide.module, new URL("pyodide.asm.js", new URL(pyodide.module, base)).href];
  return [...found, ...builds.flatMap(({ module, glue }) => [module, glue])].map((url) => new URL(url, base).href);
}

/**
 * Every file in stored values: of examples the page itself shows thumbnails at first.
 * @param {unknown} stored with absolute addresses
 * @returns {string[]}
 */
export function filesIn(stored) {
  if (typeof stored !== "object" || stored === null) return [];
  if ("url" in stored && typeof stored.url === "string") return [stored.url];
  return Object.values(stored).flatMap(filesIn);
}

/** Where the build has put it. @returns {URL | null} */
function address() {
  const path = document.querySelector('meta[name="pageside-offline"]')?.getAttribute("content");
  return path ? new URL(path, document.baseURI) : null;
}

/** In a frame of another page only where that page asks; and `pageside serve`, a maker at work, wants no kept copies. */
function isWanted() {
  if (query("offline") === "1") return true;
  const isDevelopment = /^(localhost|127\.|\[::1\])/.test(location.hostname) && self.crossOriginIsolated;
  return !isEmbedded() && !(isDevelopment && !navigator.serviceWorker.controller);
}

/** Takes the service worker and what it keeps away. @param {URL} script */
async function remove(script) {
  const scope = new URL("./", script);
  const registration = await navigator.serviceWorker.getRegistration(scope.href);
  if (registration?.scope === scope.href) {
    registration.active?.postMessage({ type: "go" });
    await registration.unregister();
  }
  await caches.delete(`pageside-site ${scope.pathname}`);
  return false;
}

/** @param {string} name */
const query = (name) => new URLSearchParams(location.search).get(name);

/** @returns {Promise<void>} */
async function idle() {
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  // Safari has no such callback.
  if ("requestIdleCallback" in window) await new Promise((resolve) => requestIdleCallback(resolve, { timeout: IDLE_MS }));
}
