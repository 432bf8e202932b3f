"""Programs from the system that Pageside uses: Chromium for `pageside check`, other browsers and nginx for the tests.

Found where the system has them, else in the cache, where `install` unpacks them for a user who may not install.
"""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pageside_export.errors import EnvironmentError_
from pageside_export.options import cache_dir
from pageside_export.progress import say, task

#: WebGPU without a graphics card, for a check of numbers, not of speed.
WEBGPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan")

#: Keeps Chromium from calling its maker: the only requests are the page's.
SILENT = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
)


@dataclass(frozen=True)
class Program:
    """Something that a distribution's package brings."""

    name: str
    #: What it may be called on the PATH.
    commands: tuple[str, ...]
    #: Debian's packages.
    packages: tuple[str, ...]
    #: Where the executable lies in Debian's package; empty where it cannot run from another place.
    place: str = ""
    environment: str = ""


PROGRAMS: Mapping[str, Program] = {
    program.name: program
    for program in (
        Program(
            "chromium",
            ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
            ("chromium",),
            "usr/lib/chromium/chromium",
            "PAGESIDE_CHROMIUM",
        ),
        Program("nginx", ("nginx",), ("nginx-light",), "usr/sbin/nginx"),
        Program("firefox", ("firefox-esr", "firefox"), ("firefox-esr",), "usr/lib/firefox-esr/firefox-esr"),
        # WebKit starts helpers from a path that is compiled in, so it has to be installed.
        Program("webkit", ("WebKitWebDriver",), ("webkit2gtk-driver", "xvfb", "xauth")),
    )
}

_SYSTEM_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"


def find(name: str) -> Path | None:
    """The executable of one of PROGRAMS; None where this machine has none."""
    program = PROGRAMS[name]
    chosen = os.environ.get(program.environment) if program.environment else None
    if chosen:
        return Path(chosen).expanduser()
    for command in program.commands:
        found = shutil.which(command) or shutil.which(command, path=_SYSTEM_PATHS)
        if found:
            return Path(found)
    wrapper = wrappers() / program.commands[0]
    if wrapper.is_file():
        return wrapper
    return _playwrights_chromium() if name == "chromium" else None


def chromium() -> Path:
    """Raises EnvironmentError_ where there is none, or $PAGESIDE_CHROMIUM names no program."""
    found = find("chromium")
    if found is None:
        todo = "run `pageside doctor --install`, or set PAGESIDE_CHROMIUM to its executable"
        raise EnvironmentError_("no Chromium was found", "browser", todo)
    if not os.access(found, os.X_OK) or found.is_dir():
        raise EnvironmentError_(f"{found} is not a program", "PAGESIDE_CHROMIUM", "set it to Chromium's executable")
    return found


def launch_arguments(extra: Iterable[str] = ()) -> list[str]:
    """Chromium's arguments for a check: WebGPU, silence, and no sandbox where root has none."""
    root = ["--no-sandbox"] if _is_root() else []
    return _joined_features([*SILENT, *WEBGPU, *root, *extra])


def missing(names: Iterable[str]) -> list[str]:
    """Those of the named programs that this machine lacks."""
    return [name for name in names if find(name) is None]


def install(names: Iterable[str]) -> None:
    """Installs what is missing: by apt as root or with a sudo that asks nothing, else unpacked into the cache.

    Raises EnvironmentError_ with what to do by hand.
    """
    wanted = [PROGRAMS[name] for name in missing(names)]
    if not wanted:
        return
    if shutil.which("apt-get") is None:
        packages = " ".join(package for program in wanted for package in program.packages)
        raise EnvironmentError_(
            f"{', '.join(program.name for program in wanted)} missing, and there is no apt-get to install it",
            "doctor",
            f"install by your own package manager: {packages}",
        )
    prefix = _as_root()
    if prefix is not None:
        _apt(prefix, wanted)
    else:
        _unpack([program for program in wanted if program.place])
    left = missing(program.name for program in wanted if program.place or prefix is not None)
    if left:
        raise EnvironmentError_(
            f"{', '.join(left)} still missing after the installation", "doctor", "see apt's messages"
        )


def wrappers() -> Path:
    """The folder of the scripts that start unpacked programs; `make test` puts it on the PATH."""
    return cache_dir() / "system" / "bin"


# ------------------------------------------------------------------------------------------------------- with apt


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _as_root() -> list[str] | None:
    """The words before a command that make it root's; None where that cannot be had without a password."""
    if _is_root():
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def _apt(prefix: list[str], wanted: list[Program]) -> None:
    packages = [package for program in wanted for package in program.packages]
    quiet = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    with task(f"installing {', '.join(packages)}"):
        install_ = [*quiet, "install", "--no-install-recommends", *packages]
        if not (_has_lists() and subprocess.run(install_, capture_output=True, check=False).returncode == 0):
            _run([*quiet, "update"])
            _run(install_)


