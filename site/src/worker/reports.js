/** What is known of each backend: the reports of a Status. */

import { median } from "../shared/compare.js";
import { isOutOfMemory } from "../shared/fault.js";
import { formatMilliseconds } from "../shared/format.js";

/** @typedef {import("./golden.js").Verdict} Verdict */
/** @typedef {import("../protocol.js").BackendId} BackendId */
/** @typedef {import("../protocol.js").BackendReport} BackendReport */

/** In the order in which they are tried and shown. @type {BackendId[]} */
export const IDS = ["wasm", "webgpu"];

export class Reports {
  constructor() {
    /** For each backend first the verdict on it, then its variants that missed. @type {BackendReport[]} */
    this.list = [];
  }

  /** @param {BackendReport} report */
  add(report) {
    const others = this.list.filter(({ id, state }) => id !== report.id || state !== "untried");
    const at = report.state === "ok" ? others.findIndex(({ id }) => id === report.id) : -1;
    others.splice(at < 0 ? others.length : at, 0, report);
    this.list = others.sort((a, b) => IDS.indexOf(a.id) - IDS.indexOf(b.id));
  }

  /** @param {BackendId} id */
  clear(id) {
    this.list = this.list.filter((report) => report.id !== id);
  }

  /** The report of a backend that is right. @param {BackendId | undefined} id */
  right(id) {
    return this.list.find((report) => report.id === id && report.state === "ok");
  }

  /**
   * Changes the report of a backend that is, or was, right.
   * @param {BackendId} id
   * @param {Partial<BackendReport>} change
   */
  amend(id, change) {
    this.list = this.list.map((report) => (report.id === id && report.state === "ok" ? { ...report, ...change } : report));
  }

  /** Why a backend that is right is not used. @param {BackendId} winner @param {BackendId} loser */
  tellSlower(winner, loser) {
    const [slow, fast] = [loser, winner].map((id) => formatMilliseconds(this.right(id)?.milliseconds ?? 0));
    this.amend(loser, { reason: `slower on this device: ${slow} against ${fast}` });
  }

  /** Whether a backend was tried and is not right. @param {BackendId} id */
  missed(id) {
    return !this.right(id) && this.list.some((report) => report.id === id && report.reason);
  }

  /** What is to be remembered of the backends that are not used; a lack of memory is of the moment. @param {BackendId} used */
  others(used) {
    return this.list.filter(({ id, state, reason }) => id !== used && state !== "untried" && !isOutOfMemory({ message: reason }));
  }

  /** Why nothing is right, in one line. */
  reasons() {
    const missed = this.list.filter(({ reason }) => reason);
    return missed.map(({ id, variant, reason }) => `${[id, variant].filter(Boolean).join(" ")}: ${reason}`).join("; ");
  }
}

/**
 * @param {BackendId} id
 * @param {string} variant
 * @returns {BackendReport}
 */
export function untried(id, variant) {
  return { id, variant, state: "untried", cosine: null, relative_error: null, milliseconds: null, reason: "" };
}

/**
 * The figures of several models as one: the lowest cosine, the largest error, the sum of times.
 * @param {Verdict[]} verdicts
 */
export function figures(verdicts) {
  const cosines = verdicts.map(({ cosine }) => cosine).filter((value) => value !== null);
  const errors = verdicts.map(({ relativeError }) => relativeError).filter((value) => value !== null);
  // The first call compiles what later ones find compiled.
  const later = verdicts.map(({ milliseconds }) => (milliseconds.length > 1 ? milliseconds.slice(1) : milliseconds));
  const times = later.map(median).filter((value) => value !== null);
  return {
    cosine: cosines.length ? Math.min(...cosines) : null,
    relative_error: errors.length ? Math.max(...errors) : null,
    milliseconds: times.length ? times.reduce((sum, time) => sum + time, 0) : null,
  };
}
