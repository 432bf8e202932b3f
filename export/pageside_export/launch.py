"""`launch()`: builds the one demo and shows it, from a script or from a notebook's cell. Gradio's options."""

from __future__ import annotations

import hashlib
import sys
import webbrowser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from pageside import _options
from pageside import model as models
from pageside.interface import Interface

from pageside_export import loader, notebook, progress, site
from pageside_export.errors import EnvironmentError_, UsageError, UserError
from pageside_export.options import BuildOptions, cache_dir
from pageside_export.pack import write_whole
from pageside_export.scope import Scope
from pageside_export.serve import Server
from pageside_export.shipping import Builds, files_to_ship

#: Gradio's own.
FIRST_PORT = 7860

#: Gradio's options that its server, its tunnel or its queue carries out.
GRADIO_ONLY = _options.names(
    "allowed_paths app_kwargs auth auth_dependency auth_message blocked_paths enable_monitoring favicon_path"
    " footer_links i18n max_file_size max_threads mcp_server node_port node_server_name pwa root_path share"
    " share_server_address share_server_protocol share_server_tls_certificate show_api show_error ssl_certfile"
    " ssl_keyfile ssl_keyfile_password ssl_verify ssr_mode state_session_capacity strict_cors"
)


class Launched(NamedTuple):
    """As Gradio's `launch()` returns: the app, its local URL, and the public one, which a static page does not have."""

    server: Server
    local_url: str
    share_url: str


@dataclass(frozen=True)
class LaunchOptions:
    """Gradio's options of `launch()` that have a meaning here."""

    inline: bool | None = None
    inbrowser: bool = False
    debug: bool = False
    prevent_thread_lock: bool = False
    server_name: str | None = None
    server_port: int | None = None
    quiet: bool = False
    width: int | str = "100%"
    height: int | str = 500


#: Servers of this process's notebook cells; each lives as long as the kernel, as its iframe does.
_servers: list[Server] = []


def launch(interface: Interface, **options: Any) -> Launched:
    """Serves the demo on this machine: blocks until Ctrl-C in a script, returns at once in a notebook.

    A mistake in the demo ends a script with one line and exit code 2; with `debug=True`, and in a notebook, it raises
    UserError.
    """
    chosen = _chosen(options)
    caller, shell = _caller(), _shell()
    if shell is not None and caller.f_globals is shell.user_ns:
        return _in_notebook(interface, shell, chosen)
    try:
        return _in_script(interface, caller, chosen)
    except UserError as error:
        if chosen.debug or hasattr(sys, "ps1"):
            raise
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        if not chosen.quiet:
            print("\nstopped")
        raise SystemExit(130) from None


def notebook_demo(interface: Interface, shell: Any) -> loader.Demo:
    """A demo from the cells that ran: the living interface and models, with source that the page can run.

    Source and data are copied into a folder of their own; examples' paths stay relative to the notebook's.
    """
    source = notebook.rebuild(list(shell.history_manager.input_hist_raw[1:]))
    here = Path.cwd()
    digest = hashlib.sha256(f"{here}\n{source.text}".encode()).hexdigest()[:16]
    folder = cache_dir() / "launch" / f"notebook-{digest}"
    file = folder / "demo.py"
    write_whole(file, source.text.encode())
    files = [file]
    builds = Builds(frozenset(), frozenset())
    for path in files_to_ship(file, here, whole_folder=False, builds=builds)[1:]:
        files.append(folder / path.relative_to(here))
        write_whole(files[-1], path.read_bytes())
    used = {id(shell.user_ns.get(name)) for name in source.names}
    mine = {name: model for name, model in models.registered().items() if id(model) in used}
    return loader.Demo("notebook", folder, file, interface, mine, files, Scope(here), whole_folder=False)


def _in_script(interface: Interface, caller: FrameType, options: LaunchOptions) -> Launched:
    demo = loader.of_running_script(_script_path(caller), interface, caller.f_globals)
    progress.configure(quiet=options.quiet)
    folder = _site_folder(demo.source)
    site.build([demo], folder, BuildOptions())
    server = _serve(folder, options, isolation=True)
    launched = Launched(server, server.url.rstrip("/"), "")
    _announce(launched.local_url, options)
    if options.prevent_thread_lock:
        server.__enter__()
        return launched
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        # As in Gradio: what stands after launch() in the script runs now.
        if not options.quiet:
            print("\nstopped")
    finally:
        server.close()
    return launched


def _in_notebook(interface: Interface, shell: Any, options: LaunchOptions) -> Launched:
    from IPython.display import IFrame, display

    progress.configure(quiet=True)
    demo = notebook_demo(interface, shell)
    folder = _site_folder(demo.source)
    site.build([demo], folder, BuildOptions())
    # An iframe is never isolated, and a notebook's page may refuse one that asks for it.
    server = _serve(folder, options, isolation=False)
    server.__enter__()
    _servers.append(server)
    launched = Launched(server, server.url.rstrip("/"), "")
    _announce(launched.local_url, options)
    if options.inline is not False:
        display(IFrame(server.url, width=options.width, height=options.height))  # type: ignore[no-untyped-call]
    return launched


def _chosen(options: Mapping[str, Any]) -> LaunchOptions:
    known = set(LaunchOptions.__dataclass_fields__)
    others = {name: value for name, value in options.items() if name not in known}
    # Gradio's scripts say share=False and the like; what asks for nothing needs no warning.
    silent = {name for name, value in others.items() if name in GRADIO_ONLY and value in (None, False)}
    _options.accept("launch", {name: others[name] for name in others.keys() - silent}, GRADIO_ONLY, sorted(known))
    return LaunchOptions(**{name: value for name, value in options.items() if name in known})


def _serve(folder: Path, options: LaunchOptions, *, isolation: bool) -> Server:
    wanted = options.server_port if options.server_port is not None else FIRST_PORT
    if not isinstance(wanted, int) or not 0 <= wanted < 65536:
        raise UsageError(f"server_port={wanted!r} is no port", "launch()", "give a number from 1024 to 65535")
    server = Server(folder, options.server_name or "127.0.0.1", wanted, isolation=isolation)
    if options.server_port and server.port != options.server_port:
        server.close()
        raise EnvironmentError_(
            f"port {wanted} is taken", "launch()", "give another server_port, or none for a free one"
        )
    return server


def _announce(url: str, options: LaunchOptions) -> None:
    if not options.quiet:
        print(f"Running on local URL:  {url}", flush=True)
    if options.inbrowser:
        webbrowser.open(url)


def _site_folder(source: Path) -> Path:
    digest = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:16]
    return cache_dir() / "launch" / f"site-{digest}"


def _caller() -> FrameType:
    """The frame that `launch()` is written in."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in (
        "pageside",
        "pageside_export",
    ):
        frame = frame.f_back
    return frame


def _script_path(caller: FrameType) -> Path:
    """What to load: the script, as a folder where it is the demo.py of one."""
    main = sys.modules.get("__main__")
    name = caller.f_globals.get("__file__") if caller.f_globals.get("__name__") == "__main__" else None
    name = name or getattr(main, "__file__", None) or caller.f_globals.get("__file__")
    if not name or not Path(name).is_file():
        todo = "write the demo into a file and run `python demo.py`, or use a notebook"
        raise UsageError("launch() needs the demo's source, and there is no file of it", "launch()", todo)
    path = Path(name).absolute()
    if path.name == "demo.py" and any((path.parent / mark).is_file() for mark in ("model.py", "README.md")):
        return path.parent
    return path


def _shell() -> Any:
    """IPython's running shell; None outside of one."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None
