"""`MlasActivation`: adds a bias to each row and cuts what is below or above, after every convolution.

onnxruntime's own uses `f32x4.min` and `f32x4.max`, which browsers on x86 make of seven instructions each, since the
processor's own have other answers there for NaN and for zeros of two signs. `pmin` and `pmax` are one: here they leave
a NaN a NaN too, and a zero may keep its sign.
"""

from __future__ import annotations

#: MLAS_ACTIVATION_KIND: what cuts at 0, and what cuts at the two numbers behind it.
_RELU, _CLIP = 1, 5


def text(*, otherwise: str) -> str:
    """The function in WebAssembly's text format: `(activation, values, bias, rows, columns, stride)`.

    `bias` has a float for each row, or is 0; rows are `stride` floats apart. Other kinds go to `otherwise`,
    onnxruntime's own.
    """
    given = " ".join(f"(local.get ${name})" for name in ("activation", "values", "bias", "rows", "columns", "stride"))
    wide = "".join(f"(v128.store offset={16 * v} (local.get $at) {_cut(_load('v128.load', 16 * v))})" for v in range(4))
    four = f"(v128.store (local.get $at) {_cut(_load('v128.load', 0))})"
    one = f"(v128.store32_lane 0 (local.get $at) {_cut(_load('v128.load32_zero', 0))})"
    return f"""
    (func $activation (param $activation i32) (param $values i32) (param $bias i32) (param $rows i32)
                      (param $columns i32) (param $stride i32)
      (local $kind i32) (local $at i32) (local $end i32) (local $add v128) (local $low v128) (local $high v128)
      (local.set $kind (i32.load (local.get $activation)))
      (if (i32.eq (local.get $kind) (i32.const {_CLIP})) (then
        (local.set $low (v128.load32_splat offset=4 (local.get $activation)))
        (local.set $high (v128.load32_splat offset=8 (local.get $activation))))
      (else
        (if (i32.ne (local.get $kind) (i32.const {_RELU})) (then (return (call {otherwise} {given}))))
        (local.set $high (f32x4.splat (f32.const inf)))))
      (block $done
        (br_if $done (i32.eqz (local.get $rows)))
        (loop $row
          (if (local.get $bias) (then
            (local.set $add (v128.load32_splat (local.get $bias)))
            (local.set $bias (i32.add (local.get $bias) (i32.const 4)))))
          (local.set $at (local.get $values))
          {_while(64, wide)}
          {_while(16, four)}
          {_while(4, one)}
          (local.set $values (i32.add (local.get $values) (i32.shl (local.get $stride) (i32.const 2))))
          (br_if $row (local.tee $rows (i32.sub (local.get $rows) (i32.const 1)))))))"""


def _load(instruction: str, offset: int) -> str:
    return f"({instruction} offset={offset} (local.get $at))"


def _cut(value: str) -> str:
    return f"(f32x4.pmin (f32x4.pmax (f32x4.add {value} (local.get $add)) (local.get $low)) (local.get $high))"


def _while(size: int, body: str) -> str:
    """`body` for as many bytes of the row as there are in pieces of `size`."""
    end = f"(i32.add (local.get $values) (i32.and (i32.shl (local.get $columns) (i32.const 2)) (i32.const {-size})))"
    return f"""
          (local.set $end {end})
          (block $enough{size}
            (br_if $enough{size} (i32.ge_u (local.get $at) (local.get $end)))
            (loop $more{size} {body}
              (local.set $at (i32.add (local.get $at) (i32.const {size})))
              (br_if $more{size} (i32.lt_u (local.get $at) (local.get $end)))))"""
