"""The report card of an export: report.json, and the same for people as report.md with plots as SVG.

`report.py` says what an export is; this room adds where errors arise, where the weights come from, and the pictures.
The card is drawn from the content of report.json alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pageside_export import progress
from pageside_export.card import layers, markdown, pictures, sources
from pageside_export.exporting import DemoExport
from pageside_export.pack import write_whole
from pageside_export.report import report


def write(export: DemoExport, folder: Path) -> dict[str, Any]:
    """Writes report.json, report.md and report/*.svg below `folder`; gives report.json's content."""
    content = {**report(export), "weights": sources.stated(export.demo)}
    for entry, model in zip(content["models"], export.models, strict=True):
        with progress.task(f"{model.name}: error per layer"):
            entry["layers"] = layers.measured(model)
    files = pictures.draw(content)
    for path, text in files.items():
        write_whole(folder / path, text.encode())
    write_whole(
        folder / "report.json", json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False).encode() + b"\n"
    )
    write_whole(folder / "report.md", markdown.page(content).encode())
    return content
