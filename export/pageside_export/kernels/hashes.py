"""`MurmurHash3::x86_128`: onnxruntime hashes each array of packed weights, to find the array again by.

Ours hashes what is large 64 bytes at a time, as sixteen lanes of MurmurHash3's 32-bit form, and mixes the lanes at the
end. Its hashes are others, which hangs on nothing: onnxruntime compares those of one session. What is small goes to
onnxruntime's own, whose hashes may be names.

As browsers first compile it, onnxruntime's takes 2 ms a megabyte: most of a tenth of a second for MiniLM.
"""

from __future__ import annotations

#: Bytes from which on ours is used; 64 at least.
LARGE = 4096

_MULTIPLIER, _INCREMENT = 0xCC9E2D51, 0xE6546B64
#: Of MurmurHash3's last step.
_FINAL = ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, None))
_LANES = ("$a", "$b", "$c", "$d")


def text(*, otherwise: str) -> str:
    """The function in WebAssembly's text format: `(data, bytes, seed, out)`, 16 bytes at `out`.

    `otherwise` is onnxruntime's own, as `call` takes it.
    """
    locals_ = "".join(f"(local {name} v128) " for name in (*_LANES, "$h"))
    begin = "".join(
        f"(local.set {name} (i32x4.splat (i32.xor (local.get $seed) (i32.const {number}))))"
        for number, name in enumerate(_LANES)
    )
    block = "".join(
        _mix(name, f"(v128.load offset={16 * number} (local.get $data))") for number, name in enumerate(_LANES)
    )
    # Every lane hangs on all others then: of the 16 bytes onnxruntime keeps eight.
    turned = [f"(i8x16.shuffle {turn} (local.get $a) (local.get $a))" for turn in _turns()]
    return f"""
    (func $hash (param $data i32) (param $bytes i32) (param $seed i32) (param $out i32)
      (local $last i32) {locals_}
      (if (i32.lt_s (local.get $bytes) (i32.const {LARGE})) (then
        (return (call {otherwise} (local.get $data) (local.get $bytes) (local.get $seed) (local.get $out)))))
      {begin}
      (local.set $last (i32.sub (i32.add (local.get $data) (local.get $bytes)) (i32.const 64)))
      (block $done (loop $blocks
        {block}
        (br_if $done (i32.eq (local.get $data) (local.get $last)))
        (local.set $data (i32.add (local.get $data) (i32.const 64)))
        (if (i32.gt_u (local.get $data) (local.get $last)) (then (local.set $data (local.get $last))))
        (br $blocks)))
      {"".join(_mix("$a", value) for value in ("(i32x4.splat (local.get $bytes))", *map(_get, _LANES[1:]), *turned))}
      {"".join(_last_step(shift, factor) for shift, factor in _FINAL)}
      (v128.store (local.get $out) (local.get $a)))"""


def _mix(name: str, value: str) -> str:
    """Takes `value` into the lanes of `name`."""
    taken = f"(v128.xor (local.get {name}) (i32x4.mul {value} {_splat(_MULTIPLIER)}))"
    turned = "(v128.or (i32x4.shl (local.get $h) (i32.const 13)) (i32x4.shr_u (local.get $h) (i32.const 19)))"
    five_times = f"(i32x4.add (local.tee $h {turned}) (i32x4.shl (local.get $h) (i32.const 2)))"
    return f"(local.set $h {taken}) (local.set {name} (i32x4.add {five_times} {_splat(_INCREMENT)}))"


def _last_step(shift: int, factor: int | None) -> str:
    mixed = f"(v128.xor (local.get $a) (i32x4.shr_u (local.get $a) (i32.const {shift})))"
    return f"(local.set $a {mixed if factor is None else f'(i32x4.mul {mixed} {_splat(factor)})'})"


def _turns() -> list[str]:
    """The lanes one and two places on."""
    return [" ".join(str((byte + 4 * places) % 16) for byte in range(16)) for places in (1, 2)]


def _get(name: str) -> str:
    return f"(local.get {name})"


def _splat(value: int) -> str:
    return f"(i32x4.splat (i32.const {value:#x}))"
