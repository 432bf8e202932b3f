/** The camera and the microphone, with words for every way in which one can be missing. */
import { FaultError } from "../shared/fault.js";

/** @type {Record<string, (what: string) => [string, string]>} By the name of the browser's error: what happened, what to do. */
const REFUSALS = {
  NotAllowedError: (what) => [`The ${what} is not allowed for this page.`, "Allow it in the browser's site settings, or choose a file."],
  NotFoundError: (what) => [`No ${what} was found.`, "Connect one, or choose a file."],
  OverconstrainedError: (what) => [`No ${what} was found that fits.`, "Connect another one, or choose a file."],
  NotReadableError: (what) => [`The ${what} is in use by another program.`, "Close that program and try again, or choose a file."],
};

/**
 * @param {"camera" | "microphone"} what
 * @param {MediaStreamConstraints} constraints
 * @returns {Promise<MediaStream>}
 * @throws {FaultError} Without the device, or without leave to use it.
 */
async function open(what, constraints) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new FaultError("input", `The ${what} needs a secure page.`, { hint: "Open this page with https, or choose a file." });
  }
  try {
    return await navigator.mediaDevices.getUserMedia(constraints);
  } catch (error) {
    const { name, message } = /** @type {Error} */ (error);
    const [words, hint] = REFUSALS[name]?.(what) ?? [`The ${what} did not start: ${message || name}.`, "Try again, or choose a file."];
    throw new FaultError("input", words, { hint });
  }
}

/**
 * @param {"user" | "environment"} facing @param {{ width: number, height: number }} size Pixels, as near as the camera can.
 * @returns {Promise<MediaStream>} @throws {FaultError}
 */
export const openCamera = (facing, { width, height }) =>
  open("camera", { audio: false, video: { facingMode: { ideal: facing }, width: { ideal: width }, height: { ideal: height } } });

/** @returns {Promise<MediaStream>} As it is heard: what calls filter away may be what a model listens for. @throws {FaultError} */
export const openMicrophone = () =>
  open("microphone", { video: false, audio: { echoCancellation: false, noiseSuppression: false, channelCount: { ideal: 1 } } });

/** @returns {Promise<boolean>} Whether there is another camera to turn to. Known only after leave was given. */
export async function hasSeveralCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((device) => device.kind === "videoinput").length > 1;
}

/** @param {MediaStream | null} stream */
export function closeStream(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
