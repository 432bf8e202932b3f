import json

import numpy as np
import onnx
import pytest
from demos import tiny
from onnx import TensorProto, helper, numpy_helper
from pageside_export import bundle, loader, sharing
from pageside_export.exporting import export_demo
from pageside_export.options import ExportOptions
from pageside_export.pack import unpacked

TABLE = np.arange(3000, dtype=np.float32)


def model(path, own, table=TABLE):
    """A file with a table of 12,000 bytes that others may have too, between constants of its own."""
    constants = [np.full(900, own, np.float32), table, np.full(700, own + 1, np.float32)]
    names = ["before", "table", "after"]
    nodes = [helper.make_node("Size", [name], [f"{name}_size"]) for name in names]
    outputs = [helper.make_tensor_value_info(f"{name}_size", TensorProto.INT64, []) for name in names]
    initializers = [numpy_helper.from_array(value, name) for value, name in zip(constants, names, strict=True)]
    made = helper.make_model(helper.make_graph(nodes, "main", [], outputs, initializers))
    path.write_bytes(made.SerializeToString(deterministic=True))
    return path


def test_files_are_cut_around_what_they_share(tmp_path):
    files = [model(tmp_path / "a.onnx", 1.0), model(tmp_path / "b.onnx", 2.0), model(tmp_path / "c.onnx", 3.0, -TABLE)]
    edges = sharing.cuts(files, least=10_000)
    assert [len(one) for one in edges] == [2, 2, 0]
    for file, (start, end) in zip(files, edges[:2], strict=False):
        assert file.read_bytes()[start:end] == TABLE.tobytes()
    assert sharing.cuts(files, least=20_000) == [[], [], []]


def test_an_only_variant_is_not_cut(tmp_path):
    assert sharing.cuts([model(tmp_path / "a.onnx", 1.0)], least=1) == [[]]


@pytest.mark.parametrize("part_bytes", [3000, 1_000_000])
def test_a_shared_part_is_one_file_and_each_variant_is_whole(tmp_path, monkeypatch, part_bytes):
    done = export_demo(loader.load(tiny(tmp_path / "tiny")), ExportOptions(timed_calls=2, recipes=("int8_weights",)))
    (exported,) = done.models
    for number, variant in enumerate(exported.variants):
        # The same small graph behind both names, with a table that both have.
        one = onnx.load(variant.path)
        one.graph.initializer.append(numpy_helper.from_array(TABLE, "table"))
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(one.SerializeToString(deterministic=True))
        object.__setattr__(variant, "path", path)
        object.__setattr__(variant, "size", path.stat().st_size)
    monkeypatch.setattr(sharing, "LEAST_BYTES", 10_000)
    writer = bundle.Writer(tmp_path / "out")
    entry = bundle.write_model(exported, writer, ExportOptions(part_bytes=part_bytes))
    first, second = ([part["url"] for part in variant["parts"]] for variant in entry["variants"])
    assert set(first) & set(second)
    for variant, original in zip(entry["variants"], exported.published, strict=True):
        parts = [unpacked((tmp_path / "out" / part["url"]).read_bytes()) for part in variant["parts"]]
        assert b"".join(parts) == original.onnx
        assert all(len(part) <= part_bytes for part in parts)
    json.dumps(entry)
