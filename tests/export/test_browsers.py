"""Finding and installing the system's programs."""

import os
import stat
import subprocess

import pytest
from pageside_export import browsers
from pageside_export.errors import EnvironmentError_


@pytest.fixture(autouse=True)
def _bare_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "playwright"))
    monkeypatch.delenv("PAGESIDE_CHROMIUM", raising=False)
    monkeypatch.setattr(browsers, "_SYSTEM_PATHS", "")
    browsers._playwrights_chromium.cache_clear()
    (tmp_path / "bin").mkdir()
    yield
    browsers._playwrights_chromium.cache_clear()


def program(path, text="#!/bin/sh\n"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_nothing_is_found_on_a_bare_machine():
    assert browsers.missing(browsers.PROGRAMS) == list(browsers.PROGRAMS)
    with pytest.raises(EnvironmentError_) as caught:
        browsers.chromium()
    assert str(caught.value) == (
        "browser: no Chromium was found; run `pageside doctor --install`, or set PAGESIDE_CHROMIUM to its executable"
    )


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_on_the_path(tmp_path, name):
    placed = program(tmp_path / "bin" / name)
    assert browsers.chromium() == placed


def test_the_order_of_places(tmp_path, monkeypatch):
    playwrights = program(tmp_path / "playwright" / "chromium-1200" / "chrome-linux" / "chrome")
    assert browsers.find("chromium") == playwrights
    unpacked = program(browsers.wrappers() / "chromium")
    assert browsers.find("chromium") == unpacked
    on_path = program(tmp_path / "bin" / "chromium")
    assert browsers.find("chromium") == on_path
    chosen = program(tmp_path / "mine")
    monkeypatch.setenv("PAGESIDE_CHROMIUM", str(chosen))
    assert browsers.find("chromium") == chosen


def test_a_chosen_chromium_that_is_no_program(tmp_path, monkeypatch):
    monkeypatch.setenv("PAGESIDE_CHROMIUM", str(tmp_path / "nothing"))
    with pytest.raises(EnvironmentError_, match="nothing is not a program; set it to Chromium's executable"):
        browsers.chromium()


def test_arguments(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    arguments = browsers.launch_arguments(["--enable-features=Extra", "--lang=de"])
    assert "--no-sandbox" not in arguments
    assert {"--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--disable-component-update"} <= set(
        arguments
    )
    assert [word for word in arguments if word.startswith("--enable-features")] == ["--enable-features=Vulkan,Extra"]
    assert "--lang=de" in arguments
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--no-sandbox" in browsers.launch_arguments()


def test_without_apt():
    with pytest.raises(EnvironmentError_) as caught:
        browsers.install(["chromium", "nginx"])
    assert str(caught.value) == (
        "doctor: chromium, nginx missing, and there is no apt-get to install it; "
        "install by your own package manager: chromium nginx-light"
    )


FAKE_APT = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
  *--download-only*)
    for word in "$@"; do case $word in Dir::Cache::archives=*) : > "${{word#*=}}/one.deb";; esac; done;;
  *" install "*) {install};;
esac
"""


FAKE_DPKG = """#!/bin/sh
/bin/mkdir -p "$3/usr/sbin"
printf '#!/bin/sh\\necho "$LD_LIBRARY_PATH $@"' > "$3/usr/sbin/nginx"
/bin/chmod 755 "$3/usr/sbin/nginx"
"""


def fake_apt(tmp_path, install=":"):
    log = tmp_path / "apt.log"
    program(tmp_path / "bin" / "apt-get", FAKE_APT.format(log=log, install=install))
    program(tmp_path / "bin" / "env", '#!/bin/sh\nshift\nexec "$@"\n')
    return log


def test_root_installs_by_apt(tmp_path, monkeypatch):
    monkeypatch.setattr(browsers, "_is_root", lambda: True)
    monkeypatch.setattr(browsers, "_has_lists", lambda: True)
    target = tmp_path / "bin" / "nginx"
    log = fake_apt(tmp_path, f"echo > {target}; /bin/chmod 755 {target}")
    browsers.install(["nginx"])
    assert log.read_text().splitlines() == ["-q -y install --no-install-recommends nginx-light"]
    browsers.install(["nginx"])  # there now: apt is not asked again
    assert len(log.read_text().splitlines()) == 1


def test_lists_are_updated_where_there_are_none(tmp_path, monkeypatch):
    monkeypatch.setattr(browsers, "_is_root", lambda: True)
    monkeypatch.setattr(browsers, "_has_lists", lambda: False)
    target = tmp_path / "bin" / "nginx"
    log = fake_apt(tmp_path, f"echo > {target}; /bin/chmod 755 {target}")
    browsers.install(["nginx"])
    assert log.read_text().splitlines()[0] == "-q -y update"


def test_sudo_that_asks_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(browsers, "_is_root", lambda: False)
    assert browsers._as_root() is None
    sudo = program(tmp_path / "bin" / "sudo", "#!/bin/sh\nexit 1\n")
    assert browsers._as_root() is None
    program(sudo)
    assert browsers._as_root() == [str(sudo), "-n"]


def test_without_root_it_is_unpacked_into_the_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(browsers, "_is_root", lambda: False)
    log = fake_apt(tmp_path)
    program(tmp_path / "bin" / "dpkg", FAKE_DPKG)
    browsers.install(["nginx", "webkit"])
    wrapper = browsers.wrappers() / "nginx"
    assert browsers.find("nginx") == wrapper
    assert wrapper.stat().st_mode & stat.S_IXUSR
    said = subprocess.run([str(wrapper), "-v"], capture_output=True, text=True, check=True).stdout.split()
    assert said[-1] == "-v"
    assert str(tmp_path / "cache" / "system" / "root" / "usr" / "sbin") in said[0]
    lines = log.read_text().splitlines()
    assert lines[0].endswith(" update")
    assert "Dir::State::status=/var/lib/dpkg/status" in lines[1]
    assert "--download-only" in lines[1]
    assert not (tmp_path / "cache" / "system" / "archives").exists()


def test_an_apt_that_fails_is_quoted(tmp_path, monkeypatch):
    monkeypatch.setattr(browsers, "_is_root", lambda: True)
    program(tmp_path / "bin" / "env", '#!/bin/sh\nshift\nexec "$@"\n')
    program(tmp_path / "bin" / "apt-get", "#!/bin/sh\necho 'E: Unable to locate package' >&2; exit 100\n")
    with pytest.raises(EnvironmentError_, match=r"failed \(E: Unable to locate package\); run it by hand to see why"):
        browsers.install(["nginx"])
