"""One small interface over three browser engines, for what must hold in each of them."""

import base64
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pageside_export import browsers
from playwright.sync_api import Browser, Playwright

START_S = 60
SCRIPT_S = 180
# Waits for the promise that `body` makes and hands back its value or the error's text.
ASYNC = """
const done = arguments[arguments.length - 1];
(async () => {{ {body} }})().then((value) => done({{ value }}), (error) => done({{ error: String(error) }}));
"""

BEGIN = """
window.scriptAnswer = {{}};
(async () => {{ {body} }})().then((value) => {{ window.scriptAnswer = {{ value, done: true }}; }},
  (error) => {{ window.scriptAnswer = {{ error: String(error), done: true }}; }});
"""

LISTEN = """
const heard = window.heardErrors = [];
const { error } = console;
console.error = (...words) => { heard.push(words.join(" ")); error(...words); };
addEventListener("error", (event) => heard.push(String(event.message)));
addEventListener("unhandledrejection", (event) => heard.push(String(event.reason)));
"""


class Driver(Protocol):
    """A browser with one tab. `eval_async` runs the body of an async function in the page's own world."""

    name: str

    def open(self, url: str) -> None: ...
    def open_again(self, url: str) -> None: ...  # a later visit, with what the device has kept
    def eval_async(self, body: str) -> Any: ...
    def console_errors(self) -> list[str]: ...
    def screenshot(self, path: Path) -> None: ...
    def close(self) -> None: ...


def unwrap(answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise RuntimeError(answer["error"])
    return answer.get("value")


def launch(playwright: Playwright, *extra: str, without: Sequence[str] = ()) -> Browser:
    """Chromium as `pageside check` starts it: WebGPU by SwiftShader, and no requests of its own."""
    return playwright.chromium.launch(
        executable_path=browsers.chromium(),
        args=browsers.launch_arguments(extra),
        ignore_default_args=list(without),
        chromium_sandbox=False,
    )


class Chromium:
    name = "chromium"

    def __init__(self, playwright: Playwright) -> None:
        self.browser = launch(playwright)
        self.page = self.browser.new_page()
        self.page.set_default_timeout(SCRIPT_S * 1000)
        self.errors: list[str] = []
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, url: str) -> None:
        self.page.goto(url)

    def open_again(self, url: str) -> None:
        self.open(url)

    def eval_async(self, body: str) -> Any:
        return self.page.evaluate(f"async () => {{ {body} }}")

    def console_errors(self) -> list[str]:
        return self.errors

    def screenshot(self, path: Path) -> None:
        self.page.screenshot(path=path)

    def close(self) -> None:
        self.browser.close()


class Firefox:
    """Marionette, since Playwright's channel does not work with Debian's Firefox."""

    name = "firefox"
    PREFS = (
        'user_pref("marionette.port", 0);\n'
        'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n'
        'user_pref("app.update.disabledForTesting", true);\n'
        'user_pref("browser.shell.checkDefaultBrowser", false);\n'
        'user_pref("network.captive-portal-service.enabled", false);\n'
        'user_pref("messaging-system.rsexperimentloader.enabled", false);\n'
        'user_pref("devtools.console.stdout.content", true);\n'  # the page's console
        'user_pref("devtools.console.stdout.chrome", false);\n'  # not the browser's own
    )

    def __init__(self) -> None:
        from marionette_driver.marionette import Marionette

        self.profile = Path(tempfile.mkdtemp(prefix="pageside-firefox-"))
        (self.profile / "user.js").write_text(self.PREFS, encoding="utf-8")
        command = [installed("firefox"), "-headless", "-marionette"]
        command += ["-remote-allow-system-access", "-no-remote", "-profile"]
        home = {**os.environ, "HOME": str(self.profile)}  # Firefox refuses a home that belongs to somebody else
        self.log = self.profile / "log.txt"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*command, str(self.profile)], env=home, stdout=log, stderr=log)
        self.client = Marionette(host="127.0.0.1", port=self.port())
        self.client.start_session()
        self.client.timeout.script = SCRIPT_S

    def port(self) -> int:
        file = self.profile / "MarionetteActivePort"
        for _ in range(START_S * 10):
            if file.exists() and file.read_text().strip():
                return int(file.read_text())
            time.sleep(0.1)
        raise RuntimeError("Firefox did not open its Marionette port")

    def open(self, url: str) -> None:
        self.client.navigate(url)

    def open_again(self, url: str) -> None:
        self.open(url)

    def eval_async(self, body: str) -> Any:
        # Polled: beside four busy processes one long script got no answer twice in four runs, for a reason not found.
        # Without a sandbox name the script shares the page's own globals, `window.pageside` among them.
        self.client.execute_script(BEGIN.format(body=body), sandbox=None)
        end = time.monotonic() + SCRIPT_S
        while time.monotonic() < end:
            answer = self.client.execute_script("return window.scriptAnswer ?? null;", sandbox=None)
            if answer is None:
                self.client.execute_script(BEGIN.format(body=body), sandbox=None)
            elif answer.get("done"):
                return unwrap(answer)
            time.sleep(0.1)
        shown = self.client.execute_script("return document.body.innerText;", sandbox=None)
        raise TimeoutError(f"no answer after {SCRIPT_S} s; the page shows: {shown[:1000]}")

    def console_errors(self) -> list[str]:
        script = """
        return Services.console.getMessageArray()
          .filter((m) => m instanceof Ci.nsIScriptError && !(m.flags & Ci.nsIScriptError.warningFlag)
                         && /^https?:/.test(m.sourceName))
          .map((m) => m.errorMessage);
        """
        with self.client.using_context("chrome"):
            thrown = list(self.client.execute_script(script))
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        said = [line for line in lines if line.startswith("console.error:")]
        return thrown + [line for line in said if "RSLoader" not in line]  # Firefox's own, offline

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.client.screenshot(full=False)))

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.client.delete_session()
        stop(self.process)
        shutil.rmtree(self.profile, ignore_errors=True)


