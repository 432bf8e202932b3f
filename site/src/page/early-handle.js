/** `window.pageside` from the first moment on: what the handle will be, while bundle.json is still on its way. */

/** @typedef {import("./client.js").Handle} Handle */

/** @type {import("../protocol.d.ts").Status} */
const LOADING = { state: "loading", backend: null, variant: null, threads: 1, cosine: null, milliseconds: null, bytes: 0, backends: [] };

/** @param {Promise<Handle>} coming @returns Everything of `Handle`; `bundle` is null and `examples` empty until it is there. */
export function earlyHandle(coming) {
  /** @type {Handle | null} */
  let handle = null;
  const ready = coming.then((there) => (handle = there).ready);
  // A page that never asks must not report an unhandled rejection.
  ready.catch(() => undefined);
  return {
    ready,
    get bundle() { return handle?.bundle ?? null; },
    get examples() { return handle?.examples ?? []; },
    /** @param {...any} inputs */
    predict: async (...inputs) => (await coming).predict(...inputs),
    status: () => handle?.status() ?? LOADING,
    /** @param {import("../protocol.d.ts").BackendId} id @param {{timed?: boolean}} [options] */
    useBackend: async (id, options) => (await coming).useBackend(id, options),
    /** @param {"status" | "progress"} event @param {(detail: any) => void} listener */
    on(event, listener) {
      const off = coming.then((there) => there.on(event, listener), () => () => undefined);
      return () => void off.then((stop) => stop());
    },
    close: () => void coming.then((there) => there.close(), () => undefined),
  };
}
