/** What Python prints, gathered into few messages and cut off where it grows without end. */

/** A message goes out when so many characters wait. */
const CHUNK = 8192;
/** The most that one call may show; a page with megabytes of text in it is slow for good. */
const LIMIT = 65536;

/** @typedef {"stdout" | "stderr"} Stream */

export class Prints {
  /** @param {(stream: Stream, text: string) => void} send */
  constructor(send) {
    this.send = send;
    /** @type {Record<Stream, string>} */
    this.waiting = { stdout: "", stderr: "" };
    this.left = LIMIT;
    this.dropped = 0;
  }

  /**
   * @param {Stream} stream
   * @param {string} text
   */
  write(stream, text) {
    const shown = text.slice(0, this.left);
    this.left -= shown.length;
    this.dropped += text.length - shown.length;
    this.waiting[stream] += shown;
    if (this.waiting[stream].length >= CHUNK) this.post(stream);
  }

  /** At the end of a call: send what waits, say how much was left out, and allow the next call its own share. */
  flush() {
    if (this.dropped) this.waiting.stderr += `\n... ${this.dropped} more characters were printed and are not shown\n`;
    this.post("stdout");
    this.post("stderr");
    this.left = LIMIT;
    this.dropped = 0;
  }

  /** @param {Stream} stream */
  post(stream) {
    if (this.waiting[stream]) this.send(stream, this.waiting[stream]);
    this.waiting[stream] = "";
  }
}
