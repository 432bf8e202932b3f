"""A visit to the engine's small bundle: the page that makes an Engine, and ways to make a variant's numbers wrong."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import Any

from engine_bundle import BundleFolder, onnx_model, weights
from nginx import Nginx
from playwright.sync_api import Page

TIMEOUT_MS = 120_000
START = """async (options) => {
  const { Engine, loadBundle } = await import("../assets/test/src/page/base.js");
  const { bundle, base } = await loadBundle(location.href);
  const engine = window.engine = new Engine(bundle, base, options);
  window.printed = [];
  window.seen = [];
  engine.on("print", (one) => window.printed.push(one));
  engine.on("status", (one) => window.seen.push(one));
  window.plain = (error) => { throw new Error("FAULT " + JSON.stringify({ ...error, message: error.message })); };
  return engine.open().catch(window.plain);
}"""
CALL = "async (text) => (await window.engine.call([text]).catch(window.plain)).outputs[0]"
USE = "(id) => window.engine.useBackend(id).catch(window.plain)"
STATUS = "() => window.engine.status"
#: In a worker: keeps the GPU devices that it asks for.
KEEP_DEVICES = """() => {
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...words) {
    return (self.devices ??= []), self.devices.push(await request.apply(this, words)), self.devices.at(-1);
  };
}"""


@dataclass
class Visit:
    """One tab on the demo."""

    server: Nginx
    page: Page

    def open(self, **options: Any) -> dict[str, Any]:
        self.page.goto(self.server.url("demo/"))
        return self.page.evaluate(START, options)

    def fault(self, script: str = START, argument: Any = None) -> dict[str, Any]:
        """What the engine rejects with."""
        wrapped = f"(argument) => ({script})(argument).then(() => null, (error) => error.message)"
        if script == START:
            self.page.goto(self.server.url("demo/"))
        message = self.page.evaluate(wrapped, {} if script == START else argument)
        assert message is not None, "nothing failed"
        assert message.startswith("FAULT "), message
        return dict(json.loads(message.removeprefix("FAULT ")))

    def keep_devices(self) -> None:
        """Before `open`, so that `lose_device` can take one away."""
        self.page.on("worker", lambda worker: worker.evaluate(KEEP_DEVICES))

    def lose_device(self) -> None:
        """The GPU device of the models' worker goes away, as when a driver is reset."""
        for worker in self.page.workers:
            worker.evaluate("() => self.devices?.at(-1).destroy()")

    def call(self, text: str) -> str:
        return str(self.page.evaluate(CALL, text))

    def status(self) -> dict[str, Any]:
        return dict(self.page.evaluate(STATUS))


def wrong(folder: BundleFolder, variant: int, content: bytes | None = None) -> None:
    """Other weights with a hash that is right: nothing but the golden check can notice."""
    content = onnx_model(weights(7)) if content is None else content
    parts = folder.bundle["models"][0]["variants"][variant]["parts"]
    middle = len(content) // 2
    folder.replace(parts[0], content[:middle])
    folder.replace(parts[1], content[middle:])
    folder.save()


def add_wrong_variant(folder: BundleFolder, name: str, content: bytes) -> None:
    """A variant whose golden outputs are those of "small" and whose weights are others; tried before all the rest."""
    model = folder.bundle["models"][0]
    variant = copy.deepcopy(model["variants"][0]) | {"id": name}
    for number, part in enumerate(variant["parts"]):
        part["url"] = f"models/scorer/{name}.{number}.bin.gz"
    for golden in model["golden"]:
        golden["variants"][name] = golden["variants"]["small"]
    model["variants"].append(variant)
    model["backends"]["wasm"].insert(0, name)
    wrong(folder, len(model["variants"]) - 1, content)


def changed(name: str, change: Any) -> bytes:
    values = weights()
    values[name] = values[name] + change
    return onnx_model(values)
