"""`pageside check DIST`: every demo of a built site in a real browser, compared with PyTorch."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    """Prints a table row by row, and a line for each miss and each refused variant. Returns 1 on a miss."""
    from pageside_export import check

    options = check.CheckOptions(tuple(args.browser_arg), args.headed, args.timeout, tuple(args.demo))
    bundles = check.chosen(args.dist, options)
    results = check.check(args.dist, bundles, options)
    if args.json:
        found = list(results)
        missed = any(result.problems for result in found)
        print(json.dumps({"ok": not missed, "results": [dataclasses.asdict(result) for result in found]}))
        return 1 if missed else 0
    return 1 if _told(results, widths(bundles)) else 0


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _told(results: Iterable[Result], columns: Iterable[int]) -> bool:
    """Prints each row as soon as it is known: a whole gallery takes minutes. Whether one is a miss."""
    columns, missed = list(columns), False
    for number, result in enumerate(results):
        if number == 0:
            print(row(("demo", "backend", "variant", "cosine", "ms", "bytes", ""), columns))
        print(row(cells(result), columns), flush=True)
        missed = missed or bool(result.problems)
        where = f"{result.demo}{f' on {result.backend}' if result.backend else ''}"
        for variant, reason in result.refused.items():
            print(f"{where}: {variant} is not used here, after its download: {reason}", file=sys.stderr)
        for problem in result.problems:
            print(f"{where}: {problem}", file=sys.stderr)
    return missed


def widths(bundles: Mapping[str, dict[str, Any]]) -> list[int]:
    """Of the table's columns, before any row is known."""
    variants = [one["id"] for bundle in bundles.values() for model in bundle["models"] for one in model["variants"]]
    longest = [max(map(len, names), default=0) for names in (["demo", *bundles], ["variant", *variants])]
    return [longest[0], len("backend"), longest[1], len("0.999999"), len("9999.9"), len("999.9 MB"), 0]


def cells(result: Result) -> tuple[str, ...]:
    """demo, backend, variant, cosine, milliseconds, bytes, verdict."""
    from pageside_export.progress import format_bytes

    cosine = "" if result.cosine is None else f"{result.cosine:.6f}"
    milliseconds = "" if result.milliseconds is None else f"{result.milliseconds:.1f}"
    verdict = "MISS" if result.problems else "ok" if result.examples else "ok, no examples"
    numbers = (cosine, milliseconds, format_bytes(result.bytes))
    return (result.demo, result.backend, result.variant or "", *numbers, verdict)


def row(texts: Iterable[str], columns: Iterable[int]) -> str:
    """A line of the table."""
    return "  ".join(text.ljust(width) for text, width in zip(texts, columns, strict=True)).rstrip()
