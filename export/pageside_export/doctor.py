"""What this machine has, what is missing, and how to get it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from pageside_export import browsers, vendor
from pageside_export.errors import UserError
from pageside_export.options import cache_dir
from pageside_export.progress import format_bytes

#: What an export with a browser check needs in the temporary folder and in the cache.
DISK_BYTES = 2_000_000_000

#: What `make install` and `pageside doctor --install` install; WebKit only where it can be installed.
SYSTEM = ("chromium", "nginx", "firefox", "webkit")


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for."""

    name: str
    ok: bool
    #: What was found: a version or a size; or why it does not work.
    found: str
    #: What to do where it is missing; empty where it is there.
    todo: str = ""
    #: Whether `pageside build` and `pageside check` need it; others serve the project's own tests.
    needed: bool = True


def examine(*, browser: bool = True) -> list[Finding]:
    """Everything, in the order in which to mend it. `browser` also starts Chromium and asks it for WebGPU."""
    findings = [_python(), *_packages(), _node(), _disk(), _vendored()]
    findings += [_program(name) for name in SYSTEM]
    if browser and browsers.find("chromium"):
        findings.append(_webgpu())
    return findings


def install() -> None:
    """Gets the system's programs that are missing. Raises EnvironmentError_ with what to do by hand."""
    browsers.install(SYSTEM)


def table(findings: Iterable[Finding]) -> str:
    """A line each, and what to do below those that are missing."""
    rows = list(findings)
    width = max(len(row.name) for row in rows)
    lines = []
    for row in rows:
        mark = "ok     " if row.ok else "MISSING" if row.needed else "without"
        lines.append(f"{mark}  {row.name.ljust(width)}  {row.found}".rstrip())
        if not row.ok and row.todo:
            lines.append(f"         {' ' * width}  {row.todo}")
    return "\n".join(lines)


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _packages() -> list[Finding]:
    torch = "`make install` in a checkout; else `pip install torch`, with the CPU index of PyTorch's Get Started page"
    todos = {name: f"`pip install {name}`" for name in ("onnx", "onnxruntime", "onnxscript", "playwright")}
    findings = [_package("torch", torch), *(_package(name, todo) for name, todo in todos.items())]
    smaller = _package("deflate", "`pip install deflate`; without it the page is 4 % larger")
    return [*findings, Finding(smaller.name, smaller.ok, smaller.found, smaller.todo, needed=False)]


def _package(name: str, todo: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "", todo)


def _node() -> Finding:
    """Node is only needed where no `node_modules` is beside the checkout: npm then fetches what the page needs."""
    found = _output(["node", "--version"]).removeprefix("v")
    major = int(match.group()) if (match := re.match(r"\d+", found)) else 0
    todo = "install Node 20 or newer, with npm; it fetches onnxruntime-web and Pyodide"
    return Finding("node", major >= 20 and shutil.which("npm") is not None, found, todo)


def _disk() -> Finding:
    folder = next(path for path in (cache_dir(), *cache_dir().parents) if path.exists())
    free = shutil.disk_usage(folder).free
    todo = f"free {format_bytes(DISK_BYTES)}, or set PAGESIDE_CACHE to a folder on another disk"
    return Finding("disk", free >= DISK_BYTES, f"{format_bytes(free)} free for the cache", todo)


def _vendored() -> Finding:
    """onnxruntime-web, Pyodide and numpy for it: fetched now where they are not here."""
    try:
        for package, pinned in vendor.lock()["npm"].items():
            for path in pinned["files"]:
                vendor.npm_file(package, path)
        vendor.pyodide_wheel("numpy")
    except UserError as error:
        return Finding("page runtime", False, error.what, error.todo)
    pinned = vendor.lock()["npm"]["onnxruntime-web"]["version"]
    return Finding("page runtime", True, f"onnxruntime-web {pinned}, Pyodide {vendor.pyodide_version()}, numpy")


def _program(name: str) -> Finding:
    path = browsers.find(name)
    packages = " ".join(browsers.PROGRAMS[name].packages)
    todo = f"`pageside doctor --install`, or `apt-get install {packages}`"
    needed = name == "chromium"
    if path is None:
        return Finding(name, False, "" if needed else "only the project's own tests need it", todo, needed)
    # WebKit's driver has no option that prints its version.
    flags = {"chromium": "--version", "firefox": "--version", "nginx": "-v"}
    found = _output([str(path), flags[name]]) if name in flags else ""
    return Finding(name, True, found or str(path), needed=needed)


def _webgpu() -> Finding:
    """Whether Chromium starts, and whether it has a WebGPU adapter, if only a simulated one."""
    from playwright.sync_api import Error, sync_playwright

    todo = "`pageside check` then checks WebAssembly only"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browsers.chromium(), args=browsers.launch_arguments())
            page = browser.new_page()
            # WebGPU is for secure origins; a page of the browser's own is one.
            page.goto("chrome://version")
            adapter = page.evaluate(_ADAPTER)
            browser.close()
    except (Error, UserError) as error:
        reason = str(error).strip().splitlines()[0]
        return Finding(
            "WebGPU in Chromium", False, f"Chromium does not start: {reason}", "see the message", needed=True
        )
    return Finding("WebGPU in Chromium", bool(adapter), adapter or "no adapter", todo, needed=False)


_ADAPTER = """async () => {
  const adapter = await navigator.gpu?.requestAdapter().catch(() => null);
  return adapter ? [adapter.info.vendor, adapter.info.architecture].filter(Boolean).join(" ") || "an adapter" : "";
}"""


def _output(command: list[str]) -> str:
    """The first line that a program prints; empty where it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return next(iter((done.stdout or done.stderr).strip().splitlines()), "")
