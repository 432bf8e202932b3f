"""The static server: types, headers, caching, base path, ports, and its command."""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from pageside_export.errors import EnvironmentError_, UsageError
from pageside_export.serve import Server


@pytest.fixture
def folder(tmp_path):
    site = tmp_path / "dist"
    (site / "demo").mkdir(parents=True)
    (site / "assets" / "1").mkdir(parents=True)
    (site / "index.html").write_text("<p>home")
    (site / "demo" / "index.html").write_text("<p>demo")
    (site / "demo" / "bundle.json").write_text("{}")
    (site / "404.html").write_text("<p>not here")
    (site / ".pageside").write_text('{"base_path": "/"}')
    for name in ("a.wasm", "a.mjs", "a.js", "a.gz", "a.zst", "a.css"):
        (site / "assets" / "1" / name).write_bytes(b"x" * 10)
    (tmp_path / "secret.txt").write_text("secret")
    return site


def ask(server, path, method="GET", **headers):
    connection = http.client.HTTPConnection("localhost", server.port, timeout=10)
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


@pytest.fixture
def server(folder):
    with Server(folder, port=0) as running:
        yield running


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/demo/", "text/html; charset=utf-8"),
        ("/demo/bundle.json", "application/json; charset=utf-8"),
        ("/assets/1/a.wasm", "application/wasm"),
        ("/assets/1/a.mjs", "text/javascript; charset=utf-8"),
        ("/assets/1/a.js", "text/javascript; charset=utf-8"),
        ("/assets/1/a.gz", "application/gzip"),
        ("/assets/1/a.zst", "application/zstd"),
        ("/assets/1/a.css", "text/css; charset=utf-8"),
    ],
)
def test_types(server, path, kind):
    response, _ = ask(server, path)
    assert (response.status, response.headers["Content-Type"]) == (200, kind)
    # Nobody but the page decodes what is gzipped.
    assert response.headers["Content-Encoding"] is None


def test_every_answer_isolates_the_page(server):
    for path in ("/", "/assets/1/a.js", "/nothing", "/demo"):
        response, _ = ask(server, path)
        assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert response.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


def test_without_isolation(folder):
    with Server(folder, port=0, isolation=False) as server:
        response, _ = ask(server, "/")
        assert response.headers["Cross-Origin-Opener-Policy"] is None
        assert response.headers["Cross-Origin-Embedder-Policy"] is None


def test_caching(server, folder):
    assert ask(server, "/assets/1/a.js")[0].headers["Cache-Control"] == "public, max-age=31536000, immutable"
    response, _ = ask(server, "/demo/bundle.json")
    assert response.headers["Cache-Control"] == "no-cache"
    tag = response.headers["ETag"]
    same, body = ask(server, "/demo/bundle.json", **{"If-None-Match": tag})
    assert (same.status, body) == (304, b"")
    (folder / "demo" / "bundle.json").write_text('{"new": 1}')
    assert ask(server, "/demo/bundle.json", **{"If-None-Match": tag})[0].status == 200


def test_what_is_not_there(server):
    response, body = ask(server, "/nothing")
    assert (response.status, body) == (404, b"<p>not here")
    assert response.headers["Cache-Control"] == "no-cache"
    assert ask(server, "/assets/")[0].status == 404


@pytest.mark.parametrize(
    "path", ["/.pageside", "/../secret.txt", "/%2e%2e/secret.txt", "/demo/../../secret.txt", "//etc/passwd"]
)
def test_nothing_outside_the_site(server, path):
    response, body = ask(server, path)
    assert (response.status, body) == (404, b"<p>not here")


def test_a_link_that_leads_outside(server, folder):
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    assert ask(server, "/link.txt")[0].status == 404


def test_a_folder_without_its_slash(server):
    response, _ = ask(server, "/demo")
    assert (response.status, response.headers["Location"]) == (301, "/demo/")


def test_head(server):
    response, body = ask(server, "/demo/bundle.json", "HEAD")
    assert (response.status, response.headers["Content-Length"], body) == (200, "2", b"")


def test_below_a_base_path(folder):
    with Server(folder, port=0, base_path="/x/") as server:
        assert server.url == f"http://localhost:{server.port}/x/"
        assert ask(server, "/x/demo/")[1] == b"<p>demo"
        assert ask(server, "/demo/")[0].status == 404
        for path in ("/", "/x"):
            response, _ = ask(server, path)
            assert (response.status, response.headers["Location"]) == (302, "/x/")


def test_the_next_free_port(folder):
    with Server(folder, port=0) as first, Server(folder, port=first.port) as second:
        assert first.port < second.port <= first.port + 20
        assert ask(second, "/")[1] == b"<p>home"


def test_no_free_port(folder, monkeypatch):
    monkeypatch.setattr("pageside_export.serve._is_answered", lambda host, port: True)
    with pytest.raises(EnvironmentError_, match="the ports 8000 to 8020 are all taken; give another one, or 0 for any"):
        Server(folder, port=8000)


def test_ports_that_this_user_may_not_have(folder, monkeypatch):
    def refuse(address, handler):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("pageside_export.serve._Http", refuse)
    what = "--port: the ports 80 to 100 are taken or not allowed to this user; give one from 1024 on, or 0 for any"
    with pytest.raises(EnvironmentError_, match=what):
        Server(folder, port=80)


def test_no_such_host(folder):
    with pytest.raises(EnvironmentError_, match=r"--host: cannot listen on no.such.host.invalid"):
        Server(folder, "no.such.host.invalid", 0)


def test_no_such_folder(tmp_path):
    with pytest.raises(UsageError, match="there is no such folder; run `pageside build` first"):
        Server(tmp_path / "missing", port=0)


#: A shell that started the tests in the background has SIGINT ignored, and its children inherit that.
RESTORED = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("pageside_export.cli", run_name="__main__")
"""


def run(*words, **options):
    command = [sys.executable, "-c", RESTORED, "serve", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_once_it_listens_and_stops_quietly(folder, number):
    process = run(str(folder), "--port", "0")
    line = process.stdout.readline()
    assert line.startswith("Pageside is at http://localhost:")
    port = int(line.rstrip("/\n").rpartition(":")[2])
    with socket.create_connection(("localhost", port), timeout=5):
        pass
    process.send_signal(number)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_the_command_serves_below_the_path_of_the_build(folder):
    (folder / ".pageside").write_text('{"base_path": "/x/"}')
    process = run(str(folder), "--port", "0")
    line = process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=20)
    assert line.endswith("/x/\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["missing"],
            "missing: there is no such folder; name a demo or a built site, or run `pageside build -o missing` first\n",
        ),
        (["other"], "other: is neither a built site nor a demo; run `pageside build`, or name a folder with demo.py\n"),
        (
            ["--port", "70000"],
            "pageside serve: argument --port: '70000' is not a port; give 0 to 65535; "
            "`pageside serve --help` lists what it takes\n",
        ),
    ],
)
def test_mistakes(tmp_path, words, message):
    (tmp_path / "other").mkdir()
    process = run(*words, cwd=tmp_path)
    out, errors = process.communicate(timeout=30)
    assert (out, errors, process.returncode) == ("", message, 2)


def test_a_request_that_is_cut_off_does_no_harm(server):
    with socket.create_connection(("localhost", server.port)) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
    time.sleep(0.1)
    assert ask(server, "/")[0].status == 200
