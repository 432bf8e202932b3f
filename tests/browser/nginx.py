"""A real nginx, set up like GitHub Pages: no headers of ours, text gzipped, `.wasm` and `.gz` sent as they are."""

import os
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from pageside_export import browsers

# As GitHub Pages sends them (its list is the `mime-db` package's); everything else is application/octet-stream.
TYPES = {
    "text/html": "html",
    "text/css": "css",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/javascript": "js mjs",
    "application/json": "json",
    "application/wasm": "wasm",
    "application/gzip": "gz",
    "application/zip": "zip",
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/svg+xml": "svg",
    "image/webp": "webp",
}
GZIPPED = "text/css text/plain application/javascript application/json image/svg+xml"  # text/html always is
START_S = 10

CONFIG = """
daemon off;
pid {prefix}/nginx.pid;
error_log {prefix}/error.log warn;
{user}
worker_processes 1;
events {{ worker_connections 256; }}
http {{
  types {{ {types} }}
  default_type application/octet-stream;
  log_format short '$status $bytes_sent $request_uri';
  access_log {prefix}/access.log short;
  client_body_temp_path {prefix}/body; proxy_temp_path {prefix}/proxy; fastcgi_temp_path {prefix}/fastcgi;
  uwsgi_temp_path {prefix}/uwsgi; scgi_temp_path {prefix}/scgi;
  sendfile on; absolute_redirect off; keepalive_requests 10000;
  gzip on; gzip_vary on; gzip_comp_level 6; gzip_min_length 0; gzip_types {gzipped};
  server {{
    listen 127.0.0.1:{port};
    {headers}
    {locations}
  }}
}}
"""


@dataclass
class Hit:
    """One line of the access log: what a browser really asked for, workers included."""

    status: int
    bytes: int  # sent, headers included
    path: str


@dataclass
class Nginx:
    """A running server. `mounts` maps a URL folder ("/pageside/") to a folder of files."""

    prefix: Path
    mounts: dict[str, Path]
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "max-age=600"})
    #: Endings of files that are sent with a Content-Encoding, as some hosts do: {"gz": "gzip"}.
    encoded: dict[str, str] = field(default_factory=dict)
    #: Paths that match this are sent at one byte a second.
    held: str = ""
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    read: int = 0

    def start(self) -> "Nginx":
        self.prefix.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        config = self.prefix / "nginx.conf"
        config.write_text(self.config(), encoding="utf-8")
        command = [find(), "-p", str(self.prefix), "-c", str(config), "-e", str(self.prefix / "error.log")]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self.wait()
        return self

    def config(self) -> str:
        locations = [self.location(url, folder) for url, folder in self.mounts.items()]
        return CONFIG.format(
            prefix=self.prefix,
            # A master started by root gives its workers to www-data, who cannot read root's temporary folders.
            user="user root;" if os.geteuid() == 0 else "",
            types=" ".join(f"{kind} {endings};" for kind, endings in TYPES.items()),
            gzipped=GZIPPED,
            port=self.port,
            headers=" ".join(f'add_header {name} "{value}" always;' for name, value in self.headers.items()),
            locations=" ".join(locations),
        )

    def location(self, url: str, folder: Path) -> str:
        missing = f"error_page 404 {url}404.html;" if (folder / "404.html").exists() else ""
        inner = f"root {folder}; rewrite ^{url}(.*)$ /$1 break;"
        special = [
            f"location ~ \\.{ending}$ {{ {inner} add_header Content-Encoding {encoding}; }}"
            for ending, encoding in self.encoded.items()
        ]
        special += [f"location ~ {self.held} {{ {inner} limit_rate 1; }}"] if self.held else []
        return f"location {url} {{ alias {folder}/; index index.html; {missing} }} {' '.join(special)}"

    def wait(self) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self.process is None or self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError(f"nginx did not start: {(self.prefix / 'error.log').read_text(encoding='utf-8')}")

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, path: str = "") -> str:
        """Of a path below the first mount."""
        return self.origin + next(iter(self.mounts)) + path

    def hits(self) -> list[Hit]:
        """The requests since the last call of this."""
        lines = (self.prefix / "access.log").read_text(encoding="utf-8").splitlines()
        fresh, self.read = lines[self.read :], len(lines)
        return [Hit(int(status), int(size), path) for status, size, path in (line.split(" ", 2) for line in fresh)]

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None

    def __enter__(self) -> "Nginx":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def find() -> str:
    found = browsers.find("nginx")
    if found is None:
        raise RuntimeError("nginx is not installed; run `pageside doctor --install`")
    return str(found)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
