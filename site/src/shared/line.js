/** Questions and answers between two workers of one page, over a MessagePort. Either side may ask. */

import { buffersOf } from "./buffers.js";
import { FaultError, toFault } from "./fault.js";

/** @typedef {import("./fault.js").Fault} Fault */
/** @typedef {Pick<MessagePort, "postMessage" | "onmessage">} Port */
/** @typedef {{resolve: (value: any) => void, reject: (error: FaultError) => void}} Waiting */

export class Line {
  /**
   * @param {Port} port
   * @param {(question: any) => unknown} answer to what the other side asks or tells; what it throws crosses as a Fault
   */
  constructor(port, answer) {
    this.port = port;
    this.answer = answer;
    this.lastId = 0;
    /** @type {Map<number, Waiting>} */
    this.waiting = new Map();
    port.onmessage = ({ data }) => this.receive(data);
  }

  /**
   * @param {object} question plain objects and arrays; the memory of arrays in it is given away
   * @returns {Promise<any>}
   * @throws {FaultError} as the other side did
   */
  ask(question) {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.post({ id, question });
    });
  }

  /** Without an answer. @param {object} news */
  tell(news) {
    this.post({ question: news });
  }

  /** The other side is gone. @param {FaultError} fault for all who wait */
  fail(fault) {
    const waiting = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject } of waiting) reject(fault);
  }

  /** @param {unknown} message */
  post(message) {
    this.port.postMessage(message, [...buffersOf(message)]);
  }

  /** @param {{id?: number, question?: object, value?: unknown, error?: Fault}} message */
  async receive({ id, question, value, error }) {
    if (question) {
      const reply = await this.reply(question);
      if (id !== undefined) this.post({ id, ...reply });
      return;
    }
    const waiting = this.waiting.get(id ?? 0);
    this.waiting.delete(id ?? 0);
    if (error) waiting?.reject(FaultError.from(error));
    else waiting?.resolve(value);
  }

  /** @param {object} question @returns {Promise<{value: unknown} | {error: Fault}>} */
  async reply(question) {
    try {
      return { value: await this.answer(question) };
    } catch (error) {
      return { error: toFault(error, "model") };
    }
  }
}
