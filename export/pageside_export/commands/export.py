"""`pageside export DEMO`: the demo's models as verified ONNX variants, and a report of what was measured."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

NAME = "export"
HELP = "export a demo's models to ONNX, compare each variant with PyTorch, and report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DEMO, -o, --recipes, --no-browser, --fresh, --json."""
    parser.add_argument("demo", metavar="DEMO", help="a folder with demo.py, or a .py file")
    parser.add_argument("-o", "--output", type=Path, metavar="DIR", help="where to write (default: DEMO's name)")
    parser.add_argument("--recipes", default="", metavar="A,B", help="variants to try besides fp32 (default: all)")
    parser.add_argument("--no-browser", action="store_true", help="do not time the variants in Chromium")
    parser.add_argument("--fresh", action="store_true", help="do not take finished exports from the cache")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(args: argparse.Namespace) -> int:
    """Writes DIR/models/<model>/<variant>.onnx, DIR/report.json, DIR/report.md and its plots."""
    from pageside_export import card, exporting, loader, report
    from pageside_export.options import ExportOptions
    from pageside_export.pack import check_output

    demo = loader.load(args.demo)
    folder = args.output or Path("exported") / demo.name
    check_output(folder, "-o")
    options = ExportOptions(
        recipes=tuple(name.strip() for name in args.recipes.split(",") if name.strip()),
        reuse=not args.fresh,
        browser=not args.no_browser,
    )
    done = exporting.export_demo(demo, options)
    for model in done.models:
        for variant in model.correct:
            target = folder / "models" / model.name / f"{variant.id}.onnx"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(variant.path, target)
    content = card.write(done, folder)
    if args.json:
        print(json.dumps(content))
    else:
        print(report.table(done))
        print(f"written to {folder}", file=sys.stderr)
    return 0
