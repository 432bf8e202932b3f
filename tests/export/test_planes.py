import base64
import itertools
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
import wasmtime
from onnx import helper, numpy_helper
from pageside_export import planes

EVERY = np.arange(-32768, 32768, dtype=np.int16)


def test_every_integer_comes_back():
    content = b"before" + EVERY.tobytes() + b"after"
    stored = planes.split(content, [(6, EVERY.size)])
    assert stored[:11] == b"beforeafter"
    assert len(stored) == len(content)
    assert planes.join(stored, [(6, EVERY.size)]) == content


def test_those_of_twelve_bits_leave_half_of_the_lower_plane_empty():
    values = np.arange(-2047, 2048, dtype=np.int16)
    stored = np.frombuffer(planes.split(values.tobytes(), [(0, values.size)]), np.uint8)
    assert stored[values.size :].max() == 15


@pytest.mark.parametrize("edges", [[0, 1500], [0, 700, 1500], [0, 101, 102, 333, 1001, 1500], [0, 1200, 1300, 1500]])
def test_the_parts_of_a_file_are_the_file(edges):
    content = np.random.default_rng(0).bytes(1500)
    runs = [(101, 200), (501, 50), (601, 300)]
    parts = []
    for start, end in itertools.pairwise(edges):
        part = content[start:end]
        within = planes.within(runs, start, end)
        assert all(offset >= 0 and offset + 2 * count <= len(part) for offset, count in within)
        parts.append(planes.join(planes.split(part, within), within) if within else part)
    assert b"".join(parts) == content


def test_an_integer_that_is_cut_in_two_stays_where_it_is():
    assert planes.within([(10, 5)], 0, 15) == [(10, 2)]
    assert planes.within([(10, 5)], 15, 30) == [(1, 2)]
    assert planes.within([(10, 5)], 20, 30) == []
    assert planes.within([(10, 5)], 0, 11) == []


def test_the_runs_of_a_file_are_its_large_int16_constants(tmp_path):
    random = np.random.default_rng(0)
    constants = {
        "a": random.integers(-9, 9, (2, planes.LEAST)).astype(np.int16),
        "small": random.integers(-9, 9, planes.LEAST - 1).astype(np.int16),
        "float": random.random(planes.LEAST).astype(np.float32),
    }
    constants["again"] = constants["a"]
    graph = helper.make_graph([], "g", [], [], [numpy_helper.from_array(v, k) for k, v in constants.items()])
    file = tmp_path / "model.onnx"
    onnx.save(helper.make_model(graph), file)
    content = file.read_bytes()
    (first, count), (second, again) = planes.runs(file)
    assert count == again == 2 * planes.LEAST
    assert first < second
    for offset in (first, second):
        assert content[offset : offset + 2 * count] == constants["a"].tobytes()


def test_the_page_has_the_assembled_text():
    worker = Path(__file__).resolve().parents[2] / "site" / "src" / "worker"
    held = "".join(re.findall(r'"([A-Za-z0-9+/=]{20,})"', (worker / "planes.js").read_text()))
    assert base64.b64decode(held) == bytes(wasmtime.wat2wasm((worker / "planes.wat").read_text()))
