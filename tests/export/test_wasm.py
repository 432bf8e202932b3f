import pytest
import wasmtime
from pageside_export.wasm import Module, assemble, indirect_calls

#: One of each kind of what may stand behind an instruction, before a call through the table.
BEFORE = {
    "nothing": "nop",
    "a number of several bytes": "(drop (i32.const -1234567))",
    "a long number": "(drop (i64.const -9223372036854775808))",
    "four bytes": "(drop (f32.const 0x1.111111p+0))",
    "eight bytes": "(drop (f64.const 0x1.1111111111111p+0))",
    "an address": "(drop (i32.load offset=4369 (i32.const 0)))",
    "a block's type": "(block (result i32) (i32.const 17) (br 0)) drop",
    "a table of branches": "(block (block (br_table 0 1 0 1 (i32.const 17))))",
    "types of a choice": "(drop (select (result i32) (i32.const 1) (i32.const 2) (i32.const 17)))",
    "a conversion that saturates": "(drop (i32.trunc_sat_f64_u (f64.const 17)))",
    "memory.fill": "(memory.fill (i32.const 0) (i32.const 0) (i32.const 17))",
    "memory.copy": "(memory.copy (i32.const 0) (i32.const 0) (i32.const 17))",
    "table.grow": "(drop (table.grow 0 (ref.null func) (i32.const 17)))",
    "a null": "(drop (ref.is_null (ref.null func)))",
    "a vector": "(drop (v128.const i64x2 0x1111111111111111 0x1111111111111111))",
    "a shuffle": "(drop (i8x16.shuffle 17 17 17 17 17 17 17 17 17 17 17 17 17 17 17 17"
    " (v128.const i64x2 0 0) (v128.const i64x2 0 0)))",
    "a vector's address": "(drop (v128.load offset=17 (i32.const 0)))",
    "an address and a lane": "(drop (v128.load8_lane offset=17 2 (i32.const 0) (v128.const i64x2 0 0)))",
    "a lane": "(drop (i8x16.extract_lane_u 2 (v128.const i64x2 0 0)))",
    "a sum of vectors": "(drop (i32x4.dot_i16x8_s (v128.const i64x2 0 0) (v128.const i64x2 0 0)))",
    "exceptions": "(block (block (result i32) (try_table (catch $tag 0) (catch_all 1)) (i32.const 17)) drop)",
}
CALL = "(call_indirect (type $binary) (i32.const 1) (i32.const 2) (i32.const 3))"


def module(*parts):
    head = "(type $binary (func (param i32 i32) (result i32))) (memory 1) (table 4 funcref) (tag $tag (param i32))"
    return Module.parse(bytes(wasmtime.wat2wasm(f"(module {head} {' '.join(parts)})")))


@pytest.mark.parametrize("before", BEFORE.values(), ids=list(BEFORE))
def test_calls_through_the_table_are_found_behind_any_instruction(before):
    (body,) = module(f"(func (local i64 i32) {before} (drop {CALL}))").code
    ((start, end, kind),) = indirect_calls(body)
    assert body[start:end] == bytes([0x11, 0, 0])
    assert kind == 0
    assert body[end:] == bytes([0x1A, 0x0B])


def test_a_call_through_another_table_is_none():
    (body,) = module(f"(table $more 1 funcref) (func (drop {CALL.replace('(type', '$more (type')}))").code
    assert list(indirect_calls(body)) == []


def test_what_is_no_instruction_of_the_specification_is_said():
    with pytest.raises(ValueError, match=r"^no instruction of WebAssembly 2\.0: 0xfe$"):
        list(indirect_calls(bytes([0, 0xFE, 0, 0x0B])))


def test_a_function_is_added_with_its_type():
    ours = module("(func (param f32 i64))")
    added = ours.add(assemble("(func (param i32 f64) (result f64) local.get 1)"), ["i32", "f64"], ["f64"])
    assert ours.signature(ours.types[added]) == (["i32", "f64"], ["f64"])
    wasmtime.Module.validate(wasmtime.Store().engine, ours.binary()[0])
