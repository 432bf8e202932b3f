/** What this browser's WebAssembly can do, and its pages. */

/** JavaScript Promise Integration, which the smaller WebGPU build of onnxruntime-web needs. */
export function hasPromiseIntegration() {
  return "Suspending" in WebAssembly && "promising" in WebAssembly;
}

/** Whether workers can share memory, as threads must: WebKitGTK 2.50 isolates a page and does not let it. */
export function hasSharedMemory() {
  return globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === "function";
}

/**
 * Whether it is WebKit's, as every browser on an iPhone. Measured in WebKitGTK 2.50: its compiler keeps vectors in memory
 * from one round of a loop to the next, so that a loop has to do much in each.
 * @param {string} agent as `navigator.userAgent`
 */
export function isWebKit(agent) {
  return agent.includes("AppleWebKit/") && !agent.includes("Chrome/") && !agent.includes("Chromium/");
}
