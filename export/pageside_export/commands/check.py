"""`pageside check DIST`: every demo of a built site in a real browser, compared with PyTorch."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pageside_export.check import Result

NAME = "check"
HELP = "open a built site in Chromium and compare every answer with PyTorch's"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DIST, --demo, --browser-arg, --headed, --timeout, --json."""
    parser.add_argument("dist", nargs="?", type=Path, default=Path("dist"), metavar="DIST", help="default: dist")
    parser.add_argument("--demo", action="append", default=[], metavar="NAME", help="only this one; may be repeated")
    parser.add_argument(
        "--browser-arg",
        action="append",
        default=[],
        metavar="ARG",
        help="one more argument for Chromium, as --browser-arg=--x",
    )
    parser.add_argument("--headed", action="store_true", help="show the browser's window")
    parser.add_argument(
        "--timeout", type=_seconds, default=180, metavar="S", help="seconds for each step (default: 180)"
    )
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def run(args: argparse.Namespace) -> int:
    """Prints one table, and a line for each miss and each refused variant. Returns 1 on a miss."""
    from pageside_export import check

    options = check.CheckOptions(tuple(args.browser_arg), args.headed, args.timeout, tuple(args.demo))
    results = check.check(args.dist, options)
    missed = [result for result in results if result.problems]
    if args.json:
        print(json.dumps({"ok": not missed, "results": [dataclasses.asdict(result) for result in results]}))
        return 1 if missed else 0
    print(table(results))
    for result in results:
        where = f"{result.demo}{f' on {result.backend}' if result.backend else ''}"
        for variant, reason in result.refused.items():
            print(f"{where}: {variant} is not used here, after its download: {reason}", file=sys.stderr)
        for problem in result.problems:
            print(f"{where}: {problem}", file=sys.stderr)
    return 1 if missed else 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def table(results: Sequence[Result]) -> str:
    """demo, backend, variant, cosine, milliseconds, bytes."""
    from pageside_export.progress import format_bytes

    lines = [("demo", "backend", "variant", "cosine", "ms", "bytes", "")]
    for one in results:
        cosine = "" if one.cosine is None else f"{one.cosine:.6f}"
        milliseconds = "" if one.milliseconds is None else f"{one.milliseconds:.1f}"
        verdict = "MISS" if one.problems else "ok"
        lines.append((one.demo, one.backend, one.variant or "", cosine, milliseconds, format_bytes(one.bytes), verdict))
    widths = [max(len(line[column]) for line in lines) for column in range(7)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
