"""The assets folder, which all demos of a site share: our page, the runtime wheel, onnxruntime-web and Pyodide.

Its name holds a hash over its content, so every file in it can be kept for ever.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pageside_export import prune, scripts, vendor
from pageside_export.bytecode import STDLIB, compile_archives
from pageside_export.comments import without_comments
from pageside_export.errors import EnvironmentError_
from pageside_export.interpreter import pyodide_wasm
from pageside_export.kernels import onnxruntime_web
from pageside_export.pack import gzip_bytes, remember, sha256, zstd_bytes
from pageside_export.wheel import build_wheel

#: The page's own files: beside the checkout.
SITE = Path(__file__).resolve().parents[2] / "site"

#: onnxruntime-web's three builds, as `Runtime.ort` of protocol.d.ts: module, Emscripten's glue, binary.
ORT = {
    "wasm": ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"),
    "jspi": ("ort.jspi.min.mjs", "ort-wasm-simd-threaded.jspi.mjs", "ort-wasm-simd-threaded.jspi.wasm"),
    "asyncify": ("ort.webgpu.min.mjs", "ort-wasm-simd-threaded.asyncify.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
}


@dataclass
class Assets:
    """The files of the assets folder, in memory, and what the page has to know of them."""

    files: dict[str, bytes] = field(default_factory=dict)
    refs: dict[str, dict[str, Any]] = field(default_factory=dict)
    wheels: dict[str, str] = field(default_factory=dict)
    switches: dict[str, int] = field(default_factory=dict)
    runtime_wheel: str = ""

    @property
    def name(self) -> str:
        """`<version>-<hash8>`, of every path and byte."""
        digest = hashlib.sha256()
        for path in sorted(self.files):
            digest.update(f"{path}\0{sha256(self.files[path])}\n".encode())
        return f"{version('pageside')}-{digest.hexdigest()[:8]}"

    def plain(self, path: str, content: bytes) -> None:
        """Adds a file as it is."""
        self.files[path] = content
        self.refs[path] = {"bytes": len(content), "size": len(content), "sha256": sha256(content)}

    def packed(self, path: str, content: bytes) -> None:
        """Adds a file as Zstandard, under `path` with `.zst`; it is referred to by `path`."""
        stored = zstd_bytes(content)
        self.files[f"{path}.zst"] = stored
        self.refs[path] = {"bytes": len(stored), "size": len(content), "sha256": sha256(content), "encoding": "zstd"}

    def ref(self, path: str, base: str) -> dict[str, Any]:
        """A FileRef whose URL is below `base`."""
        ref = self.refs[path]
        return {"url": f"{base}{path}{'.zst' if 'encoding' in ref else ''}", **ref}

    def runtime(self, base: str, packages: Sequence[str]) -> dict[str, Any]:
        """`Runtime` of protocol.d.ts for a demo that needs `packages`; `base` leads to this folder, with a slash."""
        wheels = [{**self.ref(self.wheels[name], base), "name": name} for name in packages]
        return {
            "assets": base,
            "version": self.name,
            "ort": {
                name: {
                    "module": f"{base}ort/{module}",
                    "glue": f"{base}ort/{glue}",
                    "binary": self.ref(f"ort/{binary}", base),
                    "product_switch": self.switches[binary],
                }
                for name, (module, glue, binary) in ORT.items()
            },
            "pyodide": {
                "module": f"{base}pyodide/pyodide.mjs",
                "binary": self.ref("pyodide/pyodide.asm.wasm", base),
                "stdlib": self.ref("pyodide/python_stdlib.zip", base),
                "lock": self.ref("pyodide/pyodide-lock.json", base),
                "wheels": [*wheels, {**self.ref(self.runtime_wheel, base), "name": "pageside"}],
            },
        }


def collect(packages: Iterable[str], modules: Iterable[str], *, full_python: bool = False) -> Assets:
    """All assets for demos that need Pyodide's `packages` and the standard library's `modules`.

    With `full_python` the standard library and the packages come whole, as Pyodide ships them.
    """
    assets = Assets()
    order = vendor.resolve(packages)
    _add_page(assets)
    _add_onnxruntime(assets)
    _add_markdown(assets)
    _add_zstd(assets)
    _add_pyodide(assets, order)
    runtime = build_wheel()
    stdlib = vendor.npm_file("pyodide", "python_stdlib.zip")
    if full_python:
        archives = {name: vendor.pyodide_wheel(name).read_bytes() for name in order}
        archives |= {STDLIB: stdlib.read_bytes(), "pageside": runtime.content}
    else:
        archives = {name: _pruned_wheel(name) for name in order}
        archives |= {STDLIB: _pruned_stdlib(stdlib, _needed_modules(order, modules)), "pageside": runtime.content}
        archives = compile_archives(archives)
    assets.packed("pyodide/python_stdlib.zip", archives[STDLIB])
    for name in order:
        assets.wheels[name] = f"packages/{vendor.pyodide_wheel(name).name}"
        assets.packed(assets.wheels[name], archives[name])
    assets.runtime_wheel = f"py/{runtime.file_name}"
    assets.packed(assets.runtime_wheel, archives["pageside"])
    return assets


def _add_page(assets: Assets) -> None:
    if not (SITE / "src").is_dir():
        raise EnvironmentError_(
            f"the page's own files are missing ({SITE.name}/src beside the package)",
            "build",
            "install Pageside from a checkout, with `make install` or `pip install -e .`",
        )
    files = {
        path.relative_to(SITE).as_posix(): without_comments(path.suffix, path.read_bytes())
        for folder, suffixes in (("css", {".css", ".svg", ".png", ".woff2"}), ("src", {".js"}))
        for path in sorted((SITE / folder).rglob("*"))
        if path.suffix in suffixes and path.is_file()
    }
    modules = {path: files.pop(path) for path in list(files) if path.endswith(".js")}
    for path, content in (files | scripts.join(modules)).items():
        assets.plain(path, content)


def _add_onnxruntime(assets: Assets) -> None:
    for module, glue, binary in ORT.values():
        for name in (module, glue):
            assets.plain(f"ort/{name}", vendor.npm_file("onnxruntime-web", f"dist/{name}").read_bytes())
        with_kernels = onnxruntime_web(binary)
        assets.packed(f"ort/{binary}", with_kernels.content)
        assets.switches[binary] = with_kernels.product_switch


def _add_markdown(assets: Assets) -> None:
    name = "markdown-it.esm.min.mjs"
    assets.plain(f"markdown/{name}", vendor.npm_file("markdown-it", f"dist/browser/{name}").read_bytes())


def _add_zstd(assets: Assets) -> None:
    """Zstandard's own decoder; npm's package has it as text in a script that would keep its memory for ever."""
    found = re.search(rb'const wasm = "([A-Za-z0-9+/=]+)"', vendor.npm_file("zstddec", "dist/zstddec.mjs").read_bytes())
    assert found is not None
    assets.files["zstd/zstddec.wasm.gz"] = gzip_bytes(base64.b64decode(found.group(1)))


def _add_pyodide(assets: Assets, order: Sequence[str]) -> None:
    for name in ("pyodide.mjs", "pyodide.asm.js"):
        assets.plain(f"pyodide/{name}", vendor.npm_file("pyodide", name).read_bytes())
    assets.packed("pyodide/pyodide.asm.wasm", pyodide_wasm())
    assets.plain("pyodide/pyodide-lock.json", _small_lock(order))


def _pruned_wheel(name: str) -> bytes:
    wheel = vendor.pyodide_wheel(name)
    make = prune.prune_numpy if name == "numpy" else prune.prune_wheel
    return remember("pruned", f"{sha256(wheel.read_bytes())}-{_pruner()}", lambda: make(wheel))


def _pruned_stdlib(stdlib: Path, modules: frozenset[str]) -> bytes:
    kept = ",".join(sorted(modules & prune.OPTIONAL_MODULES))
    key = sha256(f"{sha256(stdlib.read_bytes())} {kept} {_pruner()}".encode())
    return remember("pruned", key, lambda: prune.prune_stdlib(stdlib, modules))


def _needed_modules(order: Sequence[str], modules: Iterable[str]) -> frozenset[str]:
    """What the demos import and what their packages do; numpy was tried without the optional modules."""
    found = set(modules)
    for name in order:
        if name != "numpy":
            found |= prune.wheel_imports(vendor.pyodide_wheel(name))
    return frozenset(found)


def _small_lock(order: Sequence[str]) -> bytes:
    """Pyodide's lock file with the packages that are here: Pyodide reads it at start."""
    whole = json.loads(vendor.npm_file("pyodide", "pyodide-lock.json").read_text(encoding="utf-8"))
    small = {"info": whole["info"], "packages": {name: whole["packages"][name] for name in order}}
    return json.dumps(small, indent=1, sort_keys=True).encode() + b"\n"


def _pruner() -> str:
    return sha256(Path(prune.__file__).read_bytes())[:16]
