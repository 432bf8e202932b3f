"""Our kernels in onnxruntime-web: functions of its WebAssembly that browsers run slowly, written anew.

Matrix products in floats (`gemm`) and in integers, depthwise convolutions, activations, the error function, the hash of
packed weights, and how long threads wait awake. No option, no operator and no way to register kernels changes these in
a page, so the build puts functions of ours where the binary has its own: same arguments, same memory
(`docs/decisions/0042-kernels.md`, `0045-integers.md`). Everything else of the binary stays as Microsoft built it.

The places are in `vendor.lock.json`, by the SHA-256 of the functions that make room: another version of onnxruntime-web
needs new ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pageside_export import vendor, wasm
from pageside_export.kernels import activation, depthwise, erf, gemm, hashes, integers, waiting
from pageside_export.pack import sha256
from pageside_export.wasm import Module, assemble

#: What the switch of products says: that floats are left to onnxruntime's own kernel, and that integers are allowed.
THEIRS, INTEGERS = 1, 2
FIND_ANEW = "find the functions of this version and write them into vendor.lock.json (docs/decisions/0042-kernels.md)"


@dataclass(frozen=True)
class Binary:
    """onnxruntime-web's WebAssembly with our kernels."""

    content: bytes
    #: Where `content` has `INTEGERS`, which a page may change before it compiles: weights of 32 bits get no integers,
    #: and in WebKit onnxruntime's own kernel is the faster one for floats.
    product_switch: int


def onnxruntime_web(name: str) -> Binary:
    """The binary `name` of the pinned onnxruntime-web, as `ort-wasm-simd-threaded.wasm`, with our kernels."""
    path = f"dist/{name}"
    return with_kernels(vendor.npm_file("onnxruntime-web", path).read_bytes(), path)


def with_kernels(binary: bytes, path: str) -> Binary:
    """`binary`, the file `path` of npm's onnxruntime-web, with our kernels in it.

    Raises EnvironmentError_ when it lacks a function that they replace, as another version would.
    """
    places = vendor.lock()["kernels"][path]
    module = Module.parse(binary)

    def place(name: str) -> int:
        return module.find(places[name], f"{path} of onnxruntime-web", "kernels", FIND_ANEW)

    def replace(name: str, text: Callable[..., str]) -> None:
        """Puts what `text` makes into a function's place; `otherwise` is the number that onnxruntime's own has then."""
        at = place(name)
        module.code[at], theirs = b"", module.append(module.code[at], like=at)
        module.code[at] = assemble(text(otherwise=str(theirs)))

    def add(text: str, parameters: tuple[str, ...]) -> str:
        return str(module.add(assemble(text), parameters))

    switch = f"(global.get {module.constant(INTEGERS)})"
    theirs, allowed = (f"(i32.ne (i32.and {switch} (i32.const {flag})) (i32.const 0))" for flag in (THEIRS, INTEGERS))
    ours = {
        "allowed": allowed,
        "rounded": add(integers.rounded(), integers.ROUNDED),
        "multiplied": add(integers.multiplied(), integers.MULTIPLIED),
    }
    weights, values = (add(integers.columns(constant=constant), integers.COLUMNS) for constant in (True, False))
    for name, adding in (("product", False), ("adding product", True)):
        before = integers.packed_product(**ours, add=adding)
        replace(name, partial(gemm.text, add=adding, theirs=theirs, before=before))
    replace("packing", partial(integers.packing, allowed=allowed, columns=weights))
    replace("operation", partial(integers.operation, **ours, columns=values))
    activated = str(module.imports + place("activation"))
    replace("activation", activation.text)
    replace("convolution", partial(depthwise.text, activation=activated))
    replace("erf", erf.text)
    replace("hash", hashes.text)
    at = place("waiting")
    module.code[at] = waiting.shortened(module.code[at])
    return Binary(*module.binary())


def code_version() -> str:
    """Of our kernels and of how they come into the binary."""
    here = sorted(path for path in Path(__file__).parent.iterdir() if path.suffix in {".py", ".wat"})
    return sha256(b"".join(path.read_bytes() for path in (*here, Path(wasm.__file__), vendor.LOCK_FILE)))[:16]
