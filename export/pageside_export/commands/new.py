"""`pageside new NAME`: a demo's folder that builds and passes its check as it is."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

NAME = "new"
HELP = "make a demo's folder to start from"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """NAME, --from, --json."""
    parser.add_argument("name", metavar="NAME", type=Path, help="the folder to make; its name becomes the demo's")
    parser.add_argument(
        "--from", dest="source", metavar="DEMO", help="copy this demo: a folder, or a name of the gallery"
    )
    parser.add_argument("--json", action="store_true", help="print the folder and its files as JSON")


def run(args: argparse.Namespace) -> int:
    """Writes the folder and says what to do next."""
    from pageside_export.scaffold import copy, create

    folder = create(args.name) if args.source is None else copy(args.source, args.name)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    if args.json:
        print(json.dumps({"folder": folder.as_posix(), "files": files}))
        return 0
    print(f"{folder.as_posix()}: {', '.join(files)}")
    print(f"Look at it with `pageside serve {folder.as_posix()}`.")
    return 0
