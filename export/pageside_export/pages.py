"""A site's HTML: demo pages and the gallery from the templates of `site/`, the gallery's list, the page for 404."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from pageside_export.assets import SITE, Assets
from pageside_export.pack import gzip_bytes
from pageside_export.scripts import imported

GALLERY_TITLE = "Demos"
GALLERY_DESCRIPTION = "Models that run in your own browser. What you enter stays on your device."
DEVICE_DESCRIPTION = (
    "Runs every model of this site on every backend of your device, and compares its numbers with PyTorch's."
)

#: In the page, since a host shows it at any depth, where no stylesheet's address is known.
_NOT_FOUND_STYLE = (
    "body{font:1.0625rem/1.6 system-ui,sans-serif;max-width:34rem;margin:20vh auto;padding:0 1.25rem}a{color:inherit}"
)
_IMAGES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".svg")
#: Sources of inputs that a visitor has a word for.
_DEVICES = {"webcam": "camera", "microphone": "microphone"}


@dataclass(frozen=True)
class Place:
    """Where a page stands: relative URLs, each with a slash at its end, that lead from it to what it needs."""

    assets: str
    bundle: str
    #: As `<link rel="canonical" href="...">` names it.
    canonical: str


def demo_page(bundle: Mapping[str, Any], assets: Assets, place: Place) -> str:
    """The page of one demo."""
    config = bundle["interface"]
    types = sorted({component["type"] for component in [*config["inputs"], *config["outputs"]]})
    modules = ["src/page/main.js", *(f"src/page/components/{name}.js" for name in types)]
    styles = [path for name in types if (path := f"css/{name}.css") in assets.files]
    fields = {"title": config["title"] or bundle["name"], "description": summary(config["description_html"])}
    return _fill("demo.html", fields, assets, place, [*_styles(styles, place), *_modules(modules, assets, place)])


def gallery_page(assets: Assets, place: Place) -> str:
    """The page that lists several demos."""
    fields = {"title": GALLERY_TITLE, "description": GALLERY_DESCRIPTION}
    return _fill("index.html", fields, assets, place, _modules(["src/page/gallery.js"], assets, place))


def device_page(assets: Assets, place: Place) -> str:
    """The page that checks every demo of the site on the visitor's device."""
    fields = {"title": "Device report", "description": DEVICE_DESCRIPTION}
    return _fill("device.html", fields, assets, place, _modules(["src/page/device.js"], assets, place))


def not_found_page(base_path: str) -> str:
    """404.html. A host shows it at any depth, so only a known base path can be linked: a guess may leave the site."""
    home = html.escape(base_path)
    way = f'The demos are at <a href="{home}">{home}</a>.' if base_path != "/" else "Go back, or shorten the address."
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n<title>Not found</title>\n'
        f"<style>{_NOT_FOUND_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>There is no such page</h1>\n<p>{way}</p>\n</body>\n</html>\n"
    )


def gallery_json(bundles: Sequence[Mapping[str, Any]], assets: Assets, speeds: Mapping[str, float | None]) -> str:
    """gallery.json: what the gallery shows of each demo; `speeds` in milliseconds of a call, by the demo's name."""
    cards = [_card(bundle, assets) | {"milliseconds": speeds.get(bundle["name"])} for bundle in bundles]
    return json.dumps({"demos": cards}, ensure_ascii=False, indent=1) + "\n"


def speed(report: Mapping[str, Any]) -> float | None:
    """Milliseconds of a call of the only model in the browser of the build, with one thread; None if not known.

    Of several models nobody knows how often a demo calls each.
    """
    if len(report["models"]) != 1:
        return None
    (model,) = report["models"]
    found = {variant["id"]: variant["browser"] for variant in model["variants"]}
    seen = found.get(next(iter(model["backends"]["wasm"]), ""))
    return seen["wasm_1_ms"] if seen else None


