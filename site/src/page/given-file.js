/** Values of a demo that are given by their address: stored in bundle.json, or a URL. */
import { FaultError } from "../shared/fault.js";

/** @param {any} value A URL, or what bundle.json stores: `{file: {url}, ...}`. @returns {string | undefined} */
export const addressOf = (value) => (value instanceof URL || typeof value === "string" ? String(value) : (value?.file?.url ?? value?.url));

/**
 * @param {string} address @param {string} what For messages: "picture".
 * @returns {Promise<{blob: Blob, name: string}>}
 * @throws {FaultError} No answer, or none with a file.
 */
export async function fetchFile(address, what) {
  const response = await fetch(address).catch((error) => {
    throw new FaultError("download", `The ${what} ${address} could not be read: ${error.message}.`);
  });
  if (!response.ok) throw new FaultError("download", `The ${what} ${address} could not be read: the host answered ${response.status}.`);
  return { blob: await response.blob(), name: new URL(address, document.baseURI).pathname.split("/").pop() || address };
}
