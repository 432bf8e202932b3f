"""Products in integers, alone in wasmtime: against float64, within what the rounding can cost at most."""

import numpy as np
import pytest
from machine import Machine
from pageside_export.kernels import integers

PAGES = 192
STACK = PAGES * 65536
ALLOWED = "(global.get $allowed)"
OURS = {"allowed": ALLOWED, "rounded": "$rounded", "multiplied": "$multiplied"}
TYPES = {
    "packing": "i32 " * 6,
    "product": f"{'i32 ' * 8} f32",
    "operation": f"{'i32 ' * 5} f32 {'i32 ' * 4} f32 i32 i32",
}


def machine(name, text, allowed=1):
    """The kernel `text` with the functions that it calls, and a stack that starts at the end of the memory."""
    weights = integers.columns(constant=True).replace("$columns", "$weights")
    parts = [
        f"(global i32 (i32.const {STACK})) (global $allowed i32 (i32.const {allowed}))",
        integers.rounded(),
        integers.multiplied(),
        integers.columns(constant=False),
        weights,
        text,
    ]
    result = "(result i32)" if name == "product" else ""
    imports = f'(import "ort" "{name}" (func $theirs (param {TYPES[name]}) {result}))'
    return Machine(f"${name}", "\n".join(parts), imports, PAGES)


def packing(allowed=1):
    text = integers.packing(allowed=ALLOWED, columns="$weights", otherwise="$theirs")
    return machine("packing", text, allowed)


def product(add):
    text = integers.packed_product(**OURS, add=add)
    parameters = "".join(f"(param ${name} i32) " for name in ("A", "B", "C", "K", "M", "N", "lda", "ldc"))
    return machine("product", f"(func $product {parameters} (param $alpha f32) (result i32) {text} (i32.const 0))")


def operation(allowed=1):
    text = integers.operation(**OURS, columns="$columns", otherwise="$theirs")
    return machine("operation", text, allowed)


def most(a, b, weights):
    """The largest error of each element of `a @ b`: every value is at most half a step beside its integer."""
    total = np.zeros((len(a), b.shape[1]))
    for k in range(0, a.shape[1], integers.STEPS):
        rows, columns = a[:, k : k + integers.STEPS], b[k : k + integers.STEPS]
        length = np.linalg.norm(columns, axis=0)
        step = length / integers.LENGTH
        if weights:
            step = np.maximum(length / integers.WEIGHTS_LENGTH, np.abs(columns).max(axis=0) / integers.LENGTH)
        row_step = np.linalg.norm(rows, axis=1, keepdims=True) / integers.LENGTH
        total += row_step / 2 * np.abs(columns).sum(axis=0) + np.abs(rows).sum(axis=1, keepdims=True) * step / 2
        total += len(columns) * row_step * step / 4
    # Float32 has its own.
    return total * 1.001 + 1e-6 * np.abs(a) @ np.abs(b)


def spread(random, *shape):
    """Values of very different sizes, as activations are."""
    return (random.standard_normal(shape) * np.exp(random.standard_normal(shape))).astype(np.float32)


def multiplied(a, b, alpha=1.0, before=None):
    """`a @ b` as MLAS has it from constant weights: packed once, then a block of `STEPS` after the other."""
    (m, k), n = a.shape, b.shape[1]
    pack = packing()
    at_b, packed = pack.put(b), pack.put(np.zeros((k, n), np.float32))
    pack(111, n, k, at_b, n, packed)
    assert pack.calls == []
    kernels = [product(False), product(True)]
    out = np.zeros((m, n), np.float32) if before is None else before
    for start in range(0, k, integers.STEPS):
        steps = min(integers.STEPS, k - start)
        one = kernels[bool(start) or before is not None]
        one.end = 1024
        at_b = one.put(pack.floats(packed, (k, n)).ravel()[start * n : (start + steps) * n])
        at_a, at_c, row = one.put(a[:, start:]), one.put(out), 0
        while row < m:
            lda = k - start
            done = one(at_a + 4 * row * lda, at_b, at_c + 4 * row * n, steps, m - row, n, lda, n, alpha)
            assert done == min(m - row, integers.ROWS)
            row += done
        out = one.floats(at_c, (m, n)).copy()
    return out


def errs_by_rounding_alone(product, rows, inner, columns, weights):
    """Whether `product` is right in a matrix of its own and on top of one."""
    random = np.random.default_rng(rows)
    a, b = spread(random, rows, inner), spread(random, inner, columns)
    expected, bound = a.astype(np.float64) @ b, most(a, b, weights)
    before = random.standard_normal((rows, columns)).astype(np.float32)
    onto = product(a, b, 0.37, before) - before
    alone = np.all(np.abs(product(a, b) - expected) <= bound)
    return alone and np.all(np.abs(onto - 0.37 * expected) <= bound + 1e-6 * np.abs(before))


@pytest.mark.parametrize("rows", [1, 2, 5, 32, 33, 71])
@pytest.mark.parametrize(("inner", "columns"), [(64, 16), (72, 48), (256, 128), (264, 32), (600, 144)])
def test_products_with_constant_weights(rows, inner, columns):
    assert errs_by_rounding_alone(multiplied, rows, inner, columns, weights=True)


