"""Products of floats made in integers of sixteen bits: eight an instruction instead of four, from half the bytes.

A row of A and a column of B, of at most `STEPS` values of k, become integers with a scale each. The scale is by their
length, the root of the sum of squares: two vectors of integers no longer than `LENGTH` and `WEIGHTS_LENGTH` have a
product below 2 ** 31, whatever their values are. What is rounded away is about 2 ** -12 of a row's typical value, less
than weights of twelve bits have lost.

    C[m, n] = alpha * a_scale[m] * b_scale[n] * sum over k of a[m, k] * b[k, n]      , plus what is there with `add`

B is in panels of sixteen columns, as onnxruntime has it, but two steps of k lie side by side as `i32x4.dot_i16x8_s`
takes them, and after the last come the sixteen scales.
"""

from __future__ import annotations

#: Steps of k that are summed in 32 bits: onnxruntime's own block of packed weights.
STEPS = 256
#: The largest length of a vector of integers, and so their largest value; a little less than 2 ** 15 for the rounding.
LENGTH = 32700
#: Weights are packed once, so theirs may be twice as long where no value gets too large.
WEIGHTS_LENGTH = 2 * LENGTH
#: Below this length a vector counts as zeros.
SMALLEST = "1e-18"
#: At the end of a packed panel, where a float panel has a row of weights: two NaNs that are no number's result.
MARK = (0x7FC0706167657369, 0x7FC064652D696E74)

_VECTORS = range(4)
#: Rows of A that are rounded at a time, the bytes of one, and of all their scales.
ROWS = 32
_INTS, _SCALES = 2 * STEPS, 4 * ROWS
#: Bytes for the panels of what is no constant, on the stack: onnxruntime's own function takes 70 kB there.
_PANELS = 52 * 1024
#: Added to a float below 2 ** 22 it leaves the nearest integer in the lower bits.
_ROUND, _ROUND_BITS = "(f32x4.splat (f32.const 12582912))", "(i32x4.splat (i32.const 0x4b400000))"
_ZERO = "(v128.const i64x2 0 0)"
#: The parameters of the functions that are not in onnxruntime's place.
ROUNDED, MULTIPLIED, COLUMNS = ("i32",) * 4 + ("f32", "i32"), ("i32",) * 9, ("i32",) * 4
_OPERATION = "transA transB M N K alpha A lda B ldb beta C ldc"


def rounded() -> str:
    """`(A, lda, rows, K, alpha, ints)`: at most `ROWS` rows of K floats, a multiple of eight, as integers at `ints`.

    Each row has room for `STEPS`. Their scales, times `alpha`, are in the `_SCALES` bytes before them.
    """
    squares = "".join(
        _set(f"sum{i}", f"(f32x4.add {_get(f'sum{i}')} (f32x4.mul (local.tee $x {_load(16 * i, 'at')}) {_get('x')}))")
        for i in range(2)
    )
    integers = [
        f"(i32x4.sub (f32x4.add (f32x4.mul {_load(offset, 'at')} {_get('factor')}) {_ROUND}) {_ROUND_BITS})"
        for offset in (0, 16)
    ]
    lanes = [f"(f32x4.extract_lane {lane} {_get('sum0')})" for lane in range(4)]
    factor = f"(f32.div (f32.const {LENGTH}) {_get('length')})"
    factor = f"(select {factor} (f32.const 0) (f32.gt {_get('length')} (f32.const {SMALLEST})))"
    return f"""
    (func $rounded (param $A i32) (param $lda i32) (param $rows i32) (param $K i32) (param $alpha f32) (param $ints i32)
      (local $at i32) (local $to i32) (local $end i32) (local $scales i32) (local $length f32)
      (local $x v128) (local $sum0 v128) (local $sum1 v128) (local $factor v128)
      {_set("scales", f"(i32.sub {_get('ints')} (i32.const {_SCALES}))")}
      (loop $each
        {_set("end", _add("A", _times("K", 2)))} {_set("at", _get("A"))} {_set("to", _get("ints"))}
        {_set("sum0", _ZERO)} {_set("sum1", _ZERO)}
        (loop $squares {squares}
          (br_if $squares (i32.lt_u (local.tee $at {_add("at", 32)}) {_get("end")})))
        {_set("sum0", f"(f32x4.add {_get('sum0')} {_get('sum1')})")}
        {_set("length", f"(f32.sqrt (f32.add (f32.add {lanes[0]} {lanes[1]}) (f32.add {lanes[2]} {lanes[3]})))")}
        {_set("factor", f"(f32x4.splat {factor})")}
        (f32.store {_get("scales")} (f32.mul {_get("alpha")} (f32.div {_get("length")} (f32.const {LENGTH}))))
        {_set("at", _get("A"))}
        (loop $integers
          (v128.store {_get("to")} (i16x8.narrow_i32x4_s {integers[0]} {integers[1]}))
          {_set("to", _add("to", 16))}
          (br_if $integers (i32.lt_u (local.tee $at {_add("at", 32)}) {_get("end")})))
        {_set("A", _add("A", _get("lda")))} {_set("ints", _add("ints", _INTS))} {_set("scales", _add("scales", 4))}
        (br_if $each (local.tee $rows (i32.sub {_get("rows")} (i32.const 1))))))"""


