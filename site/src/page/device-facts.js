/** What this browser says about its device, for the device report. Nothing that names the visitor. */
import { hasSharedMemory } from "../shared/features.js";
import { formatBytes } from "../shared/format.js";
import { el } from "./dom.js";

/**
 * @typedef {object} DeviceFacts
 * @property {string} browser The user agent.
 * @property {number} cores @property {number | null} memory_gb At most 8, as browsers tell it; null where they do not.
 * @property {boolean} isolated
 * @property {boolean} shared_memory Whether threads can be had.
 * @property {boolean} promise_integration Whether the smaller WebGPU build of onnxruntime-web runs.
 * @property {{ name: string, shader_f16: boolean, fallback: boolean } | null} gpu
 * @property {{ quota: number, usage: number } | null} storage Bytes.
 */

/** @returns {Promise<DeviceFacts>} */
export async function deviceFacts() {
  const estimate = await navigator.storage?.estimate?.().catch(() => null);
  return {
    browser: navigator.userAgent,
    cores: navigator.hardwareConcurrency,
    memory_gb: /** @type {{ deviceMemory?: number }} */ (navigator).deviceMemory ?? null,
    isolated: globalThis.crossOriginIsolated === true,
    shared_memory: hasSharedMemory(),
    promise_integration: "Suspending" in WebAssembly,
    gpu: await gpuFacts(),
    storage: estimate ? { quota: estimate.quota ?? 0, usage: estimate.usage ?? 0 } : null,
  };
}

async function gpuFacts() {
  const { gpu } = /** @type {{ gpu?: { requestAdapter: () => Promise<any> } }} */ (/** @type {unknown} */ (navigator));
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return null;
  const { vendor = "", architecture = "", device = "", description = "", isFallbackAdapter = false } = adapter.info ?? {};
  const name = [vendor, architecture, device, description].filter(Boolean).join(" ") || "not named";
  return { name, shader_f16: adapter.features.has("shader-f16"), fallback: isFallbackAdapter };
}

/** @param {DeviceFacts} facts @returns {HTMLElement[]} */
export function factRows({ browser, cores, memory_gb: memory, isolated, shared_memory: shared, ...more }) {
  const { promise_integration: integration, gpu, storage } = more;
  const graphics = gpu ? `${gpu.name}${gpu.fallback ? ", in software" : ""}${gpu.shader_f16 ? ", with" : ", without"} shader-f16` : "none";
  const alone = isolated ? "this browser lets no page share memory" : "the page is not cross-origin isolated";
  const rows = [
    ["Browser", browser],
    ["Cores", `${cores}${memory ? `, ${memory} GB of memory or more` : ""}`],
    ["Threads", shared ? "yes, the page is cross-origin isolated" : `one: ${alone}`],
    ["WebGPU", graphics],
    ["Promise Integration", integration ? "yes" : "no"],
    ["Storage", storage ? `${formatBytes(storage.usage)} used of ${formatBytes(storage.quota)}` : "not told"],
  ];
  return rows.map(([name, text]) => el("div", {}, el("dt", { textContent: name }), el("dd", { textContent: text })));
}
