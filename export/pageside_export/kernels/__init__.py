"""Our kernels in onnxruntime-web: of matrix products, depthwise convolutions, and the hash of packed weights.

onnxruntime's WebAssembly builds take 1.4 times as long as they need for a float32 matrix product, make a depthwise
convolution into one product a channel, and hash weights a word at a time. No option, no operator and no way to register
kernels changes that in a page, so the build puts functions of ours where the binary has its own: same arguments, same
memory, same answers (`docs/decisions/0042-kernels.md`). Everything else of the binary stays as Microsoft built it.

The places are in `vendor.lock.json`, by the SHA-256 of the functions that make room: another version of onnxruntime-web
needs new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pageside_export import vendor
from pageside_export.errors import EnvironmentError_
from pageside_export.kernels import depthwise, gemm, hashes
from pageside_export.kernels.wasm import Module, assemble
from pageside_export.pack import sha256


@dataclass(frozen=True)
class Binary:
    """onnxruntime-web's WebAssembly with our kernels."""

    content: bytes
    #: Where `content` has a 0 that a page may make a 1 before it compiles: then products are left to onnxruntime's own
    #: kernel, which is the faster one in WebKit.
    product_switch: int


def onnxruntime_web(name: str) -> Binary:
    """The binary `name` of the pinned onnxruntime-web, as `ort-wasm-simd-threaded.wasm`, with our kernels."""
    path = f"dist/{name}"
    return with_kernels(vendor.npm_file("onnxruntime-web", path).read_bytes(), path)


def with_kernels(binary: bytes, path: str) -> Binary:
    """`binary`, the file `path` of npm's onnxruntime-web, with our kernels in it.

    Raises EnvironmentError_ when it lacks a function that they replace, as another version would.
    """
    places = vendor.lock()["kernels"]
    module = Module.parse(binary)
    switch = module.constant(0)
    for mode, add in (("zero", False), ("add", True)):
        kernel = _place(module, places["gemm"][mode], path)
        theirs = module.append(module.code[kernel], like=kernel)
        module.code[kernel] = assemble(gemm.text(add=add, switch=str(switch), otherwise=str(theirs)))
    conv = _place(module, places["convolution"][path]["sha256"], path)
    theirs = module.append(module.code[conv], like=conv)
    activation = module.imports + places["convolution"][path]["activation"]
    module.code[conv] = assemble(depthwise.text(activation=str(activation), otherwise=str(theirs)))
    hashing = _place(module, places["hash"], path)
    theirs = module.append(module.code[hashing], like=hashing)
    module.code[hashing] = assemble(hashes.text(otherwise=str(theirs)))
    return Binary(*module.binary())


def code_version() -> str:
    """Of our kernels and of how they come into the binary."""
    here = sorted(path for path in Path(__file__).parent.iterdir() if path.suffix in {".py", ".wat"})
    return sha256(b"".join(path.read_bytes() for path in (*here, vendor.LOCK_FILE)))[:16]


def _place(module: Module, expected: str, path: str) -> int:
    found = [index for index, body in enumerate(module.code) if sha256(body) == expected]
    if len(found) != 1:
        raise EnvironmentError_(
            f"{path} of onnxruntime-web has {len(found)} functions with the SHA-256 {expected[:12]}..., one is needed",
            "kernels",
            "find the functions of this version and write them into vendor.lock.json (docs/decisions/0042-kernels.md)",
        )
    return found[0]