def wire_bytes(bundle: Mapping[str, Any], assets: Assets) -> int:
    """Bytes to the first own answer, with onnxruntime's CPU build and a host that gzips JavaScript."""
    runtime = bundle["runtime"]
    python = runtime["pyodide"]
    refs = [python["binary"], python["stdlib"], python["lock"], *python["wheels"], *bundle["files"]]
    scripts = ["pyodide/pyodide.mjs", "pyodide/pyodide.asm.js"]
    for model in bundle["models"]:
        best = model["backends"]["wasm"][0]
        refs += next(variant["parts"] for variant in model["variants"] if variant["id"] == best)
        for call in model["golden"]:
            tensors = [*call["inputs"].values(), *call["outputs"].values(), *call["variants"][best].values()]
            refs += [tensor["file"] for tensor in tensors]
    if bundle["models"]:
        refs.append(runtime["ort"]["wasm"]["binary"])
        scripts += ["ort/ort.wasm.min.mjs", "ort/ort-wasm-simd-threaded.mjs"]
    scripts += [path for path in assets.files if path.startswith(("src/", "css/"))]
    return sum(int(ref["bytes"]) for ref in refs) + sum(len(gzip_bytes(assets.files[path])) for path in scripts)


def summary(description_html: str) -> str:
    """The first paragraph of rendered Markdown as plain text of at most 200 letters."""
    first = description_html.partition("</p>")[0]
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", first)).split())
    text = re.sub(r" ([.,;:!?])", r"\1", text)
    return text if len(text) <= 200 else text[:199].rsplit(" ", 1)[0] + "…"


def _card(bundle: Mapping[str, Any], assets: Assets) -> dict[str, Any]:
    config = bundle["interface"]
    return {
        "name": bundle["name"],
        "title": config["title"] or bundle["name"],
        "description": summary(config["description_html"]),
        "url": f"{bundle['name']}/",
        "inputs": [component["type"] for component in config["inputs"]],
        "outputs": [component["type"] for component in config["outputs"]],
        "words": _words(bundle),
        "bytes": wire_bytes(bundle, assets),
        "thumbnail": _thumbnail(bundle),
    }


def _words(bundle: Mapping[str, Any]) -> list[str]:
    """What a visitor may look for beside a card's text: the demo's models, and the devices that it listens to."""
    sources = [source for one in bundle["interface"]["inputs"] for source in one["props"].get("sources", [])]
    devices = {_DEVICES[source] for source in sources if source in _DEVICES}
    return [*(model["name"] for model in bundle["models"]), *sorted(devices)]


def _thumbnail(bundle: Mapping[str, Any]) -> str | None:
    if "thumbnail" in bundle:
        return f"{bundle['name']}/{bundle['thumbnail']['url']}"
    for example in bundle["examples"]:
        for value in [*example["inputs"], *example["outputs"]]:
            url = value.get("file", {}).get("url", "") if isinstance(value, dict) else ""
            if url.lower().endswith(_IMAGES):
                return f"{bundle['name']}/{url}"
    return None


def _fill(template: str, fields: Mapping[str, str], assets: Assets, place: Place, links: Sequence[str]) -> str:
    escaped = {name: html.escape(value) for name, value in fields.items()}
    canonical = f'<link rel="canonical" href="{html.escape(place.canonical)}">' if place.canonical else ""
    source = Template((SITE / template).read_text(encoding="utf-8"))
    offline = html.escape(f"{place.assets.removesuffix(f'assets/{assets.name}/')}sw.js")
    links = [*links, f'<meta name="pageside-offline" content="{offline}">']
    return source.substitute(
        escaped,
        assets=html.escape(place.assets),
        bundle=html.escape(place.bundle),
        preloads="\n".join(links),
        canonical=canonical,
    )


def _styles(paths: Sequence[str], place: Place) -> list[str]:
    return [f'<link rel="stylesheet" href="{html.escape(place.assets + path)}">' for path in paths]


def _modules(entries: Sequence[str], assets: Assets, place: Place) -> list[str]:
    """Preloads of all modules that the entries import: the browser asks for them at once, not one after another."""
    found: dict[str, None] = {}
    queue = [entry for entry in entries if entry in assets.files]
    while queue:
        path = queue.pop(0)
        if path in found or path not in assets.files:
            continue
        found[path] = None
        queue += imported(path, assets.files[path])
    return [f'<link rel="modulepreload" href="{html.escape(place.assets + path)}">' for path in found]
