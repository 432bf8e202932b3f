"""`MlasGemmFloatKernel`: one or two rows of A times a packed B, which onnxruntime calls for every float32 product.

    C[m, n] = alpha * sum over k of A[m, k] * B[k, n]            `add=False`
    C[m, n] += the same                                          `add=True`

A has rows of `lda` floats, C of `ldc`. B is packed in panels of 16 columns: for each k sixteen floats, padded with
zeros. The sums of two rows of a panel stay in eight vectors. onnxruntime's own kernel does the same with two steps of k
at once, for which sixteen registers are too few: browsers move some to memory and back. Products are added in the
order of k, as there, so the bits are the same.
"""

from __future__ import annotations

#: Vectors of four floats in a panel of B.
_VECTORS = range(4)
#: How a vector is read and written.
_WHOLE = ("v128.load", "v128.store")


def text(*, add: bool, theirs: str, otherwise: str, before: str = "") -> str:
    """The function in WebAssembly's text format: `(A, B, C, K, M, N, lda, ldc, alpha) -> rows done`.

    Where `theirs`, an expression, is not 0 the function `otherwise`, onnxruntime's own, does it all. `before` comes
    first: what other kinds of a packed B are done by.
    """
    sums = "".join(f"(local $sum{row}{v} v128) " for row in range(2) for v in _VECTORS)
    return f"""
    (func $gemm (param $A i32) (param $B i32) (param $C i32) (param $K i32) (param $M i32) (param $N i32)
                (param $lda i32) (param $ldc i32) (param $alpha f32) (result i32)
      (local $a1 i32) (local $c1 i32) (local $at0 i32) (local $at1 i32) (local $b i32) (local $panel i32) {sums}
      (local $x0 v128) (local $x1 v128) (local $y v128) (local $scale v128)
      {before}
      (if {theirs} (then (return (call {otherwise}
        (local.get $A) (local.get $B) (local.get $C) (local.get $K) (local.get $M) (local.get $N)
        (local.get $lda) (local.get $ldc) (local.get $alpha)))))
      (local.set $scale (f32x4.splat (local.get $alpha)))
      (local.set $panel (i32.shl (local.get $K) (i32.const 6)))
      (if (i32.ge_u (local.get $M) (i32.const 2)) (then
        (local.set $a1 (i32.add (local.get $A) (i32.shl (local.get $lda) (i32.const 2))))
        (local.set $c1 (i32.add (local.get $C) (i32.shl (local.get $ldc) (i32.const 2))))
        {_rows(2, add)}
        (return (i32.const 2))))
      {_rows(1, add)}
      (i32.const 1))"""


def _rows(rows: int, add: bool) -> str:
    """All of N for `rows` rows: panel by panel, of each all of K, then what of it is in C."""
    each = [(row, v) for row in range(rows) for v in _VECTORS]
    a, at, c = ("$A", "$a1")[:rows], ("$at0", "$at1")[:rows], ("$C", "$c1")[:rows]
    return f"""
    (block $done (loop $panels
      {"".join(f"(local.set $sum{row}{v} (v128.const f32x4 0 0 0 0))" for row, v in each)}
      {"".join(f"(local.set {place} (local.get {start}))" for place, start in zip(at, a, strict=True))}
      (local.set $b (local.get $B))
      (local.set $B (i32.add (local.get $B) (local.get $panel)))
      (block $summed
        (br_if $summed (i32.eqz (local.get $panel)))
        (loop $products
          {"".join(_product(row, v, rows) for v in _VECTORS for row in range(rows))}
          {"".join(f"(local.set {place} (i32.add (local.get {place}) (i32.const 4)))" for place in at)}
          (local.set $b (i32.add (local.get $b) (i32.const 64)))
          (br_if $products (i32.lt_u (local.get $b) (local.get $B)))))
      {"".join(f"(local.set $sum{row}{v} (f32x4.mul (local.get $sum{row}{v}) (local.get $scale)))" for row, v in each)}
      (if (i32.lt_u (local.get $N) (i32.const 16)) (then {_last_columns(c, add)} (br $done)))
      {"".join(_store(c[row], f"$sum{row}{v}", v, _WHOLE, add) for row, v in each)}
      {"".join(f"(local.set {pointer} (i32.add (local.get {pointer}) (i32.const 64)))" for pointer in c)}
      (br_if $panels (local.tee $N (i32.sub (local.get $N) (i32.const 16))))))"""


def _product(row: int, v: int, rows: int) -> str:
    """Adds one product. What is loaded is kept for those that need it too, without a move of its own."""
    x, y = f"(local.get $x{row})", "(local.get $y)"
    if v == 0:
        x = f"(local.tee $x{row} (v128.load32_splat (local.get $at{row})))"
    if row == 0:
        y = f"(v128.load offset={16 * v} (local.get $b))"
        y = y if rows == 1 else f"(local.tee $y {y})"
    return f"(local.set $sum{row}{v} (f32x4.add (local.get $sum{row}{v}) (f32x4.mul {x} {y})))"


def _last_columns(c: tuple[str, ...], add: bool) -> str:
    """The columns of C that are left, fewer than 16, in pieces of 8, 4, 2 and 1; what is stored makes room."""
    parts = []
    for width, by in (
        (8, _WHOLE),
        (4, _WHOLE),
        (2, ("v128.load64_zero", "v128.store64_lane 0")),
        (1, ("v128.load32_zero", "v128.store32_lane 0")),
    ):
        stored = "".join(
            _store(at, f"$sum{row}{v}", v, by, add) for row, at in enumerate(c) for v in range(max(width // 4, 1))
        )
        moved = "".join(_move_up(row, width) for row in range(len(c)))
        onwards = "".join(f"(local.set {at} (i32.add (local.get {at}) (i32.const {4 * width})))" for at in c)
        parts.append(f"(if (i32.and (local.get $N) (i32.const {width})) (then {stored} {moved} {onwards}))")
    return "\n".join(parts)


def _move_up(row: int, width: int) -> str:
    if width >= 4:
        vectors = width // 4
        return "".join(f"(local.set $sum{row}{v} (local.get $sum{row}{v + vectors}))" for v in range(vectors))
    upper = f"(i8x16.shuffle 8 9 10 11 12 13 14 15 0 0 0 0 0 0 0 0 (local.get $sum{row}0) (local.get $sum{row}0))"
    return f"(local.set $sum{row}0 {upper})"


def _store(at: str, total: str, v: int, by: tuple[str, str], add: bool) -> str:
    """Stores `total`, a row's vector `v`, at the pointer `at`, on top of what is there with `add`."""
    load, store = by
    operation, _, lane = store.partition(" ")
    value = f"(local.get {total})"
    if add:
        value = f"(f32x4.add ({load} offset={16 * v} (local.get {at})) {value})"
    return f"({operation} offset={16 * v} {lane} (local.get {at}) {value})"