def multiplied() -> str:
    """`(ints, rows, B, bytes, stride, panels, C, ldc, add)`: the rows of `rounded` by panels of B, one or more.

    `bytes` are a panel's integers, and the next panel is `stride` bytes on. Two rows go through all panels: what is
    read one behind the other is fetched in time.
    """
    sums = "".join(f"(local $sum{row}{v} v128) " for row in range(2) for v in _VECTORS)
    return f"""
    (func $multiplied (param $ints i32) (param $rows i32) (param $B i32) (param $bytes i32) (param $stride i32)
                      (param $panels i32) (param $C i32) (param $ldc i32) (param $add i32)
      {sums} (local $x0 v128) (local $x1 v128) (local $y v128)
      (local $at i32) (local $b i32) (local $end i32) (local $scale i32) (local $left i32)
      (local $panel i32) (local $C0 i32) (local $C1 i32)
      {_set("scale", f"(i32.sub {_get('ints')} (i32.const {_SCALES}))")}
      (loop $rows
        {_set("left", _get("panels"))} {_set("panel", _get("B"))}
        {_set("C0", _get("C"))} {_set("C1", _add("C", _get("ldc")))} {_set("C", _add("C1", _get("ldc")))}
        (if (i32.gt_u {_get("rows")} (i32.const 1)) (then {_panels(2)}) (else {_panels(1)}))
        {_set("ints", _add("ints", 2 * _INTS))} {_set("scale", _add("scale", 8))}
        (br_if $rows (i32.gt_s (local.tee $rows (i32.sub {_get("rows")} (i32.const 2))) (i32.const 0)))))"""


def columns(*, constant: bool) -> str:
    """`(B, ldb, K, to)`: sixteen columns of B, with rows `ldb` bytes apart, as a panel with its scales.

    `constant` weights get scales that use all of the bits, for which their largest values are looked at too.
    """
    squares = "".join(
        _set(f"s{v}", f"(f32x4.add {_get(f's{v}')} (f32x4.mul (local.tee $x {_load(16 * v, 'at')}) {_get('x')}))")
        + (_set(f"h{v}", f"(f32x4.pmax {_get(f'h{v}')} (f32x4.abs {_get('x')}))") if constant else "")
        for v in _VECTORS
    )
    return f"""
    (func $columns (param $B i32) (param $ldb i32) (param $K i32) (param $to i32)
      (local $at i32) (local $left i32) (local $scales i32) (local $x v128)
      {"".join(f"(local $s{v} v128) (local $h{v} v128) " for v in _VECTORS)}
      {_set("at", _get("B"))} {_set("left", _get("K"))} {_set("scales", _add("to", _times("K", 5)))}
      (loop $squares {squares}
        {_set("at", _add("at", _get("ldb")))}
        (br_if $squares (local.tee $left (i32.sub {_get("left")} (i32.const 1)))))
      {"".join(_factor(v, constant) for v in _VECTORS)}
      (loop $pairs
        {"".join(f"(v128.store offset={16 * v} {_get('to')} {_side_by_side(v)})" for v in _VECTORS)}
        {_set("B", _add("B", _times("ldb", 1)))}
        (br_if $pairs (i32.lt_u (local.tee $to {_add("to", 64)}) {_get("scales")}))))"""