class WebKit:
    """WebKitGTK's MiniBrowser on a screen of its own."""

    name = "webkit"

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        from selenium.webdriver import WebKitGTK, WebKitGTKOptions
        from selenium.webdriver.webkitgtk.service import Service

        self.folder = Path(tempfile.mkdtemp(prefix="pageside-webkit-"))
        self.screen, display = virtual_screen()
        options = WebKitGTKOptions()
        options.binary_location = mini_browser()
        options.add_argument("--automation")
        options.set_capability("browserName", "MiniBrowser")
        service = Service(
            executable_path=installed("webkit"),
            env={
                **os.environ,
                "JSC_useOMGJIT": "0",  # as `compiled_once`: a quarter of a page's start is its optimizing compiler
                "JSC_useSharedArrayBuffer": "1",  # as in Safari, where an isolated page has threads
                "DISPLAY": display,
                "XDG_DATA_HOME": str(self.folder),
                "XDG_CACHE_HOME": str(self.folder),
            },
        )
        self.client = WebKitGTK(options=options, service=service)
        self.client.set_script_timeout(SCRIPT_S)

    def restart(self) -> None:
        """A new process, which has kept nothing."""
        self.close()
        self.start()

    def open(self, url: str) -> None:
        self.client.get(url)
        # In automation mode MiniBrowser writes no console; so this hears what is said from the load event on.
        self.client.execute_script(LISTEN)

    def open_again(self, url: str) -> None:
        # Under automation WebKit forgets an origin's storage with its last page; so the earlier page stays open.
        self.client.switch_to.new_window("window")
        self.open(url)

    def eval_async(self, body: str) -> Any:
        from selenium.common.exceptions import WebDriverException

        script = ASYNC.format(body=body)
        try:
            return unwrap(self.client.execute_async_script(script))
        except WebDriverException as error:
            # Seen once in hundreds: the driver itself lost an answer, and the page was well.
            if "Could not parse script result" not in str(error):
                raise
            return unwrap(self.client.execute_async_script(script))

    def console_errors(self) -> list[str]:
        return list(self.client.execute_script("return window.heardErrors ?? []"))

    def screenshot(self, path: Path) -> None:
        self.client.save_screenshot(str(path))

    def close(self) -> None:
        with contextlib.suppress(Exception):
            self.client.quit()
        stop(self.screen)
        shutil.rmtree(self.folder, ignore_errors=True)


def virtual_screen() -> tuple[subprocess.Popen[bytes], str]:
    """An X server on a display number that it picks itself."""
    readable, writable = os.pipe()
    command = [x_server(), "-displayfd", str(writable), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    process = subprocess.Popen(command, pass_fds=[writable], stderr=subprocess.DEVNULL)
    os.close(writable)
    with os.fdopen(readable) as numbers:
        return process, f":{numbers.readline().strip()}"


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()


def installed(name: str) -> str:
    """Where `pageside_export.browsers` finds it: in the system, or unpacked in the cache."""
    found = browsers.find(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed; run `pageside doctor --install`")
    return str(found)


def x_server() -> str:
    found = shutil.which("Xvfb")
    if found is None:
        raise FileNotFoundError("Xvfb is not installed; run `pageside doctor --install`")
    return found


def mini_browser() -> str:
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-*/MiniBrowser"))
    if not found:
        raise FileNotFoundError("MiniBrowser of WebKitGTK is not installed; run `pageside doctor --install`")
    return str(found[-1])


def missing(engine: str) -> str:
    """Why this engine can't run here; empty when it can."""
    needed = {
        "chromium": [lambda: installed("chromium")],
        "firefox": [lambda: installed("firefox")],
        "webkit": [lambda: installed("webkit"), x_server, mini_browser],
    }
    try:
        for find in needed[engine]:
            find()
    except FileNotFoundError as error:
        return str(error)
    return ""


# Each takes the running Playwright, which only Chromium needs.
ENGINES: dict[str, Callable[[Playwright], Driver]] = {
    "chromium": Chromium,
    "firefox": lambda _: Firefox(),
    "webkit": lambda _: WebKit(),
}
