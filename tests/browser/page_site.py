"""A site made by hand, as `pageside build` writes one, with a worker that plays a part in place of the real one."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import shutil
import threading
from pathlib import Path
from string import Template
from typing import Any

from pageside_export import vendor

SITE = Path(__file__).resolve().parents[2] / "site"
FAKE_WORKER = Path(__file__).with_name("fake_worker.js")
EXAMPLES = Path(__file__).resolve().parents[2] / "models" / "classify-photo" / "examples"
ASSETS = "assets/test/"
PASTE = """(bytes) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
  document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""
DROP = """(bytes) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
  const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
  document.querySelector("footer").dispatchEvent(event);
  return event.defaultPrevented;
}"""
SOURCE = """import pageside as gr


def greet(name):
    return "Hello " + name + "!!"


gr.Interface(greet, "text", "text").launch()
"""

STATUS = {
    "state": "ready",
    "backend": "wasm",
    "variant": "int8w",
    "threads": 2,
    "cosine": 0.99984,
    "milliseconds": 14.2,
    "bytes": 12_400_000,
    "backends": [
        {
            "id": "wasm",
            "variant": "int8w",
            "state": "ok",
            "cosine": 0.99984,
            "relative_error": 2e-6,
            "milliseconds": 14.2,
            "reason": "",
        },
        {
            "id": "webgpu",
            "variant": "fp32",
            "state": "wrong",
            "cosine": 0.03,
            "relative_error": 1.4,
            "milliseconds": 1100.0,
            "reason": "Its numbers miss: cosine 0.0300 where 0.9990 is needed.",
        },
    ],
}
PYTHON_STATUS = STATUS | {"backend": "python", "variant": None, "cosine": None, "milliseconds": None, "backends": []}
TRACEBACK = (
    'Traceback (most recent call last):\n  File "demo.py", line 5, in greet\n    raise ValueError("no such name")\n'
)
PYTHON_FAULT = {
    "name": "ValueError",
    "message": "no such name",
    "stage": "python",
    "hint": "Try another input.",
    "traceback": TRACEBACK,
}


def interface(inputs: list[dict[str, Any]], outputs: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    words = {"title": "Greet", "description_html": "<p>Says <em>hello</em>.</p>", "article_html": ""}
    labels = {"submit_label": "Submit", "stop_label": "Stop", "clear_label": "Clear"}
    return {"inputs": inputs, "outputs": outputs, "live": False, "generator": False, **words, **labels, **more}


def component(type_: str, label: str, **props: Any) -> dict[str, Any]:
    return {"type": type_, "label": label, "props": props}


def label_value(*pairs: tuple[str, float]) -> dict[str, Any]:
    return {"label": pairs[0][0], "confidences": [{"label": name, "confidence": share} for name, share in pairs]}


def file_ref(folder: Path, url: str) -> dict[str, Any]:
    data = (folder / url).read_bytes()
    return {"url": url, "bytes": len(data), "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def bundle(folder: Path, face: dict[str, Any], examples: list[dict[str, Any]], **more: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "demo.py").write_text(SOURCE)
    content = {
        "format": "pageside-bundle",
        "version": 1,
        "name": folder.name,
        "pageside": "0.1.0",
        "interface": face,
        "files": [file_ref(folder, "demo.py") | {"path": "demo.py"}],
        "models": [],
        "examples": examples,
        "runtime": {"assets": f"../{ASSETS}", "version": "test"},
    }
    (folder / "bundle.json").write_text(json.dumps(content | more))
    fill("demo.html", folder / "index.html", title=face["title"], bundle="./", assets=f"../{ASSETS}")


def fill(template: str, target: Path, **values: str) -> None:
    defaults = {"description": "A demo.", "preloads": "", "canonical": "", "bundle": "./"}
    target.write_text(Template((SITE / template).read_text()).substitute(defaults | values))


def make_site(root: Path) -> Path:
    """Gallery, `greet` (plain Python) and `photo` (a model)."""
    assets = root / ASSETS
    shutil.copytree(SITE / "src", assets / "src", dirs_exist_ok=True)
    shutil.copytree(SITE / "css", assets / "css", dirs_exist_ok=True)
    markdown = vendor.npm_file("markdown-it", "dist/browser/markdown-it.esm.min.mjs")
    (assets / "markdown").mkdir()
    shutil.copy(markdown, assets / "markdown" / markdown.name)
    (assets / "src" / "worker").mkdir(exist_ok=True)
    shutil.copy(FAKE_WORKER, assets / "src" / "worker" / "main.js")
    # Nobody asks for a model there.
    (assets / "src" / "worker" / "models.js").write_text("")
    (root / "client.js").write_text(f'export * from "./{ASSETS}src/client.js";\n')
    shutil.copy(SITE / "src" / "embed.js", root / "embed.js")
    fill("index.html", root / "index.html", title="Demos", description="Models that run on your device.", assets=ASSETS)
    greet(root / "greet")
    photo(root / "photo")
    cards = [
        card("photo", "Classify a photo", "image", "label", 12_400_000),
        card("greet", "Greet", "textbox", "textbox", 5_600_000),
    ]
    (root / "gallery.json").write_text(json.dumps({"demos": cards}))
    return root


def card(name: str, title: str, takes: str, gives: str, size: int) -> dict[str, Any]:
    thumbnail = f"{name}/examples/cat.jpg" if takes == "image" else None
    return {
        "name": name,
        "title": title,
        "description": f"What {title.lower()} does, in a sentence.",
        "url": f"{name}/",
        "inputs": [takes],
        "outputs": [gives],
        "words": [],
        "bytes": size,
        "thumbnail": thumbnail,
    }


def greet(folder: Path, **fake: Any) -> None:
    face = interface([component("textbox", "name", lines=1)], [component("textbox", "greeting")])
    examples = [{"inputs": [name], "outputs": [f"Hello {name}!!"]} for name in ("Ada", "Grace")]
    fake = {"status": PYTHON_STATUS, "fault": PYTHON_FAULT, "edited": face, **fake}
    bundle(folder, face, examples, fake=fake)


def photo(folder: Path, **fake: Any) -> None:
    face = interface(
        [component("image", "Photo", max_side=1024)],
        [component("label", "What it is", num_top_classes=5)],
        title="Classify a photo",
    )
    (folder / "examples").mkdir(parents=True, exist_ok=True)
    examples = []
    for path in sorted(EXAMPLES.glob("*.jpg")):
        shutil.copy(path, folder / "examples" / path.name)
        stored = {"file": file_ref(folder, f"examples/{path.name}"), "width": 512, "height": 384}
        answer = label_value(
            (path.stem, 0.62), ("tabby", 0.21), ("Egyptian cat", 0.06), ("lynx", 0.004), ("tiger", 0.0002)
        )
        examples.append({"inputs": [stored], "outputs": [answer]})
    device = label_value(("device answer", 0.71), ("tabby", 0.2), ("lynx", 0.04), ("tiger", 0.01), ("quilt", 0.005))
    bundle(folder, face, examples, models=[{"name": "net"}], fake={"status": STATUS, "outputs": [device], **fake})


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


def serve(root: Path) -> http.server.ThreadingHTTPServer:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
