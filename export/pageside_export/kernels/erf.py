"""`MlasErfKernel`: the error function of an array, most of what GELU is made of.

The sums are onnxruntime's, in its order, and so are the bits. But a browser makes each constant of a loop anew where it
is used, in three instructions: with one vector at a time that is more than the sums themselves. Ours takes four.
"""

from __future__ import annotations

from collections.abc import Callable

_VECTORS = range(4)
#: Beyond this the answer is 1, and from the split on it is one minus an exponential.
_LARGEST, _SPLIT = 0x407B3333, 0x3F6C0000
#: Polynomials from the highest power down: in the square of what is small, of what is large, and of the exponential.
_SMALL = (0xBA1D0D41, 0x3BA39FA4, 0xBCDB45E9, 0x3DE70D23, 0xBEC09370, 0x3E0375D3)
_LARGE = (0x37911480, 0xB9C8E966, 0x3B7E899B, 0xBCC6B180, 0x3DDAAE58, 0x3F228550, 0x3E03CE86)
_EXPONENTIAL = (0x3AB54C6D, 0x3C093965, 0x3D2AAD10, 0x3E2AAA17, 0x3EFFFFFB, 0x3F800000, 0x3F800000)
#: The least argument of the exponential, 1 / log 2, 3 * 2 ** 22, and log 2 in two parts, negative.
_LEAST, _PER_LOG2, _ROUND, _LOG2 = 0xC2B0C0A5, 0x3FB8AA3B, 0x4B400000, (0xBF317200, 0xB5BFBE8E)
_ONE, _SIGN, _NO_SIGN = 0x3F800000, 0x80000000, 0x7FFFFFFF


def text(*, otherwise: str) -> str:
    """The function in WebAssembly's text format: `(from, to, count)`.

    What is left of fewer than sixteen goes to `otherwise`, onnxruntime's own.
    """
    names = ("x", "a", "p", "r")
    given = "(local.get $from) (local.get $to) (local.get $count)"
    return f"""
    (func $erf (param $from i32) (param $to i32) (param $count i32)
      {"".join(f"(local ${name}{v} v128) " for name in names for v in _VECTORS)}
      (block $few
        (br_if $few (i32.lt_u (local.get $count) (i32.const 16)))
        (loop $sixteen
          {_sixteen()}
          (local.set $from (i32.add (local.get $from) (i32.const 64)))
          (local.set $to (i32.add (local.get $to) (i32.const 64)))
          (br_if $sixteen (i32.ge_u (local.tee $count (i32.sub (local.get $count) (i32.const 16))) (i32.const 16)))))
      (if (local.get $count) (then (call {otherwise} {given}))))"""


def _sixteen() -> str:
    steps = [
        _each("x", lambda v: f"(v128.load offset={16 * v} (local.get $from))"),
        _each("a", lambda v: f"(f32x4.pmin (v128.and {_get('x', v)} {_bits(_NO_SIGN)}) {_bits(_LARGEST)})"),
        # What is small: its polynomial stays in r where the value is below the split.
        _each("p", lambda v: f"(f32x4.mul {_get('a', v)} {_get('a', v)})"),
        *_polynomial("r", "p", _SMALL),
        _each("r", lambda v: f"(f32x4.add {_get('a', v)} (f32x4.mul {_get('a', v)} {_get('r', v)}))"),
        _each("p", lambda v: f"(f32x4.gt {_get('a', v)} {_bits(_SPLIT)})"),
        _each(
            "r",
            lambda v: f"(v128.or (v128.andnot {_get('r', v)} {_get('p', v)}) (v128.and {_get('x', v)} {_bits(_SIGN)}))",
        ),
        # What is large: 1 - exp(-p(a)), where the small ones are zeros.
        _each("a", lambda v: f"(v128.and {_get('p', v)} {_get('a', v)})"),
        *_polynomial("p", "a", _LARGE),
        _each("a", lambda v: f"(f32x4.neg (f32x4.add {_get('a', v)} (f32x4.mul {_get('a', v)} {_get('p', v)})))"),
        _each("a", lambda v: f"(f32x4.pmax {_get('a', v)} {_bits(_LEAST)})"),
        # The nearest multiple of log 2: its number is in the lower bits of x, and what is left in a.
        _each("x", lambda v: f"(f32x4.add (f32x4.mul {_get('a', v)} {_bits(_PER_LOG2)}) {_bits(_ROUND)})"),
        _each("p", lambda v: f"(f32x4.add {_get('x', v)} {_bits(_ROUND | _SIGN)})"),
        _each("a", lambda v: f"(f32x4.add {_get('a', v)} (f32x4.mul {_get('p', v)} {_bits(_LOG2[0])}))"),
        _each("a", lambda v: f"(f32x4.add {_get('a', v)} (f32x4.mul {_get('p', v)} {_bits(_LOG2[1])}))"),
        *_polynomial("p", "a", _EXPONENTIAL),
        _each("x", lambda v: f"(i32x4.add (i32x4.shl {_get('x', v)} (i32.const 23)) {_bits(_ONE)})"),
        _each("p", lambda v: f"(f32x4.sub {_bits(_ONE)} (f32x4.mul {_get('p', v)} {_get('x', v)}))"),
        *(f"(v128.store offset={16 * v} (local.get $to) (v128.or {_get('r', v)} {_get('p', v)}))" for v in _VECTORS),
    ]
    return "\n".join(steps)


def _polynomial(to: str, of: str, constants: tuple[int, ...]) -> list[str]:
    first, second, *others = map(_bits, constants)
    start = _each(to, lambda v: f"(f32x4.add (f32x4.mul {_get(of, v)} {first}) {second})")
    return [start, *(_step(to, of, constant) for constant in others)]


def _step(to: str, of: str, constant: str) -> str:
    return _each(to, lambda v: f"(f32x4.add (f32x4.mul {_get(of, v)} {_get(to, v)}) {constant})")


def _each(name: str, value: Callable[[int], str]) -> str:
    return " ".join(f"(local.set ${name}{v} {value(v)})" for v in _VECTORS)


def _get(name: str, v: int) -> str:
    return f"(local.get ${name}{v})"


def _bits(value: int) -> str:
    return f"(v128.const i32x4 {value:#x} {value:#x} {value:#x} {value:#x})"
