"""Examples of an interface: from a folder, and which of them the page opens with."""

from pathlib import Path
from typing import Any

import pageside as gr
import pytest
from pageside._errors import InterfaceError


def wrong(work: Any) -> str:
    with pytest.raises(InterfaceError) as caught:
        work()
    return str(caught.value)


def test_a_folder_of_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "some"
    (folder / "more").mkdir(parents=True)
    for name in ("b.png", "a.png", ".hidden"):
        (folder / name).touch()
    one = gr.Interface(len, "image", "number", examples="some")
    assert (one.examples, one.examples_folder) == ([["a.png"], ["b.png"]], "some")
    two = ["image", "number"]
    assert wrong(lambda: gr.Interface(lambda a, b: b, two, "number", examples="some")) == (
        "Interface(examples='some'): it has no log.csv, which says what belongs to each of 2 inputs"
    )
    assert wrong(lambda: gr.Interface(len, "image", "number", examples="none")) == (
        f"Interface(examples='none'): there is no such folder in {tmp_path}; give its path relative to the demo"
    )
    (folder / "log.csv").write_text('photo,times,output,flag\na.png,3,"x, y",\nb.png,4,z,\n\n')
    assert gr.Interface(lambda a, b: b, two, "number", examples="some").examples == [["a.png", "3"], ["b.png", "4"]]


def test_a_page_has_its_folder_s_examples_from_the_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "emscripten")
    face = gr.Interface(len, "text", "number", examples="some", example_labels=["a", "b"], preload_example=1)
    assert (face.examples, face.get_config()["preload_example"]) == ([], 1)


@pytest.mark.parametrize(
    ("given", "config"), [(0, {}), (1, {"preload_example": 1}), (-1, {"preload_example": 2}), (False, None)]
)
def test_the_example_that_the_page_opens_with(given: Any, config: Any) -> None:
    found = gr.Interface(str.upper, "text", "text", examples=["a", "b", "c"], preload_example=given).get_config()
    expected = {"preload_example": False} if config is None else config
    assert {name: found[name] for name in found if name == "preload_example"} == expected


@pytest.mark.parametrize("given", [3, -4, "a", None])
def test_a_first_example_that_is_none(given: Any) -> None:
    assert wrong(lambda: gr.Interface(str.upper, "text", "text", examples=["a", "b", "c"], preload_example=given)) == (
        f"Interface(preload_example={given!r}): it is the place of one of 3 examples, from 0, or False"
    )