def test_errors_are_small_beside_the_answers():
    random = np.random.default_rng(0)
    a, b = (random.standard_normal(shape).astype(np.float32) for shape in ((64, 768), (768, 128)))
    expected = a.astype(np.float64) @ b
    assert np.sqrt(np.mean((multiplied(a, b) - expected) ** 2)) < 2**-12 * np.sqrt(np.mean(expected**2))


@pytest.mark.parametrize("value", [1.0, -1.0, 3e8, 1e-8])
def test_the_longest_vectors_fit_into_32_bits(value):
    ones = np.full((3, 256), value, np.float32), np.full((256, 16), 2.5, np.float32)
    # All are rounded alike, by half a step of some 2,000 and half of 4,000 at most.
    np.testing.assert_allclose(multiplied(*ones), np.full((3, 16), 640 * value), rtol=4e-4)
    alone = np.zeros((1, 256), np.float32), np.zeros((256, 16), np.float32)
    alone[0][0, 7], alone[1][7] = value, 2.5
    np.testing.assert_allclose(multiplied(*alone), np.full((1, 16), 2.5 * value), rtol=1e-4)


def test_what_is_no_number_stays_none_and_spoils_nothing_else():
    random = np.random.default_rng(0)
    a, b = spread(random, 6, 64), spread(random, 64, 32)
    a[1, 5], a[3], b[:, 4], b[9, 20] = np.nan, 0, 0, np.inf
    for seen in (multiplied(a, b), operated(np.concatenate([a, a]), b)[:6]):
        usual = np.delete(np.arange(32), 20)
        assert np.isnan(seen[1]).all()
        assert (seen[3, usual] == 0).all()
        assert (seen[[0, 2, 3, 4, 5], 4] == 0).all()
        assert not np.isfinite(seen[:, 20]).any()
        assert np.isfinite(seen[[0, 2, 3, 4, 5]][:, usual]).all()


@pytest.mark.parametrize(
    "given", [(112, 32, 64), (111, 31, 64), (111, 32, 60), (111, 32, 56)], ids=["turned", "columns", "steps", "short"]
)
def test_other_weights_are_packed_by_onnxruntimes_own(given):
    pack = packing()
    pack(*given, 1024, 32, 2048)
    assert pack.calls == [("packing", (*given, 1024, 32, 2048))]


def test_where_integers_are_not_allowed_all_is_left_to_onnxruntimes_own():
    pack, operate = packing(allowed=0), operation(allowed=0)
    pack(111, 32, 64, 1024, 32, 2048)
    given = (111, 111, 8, 32, 64, 1.0, 1024, 64, 2048, 32, 0.0, 4096, 32)
    operate(*given)
    assert [*pack.calls, *operate.calls] == [("packing", (111, 32, 64, 1024, 32, 2048)), ("operation", given)]


def test_a_product_of_float_panels_goes_on():
    one = product(False)
    at = one.put(np.ones((64, 16), np.float32))
    assert one(at, at, at, 64, 4, 16, 64, 16, 1.0) == 0


def operated(a, b, alpha=1.0, before=None):
    """`alpha * a @ b`, plus `before`, with rows that lie apart."""
    one = operation()
    (m, k), n = a.shape, b.shape[1]
    wide = [np.full((rows, columns + 5), np.nan, np.float32) for rows, columns in ((m, k), (k, n), (m, n))]
    wide[0][:, :k], wide[1][:, :n] = a, b
    if before is not None:
        wide[2][:, :n] = before
    at = [one.put(each) for each in wide]
    beta = 0.0 if before is None else 1.0
    one(111, 111, m, n, k, alpha, at[0], k + 5, at[1], n + 5, beta, at[2], n + 5)
    assert one.calls == []
    seen = one.floats(at[2], wide[2].shape)
    assert np.isnan(seen[:, n:]).all(), "written beside a row"
    return seen[:, :n]


@pytest.mark.parametrize("rows", [8, 9, 32, 45])
@pytest.mark.parametrize(
    ("inner", "columns"), [(16, 16), (16, 17), (24, 31), (64, 49), (256, 100), (264, 196), (600, 33), (48, 1500)]
)
def test_products_of_what_is_packed_for_one(rows, inner, columns):
    assert errs_by_rounding_alone(operated, rows, inner, columns, weights=False)


@pytest.mark.parametrize(
    "other",
    [{0: 112}, {1: 112}, {2: 7}, {3: 15}, {4: 60}, {4: 8}, {10: 0.5}],
    ids=["A", "B", "rows", "columns", "steps", "short", "beta"],
)
def test_what_integers_do_not_do_goes_to_onnxruntimes_own(other):
    operate = operation()
    given = [111, 111, 8, 32, 64, 1.0, 1024, 64, 2048, 32, 0.0, 4096, 32]
    for place, value in other.items():
        given[place] = value
    operate(*given)
    assert operate.calls == [("operation", tuple(given))]
