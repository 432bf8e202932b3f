"""A WebAssembly binary as its sections and its functions' bodies: enough to put one function in another's place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MAGIC_AND_VERSION = 8
#: Numbers of sections, and of kinds of imports.
_TYPE, _IMPORT, _FUNCTION, _GLOBAL, _CODE = 1, 2, 3, 6, 10
_VALUES = {"i32": 0x7F, "f32": 0x7D}
_FUNCTIONS, _TABLES, _GLOBALS, _TAGS = 0, 1, 3, 4


@dataclass
class Module:
    """`code` holds the bodies in the order of their definition; function numbers count the `imports` before them."""

    sections: list[tuple[int, bytes]]
    imports: int
    imported_globals: int
    types: list[int]
    code: list[bytes]

    @classmethod
    def parse(cls, binary: bytes) -> Module:
        """Reads what `binary` needs to be written again, with other functions."""
        sections = list(_sections(binary))
        content = dict(sections)
        kinds = list(_imports(content.get(_IMPORT, b"\0")))
        types, code = list(_numbers(content[_FUNCTION])), list(_bodies(content[_CODE]))
        return cls(sections, kinds.count(_FUNCTIONS), kinds.count(_GLOBALS), types, code)

    def append(self, body: bytes, like: int) -> int:
        """Adds a function of the type of the defined function `like`; returns its number, as `call` takes it."""
        return self._function(body, self.types[like])

    def add(self, body: bytes, parameters: Sequence[str]) -> int:
        """Adds a function that takes `parameters`, as `("i32", "f32")`, and gives nothing; returns its number."""
        kind = bytes([0x60, len(parameters), *(_VALUES[name] for name in parameters), 0])
        return self._function(body, self._entry(_TYPE, kind))

    def constant(self, value: int) -> int:
        """Adds an immutable global with an i32 below 64; returns its number, as `global.get` takes it."""
        # Its type and that it does not change; i32.const, the value, end.
        return self.imported_globals + self._entry(_GLOBAL, bytes([0x7F, 0, 0x41, value, 0x0B]))

    def _function(self, body: bytes, kind: int) -> int:
        self.types.append(kind)
        self.code.append(body)
        return self.imports + len(self.code) - 1

    def _entry(self, section: int, entry: bytes) -> int:
        """Puts `entry` at the end of a section; returns how many were there before."""
        (at,) = [index for index, (kind, _) in enumerate(self.sections) if kind == section]
        count, start = _number(self.sections[at][1], 0)
        self.sections[at] = (section, _leb(count + 1) + self.sections[at][1][start:] + entry)
        return count

    def binary(self) -> tuple[bytes, int]:
        """The module as bytes, and where in them the value of the last global is.

        Sections without functions are as they were parsed.
        """
        written = {
            _FUNCTION: _leb(len(self.types)) + b"".join(map(_leb, self.types)),
            _CODE: _leb(len(self.code)) + b"".join(_leb(len(body)) + body for body in self.code),
        }
        out, value = bytearray(b"\0asm\1\0\0\0"), 0
        for kind, content in self.sections:
            now = written.get(kind, content)
            out += bytes([kind]) + _leb(len(now)) + now
            if kind == _GLOBAL:
                value = len(out) - 2
        return bytes(out), value


def assemble(function: str) -> bytes:
    """The body of one function in WebAssembly's text format. What it names by number need not be there."""
    import wasmtime

    binary = wasmtime.wat2wasm(f"(module (memory 1) {function})")
    return Module.parse(bytes(binary)).code[0]


def _sections(binary: bytes) -> Iterator[tuple[int, bytes]]:
    at = _MAGIC_AND_VERSION
    while at < len(binary):
        size, start = _number(binary, at + 1)
        yield binary[at], binary[start : start + size]
        at = start + size


def _bodies(section: bytes) -> Iterator[bytes]:
    count, at = _number(section, 0)
    for _ in range(count):
        size, at = _number(section, at)
        yield section[at : at + size]
        at += size


def _numbers(section: bytes) -> Iterator[int]:
    count, at = _number(section, 0)
    for _ in range(count):
        value, at = _number(section, at)
        yield value


def _imports(section: bytes) -> Iterator[int]:
    """The kind of each import."""
    count, at = _number(section, 0)
    for _ in range(count):
        for _name in range(2):
            size, at = _number(section, at)
            at += size
        kind = section[at]
        yield kind
        at += 1
        if kind == _FUNCTIONS:  # its type
            _, at = _number(section, at)
        elif kind == _GLOBALS:  # type and mutability
            at += 2
        elif kind == _TAGS:  # attribute and type
            _, at = _number(section, at + 1)
        else:  # limits, behind a table's type of elements
            at += kind == _TABLES
            bounded = section[at] & 1
            _, at = _number(section, at + 1)
            if bounded:
                _, at = _number(section, at)


def _number(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number at `at`, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _leb(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
