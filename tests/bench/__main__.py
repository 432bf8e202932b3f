"""`make bench`, or `python -m tests.bench [--runs N] [--dist FOLDER] [--docs FOLDER]`. Measures; asserts no time."""

import argparse
import gzip
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from pageside_export.engines import OnnxModel
from pageside_export.inbrowser import measure as measure_in_browser
from pageside_export.verify import Call
from PIL import Image

from tests.bench import gallery, peer, report
from tests.bench.figures import Figure, Figures
from tests.bench.native import Native
from tests.bench.page import Clocked, ask, cold, file_times, probe_times, reloads, stop_times
from tests.bench.servers import LINE_MBITS, PHOTO, Bench, started
from tests.browser.nginx import Hit

ROOT = Path(__file__).resolve().parents[2]
DEMO = "classify-photo/"
WARM, CALLS, TURNS = 5, 20, 4
WEBGPU_CALLS = 3
#: What only the gallery, the device report and other people's pages load.
OTHER_PAGES = (
    *("css/index.css", "css/device.css", "src/embed.js"),
    *(f"src/page/{name}.js" for name in ("gallery", "device", "device-facts", "device-view")),
)


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="pageside-bench-") as folder:
        scratch = Path(folder)
        site = options.dist or build(scratch / "dist")
        peer.build(scratch / "peer")
        with started(site, scratch, options.runs) as bench:
            machine = report.Machine(f"Chromium {bench.browser.version}").describe()
            figures = measure(bench)
            times = gallery.times(bench)
        content = report.as_json(figures, machine, build_figures(site), options.runs) | {"gallery": times}
        report.write(content, options.docs)
        gallery.put_table(options.docs / "gallery.md", times)
    for item in content["rows"]:
        print(report.table_line(item).strip().strip("|"))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="visits that each median is of")
    parser.add_argument("--dist", type=lambda text: Path(text).resolve(), help="a built gallery; else one is built")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where performance.md and .json go")
    return parser.parse_args()


def build(out: Path) -> Path:
    say("building the gallery")
    command = [sys.executable, "-m", "pageside_export.cli", "build", "-o", str(out)]
    subprocess.run(command, check=True, cwd=ROOT)
    return out


def measure(bench: Bench) -> Figures:
    figures: Figures = {"shell_bytes": Figure([shell_bytes(bench.site) / 1e3])}
    ours = (first_visits, limited_line, single_calls, bare_calls, webgpu_call, probe, phone_photo, stopping)
    for step in (*ours, peer.visits, peer.over_a_line, peer.calls, peer.bare_calls, gallery.live):
        say(f"{step.__module__.rpartition('.')[2]} {step.__name__}".replace("_", " ").strip())
        figures |= step(bench)
    return figures


def shell_bytes(site: Path) -> int:
    """All of our HTML, CSS and JS that some demo's page may load, each file gzipped."""
    files = [*site.glob("assets/*/css/*.css"), *site.glob("assets/*/src/**/*.js")]
    return gzipped([site / DEMO / "index.html", *(path for path in files if not path.as_posix().endswith(OTHER_PAGES))])


def loaded_shell_bytes(site: Path, hits: list[Hit]) -> int:
    """Of `shell_bytes` what a visit asked for."""
    asked = {hit.path.partition("?")[0].removeprefix("/pageside/") for hit in hits}
    ours = [path for path in asked if path.startswith("assets/") and re.search(r"/(css|src)/.*\.(css|js)$", path)]
    return gzipped([site / DEMO / "index.html", *(site / path for path in ours)])


def gzipped(files: list[Path]) -> int:
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in files)


def first_visits(bench: Bench) -> Figures:
    """Cold and warm, at full speed, as a plain host serves the page."""
    script, url = ask(PHOTO), bench.plain.url(DEMO)
    cold(bench.browser, url, script)  # the first of all finds disk and browser cold; it is no visitor's
    seen, sent, shell = [], [], []
    for _ in range(bench.runs):
        bench.plain.hits()
        seen.append(cold(bench.browser, url, script))
        hits = bench.plain.hits()
        sent.append(sum(hit.bytes for hit in hits) / 1e6)
        shell.append(loaded_shell_bytes(bench.site, hits) / 1e3)
    again = reloads(bench.browser, url, script, bench.runs)
    greet = [cold(bench.browser, bench.plain.url("greet/"), ask("Ada")) for _ in range(bench.runs)]
    return {
        "shell_loaded": Figure(shell),
        "on_screen": Figure([item.on_screen for item in seen if item.on_screen is not None]),
        "first_cold": Figure([item.first for item in seen]),
        "first_reload": Figure([item.first for item in again]),
        "wire_bytes": Figure(sent),
        "long_task_ms": Figure([item.long_task_ms for item in seen]),
        "greet_cold": Figure([item.first for item in greet]),
    }


