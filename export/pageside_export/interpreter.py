"""Python's interpreter as browsers compile it well: some calls in Pyodide's WebAssembly go through functions of ours.

Chromium compiles a function that is called much a second time. Where such a function calls through a table, it takes in
those whom the call has reached until then, and throws the result away when the call reaches another. The interpreter's
loop, 57 kB in one function, was compiled so four to six times before a page's first answer. So the loop's own calls go
through functions that are too long to be taken in, and the functions of Python's object protocol that it would take in,
with calls of their own, are as long (`docs/decisions/0046-interpreter.md`). What they compute is the same.

The functions are in `vendor.lock.json`, by their SHA-256: another version of Pyodide needs new ones.
"""

from __future__ import annotations

from pageside_export import vendor
from pageside_export.wasm import Module, indirect_calls, number

#: Above what V8 takes in, 500 bytes (its flag `--wasm-inlining-max-size`).
_TOO_LONG = 512
_RETURN, _NOP, _END = b"\x0f", b"\x01", b"\x0b"
_LOCAL_GET, _CALL, _CALL_INDIRECT = b"\x20", b"\x10", b"\x11"
_BINARY = "pyodide.asm.wasm"
FIND_ANEW = (
    "find the functions of this version and write them into vendor.lock.json (docs/decisions/0046-interpreter.md)"
)


def pyodide_wasm() -> bytes:
    """The WebAssembly of the pinned Pyodide, steadied."""
    return steadied(vendor.npm_file("pyodide", _BINARY).read_bytes())


def steadied(binary: bytes) -> bytes:
    """`binary`, npm's `pyodide.asm.wasm`, with a loop that is compiled once.

    Raises EnvironmentError_ when it lacks one of the functions, as another version would.
    """
    places = vendor.lock()["interpreter"]
    module = Module.parse(binary)

    def place(expected: str) -> int:
        return module.find(expected, f"{_BINARY} of pyodide", "interpreter", FIND_ANEW)

    for expected in places["protocol"].values():
        at = place(expected)
        module.code[at] = _lengthened(module.code[at])
    at = place(places["loop"])
    module.code[at] = _led_through(module, module.code[at])
    return module.binary()[0]


def _lengthened(body: bytes) -> bytes:
    """With instructions behind its end that nobody comes to."""
    return body.removesuffix(_END) + _RETURN + _NOP * _TOO_LONG + _END


def _led_through(module: Module, body: bytes) -> bytes:
    """With a call of one of ours, one for each type, in the place of each call through the table."""
    ours: dict[int, bytes] = {}
    pieces, last = [], 0
    for start, end, kind in indirect_calls(body):
        if kind not in ours:
            ours[kind] = _CALL + number(_passing(module, kind))
        pieces += [body[last:start], ours[kind]]
        last = end
    return b"".join([*pieces, body[last:]])


def _passing(module: Module, kind: int) -> int:
    """Adds a function that calls through the table what its last argument says; returns its number."""
    parameters, results = module.signature(kind)
    arguments = b"".join(_LOCAL_GET + number(index) for index in range(len(parameters) + 1))
    body = b"\0" + arguments + _CALL_INDIRECT + number(kind) + b"\0" + _END
    return module.add(_lengthened(body), [*parameters, "i32"], results)
