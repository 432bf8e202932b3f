"""A WebAssembly binary as its sections and its functions' bodies: enough to put one function in another's place.

The format is the core specification's, https://webassembly.github.io/spec/core/binary/.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pageside_export.errors import EnvironmentError_
from pageside_export.pack import sha256

_MAGIC_AND_VERSION = 8
#: Numbers of sections, and of kinds of imports.
_TYPE, _IMPORT, _FUNCTION, _GLOBAL, _CODE = 1, 2, 3, 6, 10
_VALUES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70, "externref": 0x6F}
_NAMES = {value: name for name, value in _VALUES.items()}
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

    def add(self, body: bytes, parameters: Sequence[str], results: Sequence[str] = ()) -> int:
        """Adds a function from `parameters` to `results`, as `("i32",)`; returns its number, as `call` takes it."""
        given, made = (bytes([len(names), *(_VALUES[name] for name in names)]) for names in (parameters, results))
        return self._function(body, self._entry(_TYPE, b"\x60" + given + made))

    def signature(self, kind: int) -> tuple[list[str], list[str]]:
        """Parameters and results of the type `kind`."""
        (types,) = [content for section, content in self.sections if section == _TYPE]
        return list(_signatures(types))[kind]

    def find(self, expected: str, file: str, where: str, todo: str) -> int:
        """Which defined function has the SHA-256 `expected`.

        Raises EnvironmentError_ unless it is one: `file` is what was read, `where` and `todo` are the error's.
        """
        found = [index for index, body in enumerate(self.code) if sha256(body) == expected]
        if len(found) != 1:
            what = f"{file} has {len(found)} functions with the SHA-256 {expected[:12]}..., one is needed"
            raise EnvironmentError_(what, where, todo)
        return found[0]

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
        self.sections[at] = (section, number(count + 1) + self.sections[at][1][start:] + entry)
        return count

    def binary(self) -> tuple[bytes, int]:
        """The module as bytes, and where in them the value of the last global is.

        Sections without functions are as they were parsed.
        """
        written = {
            _FUNCTION: number(len(self.types)) + b"".join(map(number, self.types)),
            _CODE: number(len(self.code)) + b"".join(number(len(body)) + body for body in self.code),
        }
        out, value = bytearray(b"\0asm\1\0\0\0"), 0
        for kind, content in self.sections:
            now = written.get(kind, content)
            out += bytes([kind]) + number(len(now)) + now
            if kind == _GLOBAL:
                value = len(out) - 2
        return bytes(out), value


def assemble(function: str) -> bytes:
    """The body of one function in WebAssembly's text format. What it names by number need not be there."""
    import wasmtime

    binary = wasmtime.wat2wasm(f"(module (memory 1) {function})")
    return Module.parse(bytes(binary)).code[0]


def indirect_calls(body: bytes) -> Iterator[tuple[int, int, int]]:
    """Where the `call_indirect`s of table 0 in a function's body begin and end, and the number of each one's type.

    Raises ValueError at an instruction that is in none of WebAssembly 2.0 and both kinds of exceptions.
    """
    locals_, at = _number(body, 0)
    for _ in range(locals_):
        _, at = _number(body, at)
        at += 1
    while at < len(body):
        start, code = at, body[at]
        at = _behind(body, at)
        if code == _CALL_INDIRECT and body[at - 1] == 0:
            yield start, at, _number(body, start + 1)[0]


#: Instructions by what stands behind them: numbers, or as many bytes.
_CALL_INDIRECT, _BR_TABLE, _SELECT, _TRY_TABLE = 0x11, 0x0E, 0x1C, 0x1F
_NUMBERS = {
    **dict.fromkeys([*range(0x02, 0x05), *range(0x06, 0x0A), 0x0C, 0x0D, 0x10, 0x12, 0x18, *range(0x20, 0x27)], 1),
    **dict.fromkeys([0x3F, 0x40, 0x41, 0x42, 0xD0, 0xD2], 1),
    **dict.fromkeys([_CALL_INDIRECT, 0x13], 2),
}
_BYTES = {
    **dict.fromkeys([0x00, 0x01, 0x05, 0x0A, 0x0B, 0x0F, 0x19, 0x1A, 0x1B, 0xD1, *range(0x45, 0xC5)], 0),
    0x43: 4,
    0x44: 8,
}
_MEMORY = range(0x28, 0x3F)
#: Conversions that saturate, then memory and tables.
_BULK, _BULK_NUMBERS = 0xFC, [0] * 8 + [2, 1, 2, 1, 2, 1, 2, 1, 1, 1]
_VECTOR = 0xFD


def _behind(body: bytes, at: int) -> int:
    """Where the instruction at `at` ends."""
    code, at = body[at], at + 1
    if code in _BYTES:
        at += _BYTES[code]
    elif code in _NUMBERS:
        at = _behind_numbers(body, at, _NUMBERS[code])
    elif code in _MEMORY:
        at = _behind_address(body, at)
    elif code == _SELECT:
        count, at = _number(body, at)
        at += count
    elif code == _BR_TABLE:
        count, at = _number(body, at)
        at = _behind_numbers(body, at, count + 1)
    elif code == _TRY_TABLE:
        clauses, at = _number(body, _behind_numbers(body, at, 1))
        for _ in range(clauses):
            at = _behind_numbers(body, at + 1, 2 if body[at] < 2 else 1)
    elif code == _BULK:
        code, at = _number(body, at)
        at = _behind_numbers(body, at, _BULK_NUMBERS[code])
    elif code == _VECTOR:
        at = _behind_vector(body, at)
    else:
        raise ValueError(f"no instruction of WebAssembly 2.0: 0x{code:x}")
    return at


def _behind_vector(body: bytes, at: int) -> int:
    code, at = _number(body, at)
    if code <= 11 or code in (92, 93):  # loads and stores of vectors
        return _behind_address(body, at)
    if code in (12, 13):  # v128.const, i8x16.shuffle
        return at + 16
    if 84 <= code <= 91:  # loads and stores of a lane
        return _behind_address(body, at) + 1
    return at + (21 <= code <= 34)  # lanes in and out


def _behind_address(body: bytes, at: int) -> int:
    """Alignment and offset, and between them the memory where it is not the first."""
    align, at = _number(body, at)
    return _behind_numbers(body, at, 2 if align & 64 else 1)


def _behind_numbers(body: bytes, at: int, count: int) -> int:
    for _ in range(count):
        _, at = _number(body, at)
    return at


def _signatures(section: bytes) -> Iterator[tuple[list[str], list[str]]]:
    count, at = _number(section, 0)
    for _ in range(count):
        sides = []
        at += 1
        for _side in range(2):
            size, at = _number(section, at)
            sides.append([_NAMES[value] for value in section[at : at + size]])
            at += size
        yield sides[0], sides[1]


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


def number(value: int) -> bytes:
    """An unsigned LEB128 number."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
