"""`pageside serve [DIST|DEMO]`: a built site, or a demo that is built first, on this machine."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

NAME = "serve"
HELP = "serve a built site, or build a demo and serve it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DIST or DEMO, --host, --port, --base-path, --no-isolation."""
    parser.add_argument(
        "target", nargs="?", default="dist", metavar="DIST|DEMO", help="a built folder, or a demo (default: dist)"
    )
    parser.add_argument("--host", default="localhost", help="default: localhost")
    parser.add_argument("--port", type=_port, default=8000, help="default: 8000, or the next free one; 0 for any")
    parser.add_argument("--base-path", metavar="/x/", help="serve below this path (default: what the build was given)")
    parser.add_argument(
        "--no-isolation",
        action="store_true",
        help="leave out the headers that give WebAssembly threads, as GitHub Pages does",
    )


def run(args: argparse.Namespace) -> int:
    """Serves until Ctrl-C, then returns 0."""
    from pageside_export.serve import Server

    with _folder(Path(args.target), args.base_path) as (folder, base_path):
        server = Server(folder, args.host, args.port, base_path, isolation=not args.no_isolation)
        if args.port not in (0, server.port):
            print(f"port {args.port} is taken", file=sys.stderr)
        _stop_on_sigterm()
        with suppress(KeyboardInterrupt):
            print(f"Pageside is at {server.url}", flush=True)
            server.serve_forever()
        server.close()
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; give 0 to 65535")
    return int(text)


@contextmanager
def _folder(target: Path, base_path: str | None) -> Iterator[tuple[Path, str]]:
    """The site to serve and its base path; a demo is built into a folder that lives as long as the server."""
    from pageside_export import site
    from pageside_export.errors import UsageError
    from pageside_export.options import BuildOptions

    if site.is_site(target):
        known = site.base_path_of(target)
        yield target, site.checked_base_path(base_path) if base_path else known
    elif target.suffix == ".py" or (target / "demo.py").is_file():
        with tempfile.TemporaryDirectory(prefix="pageside-") as scratch:
            chosen = site.checked_base_path(base_path or "/")
            done = site.build([target], Path(scratch) / "dist", BuildOptions(base_path=chosen))
            yield done.folder, chosen
    elif not target.exists():
        todo = f"name a demo or a built site, or run `pageside build -o {target}` first"
        raise UsageError("there is no such folder", str(target), todo)
    else:
        raise UsageError(
            "is neither a built site nor a demo", str(target), "run `pageside build`, or name a folder with demo.py"
        )


def _stop_on_sigterm() -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
