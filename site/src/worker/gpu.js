/** What this browser says about its GPU. */

/** Renderers that compute on the CPU: right, but never fast. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i;

/** @returns {Promise<GPUAdapter | null>} */
export async function findAdapter() {
  try {
    return (await navigator.gpu?.requestAdapter()) ?? null;
  } catch {
    return null;
  }
}

/** @param {GPUAdapter} adapter */
export function describeAdapter(adapter) {
  const { vendor = "", architecture = "", device = "", description = "" } = adapter.info ?? {};
  return [vendor, architecture, device, description].filter(Boolean).join(" ");
}

/** @param {GPUAdapter} adapter */
export function isSoftware(adapter) {
  const fallback = adapter.info?.isFallbackAdapter ?? /** @type {{isFallbackAdapter?: boolean}} */ (adapter).isFallbackAdapter;
  return fallback === true || SOFTWARE.test(describeAdapter(adapter));
}

/** Whether the visitor asked for few bytes. */
export function savesData() {
  return /** @type {{connection?: {saveData?: boolean}}} */ (navigator).connection?.saveData === true;
}