def limited_line(bench: Bench) -> Figures:
    seen, alone = [], []
    with bench.limited_line() as port:
        url = bench.plain.url(DEMO).replace(f":{bench.plain.port}/", f":{port}/")
        for _ in range(bench.runs):
            bench.plain.hits()
            seen.append(cold(bench.browser, url, ask(PHOTO)).first)
            alone.append(sum(hit.bytes for hit in bench.plain.hits()) * 8 / (LINE_MBITS * 1e6))
    return {"first_cold_line": Figure(seen), "line_seconds": Figure(alone)}


def single_calls(bench: Bench) -> Figures:
    """Page and native onnxruntime in turns, so that both see the same machine."""
    model = bundle(bench.site, DEMO)["models"][0]
    figures: Figures = {}
    for server, threads, key in ((bench.plain, 1, ""), (bench.isolated, 2, "_2")):
        url = server.url(f"{DEMO}?backend=wasm&threads={threads}")
        reference = Native(bench.site / DEMO, model, variant="fp32", threads=threads)
        with Clocked(bench.browser, url, f"{server.origin}/photos/{PHOTO.name}") as page:
            if page.threads != threads:
                raise RuntimeError(f"the page took {page.threads} threads where {threads} were asked for")
            turns = [(page.calls(WARM, CALLS), reference.calls(WARM, CALLS)) for _ in range(TURNS)]
        figures |= {
            f"call{key}_ms": Figure([median(seen.whole) for seen, _ in turns]),
            f"model{key}_ms": Figure([median(seen.model) for seen, _ in turns]),
            f"native{key}_ms": Figure([median(times) for _, times in turns]),
            f"call_ratio{key}": Figure([median(seen.whole) / median(times) for seen, times in turns]),
            f"model_ratio{key}": Figure([median(seen.model) / median(times) for seen, times in turns]),
            f"python{key}_ms": Figure([median(seen.python) for seen, _ in turns]),
        }
    return figures


def bare_calls(bench: Bench) -> Figures:
    """What of a call is not ours: the page's model in onnxruntime-web alone, and native without its own layout."""
    folder, model = bench.site / DEMO, bundle(bench.site, DEMO)["models"][0]
    variant = next(one for one in model["variants"] if one["id"] == model["backends"]["wasm"][0])
    chosen = Native(folder, model, variant=variant["id"], threads=1)
    web = [
        measure_in_browser(
            {"x": OnnxModel(chosen.content, variant["session_config"])}, Call(chosen.feeds, {}), bare=True
        )["x"]
        for _ in range(TURNS)
    ]
    figures = {"bare_ms": Figure([seen.wasm_1_ms or 0.0 for seen in web])}
    figures["bare_2_ms"] = Figure([seen.wasm_n_ms or 0.0 for seen in web])
    for threads, key in ((1, "plain_ms"), (2, "plain_2_ms")):
        plain = Native(folder, model, variant="fp32", threads=threads, blocked=False)
        figures[key] = Figure([median(plain.calls(WARM, CALLS)) for _ in range(TURNS)])
    return figures


def webgpu_call(bench: Bench) -> Figures:
    url = bench.plain.url(f"{DEMO}?backend=webgpu")
    with Clocked(bench.browser, url, f"{bench.plain.origin}/photos/{PHOTO.name}") as page:
        return {"webgpu_ms": Figure(page.calls(1, WEBGPU_CALLS).model)}


def probe(bench: Bench) -> Figures:
    """On the page of a demo without models, which asks for no adapter itself."""
    return {"probe_ms": Figure(probe_times(bench.browser, bench.plain.url("greet/"), bench.runs))}


def phone_photo(bench: Bench) -> Figures:
    large = bench.scratch / "phone.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(PHOTO) as small:
        small.convert("RGB").resize((4032, 3024), Image.Resampling.BICUBIC).save(large, quality=90, exif=exif)
    url = bench.plain.url(f"{DEMO}?backend=wasm")
    first, second = file_times(bench.browser, url, [PHOTO, large], max(5, bench.runs))
    return {"phone_extra_ms": Figure([second - first])}


def stopping(bench: Bench) -> Figures:
    return {"stop_ms": Figure(stop_times(bench.browser, bench.plain.url("greet/"), CALLS))}


def bundle(site: Path, demo: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((site / demo / "bundle.json").read_text(encoding="utf-8"))
    return content


def build_figures(site: Path) -> list[dict[str, Any]]:
    return [
        {"demo": demo, "model": model["name"], "variant": variant["id"], **variant["measured"]}
        | {"bytes": sum(part["bytes"] for part in variant["parts"])}
        for demo in gallery.names(site)
        for model in bundle(site, demo)["models"]
        for variant in model["variants"]
    ]


def say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
