"""File: what the function gets, what it may return, how examples are stored."""

from pathlib import Path
from typing import Any

import numpy as np
import pageside as ps
import pytest
from pageside._errors import ComponentError, InputError


def payload(name: str, content: bytes = b"abc") -> dict[str, Any]:
    return {"name": name, "data": np.frombuffer(content, np.uint8)}


def kept(suffix: str, data: bytes) -> dict[str, Any]:
    return {"url": f"kept{suffix}", "size": len(data)}


def message(kind: type[Exception], work: Any) -> str:
    with pytest.raises(kind) as caught:
        work()
    return str(caught.value)


def test_a_file_from_the_page_has_its_own_name() -> None:
    path = ps.File().preprocess(payload("my table.csv"))
    assert isinstance(path, str)
    assert Path(path).name == "my table.csv"
    assert Path(path).is_absolute()
    assert Path(path).read_bytes() == b"abc"
    assert path.name == path  # as of what Gradio gives
    assert ps.File().preprocess(None) is None


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\a.csv", "a.csv"),
        ("..", "file"),
        ("a\x00b\n.txt", "ab.txt"),
        (".env", "env"),
        ("x" * 300 + ".json", "x" * 100 + ".json"),
    ],
)
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert Path(ps.File().preprocess(payload(name))).name == safe


def test_the_next_files_take_the_place_of_the_last_ones() -> None:
    files = ps.File(file_count="multiple")
    first = files.preprocess([payload("a.txt"), payload("b.txt"), payload("a.txt", b"other")])
    assert [Path(path).name for path in first] == ["a.txt", "b.txt", "a-2.txt"]
    assert Path(first[2]).read_bytes() == b"other"
    second = files.preprocess([payload("c.txt")])
    assert [Path(path).exists() for path in (*first, *second)] == [False, False, False, True]
    assert files.preprocess(None) is None
    assert not Path(second[0]).exists()


def test_bytes() -> None:
    assert ps.File(type="binary").preprocess(payload("a.bin", b"\x00\x01")) == b"\x00\x01"
    assert ps.File(type="binary", file_count="multiple").preprocess([payload("a"), payload("b", b"")]) == [b"abc", b""]


def test_outside_of_the_page_a_path_is_passed_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1,2")
    one, several = ps.File(), ps.File(file_count="multiple")
    assert one.preprocess(one.read_input("a.csv", tmp_path)) == str(tmp_path / "a.csv")
    assert several.preprocess(several.read_input(["a.csv"], tmp_path)) == [str(tmp_path / "a.csv")]
    assert several.preprocess(several.read_input(tmp_path / "a.csv", Path())) == [str(tmp_path / "a.csv")]
    binary = ps.File(type="binary")
    assert binary.preprocess(binary.read_input("a.csv", tmp_path)) == b"1,2"
    assert (tmp_path / "a.csv").exists()
    assert one.read_input("", tmp_path) is one.read_input(None, tmp_path) is several.read_input([], tmp_path) is None


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.txt", "deep/a.txt"):
        (tmp_path / "in" / name).write_text(name)
    paths = [str(tmp_path / "in" / name) for name in ("b.txt", "deep/a.txt")]
    assert [one["path"] for one in ps.File(file_count="directory").read_input("in", tmp_path)] == paths


def test_what_an_example_stores(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<b>")
    files = ps.File(file_count="multiple")
    stored = {"file": {"url": "kept.bin", "size": 3}, "name": "page.html", "size": 3}
    assert files.to_stored(files.read_input(["page.html"], tmp_path), kept) == [stored]
    assert files.to_stored(files.postprocess(tmp_path / "page.html"), kept) == stored
    assert files.to_stored(None, kept) is None


def test_what_the_function_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out.txt").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    one = ps.File().postprocess("out.txt")
    assert (one["name"], one["data"].dtype, one["data"].shape) == ("out.txt", np.uint8, (0,))
    assert [each["name"] for each in ps.File().postprocess([Path("out.txt")])] == ["out.txt"]
    assert ps.File().postprocess(None) is ps.File().postprocess([]) is None


def test_input_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("1,2")
    file = ps.File(file_types=[".json", "image"], label="Data")
    assert message(InputError, lambda: file.read_input("a.csv", tmp_path)) == (
        "File 'Data': a.csv is none of .json, image"
    )
    assert message(InputError, lambda: file.read_input("b.json", tmp_path)) == (
        f"File 'Data': b.json is no file in {tmp_path}"
    )
    assert message(InputError, lambda: file.read_input("https://example.org/b.json", tmp_path)) == (
        "File 'Data': https://example.org/b.json is a URL; save the file beside the demo and give its path"
    )
    assert message(InputError, lambda: ps.File(label="Data").read_input(["a.csv", "a.csv"], tmp_path)) == (
        "File 'Data': it takes one file and got 2; file_count='multiple' takes several"
    )
    assert message(InputError, lambda: file.read_input([3], tmp_path)) == "File 'Data': it takes a file's path, not int"
    monkeypatch.setattr("pageside.components.file.MOST", 2)
    assert message(InputError, lambda: ps.File(label="Data").read_input("a.csv", tmp_path)).startswith(
        "File 'Data': 0 MB are too much for a page"
    )


def test_output_messages(tmp_path: Path) -> None:
    file = ps.File(label="Data")
    assert message(ComponentError, lambda: file.postprocess(b"abc")) == (
        "File 'Data': it got a file's bytes; write them to a file and return its path"
    )
    assert message(ComponentError, lambda: file.postprocess({"a": 1})) == (
        "File 'Data': it takes a file's path or a list of paths, not dict"
    )
    assert message(ComponentError, lambda: file.postprocess("https://example.org/a")).startswith(
        "File 'Data': it got 'https://example.org/a'; a page reads no other site's files"
    )
    assert message(ComponentError, lambda: file.postprocess(tmp_path)) == (
        f"File 'Data': {tmp_path.name} is no file in {tmp_path.parent}"
    )


def test_option_messages() -> None:
    assert message(ComponentError, lambda: ps.File(file_count="two")) == (
        "File(file_count='two'): it is one of single, multiple, directory"
    )
    assert message(ComponentError, lambda: ps.File(type="file")) == "File(type='file'): it is 'filepath' or 'binary'"
    assert message(ComponentError, lambda: ps.File(file_types=["csv"])) == (
        "File(file_types=['csv']): 'csv' is none; it is an ending ('.csv'), a MIME type, or one of "
        "file, image, audio, video, text"
    )
    assert message(ComponentError, lambda: ps.File(file_types=".csv")) == (  # type: ignore[arg-type]
        "File(file_types='.csv'): it is a list, as ['.csv', 'image']"
    )


def test_its_options_reach_the_page() -> None:
    config = ps.File(file_count="multiple", file_types=(".csv", "text"), height=90, label="Data").get_config()
    props = {"file_count": "multiple", "file_types": [".csv", "text"], "height": 90, "info": None}
    assert config == {"type": "file", "label": "Data", "props": props}
    assert ps.File(file_types=["file", ".csv"]).props()["file_types"] is None
    assert ps.Interface(lambda x: x, "files", "file").inputs[0].props()["file_count"] == "multiple"
