"""`pageside doctor`: what this machine has, what is missing, and how to get it."""

from __future__ import annotations

import argparse
import dataclasses
import json

NAME = "doctor"
HELP = "show what this machine has, what is missing, and how to get it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--install, --json."""
    parser.add_argument(
        "--install",
        action="store_true",
        help="first install what is missing of the system: by apt as root or with sudo, else unpacked into the cache",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(args: argparse.Namespace) -> int:
    """Prints a line for each finding. Returns 1 where something is missing that is needed."""
    from pageside_export import doctor
    from pageside_export.errors import EnvironmentError_
    from pageside_export.progress import say

    if args.install:
        try:
            doctor.install()
        except EnvironmentError_ as error:
            say(str(error))  # the findings below tell whether it matters
    findings = doctor.examine()
    lacking = [finding for finding in findings if finding.needed and not finding.ok]
    if args.json:
        print(json.dumps({"ok": not lacking, "findings": [dataclasses.asdict(finding) for finding in findings]}))
    else:
        print(doctor.table(findings))
    return 1 if lacking else 0
