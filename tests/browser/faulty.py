"""A static server with a will of its own: it cuts a connection, falls silent, sends wrong bytes, is slow."""

from __future__ import annotations

import functools
import http.server
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHUNK = 65_536
#: Before a connection is cut: a browser that hears of the end first drops what it has not handed on.
ARRIVAL_S = 1.5
#: After each chunk of a file that waits for another.
TRICKLE_S = 0.5


@dataclass
class Fault:
    """What happens to one request; None leaves that part as it is."""

    cut_at: int | None = None
    silent: bool = False
    status: int | None = None
    #: This byte of the body is another.
    flip: int | None = None


@dataclass
class Faulty:
    """A running server of one folder below /pageside/."""

    folder: Path
    ranges: bool = True
    #: Of every compressed file: so long it takes at least.
    seconds: float = 0
    #: By the end of a path: it comes slowly until a path with the other end is asked for.
    slow_until: dict[str, str] = field(default_factory=dict)
    #: By the end of a path: what happens to its first request, its second, ...
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    #: Path and Range header of every request.
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        handler = functools.partial(_Handler, faulty=self)
        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.http.daemon_threads = True
        self.over = threading.Event()
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def url(self, path: str = "") -> str:
        return f"{self.origin}/pageside/{path}"

    def of(self, ending: str) -> list[str]:
        """The Range headers of all requests for a file."""
        return [range_ for path, range_ in self.asked if path.endswith(ending)]

    def take(self, path: str) -> Fault:
        for ending, faults in self.faults.items():
            if path.endswith(ending) and faults:
                return faults.pop(0)
        return Fault()

    def trickles(self, path: str) -> bool:
        """Whether what it waits for was not asked for yet."""
        return any(path.endswith(ending) and not self.of(other) for ending, other in self.slow_until.items())

    def close(self) -> None:
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *args: Any, faulty: Faulty) -> None:
        self.faulty = faulty
        super().__init__(*args, directory=str(faulty.folder))

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/pageside/")
        self.faulty.asked.append((path, self.headers.get("Range", "")))
        fault = self.faulty.take(path)
        file = self.faulty.folder / (f"{path}index.html" if path == "" or path.endswith("/") else path)
        if fault.status or not file.is_file():
            self.send_response(fault.status or 404)
            self.send_header("Content-Length", "0")
            return self.end_headers()
        body = bytearray(file.read_bytes())
        if fault.flip is not None:
            body[fault.flip] ^= 1
        start = self.start(len(body))
        self.head(file, start, len(body))
        try:
            self.body(bytes(body[start:]), fault, slow=file.suffix in {".gz", ".zst"})
        except OSError:
            self.close_connection = True
        return None

    def start(self, size: int) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")) if self.faulty.ranges else None
        return min(int(match[1]), size) if match else 0

    def head(self, file: Path, start: int, size: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        kind = {".js": "text/javascript", ".mjs": "text/javascript"}.get(file.suffix) or self.guess_type(str(file))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size - start))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def body(self, data: bytes, fault: Fault, *, slow: bool) -> None:
        end = len(data) if fault.cut_at is None else min(fault.cut_at, len(data))
        steps = max(1, -(-end // CHUNK))
        for step in range(steps):
            self.wfile.write(data[step * CHUNK : min((step + 1) * CHUNK, end)])
            self.wfile.flush()
            if slow and self.faulty.seconds:
                time.sleep(self.faulty.seconds / steps)
            if self.faulty.trickles(urlsplit(self.path).path):
                time.sleep(TRICKLE_S)
        if fault.silent:
            self.faulty.over.wait(120)
        if fault.silent or fault.cut_at is not None:
            self.close_connection = True
            time.sleep(ARRIVAL_S)
            # Without this the system would send what is left in good order.
            self.connection.shutdown(2)
