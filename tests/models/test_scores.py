"""The task scores in the demos' cards, held against `score()` of PyTorch's own answers."""

from pathlib import Path

import numpy as np
import pytest
from pageside_export import hooks, loader
from pageside_export.options import CALIBRATION_CALLS

DEMOS = ["compare-voices", "find-speech", "paint-photo", "read-digit", "track-pitch"]


@pytest.fixture(scope="module", params=DEMOS)
def scored(request, root: Path) -> tuple[str, hooks.Hooks]:
    demo = loader.load(root / "models" / request.param)
    (model,) = demo.models.values()
    with demo.scope.active():
        return request.param, hooks.collect(model.build, demo.torch_engine().built(model), CALIBRATION_CALLS)


def scores_of_card(text: str) -> dict[str, float]:
    """By variant, of the first table with a column for it; shares as percentages, PSNR in dB."""
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    head = next(line for line in lines if line and line[0] == "variant")
    column = next(index for index, name in enumerate(head) if name in ("score", "read right"))
    rows = [line for line in lines[lines.index(head) + 2 :] if len(line) == len(head)]
    return {row[0].split(",")[0].split()[0]: float(row[column].split()[0]) for row in rows}


def test_the_card_says_what_pytorch_scores(scored, root):
    name, found = scored
    score = found.scored([call.outputs for call in found.calls])
    assert score is not None
    said = scores_of_card((root / "models" / name / "README.md").read_text(encoding="utf-8"))["fp32"]
    assert said == pytest.approx(score if name == "paint-photo" else 100 * score, abs=0.051)


def mixed_up(name: str, outputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Each input with the answer to another one; a painting as in a mirror."""
    if name == "paint-photo":
        return {key: value[..., ::-1] for key, value in outputs.items()}
    return {key: np.roll(value, len(value) // 2, axis=0) for key, value in outputs.items()}


def test_the_answers_to_other_inputs_score_less(scored):
    name, found = scored
    right = found.scored([call.outputs for call in found.calls])
    wrong = found.scored([mixed_up(name, call.outputs) for call in found.calls])
    assert right is not None
    assert wrong is not None
    assert wrong < 0.9 * right
