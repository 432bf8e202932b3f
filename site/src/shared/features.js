/** What this browser's WebAssembly can do. */

/** JavaScript Promise Integration, which the smaller WebGPU build of onnxruntime-web needs. */
export function hasPromiseIntegration() {
  return "Suspending" in WebAssembly && "promising" in WebAssembly;
}