def _has_lists() -> bool:
    return any(Path("/var/lib/apt/lists").glob("*_Packages*"))


def _run(command: list[str], **more: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **more})
    if done.returncode:
        lines = [line for line in (done.stderr or done.stdout).splitlines() if line.startswith("E:")]
        reason = lines[0] if lines else (done.stderr or done.stdout).strip().rpartition("\n")[2]
        raise EnvironmentError_(
            f"`{shlex.join(command[:6])} ...` failed ({reason})", "doctor", "run it by hand to see why"
        )
    return done.stdout


# --------------------------------------------------------------------------------------------------- without root


def _unpack(wanted: list[Program]) -> None:
    """Downloads packages, with those that they need and the system lacks, and unpacks them below the cache."""
    if not wanted:
        return
    say("no root and no sudo: unpacking into the cache instead of installing")
    root = cache_dir() / "system" / "root"
    archives = cache_dir() / "system" / "archives"
    apt = _own_apt(archives)
    packages = [package for program in wanted for package in program.packages]
    with task(f"downloading {', '.join(packages)}"):
        _run([*apt, "update"])
        # Fonts too: a page without one is not what a visitor sees, and Chromium does not start without any.
        _run([*apt, "install", "--download-only", "--no-install-recommends", "-y", *packages, "fonts-dejavu-core"])
    debs = sorted(archives.glob("*.deb"))
    with task("unpacking", len(debs)) as bar:
        for deb in debs:
            _run(["dpkg", "-x", str(deb), str(root)])
            bar.advance()
    shutil.rmtree(archives, ignore_errors=True)
    for program in wanted:
        _write_wrapper(program, root)


def _own_apt(archives: Path) -> list[str]:
    """apt-get with state and cache of its own, reading the system's sources and its list of installed packages."""
    state = cache_dir() / "system" / "apt"
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (archives / "partial").mkdir(parents=True, exist_ok=True)
    options = {
        "Dir::State": str(state),
        "Dir::State::lists": str(state / "lists"),
        "Dir::State::status": "/var/lib/dpkg/status",
        "Dir::Cache": str(state),
        "Dir::Cache::archives": str(archives),
        "Debug::NoLocking": "true",
        "APT::Sandbox::User": "",
    }
    return ["apt-get", "-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]


def _write_wrapper(program: Program, root: Path) -> None:
    executable = root / program.place
    if not executable.is_file():
        raise EnvironmentError_(f"{program.packages[0]} has no {program.place}", "doctor", "install it by hand")
    libraries = sorted(str(path) for path in root.glob("usr/lib/*-linux-*") if path.is_dir())
    libraries += sorted({str(path.parent) for path in root.glob("usr/lib/*-linux-*/*/*.so.*")})
    libraries += [str(root / "lib" / path.name) for path in root.glob("lib/*-linux-*")] + [str(executable.parent)]
    fonts = _font_configuration(root)
    script = wrappers() / program.commands[0]
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH={shlex.quote(':'.join(libraries))}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\n"
        f"export XDG_DATA_DIRS={shlex.quote(str(root / 'usr/share'))}:${{XDG_DATA_DIRS:-/usr/share}}\n"
        f"[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE={shlex.quote(str(fonts))}\n"
        f'exec {shlex.quote(str(executable))} "$@"\n',
        encoding="utf-8",
    )
    script.chmod(0o755)


def _font_configuration(root: Path) -> Path:
    path = root / "fonts.conf"
    path.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n<fontconfig>\n'
        f"<dir>{root / 'usr/share/fonts'}</dir><dir>/usr/share/fonts</dir>\n"
        f"<cachedir>{cache_dir() / 'system' / 'fontconfig'}</cachedir>\n</fontconfig>\n",
        encoding="utf-8",
    )
    return path


# ---------------------------------------------------------------------------------------------------- small parts


@functools.cache
def _playwrights_chromium() -> Path | None:
    """What `playwright install chromium` left on this machine."""
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    patterns = ("chromium-*/chrome-linux*/chrome", "chromium-*/chrome-mac*/*.app/Contents/MacOS/*")
    found = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return found[-1] if found else None


def _joined_features(arguments: list[str]) -> list[str]:
    """One `--enable-features` for all: Chromium takes the last one only."""
    key = "--enable-features="
    features = [word.removeprefix(key) for word in arguments if word.startswith(key)]
    rest = [word for word in arguments if not word.startswith(key)]
    return [*rest, key + ",".join(features)] if features else rest


if __name__ == "__main__":
    print(wrappers())  # for the Makefile, which puts it on the tests' PATH