def packing(*, allowed: str, columns: str, otherwise: str) -> str:
    """`MlasSgemmPackB`, `(trans, N, K, B, ldb, packed)`: constant weights as panels that end in `MARK`.

    It is for whole panels that are long enough; others go to `otherwise`, onnxruntime's own.
    """
    fits = _all(
        allowed,
        f"(i32.eq {_get('trans')} (i32.const 111))",
        f"(i32.eqz (i32.and {_get('N')} (i32.const 15)))",
        f"(i32.eqz (i32.and {_get('K')} (i32.const 7)))",
        f"(i32.ge_u {_get('K')} (i32.const 64))",
        _sign_of_nothing("N", 15),
    )
    return f"""
    (func $packing (param $trans i32) (param $N i32) (param $K i32) (param $B i32) (param $ldb i32) (param $packed i32)
      (local $steps i32) (local $left i32) (local $from i32) (local $zero f32)
      (if (i32.eqz {fits}) (then
        (return (call {otherwise} {" ".join(map(_get, ("trans", "N", "K", "B", "ldb", "packed")))}))))
      {_set("ldb", _times("ldb", 2))}
      (loop $blocks
        {_set("steps", _least(STEPS, _get("K")))}
        {_set("left", _get("N"))} {_set("from", _get("B"))}
        (loop $panels
          (call {columns} {_get("from")} {_get("ldb")} {_get("steps")} {_get("packed")})
          {_set("packed", _add("packed", _times("steps", 6)))}
          (v128.store (i32.sub {_get("packed")} (i32.const 16)) (v128.const i64x2 {MARK[0]} {MARK[1]}))
          {_set("from", _add("from", 64))}
          (br_if $panels (local.tee $left (i32.sub {_get("left")} (i32.const 16)))))
        {_set("B", _add("B", f"(i32.mul {_get('steps')} {_get('ldb')})"))}
        (br_if $blocks (local.tee $K (i32.sub {_get("K")} {_get("steps")})))))"""


def packed_product(*, allowed: str, rounded: str, multiplied: str, add: bool) -> str:
    """What `MlasGemmFloatKernel` begins with: where B is of `packing`, the answer for `ROWS` rows; else it goes on."""
    last = f"(i32.sub {_add('B', _times('K', 6))} (i32.const 16))"
    ours = [f"(i64.eq (i64.load offset={8 * i} {last}) (i64.const {MARK[i]}))" for i in range(2)]
    ints = f"(i32.sub (global.get 0) (i32.const {ROWS * _INTS}))"
    panels = f"(i32.shr_u {_get('N')} (i32.const 4))"
    return f"""
      (if {_all(allowed, *ours)} (then
        {_set("M", _least(ROWS, _get("M")))}
        (call {rounded} {_get("A")} {_times("lda", 2)} {_get("M")} {_get("K")} {_get("alpha")} {ints})
        (call {multiplied} {ints} {_get("M")} {_get("B")} {_times("K", 5)} {_times("K", 6)} {panels}
          {_get("C")} {_times("ldc", 2)} (i32.const {int(add)}))
        (return {_get("M")})))"""


