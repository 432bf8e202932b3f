"""A static server for a built folder, with the headers that give WebAssembly its threads."""

from __future__ import annotations

import errno
import hashlib
import socket
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from pageside_export.errors import EnvironmentError_, UsageError
from pageside_export.hosts import IMMUTABLE, ISOLATION, REVALIDATE

#: How many ports after the wanted one are tried.
PORTS_TRIED = 20


class Server:
    """Serves `folder` below `base_path`. Port 0 takes any free one; a taken port gives the next free one.

    It listens once made; `serve_forever()` answers, or `with` does in a thread.
    """

    def __init__(
        self, folder: Path, host: str = "localhost", port: int = 8000, base_path: str = "/", *, isolation: bool = True
    ) -> None:
        if not folder.is_dir():
            raise UsageError("there is no such folder", str(folder), "run `pageside build` first")
        self.host = host
        self.base_path = base_path
        handler = partial(_Handler, directory=str(folder), base_path=base_path, isolation=isolation)
        self._http = _listen(host, port, handler)
        self._thread: Thread | None = None

    @property
    def port(self) -> int:
        """The one that it listens on."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """Of the site's first page."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}{self.base_path}"

    def serve_forever(self) -> None:
        """Answers until `close()` or Ctrl-C."""
        self._http.serve_forever(poll_interval=0.1)

    def close(self) -> None:
        """Stops and gives the port back."""
        if self._thread is not None:
            self._http.shutdown()
            self._thread.join()
            self._thread = None
        self._http.server_close()

    def __enter__(self) -> Server:
        self._thread = Thread(target=self.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    # Otherwise a port that another server holds counts as free on some systems.
    allow_reuse_port = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away while it loads is no error."""


class _Http6(_Http):
    address_family = socket.AF_INET6


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map: dict[str, str] = {  # noqa: RUF012 - as the base class has it
        **SimpleHTTPRequestHandler.extensions_map,
        ".bin": "application/octet-stream",
        ".css": "text/css; charset=utf-8",
        ".gz": "application/gzip",
        ".zst": "application/zstd",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json; charset=utf-8",
        ".mjs": "text/javascript; charset=utf-8",
        ".md": "text/markdown; charset=utf-8",
        ".py": "text/x-python; charset=utf-8",
        ".svg": "image/svg+xml",
        ".txt": "text/plain; charset=utf-8",
        ".wasm": "application/wasm",
        ".webp": "image/webp",
        ".whl": "application/zip",
    }

    def __init__(self, *args: Any, base_path: str, isolation: bool, **more: Any) -> None:
        self.base_path = base_path
        self.isolation = isolation
        super().__init__(*args, **more)

    def send_head(self) -> Any:
        """Sends status and headers and gives the open file; None where there is no body to send."""
        path = unquote(urlsplit(self.path).path)
        if not path.startswith(self.base_path):
            return self._elsewhere(path)
        file = Path(self.translate_path(self.path))
        if file.is_dir():
            if not path.endswith("/"):
                return self._redirect(f"{urlsplit(self.path).path}/")
            file /= "index.html"
        if not file.is_file() or self._is_hidden(file):
            return self._not_found()
        return self._send_file(file)

    def translate_path(self, path: str) -> str:
        """The file of a URL's path; what stands above the base path is cut off."""
        return super().translate_path("/" + path.removeprefix(self.base_path))

    def end_headers(self) -> None:
        """Adds the headers that every answer has."""
        if self.isolation:
            for name, value in ISOLATION.items():
                self.send_header(name, value)
        else:
            self.send_header("Cross-Origin-Resource-Policy", ISOLATION["Cross-Origin-Resource-Policy"])
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Says nothing: the page's own console shows what fails."""

    def list_directory(self, path: Any) -> Any:
        """No folder is listed."""
        del path
        return self._not_found()

    def _send_file(self, file: Path, status: HTTPStatus = HTTPStatus.OK) -> IO[bytes] | None:
        stat = file.stat()
        tag = f'"{hashlib.sha256(f"{file.name} {stat.st_size} {stat.st_mtime_ns}".encode()).hexdigest()[:20]}"'
        fresh = status == HTTPStatus.OK and tag in self.headers.get("If-None-Match", "")
        self.send_response(HTTPStatus.NOT_MODIFIED if fresh else status)
        self.send_header("ETag", tag)
        self.send_header("Cache-Control", self._caching(status))
        if not fresh:
            self.send_header("Content-Type", self.guess_type(str(file)))
            self.send_header("Content-Length", str(stat.st_size))
        self.end_headers()
        return None if fresh else file.open("rb")

    def _caching(self, status: HTTPStatus) -> str:
        below = urlsplit(self.path).path.removeprefix(self.base_path)
        return IMMUTABLE if status == HTTPStatus.OK and below.startswith("assets/") else REVALIDATE

    def _is_hidden(self, file: Path) -> bool:
        """Files of hosts and of the build, and whatever a link leads to outside the folder."""
        inside = file.resolve().is_relative_to(Path(self.directory).resolve())
        return not inside or any(part.startswith(".") for part in file.relative_to(self.directory).parts)

    def _elsewhere(self, path: str) -> None:
        if path == "/" or f"{path}/" == self.base_path:
            return self._redirect(self.base_path)
        return self._plain(HTTPStatus.NOT_FOUND, f"The site is at {self.base_path}\n")

    def _not_found(self) -> IO[bytes] | None:
        page = Path(self.directory) / "404.html"
        if page.is_file():
            return self._send_file(page, HTTPStatus.NOT_FOUND)
        self._plain(HTTPStatus.NOT_FOUND, "There is no such file\n")
        return None

    def _redirect(self, target: str) -> None:
        self.send_response(HTTPStatus.MOVED_PERMANENTLY if target != self.base_path else HTTPStatus.FOUND)
        # One slash at the front: two would name another host.
        self.send_header("Location", f"/{target.lstrip('/')}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _plain(self, status: HTTPStatus, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text.encode())


def _listen(host: str, port: int, handler: Any) -> _Http:
    kind = _Http6 if ":" in host else _Http
    last = port if port == 0 else min(port + PORTS_TRIED, 65535)
    denied = False
    for candidate in range(port, last + 1):
        try:
            if candidate and _is_answered(host, candidate):
                continue
            return kind((host, candidate), handler)
        except OSError as error:
            # Windows keeps single ports for itself; elsewhere all below 1024 are the administrator's.
            denied = denied or error.errno == errno.EACCES
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise EnvironmentError_(f"cannot listen on {host} ({error.strerror or error})", "--host") from error
    if denied:
        what = f"the ports {port} to {last} are taken or not allowed to this user"
        raise EnvironmentError_(what, "--port", "give one from 1024 on, or 0 for any")
    raise EnvironmentError_(f"the ports {port} to {last} are all taken", "--port", "give another one, or 0 for any")


def _is_answered(host: str, port: int) -> bool:
    """Whether somebody listens there already, perhaps on the other of IPv4 and IPv6, which bind() does not see."""
    try:
        with socket.create_connection((host, port), timeout=0.2):
            return True
    except OSError:
        return False
