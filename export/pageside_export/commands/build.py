"""`pageside build [DEMO...] -o dist`: a static site from demos."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pageside_export.site import Row

NAME = "build"
HELP = "build a static site from demos: export, verify, and write all that a page needs"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DEMO, -o, --base-path, --recipes, --no-browser, --fresh, --full-python, --json."""
    parser.add_argument(
        "demos", nargs="*", metavar="DEMO", help="a folder with demo.py, or a .py file (default: all of models/)"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("dist"), metavar="DIR", help="default: dist")
    parser.add_argument(
        "--base-path", default="/", metavar="/x/", help="the path below which the site is served, where it is known"
    )
    parser.add_argument("--recipes", default="", metavar="A,B", help="variants to try besides fp32 (default: all)")
    parser.add_argument("--no-browser", action="store_true", help="do not time the variants in Chromium")
    parser.add_argument("--fresh", action="store_true", help="do not take finished exports from the cache")
    parser.add_argument(
        "--full-python",
        action="store_true",
        help="ship all of Python's standard library and of numpy, with docstrings (2.6 MB more)",
    )
    parser.add_argument("--json", action="store_true", help="print the last table as JSON")


def run(args: argparse.Namespace) -> int:
    """Builds and prints a table: demo, variant, bytes, cosine."""
    from pageside_export import site
    from pageside_export.options import BuildOptions, ExportOptions

    recipes = tuple(name.strip() for name in args.recipes.split(",") if name.strip())
    options = BuildOptions(
        args.base_path, ExportOptions(recipes=recipes, reuse=not args.fresh, browser=not args.no_browser)
    )
    done = site.build(args.demos or all_demos(Path("models")), args.output, options, full_python=args.full_python)
    if args.json:
        print(json.dumps({"folder": str(done.folder), "demos": [dataclasses.asdict(row) for row in done.rows]}))
        return 0
    print(table(done.rows))
    print(f"written to {done.folder}; look at it with `pageside serve {done.folder}`", file=sys.stderr)
    return 0


def all_demos(folder: Path) -> list[str]:
    """Every demo of a folder, by name. Raises UsageError when there is none."""
    from pageside_export.errors import UsageError

    found = sorted(str(path.parent) for path in folder.glob("*/demo.py"))
    if not found:
        raise UsageError(f"no demo given, and none in {folder}/", "pageside build", "name a folder with demo.py")
    return found


def table(rows: Sequence[Row]) -> str:
    """The rows of a finished site for the terminal."""
    from pageside_export.progress import format_bytes

    lines = [("demo", "variant", "bytes", "cosine")]
    for row in rows:
        cosine = "" if row.cosine is None else f"{row.cosine:.6f}"
        lines.append((row.demo, row.variant, format_bytes(row.bytes), cosine))
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