def operation(*, allowed: str, rounded: str, multiplied: str, columns: str, otherwise: str) -> str:
    """`MlasSgemmOperation`: a product of what is packed for this one alone, as convolutions and attention have it.

    `(transA, transB, M, N, K, alpha, A, lda, B, ldb, beta, C, ldc)`. B is made into as many panels as there is room
    for; the last may begin among the columns of the one before, and then its first columns are not used.
    """
    fits = _all(
        allowed,
        f"(i32.eq {_get('transA')} (i32.const 111))",
        f"(i32.eq {_get('transB')} (i32.const 111))",
        f"(i32.eqz (i32.and {_get('K')} (i32.const 7)))",
        f"(i32.ge_u {_get('K')} (i32.const 16))",
        f"(i32.ge_u {_get('N')} (i32.const 16))",
        f"(i32.ge_u {_get('M')} (i32.const 8))",
        f"(i32.or (f32.eq {_get('beta')} (f32.const 0)) (f32.eq {_get('beta')} (f32.const 1)))",
        _sign_of_nothing("K", 7),
    )
    names = "panels ints last steps columns k n left rows a c row from to end full rest stride add at"
    multiply = f"(call {multiplied} {_get('ints')} {_get('rows')}"
    return f"""
    (func $operation (param $transA i32) (param $transB i32) (param $M i32) (param $N i32) (param $K i32)
                     (param $alpha f32) (param $A i32) (param $lda i32) (param $B i32) (param $ldb i32)
                     (param $beta f32) (param $C i32) (param $ldc i32)
      {"".join(f"(local ${name} i32) " for name in names.split())} (local $zero f32)
      (if (i32.eqz {fits}) (then (return (call {otherwise} {" ".join(map(_get, _OPERATION.split()))}))))
      {_set("panels", f"(i32.sub (global.get 0) (i32.const {_PANELS}))")}
      {_set("ints", f"(i32.sub {_get('panels')} (i32.const {ROWS * _INTS}))")}
      {_set("last", f"(i32.sub {_get('ints')} (i32.const {_SCALES + 64 * ROWS}))")}
      {"".join(_set(name, _times(name, 2)) for name in ("lda", "ldb", "ldc"))}
      (loop $blocks
        {_set("steps", _least(STEPS, f"(i32.sub {_get('K')} {_get('k')})"))}
        {_set("stride", f"(i32.add {_times('steps', 5)} (i32.const 64))")}
        {_set("add", f"(i32.or (i32.ne {_get('k')} (i32.const 0)) (f32.ne {_get('beta')} (f32.const 0)))")}
        {_set("n", "(i32.const 0)")}
        (loop $parts
          {_set("columns", f"(i32.shl (i32.div_u (i32.const {_PANELS}) {_get('stride')}) (i32.const 4))")}
          {_set("left", f"(i32.sub {_get('N')} {_get('n')})")}
          {_set("columns", f"(select {_get('columns')} {_get('left')} (i32.gt_u {_get('left')} {_get('columns')}))")}
          {_set("full", f"(i32.shr_u {_get('columns')} (i32.const 4))")}
          {_set("rest", f"(i32.and {_get('columns')} (i32.const 15))")}
          {_pack_part(columns)}
          {_set("a", _add("A", _times("k", 2)))} {_set("c", _add("C", _times("n", 2)))} {_set("left", _get("M"))}
          (loop $rows
            {_set("rows", _least(ROWS, _get("left")))}
            (call {rounded} {_get("a")} {_get("lda")} {_get("rows")} {_get("steps")} {_get("alpha")} {_get("ints")})
            (if {_get("full")} (then
              {multiply} {_get("panels")} {_times("steps", 5)} {_get("stride")} {_get("full")}
                {_get("c")} {_get("ldc")} {_get("add")})))
            (if {_get("rest")} (then {_last_columns(multiply)}))
            {_set("c", _add("c", f"(i32.mul {_get('rows')} {_get('ldc')})"))}
            {_set("a", _add("a", f"(i32.mul {_get('rows')} {_get('lda')})"))}
            (br_if $rows (local.tee $left (i32.sub {_get("left")} {_get("rows")}))))
          (br_if $parts (i32.lt_u (local.tee $n {_add("n", _get("columns"))}) {_get("N")})))
        (br_if $blocks (i32.lt_u (local.tee $k {_add("k", _get("steps"))}) {_get("K")}))))"""


