"""Tiny demos on disk, for the tests of the export half."""

import textwrap
from pathlib import Path

GREET = """
import pageside as gr

def greet(name):
    return "Hello " + name + "!!"

gr.Interface(fn=greet, inputs="text", outputs="text", examples=["Ada"]).launch()
"""

TINY_MODEL = """
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Linear(4, 512)
        self.narrow = nn.Linear(512, 3)

    def forward(self, x):
        return {"scores": self.narrow(torch.relu(self.wide(x)))}

def build():
    torch.manual_seed(0)
    return Tiny(), {"x": torch.rand(1, 4)}
"""

TINY_DEMO = """
import numpy as np
import pageside as ps

net = ps.Model("tiny", build="model:build")

async def scale(number):
    scores = await net(x=np.full((1, 4), number))
    return {str(index): float(score) for index, score in enumerate(scores[0])}

demo = ps.Interface(scale, inputs="number", outputs="label", examples=[1, 2, -3, 0.5])
"""


def write(folder: Path, **files: str) -> Path:
    """A folder with these files; `demo_py="..."` becomes demo.py."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")
    return folder


def tiny(folder: Path) -> Path:
    """A demo with a model of three scores."""
    return write(folder, demo_py=TINY_DEMO, model_py=TINY_MODEL)
