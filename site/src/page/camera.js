/** The camera, with words for every way in which it can be missing. */
import { FaultError } from "../shared/fault.js";

/** @type {Record<string, [string, string]>} By the name of the browser's error: what happened, what to do. */
const REFUSALS = {
  NotAllowedError: ["The camera is not allowed for this page.", "Allow it in the browser's site settings, or choose a file."],
  NotFoundError: ["No camera was found.", "Connect one, or choose a file."],
  OverconstrainedError: ["No camera was found that fits.", "Connect another one, or choose a file."],
  NotReadableError: ["The camera is in use by another program.", "Close that program and try again, or choose a file."],
};

/**
 * @param {"user" | "environment"} facing
 * @returns {Promise<MediaStream>}
 * @throws {FaultError} Without a camera, or without leave to use it.
 */
export async function openCamera(facing) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new FaultError("input", "The camera needs a secure page.", { hint: "Open this page with https, or choose a file." });
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: { ideal: facing }, width: { ideal: 1920 }, height: { ideal: 1080 } },
    });
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    const [what, hint] = REFUSALS[name] ?? [`The camera did not start: ${message || name}.`, "Try again, or choose a file."];
    throw new FaultError("input", what, { hint });
  }
}

/** @returns {Promise<boolean>} Whether there is another camera to turn to. Known only after leave was given. */
export async function hasSeveralCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput").length > 1;
}

/** @param {MediaStream | null} stream */
export function closeCamera(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