def _pack_part(columns: str) -> str:
    """The columns from $n on as panels, and the place of the one with the last columns in $at."""
    return f"""
          {_set("from", _add("B", f"(i32.add (i32.mul {_get('k')} {_get('ldb')}) {_times('n', 2)})"))}
          {_set("at", _get("panels"))} {_set("left", _get("full"))}
          (block $packed
            (br_if $packed (i32.eqz {_get("left")}))
            (loop $pack
              (call {columns} {_get("from")} {_get("ldb")} {_get("steps")} {_get("at")})
              {_set("from", _add("from", 64))} {_set("at", _add("at", _get("stride")))}
              (br_if $pack (local.tee $left (i32.sub {_get("left")} (i32.const 1))))))
          (if {_get("rest")} (then (call {columns} (i32.sub {_add("from", _times("rest", 2))} (i32.const 64))
            {_get("ldb")} {_get("steps")} {_get("at")})))"""


def _last_columns(multiply: str) -> str:
    """The product with the panel at $at goes to $last, and from there what is wanted of it into C."""
    value = f"(f32.add (f32.load {_get('from')}) (select (f32.load {_get('to')}) (f32.const 0) {_get('add')}))"
    return f"""
              {multiply} {_get("at")} {_times("steps", 5)} {_get("stride")} (i32.const 1)
                {_get("last")} (i32.const 64) (i32.const 0))
              {_set("end", _get("last"))} {_set("row", _add("c", _times("full", 6)))}
              (loop $aside
                {_set("end", _add("end", 64))} {_set("from", f"(i32.sub {_get('end')} {_times('rest', 2)})")}
                {_set("to", _get("row"))}
                (loop $column
                  (f32.store {_get("to")} {value})
                  {_set("to", _add("to", 4))}
                  (br_if $column (i32.lt_u (local.tee $from {_add("from", 4)}) {_get("end")})))
                {_set("row", _add("row", _get("ldc")))}
                (br_if $aside (i32.lt_u {_get("end")} {_add("last", _times("rows", 6))})))"""


def _panels(rows: int) -> str:
    """All panels for one or two rows: for each all steps of k, then scaled into C."""
    each = [(row, v) for row in range(rows) for v in _VECTORS]
    over = "".join(f"(v128.store {_in_c(row, v)} {_scaled(row, v)})" for row, v in each)
    onto = "".join(
        f"(v128.store {_in_c(row, v)} (f32x4.add (v128.load {_in_c(row, v)}) {_scaled(row, v)}))" for row, v in each
    )
    return f"""
          (loop $panels{rows}
            {"".join(_set(f"sum{row}{v}", _ZERO) for row, v in each)}
            {_set("at", _get("ints"))} {_set("b", _get("panel"))} {_set("end", _add("b", _get("bytes")))}
            (loop $pairs{rows}
              {"".join(_pair(row, v, rows) for v in _VECTORS for row in range(rows))}
              {_set("at", _add("at", 4))}
              (br_if $pairs{rows} (i32.lt_u (local.tee $b {_add("b", 64)}) {_get("end")})))
            {"".join(_set(f"x{row}", f"(v128.load32_splat offset={4 * row} {_get('scale')})") for row in range(rows))}
            (if {_get("add")} (then {onto}) (else {over}))
            {"".join(_set(f"C{row}", _add(f"C{row}", 64)) for row in range(rows))}
            {_set("panel", _add("panel", _get("stride")))}
            (br_if $panels{rows} (local.tee $left (i32.sub {_get("left")} (i32.const 1)))))"""


def _in_c(row: int, v: int) -> str:
    return f"offset={16 * v} {_get(f'C{row}')}"


