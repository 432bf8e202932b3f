import itertools
import math

import numpy as np
import pytest
import wasmtime
from machine import Machine
from pageside_export import vendor
from pageside_export.errors import EnvironmentError_
from pageside_export.kernels import INTEGERS, activation, depthwise, erf, gemm, hashes, waiting, with_kernels
from pageside_export.pack import sha256
from pageside_export.wasm import Module

PATHS = [path for path in vendor.lock()["npm"]["onnxruntime-web"]["files"] if path.endswith(".wasm")]


def product(add, switch=0):
    imports = f'(import "ort" "product" (func $theirs (param {"i32 " * 8} f32) (result i32)))'
    text = gemm.text(add=add, theirs="(global.get $switch)", otherwise="$theirs")
    return Machine("$gemm", f"(global $switch i32 (i32.const {switch})) {text}", imports)


def packed(b):
    """Panels of 16 columns, the last padded with zeros."""
    k, n = b.shape
    wide = np.zeros((k, -(-n // 16) * 16), np.float32)
    wide[:, :n] = b
    return np.ascontiguousarray(wide.reshape(k, -1, 16).transpose(1, 0, 2))


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_a_product_has_the_bits_of_adding_one_product_after_the_other(add, rows):
    random = np.random.default_rng(rows)
    machine = product(add)
    for columns, inner in itertools.product([*range(1, 20), 31, 32, 48, 61], [1, 2, 3, 37]):
        machine.end = 1024
        a = random.standard_normal((rows, inner + 3)).astype(np.float32)
        b = random.standard_normal((inner, columns)).astype(np.float32)
        before = random.standard_normal((rows, columns)).astype(np.float32)
        alpha = np.float32(1.0 if columns % 2 else 0.37)
        at_a, at_b, at_c = machine.put(a), machine.put(packed(b)), machine.put(before)
        done = machine(at_a, at_b, at_c, inner, rows, columns, inner + 3, columns, float(alpha))
        expected = np.zeros((rows, columns), np.float32)
        for k in range(inner):
            expected += a[:, k : k + 1] * b[k]
        expected = expected * alpha + (before if add else 0)
        assert done == min(rows, 2)
        seen = machine.floats(at_c, (rows, columns))
        np.testing.assert_array_equal(seen[:done], expected[:done])
        np.testing.assert_array_equal(seen[done:], before[done:])


def test_rows_of_c_may_lie_apart():
    machine = product(add=False)
    a, b = np.ones((2, 4), np.float32), np.ones((4, 5), np.float32)
    before = np.full((2, 9), 7, np.float32)
    at_a, at_b, at_c = machine.put(a), machine.put(packed(b)), machine.put(before)
    assert machine(at_a, at_b, at_c, 4, 2, 5, 4, 9, 1.0) == 2
    assert machine.floats(at_c, (2, 9)).tolist() == [[4.0] * 5 + [7.0] * 4] * 2


def hashing():
    imports = f'(import "ort" "hash" (func $theirs (param {"i32 " * 4})))'
    return Machine("$hash", hashes.text(otherwise="$theirs"), imports)


def hashed(content, seed=0):
    machine = hashing()
    at, out = machine.put(np.frombuffer(content, np.uint8)), machine.put(np.zeros(4, np.uint32))
    machine(at, len(content), seed, out)
    assert machine.calls == []
    return machine.memory.read(machine.store, out, out + 16)


def mixed(lanes, value):
    lanes = lanes ^ value * np.uint32(0xCC9E2D51)
    return (lanes << np.uint32(13) | lanes >> np.uint32(19)) * np.uint32(5) + np.uint32(0xE6546B64)


def expected_hash(content, seed):
    lanes = np.uint32(seed) ^ np.arange(4, dtype=np.uint32).repeat(4)
    for at in [*range(0, len(content) - 64, 64), len(content) - 64]:
        lanes = mixed(lanes, np.frombuffer(content, np.uint32, 16, at))
    first, *others = lanes.reshape(4, 4)
    first = mixed(first, np.full(4, len(content), np.uint32))
    for other in others:
        first = mixed(first, other)
    first = mixed(first, np.roll(first, -1))
    first = mixed(first, np.roll(first, -2))
    for shift, factor in (16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1):
        first = (first ^ first >> np.uint32(shift)) * np.uint32(factor)
    return first.tobytes()


@pytest.mark.parametrize("size", [4096, 4097, 4160, 4223, 65_536, 100_003])
def test_large_arrays_are_hashed_by_ours(size):
    content = np.random.default_rng(size).bytes(size)
    assert hashed(content) == expected_hash(content, 0)
    assert hashed(content, 7) == expected_hash(content, 7)


def test_each_bit_changes_half_of_what_onnxruntime_keeps_of_a_hash():
    content = bytearray(np.random.default_rng(0).bytes(4099))
    before = np.unpackbits(np.frombuffer(hashed(bytes(content))[:8], np.uint8))
    changes = []
    for place in [*range(0, 4099, 211), 4098]:
        for bit in (0, 7):
            content[place] ^= 1 << bit
            changes.append(np.unpackbits(np.frombuffer(hashed(bytes(content))[:8], np.uint8)) != before)
            content[place] ^= 1 << bit
    assert np.sum(changes, axis=1).min() > 12
    assert 0.45 < np.mean(changes) < 0.55
    assert hashed(bytes(4100)) != hashed(bytes(4101))


def test_small_arrays_keep_onnxruntimes_own_hash():
    machine = hashing()
    machine(1024, 4095, 3, 2048)
    assert machine.calls == [("hash", (1024, 4095, 3, 2048))]


def convolution():
    imports = (
        f'(import "ort" "activation" (func $activation (param {"i32 " * 6})))'
        f'(import "ort" "theirs" (func $theirs (param {"i32 " * 8})))'
    )
    return Machine("$convolution", depthwise.text(activation="$activation", otherwise="$theirs"), imports)


def parameters(size, kernel, stride, dilation, padding, **other):
    """MLAS_CONV_PARAMETERS of 32 bits, and the shape of the output."""
    out = tuple(
        (size[i] + padding[i] + padding[i + 2] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in range(2)
    )
    fields = np.zeros(40, np.uint32)
    values = {0: 77, 4: 2, 8: 1, 12: 3, 16: 1, 24: size[0], 28: size[1], 36: kernel[0], 40: kernel[1]}
    values |= {48: dilation[0], 52: dilation[1], 60: padding[0], 64: padding[1], 68: padding[2], 72: padding[3]}
    values |= {84: stride[0], 88: stride[1], 96: 1, 100: out[0], 104: out[1]}
    values |= {112: size[0] * size[1], 116: out[0] * out[1], 120: kernel[0] * kernel[1]}
    values |= {int(name[1:]): value for name, value in other.items()}
    for offset, value in values.items():
        fields[offset // 4] = value
    return fields, out


def convolved(picture, weights, geometry, out):
    _, _, stride, dilation, padding = geometry
    padded = np.pad(picture, ((padding[0], padding[2]), (padding[1], padding[3])))
    total = np.zeros(out, np.float32)
    for y, x in np.ndindex(weights.shape):
        rows = slice(y * dilation[0], y * dilation[0] + (out[0] - 1) * stride[0] + 1, stride[0])
        columns = slice(x * dilation[1], x * dilation[1] + (out[1] - 1) * stride[1] + 1, stride[1])
        total += padded[rows, columns] * weights[y, x]
    return total


GEOMETRIES = [
    ((h, w), (k, j), (s, s), (d, e), padding)
    for (h, w), (k, j), s, (d, e), padding in [
        ((7, 7), (3, 3), 1, (1, 1), (1, 1, 1, 1)),
        ((7, 7), (5, 5), 1, (1, 1), (2, 2, 2, 2)),
        ((14, 14), (5, 5), 2, (1, 1), (2, 2, 2, 2)),
        ((14, 14), (5, 5), 2, (1, 1), (1, 1, 2, 2)),
        ((112, 112), (3, 3), 1, (1, 1), (1, 1, 1, 1)),
        ((113, 111), (3, 3), 2, (1, 1), (0, 0, 1, 1)),
        ((9, 31), (3, 5), 1, (1, 1), (1, 2, 1, 2)),
        ((31, 9), (5, 3), 2, (1, 1), (2, 1, 2, 1)),
        ((20, 21), (3, 3), 1, (2, 3), (2, 3, 2, 3)),
        ((20, 21), (3, 3), 2, (2, 3), (2, 3, 2, 3)),
        ((5, 5), (1, 1), 1, (1, 1), (0, 0, 0, 0)),
        ((6, 5), (1, 1), 2, (1, 1), (0, 0, 0, 0)),
        ((1, 40), (1, 9), 1, (1, 1), (0, 4, 0, 4)),
        ((40, 1), (9, 1), 2, (1, 1), (4, 0, 4, 0)),
        ((3, 2), (3, 3), 1, (1, 1), (3, 4, 3, 4)),
        ((2, 2), (3, 3), 2, (1, 1), (3, 4, 3, 4)),
        ((300, 260), (7, 7), 1, (1, 1), (3, 3, 3, 3)),
        ((300, 260), (7, 7), 2, (1, 1), (3, 3, 3, 3)),
        ((12, 2000), (3, 3), 1, (1, 1), (1, 1, 1, 1)),
        ((12, 1500), (3, 3), 2, (1, 1), (1, 1, 1, 1)),
    ]
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_a_depthwise_convolution_is_what_numpy_says(geometry):
    size, kernel = geometry[:2]
    random = np.random.default_rng(0)
    picture = random.standard_normal(size).astype(np.float32)
    weights = random.standard_normal(kernel).astype(np.float32)
    machine = convolution()
    fields, out = parameters(*geometry)
    at = [machine.put(each) for each in (fields, picture, weights, np.zeros(1, np.float32))]
    buffer, output = machine.put(np.full(16384, np.nan, np.float32)), machine.put(np.zeros(out, np.float32))
    machine(*at, buffer, output, 0, out[0] * out[1])
    assert machine.calls == [("activation", (77, output, at[3], 1, out[0] * out[1], out[0] * out[1]))]
    np.testing.assert_array_equal(machine.floats(output, out), convolved(picture, weights, geometry, out))
    machine.floats(buffer, 16384)  # its canary


@pytest.mark.parametrize(
    "other",
    [
        {"o4": 1},
        {"o16": 2},
        {"o96": 2},
        {"o88": 1},
        {"o84": 3, "o88": 3},
        {"o120": 129},
        {"o124": 0x3F800000},
        {"o104": 4000, "o84": 2, "o88": 2},
        {"o104": 9000},
    ],
    ids=str,
)
def test_what_the_kernel_cannot_do_goes_to_onnxruntimes_own(other):
    machine = convolution()
    fields, _ = parameters((12, 12), (3, 3), (2, 2), (1, 1), (1, 1, 1, 1), **other)
    at = machine.put(fields)
    machine(at, 1, 2, 3, 4, 5, 0, int(fields[116 // 4]))
    assert machine.calls == [("theirs", (at, 1, 2, 3, 4, 5, 0, int(fields[116 // 4])))]


def test_a_part_of_the_outputs_goes_to_onnxruntimes_own():
    machine = convolution()
    fields, _ = parameters((12, 12), (3, 3), (1, 1), (1, 1), (1, 1, 1, 1))
    at = machine.put(fields)
    machine(at, 1, 2, 3, 4, 5, 0, 72)
    machine(at, 1, 2, 3, 4, 5, 72, 72)
    assert [name for name, _ in machine.calls] == ["theirs", "theirs"]


@pytest.mark.parametrize("add", [False, True])
def test_a_product_is_left_to_onnxruntimes_own_kernel_where_the_page_says_so(add):
    machine = product(add, switch=1)
    assert machine(16, 32, 48, 2, 3, 5, 6, 7, 0.5) == 1
    assert machine.calls == [("product", (16, 32, 48, 2, 3, 5, 6, 7, 0.5))]


def activated(values, bias, kind, *limits):
    imports = f'(import "ort" "activation" (func $theirs (param {"i32 " * 6})))'
    machine = Machine("$activation", activation.text(otherwise="$theirs"), imports)
    rows, columns = values.shape
    fields = machine.put(np.array([np.array(kind, np.int32).view(np.float32), *limits], np.float32))
    wide = np.full((rows, columns + 3), 7, np.float32)
    wide[:, :columns] = values
    at = machine.put(wide)
    at_bias = 0 if bias is None else machine.put(bias)
    machine(fields, at, at_bias, rows, columns, columns + 3)
    seen = machine.floats(at, wide.shape)
    assert (seen[:, columns:] == 7).all()
    return seen[:, :columns], [(name, given[2:]) for name, given in machine.calls]


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 15, 16, 17, 64, 83])
@pytest.mark.parametrize("limits", [(), (0, 6), (-1, 1)], ids=["ReLU", "ReLU6", "clip"])
def test_activations_add_the_bias_and_cut(columns, limits):
    random = np.random.default_rng(columns)
    values = (4 * random.standard_normal((5, columns))).astype(np.float32)
    values[1, 0], values[2, 0], values[3, 0] = np.nan, np.inf, -np.inf
    for bias in (None, random.standard_normal(5).astype(np.float32)):
        seen, calls = activated(values, bias, 5 if limits else 1, *limits)
        assert calls == []
        whole = values if bias is None else values + bias[:, None]
        np.testing.assert_array_equal(seen, np.clip(whole, *(limits or (0, np.inf))))


@pytest.mark.parametrize("kind", [0, 2, 3, 4, 6])
def test_other_activations_are_onnxruntimes_own(kind):
    assert activated(np.ones((2, 3), np.float32), None, kind, 0.5)[1] == [("activation", (0, 2, 3, 6))]


def erf_of(values):
    imports = '(import "ort" "erf" (func $theirs (param i32 i32 i32)))'
    machine = Machine("$erf", erf.text(otherwise="$theirs"), imports)
    at, out = machine.put(values), machine.put(np.full(len(values), 9, np.float32))
    machine(at, out, len(values))
    return machine.floats(out, len(values)), [(name, given[2]) for name, given in machine.calls]


def test_the_error_function():
    values = np.concatenate([np.linspace(-6, 6, 4001), [np.inf, -np.inf, 0.0, -0.0, 1e-30, 0.921875, -0.921875]])
    values = values.astype(np.float32)[: len(values) // 16 * 16]
    seen, calls = erf_of(values)
    assert calls == []
    np.testing.assert_allclose(seen, [math.erf(value) for value in values], rtol=0, atol=2e-7)
    assert np.isnan(erf_of(np.full(16, np.nan, np.float32))[0]).all()


@pytest.mark.parametrize("count", [1, 15, 17, 31])
def test_what_is_left_of_the_error_function_is_onnxruntimes_own(count):
    seen, calls = erf_of(np.zeros(count, np.float32))
    whole = count // 16 * 16
    assert calls == [("erf", count - whole)]
    assert (seen[:whole] == 0).all()
    assert (seen[whole:] == 9).all()


def test_threads_look_for_work_less_often_before_they_sleep():
    body = bytes([0x20, 3, 0x28, 2, 0x30, 0x41, 0, 0x4C, 0x20, 12, 0x20, 1, 0x28, 2, 0x30, 0x48, 0x0B])
    after = waiting.shortened(body)
    assert after == body[:10] + bytes([0x41, 0xA0, 0x9C, 0x81, 0]) + body[15:]
    assert waiting.ROUNDS == 0x20 + (0x1C << 7) + (1 << 14)
    with pytest.raises(ValueError, match="the pool is no local"):
        waiting.shortened(b"\x23" + body[1:5])


#: What a binary has instead of onnxruntime's own, and what of it is another number in the same function.
REPLACED, CHANGED = 8, 1


@pytest.mark.parametrize("path", PATHS)
def test_functions_of_onnxruntime_change_and_go_to_the_end(path):
    theirs = vendor.npm_file("onnxruntime-web", path).read_bytes()
    before, ours = Module.parse(theirs), with_kernels(theirs, path)
    after = Module.parse(ours.content)
    assert before.binary()[0] == theirs
    changed = [index for index, body in enumerate(before.code) if after.code[index] != body]
    assert len(changed) == REPLACED + CHANGED
    places = vendor.lock()["kernels"][path]
    assert {sha256(before.code[index]) for index in changed} == set(places.values())
    waits = next(index for index in changed if sha256(before.code[index]) == places["waiting"])
    assert after.code[waits] == waiting.shortened(before.code[waits])
    others = [index for index in changed if index != waits]
    # Four of ours are called by them, and come first.
    own = after.code[len(before.code) :]
    assert sorted(own[4:]) == sorted(before.code[index] for index in others)
    assert sorted(after.types[len(before.types) + 4 :]) == sorted(before.types[index] for index in others)
    rest = [[one for one in module.sections if one[0] not in {1, 3, 6, 10}] for module in (before, after)]
    assert rest[0] == rest[1]
    for value in range(4):
        switched = bytearray(ours.content)
        assert switched[ours.product_switch] == INTEGERS
        switched[ours.product_switch] = value
        wasmtime.Module.validate(wasmtime.Store().engine, bytes(switched))


def test_another_version_of_onnxruntime_web_is_refused():
    path = PATHS[0]
    module = Module.parse(vendor.npm_file("onnxruntime-web", path).read_bytes())
    module.code = [b"\0\x0b"] * len(module.code)
    expected = vendor.lock()["kernels"][path]["product"][:12]
    with pytest.raises(EnvironmentError_) as caught:
        with_kernels(module.binary()[0], path)
    assert str(caught.value) == (
        f"kernels: {path} of onnxruntime-web has 0 functions with the SHA-256 {expected}..., one is needed; "
        "find the functions of this version and write them into vendor.lock.json (docs/decisions/0042-kernels.md)"
    )
