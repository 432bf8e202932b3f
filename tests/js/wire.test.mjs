import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Wire } from "../../site/src/worker/wire.js";

const CONTENT = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251));

let answer;
let server;
let url;
/** Of each request, its Range header. */
let ranges = [];

before(async () => {
  server = createServer((request, response) => {
    ranges.push(request.headers.range ?? "");
    answer(response, ranges.length, request);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = new URL(`http://127.0.0.1:${server.address().port}/part.bin`);
});
after(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends `content` from `start` on and cuts the connection after `bytes`. */
function cut(response, content, bytes) {
  response.write(content.subarray(0, bytes));
  setTimeout(() => response.destroy(), 15);
}

function rest(response, range) {
  const start = Number(/^bytes=(\d+)-$/.exec(range)[1]);
  const headers = { "content-range": `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}`, "content-length": CONTENT.length - start };
  return { start, response: response.writeHead(206, headers) };
}

async function download(options = {}) {
  ranges = [];
  let counted = 0;
  const wire = new Wire(url, { cache: "default", backOff: [1, 1], stall: 200, count: (more) => { counted += more; }, ...options });
  const chunks = [];
  for await (const chunk of wire.stream()) chunks.push(chunk);
  return { bytes: Buffer.concat(chunks), counted };
}

test("a cut connection goes on from the byte where it broke off", async () => {
  answer = (response, count, { headers }) => {
    if (count === 1) return cut(response.writeHead(200, { "content-length": CONTENT.length }), CONTENT, 1234);
    const { start, response: partial } = rest(response, headers.range);
    return partial.end(CONTENT.subarray(start));
  };
  const { bytes, counted } = await download();
  assert.ok(bytes.equals(CONTENT));
  assert.equal(counted, CONTENT.length);
  assert.deepEqual(ranges, ["", "bytes=1234-"]);
});

test("a host that knows no ranges sends it again, and nothing is counted twice", async () => {
  answer = (response, count) => {
    response.writeHead(200, { "content-length": CONTENT.length });
    if (count < 3) return cut(response, CONTENT, count * 1000);
    return response.end(CONTENT);
  };
  const { bytes, counted } = await download();
  assert.ok(bytes.equals(CONTENT));
  assert.equal(counted, CONTENT.length);
});

test("it goes on for as long as it gets further, however often it is cut", async () => {
  answer = (response, count, { headers }) => {
    const start = headers.range ? rest(response, headers.range).start : 0;
    if (!headers.range) response.writeHead(200, { "content-length": CONTENT.length });
    if (CONTENT.length - start <= 66_000) return response.end(CONTENT.subarray(start));
    return cut(response, CONTENT.subarray(start), 66_000);
  };
  assert.ok((await download({ backOff: [1] })).bytes.equals(CONTENT));
  assert.equal(ranges.length, 5);
});

test("a host that decodes by itself is never asked for a range: its offsets are others", async () => {
  answer = (response, count) => {
    response.writeHead(200, { "content-encoding": "identity", "content-length": CONTENT.length });
    return count === 1 ? cut(response, CONTENT, 500) : response.end(CONTENT);
  };
  assert.ok((await download()).bytes.equals(CONTENT));
  assert.deepEqual(ranges, ["", ""]);
});

test("another range than was asked for is not taken", async () => {
  answer = (response, count) => {
    if (count === 1) return cut(response.writeHead(200, { "content-length": CONTENT.length }), CONTENT, 500);
    if (count === 2) return response.writeHead(206, { "content-range": `bytes 400-${CONTENT.length - 1}/*` }).end(CONTENT.subarray(400));
    return response.end(CONTENT);
  };
  assert.ok((await download()).bytes.equals(CONTENT));
  assert.deepEqual(ranges, ["", "bytes=500-", ""]);
});

test("a host that stops answering is given up and asked again", async () => {
  answer = (response, count, { headers }) => {
    if (count === 1) return void response.writeHead(200, { "content-length": CONTENT.length }).write(CONTENT.subarray(0, 700));
    const { start, response: partial } = rest(response, headers.range);
    return partial.end(CONTENT.subarray(start));
  };
  assert.ok((await download()).bytes.equals(CONTENT));
  assert.deepEqual(ranges, ["", "bytes=700-"]);
  answer = () => undefined;
  await assert.rejects(download({ backOff: [1] }), { message: "nothing came for 0.2 s" });
  assert.equal(ranges.length, 2);
});

test("what the host refuses is not asked for again", async () => {
  answer = (response) => response.writeHead(403).end();
  await assert.rejects(download(), { message: "the host answered 403" });
  assert.equal(ranges.length, 1);
});
