"""What the page shows of a maker's exception."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pageside._errors import Error, InputError, ModelError
from pageside._traceback import describe


def caught(source: str, folder: Path) -> dict[str, Any]:
    path = folder / "demo.py"
    path.write_text(source)
    try:
        exec(compile(source, str(path), "exec"), {})
    except Exception as error:
        return describe(error, str(folder))
    raise AssertionError("nothing was raised")


def test_only_the_makers_frames(tmp_path: Path) -> None:
    described = caught("import json\n\n\ndef read(text):\n    return json.loads(text)\n\n\nread('{')\n", tmp_path)
    assert described["name"] == "JSONDecodeError"
    lines = described["traceback"].splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert [line for line in lines if "File" in line] == [
        '  File "demo.py", line 8, in <module>',
        '  File "demo.py", line 5, in read',
    ]
    assert lines[-1].startswith("json.decoder.JSONDecodeError: ")


def test_a_suppressed_context_stays_hidden(tmp_path: Path) -> None:
    source = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise ValueError('told') from None\n"
    assert "ZeroDivisionError" not in caught(source, tmp_path)["traceback"].replace("except ZeroDivisionError", "")


def test_groups_are_trimmed_too(tmp_path: Path) -> None:
    source = "import json\ntry:\n    json.loads('{')\nexcept ValueError as e:\n    raise ExceptionGroup('all', [e])\n"
    assert "json/decoder.py" not in caught(source, tmp_path)["traceback"]


def test_paths_are_relative(tmp_path: Path) -> None:
    described = caught(
        "open(__import__('os').path.dirname(__import__('sys')._getframe().f_code.co_filename) + '/no')", tmp_path
    )
    assert described["message"] == "[Errno 2] No such file or directory: 'no'"
    assert str(tmp_path) not in described["traceback"]


@pytest.mark.parametrize(
    ("error", "stage"),
    [
        (Error("a"), "input"),
        (InputError("a"), "input"),
        (ModelError("a"), "python"),
        (MemoryError("a"), "memory"),
        (ValueError("a"), "python"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_stage(error: BaseException, stage: str) -> None:
    described = describe(error, "/nowhere")
    message = "the call was cancelled" if stage == "cancelled" else "a"
    assert described == {"name": type(error).__name__, "message": message, "stage": stage}


def test_without_a_folder_there_is_no_traceback() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        print(1 / 0)
    assert describe(caught.value, "") == {"name": "ZeroDivisionError", "message": "division by zero", "stage": "python"}
