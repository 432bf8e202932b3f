"""`launch()` in a script: three lines in a folder that holds nothing else."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Watch, pageside
from pages import open_demo
from playwright.sync_api import Page

SCRIPT = """import pageside as gr

def greet(name):
    return "Hello " + name + "!!"

gr.Interface(fn=greet, inputs="text", outputs="text").launch()
"""


@pytest.fixture
def launched(tmp_path: Path) -> Iterator[str]:
    script = tmp_path / "hello.py"
    script.write_text(SCRIPT, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-u", str(script)], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    timer = threading.Timer(120, process.kill)
    timer.start()
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if "http://" in line:
                yield line[line.index("http://") :].split()[0].rstrip(".,;")
                break
        else:
            pytest.fail(f"launch() said no address: {''.join(lines)}")
    finally:
        timer.cancel()
        process.terminate()
        process.wait(timeout=10)


def test_a_three_line_script_serves_and_answers(launched: str, watch: Watch, page: Page) -> None:
    watch.allow(launched.split("/", 3)[0] + "//" + launched.split("/")[2])
    open_demo(page, launched)
    page.locator("ps-textbox :is(input, textarea)").fill("script")
    page.get_by_role("button", name="Submit").click()
    page.locator(".text-output").filter(has_text="Hello script!!").wait_for()


def test_a_new_demo_builds_and_passes_its_check(tmp_path: Path) -> None:
    """`pageside new NAME`: a folder that works as it is."""
    for words in (["new", "mine"], ["build", "mine", "-o", "out"], ["check", "out"]):
        result = pageside(*words, cwd=tmp_path)
        assert result.returncode == 0, f"pageside {' '.join(words)}: {result.stdout}{result.stderr}"
