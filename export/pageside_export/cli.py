"""The command `pageside`: finds the subcommands, runs one, and turns every exception into a line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from typing import NoReturn, Protocol, cast

from pageside_export import commands, progress
from pageside_export.errors import UsageError, UserError

EXIT_MISTAKE = 2
EXIT_FAULT = 1
EXIT_INTERRUPTED = 130


class Command(Protocol):
    """A module of `pageside_export.commands`."""

    NAME: str
    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Adds the command's own arguments."""

    def run(self, args: argparse.Namespace) -> int:
        """Does the work and returns the exit code."""


class _Parser(argparse.ArgumentParser):
    """Reports a wrong command line in one line, as every other mistake."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, self.prog, f"`{self.prog} --help` lists what it takes")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs `pageside` with `argv` (default: the process's own) and returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    debug, as_json = "--debug" in words, "--json" in words
    # Before torch is imported: its C++ half writes advice on single operators past Python's own streams.
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")
    progress.configure(quiet=as_json)
    try:
        args = _parser().parse_args(words)
        return int(args.command.run(args))
    except BrokenPipeError:
        return _pipe_closed()
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return EXIT_INTERRUPTED
    except Exception as error:
        return _report(error, debug=debug, as_json=as_json)


def discover() -> list[Command]:
    """Every module of `pageside_export.commands`, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    return [cast(Command, importlib.import_module(f"{commands.__name__}.{name}")) for name in names]


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="pageside", description="From a PyTorch module to a verified static web page.")
    parser.add_argument("--version", action="version", version=f"pageside {version('pageside')}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for command in discover():
        sub = subparsers.add_parser(command.NAME, help=command.HELP, description=command.HELP)
        sub.add_argument(
            "--debug", action="store_true", default=argparse.SUPPRESS, help="show the traceback of an error"
        )
        command.add_arguments(sub)
        sub.set_defaults(command=command)
    return parser


def _report(error: Exception, *, debug: bool, as_json: bool) -> int:
    mistake = _is_mistake(error)
    if debug:
        traceback.print_exception(error)
    if as_json:
        print(json.dumps({"error": _describe(error)}))
    line = str(error) or type(error).__name__
    if mistake:
        print(line, file=sys.stderr)
        return EXIT_MISTAKE
    first = line.splitlines()[0]
    hint = "" if debug else "; run again with --debug for the traceback"
    print(f"pageside failed: {type(error).__name__}: {first}{hint}", file=sys.stderr)
    return EXIT_FAULT


def _is_mistake(error: Exception) -> bool:
    if isinstance(error, UserError):
        return True
    from pageside import Error

    return isinstance(error, Error)


def _describe(error: Exception) -> dict[str, str]:
    if isinstance(error, UserError):
        return error.to_json()
    return {"type": type(error).__name__, "what": str(error), "where": "", "todo": ""}


def _pipe_closed() -> int:
    # `pageside export | head`: the reader has gone; Python would complain once more while flushing at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_FAULT


if __name__ == "__main__":
    sys.exit(main())