def _scaled(row: int, v: int) -> str:
    """A sum times the scales of its row and, where $b ends, of its columns."""
    by_columns = f"(f32x4.mul (f32x4.convert_i32x4_s {_get(f'sum{row}{v}')}) {_load(16 * v, 'b')})"
    return f"(f32x4.mul {_get(f'x{row}')} {by_columns})"


def _pair(row: int, v: int, rows: int) -> str:
    """Two steps of k of a row by a vector of four columns. What is loaded is kept for those that need it too."""
    x, y = _get(f"x{row}"), _get("y")
    if v == 0:
        x = f"(local.tee $x{row} (v128.load32_splat offset={_INTS * row} {_get('at')}))"
    if row == 0:
        y = _load(16 * v, "b") if rows == 1 else f"(local.tee $y {_load(16 * v, 'b')})"
    return _set(f"sum{row}{v}", f"(i32x4.add {_get(f'sum{row}{v}')} (i32x4.dot_i16x8_s {x} {y}))")


def _factor(v: int, constant: bool) -> str:
    """Four columns' factors in place of their sums of squares, zero where there is nothing; their scales are stored.

    Where there is no factor the length is the scale: 0, or what makes the answer no number either.
    """
    s, h, x = _get(f"s{v}"), _get(f"h{v}"), _get("x")
    factor = f"(f32x4.div {_splat(WEIGHTS_LENGTH if constant else LENGTH)} {x})"
    if constant:
        factor = f"(f32x4.pmin {factor} (f32x4.div {_splat(LENGTH)} {h}))"
    scale = f"(v128.bitselect (f32x4.div {_splat(1)} {s}) {x} (f32x4.gt {s} {_ZERO}))"
    return (
        _set("x", f"(f32x4.sqrt {s})")
        + _set(f"s{v}", f"(v128.and {factor} (f32x4.gt {x} {_splat(SMALLEST)}))")
        + f"(v128.store offset={16 * v} {_get('scales')} {scale})"
    )


def _side_by_side(v: int) -> str:
    """Two steps of k of four columns: the first in the lower halves, the second in the upper ones."""
    first, second = (
        f"(f32x4.add (f32x4.mul (v128.load offset={16 * v} {row}) {_get(f's{v}')}) {_ROUND})"
        for row in (_get("B"), _add("B", _get("ldb")))
    )
    return f"(v128.or (v128.and {first} (i32x4.splat (i32.const 0xffff))) (i32x4.shl {second} (i32.const 16)))"


def _sign_of_nothing(name: str, mask: int) -> str:
    """Whether 0 / 0 has its sign set, as x86 has it: the instruction that all hangs on is one there, and three on ARM.

    `name` and `mask` say where a 0 is that no compiler knows of.
    """
    zero = f"(local.tee $zero (f32.convert_i32_u (i32.and {_get(name)} (i32.const {mask}))))"
    return f"(i32.lt_s (i32.reinterpret_f32 (f32.div {zero} {_get('zero')})) (i32.const 0))"


def _all(*conditions: str) -> str:
    first, *others = conditions
    return f"(i32.and {first} {_all(*others)})" if others else first


def _get(name: str) -> str:
    return f"(local.get ${name})"


def _set(name: str, value: str) -> str:
    return f"(local.set ${name} {value})"


def _load(offset: int, name: str) -> str:
    return f"(v128.load offset={offset} {_get(name)})"


def _splat(value: int | str) -> str:
    return f"(f32x4.splat (f32.const {value}))"


def _add(name: str, value: int | str) -> str:
    return f"(i32.add {_get(name)} {value if isinstance(value, str) else f'(i32.const {value})'})"


def _times(name: str, shift: int) -> str:
    """Times 2 ** `shift`."""
    return f"(i32.shl {_get(name)} (i32.const {shift}))"


def _least(number: int, value: str) -> str:
    return f"(select (i32.const {number}) {value} (i32.gt_u {value} (i32.const {number})))"
