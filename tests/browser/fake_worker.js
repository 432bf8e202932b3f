// Stands in for the worker in tests of the page alone: it speaks the protocol as bundle.json's `fake` tells it to.
/* global self, postMessage, caches, setTimeout */
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let fake = {};
let status = null;

const handlers = {
  async open({ id, bundle }) {
    fake = { ready_ms: 0, answer_ms: 0, ...bundle.fake };
    status = fake.status;
    for (const progress of fake.progress ?? []) postMessage({ type: "progress", progress });
    await later(fake.ready_ms);
    if (fake.open_fault && !(await seen())) return postMessage({ type: "error", id, error: fake.open_fault });
    return postMessage({ type: "ready", id, status });
  },
  async predict({ id, inputs }) {
    await later(fake.answer_ms);
    if (fake.fault && JSON.stringify(inputs).includes("fail")) return postMessage({ type: "error", id, error: fake.fault });
    const ink = fake.ink ? [inputs[0].data.filter((byte, i) => i % 4 === 3 && byte > 127).length] : null;
    const outputs = fake.outputs ?? ink ?? [`device says ${inputs[0]}`];
    if (fake.times) status = { ...status, milliseconds: fake.times.shift() };
    return postMessage({ type: "result", id, outputs, milliseconds: 14, status });
  },
  async "use-backend"({ id, backend }) {
    status = { ...status, backend };
    postMessage({ type: "done", id, status });
  },
  async edit({ id, source }) {
    if (source.includes("broken")) return postMessage({ type: "error", id, error: fake.fault });
    postMessage({ type: "print", stream: "stdout", text: "printed while editing\n" });
    return postMessage({ type: "edited", id, interface: { ...fake.edited } });
  },
  async cancel() {},
};

/** Whether an earlier worker of this page has failed already; the second start goes well. */
async function seen() {
  const cache = await caches.open("fake");
  const before = await cache.match("/failed");
  await cache.put("/failed", new Response("x"));
  return Boolean(before);
}

self.onmessage = ({ data }) => handlers[data.type](data);
