"""`dist/`: every demo's bundle, the assets that all share, the pages, and what each static host wants.

All URLs are relative, so the folder works below any path. Same inputs, same bytes. A build that fails leaves the
folder of the last one as it was.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pageside_export import assets as assets_
from pageside_export import bundle as bundles
from pageside_export import hosts, loader, needs, offline, pages, progress
from pageside_export.errors import BuildError, BundleError, LoadError, UsageError, UserError
from pageside_export.options import BuildOptions
from pageside_export.pack import check_output, write_whole

#: A folder with this file was made by a build and may be replaced by one.
MARKER = ".pageside"

#: Cloudflare Pages takes no larger file.
LARGEST_FILE = 25 * 1024 * 1024

#: Names at the top of a site that a demo may not take.
RESERVED = {
    *("assets", "client.js", "device", "embed.js", "sw.js"),
    *("gallery.json", "index.html", "404.html", "readme.md"),
}


@dataclass(frozen=True)
class Row:
    """A demo of a finished site; the numbers are of its models' chosen variants."""

    demo: str
    variant: str
    #: On the wire, to the first own answer.
    bytes: int
    #: The lowest against PyTorch; None without a model.
    cosine: float | None


@dataclass(frozen=True)
class Site:
    """A finished build."""

    folder: Path
    rows: list[Row]


@dataclass(frozen=True)
class _Prepared:
    """A demo whose bundle is written but for the runtime."""

    name: str
    bundle: dict[str, Any]
    needs: needs.Needs


def build(
    demos: Sequence[str | Path | loader.Demo], out: Path, options: BuildOptions, *, full_python: bool = False
) -> Site:
    """Builds `demos` into the folder `out`. Raises UserError; then `out` is what it was before."""
    options = replace(options, base_path=checked_base_path(options.base_path))
    _check_out(out)
    if not demos:
        raise UsageError("no demo to build", "build", "`pageside new NAME` makes one")
    with _swapped(out) as folder:
        prepared = _unique([_prepare(demo, folder, options) for demo in demos])
        with progress.task("collect the runtime"):
            shared = _shared_assets(prepared, full_python=full_python)
        rows = _write_site(folder, prepared, shared, options)
        for path in _too_large(folder):
            progress.say(f"warning: {path} is larger than 25 MiB, which Cloudflare Pages does not take")
    return Site(out, rows)


def checked_base_path(text: str) -> str:
    """`/x/` from what was typed. Raises UsageError."""
    if not re.fullmatch(r"/?([A-Za-z0-9._~-]+/)*([A-Za-z0-9._~-]+)?/?", text) or ".." in text:
        what = f"{text!r} is not the path of a site"
        raise UsageError(what, "--base-path", "give the path below which it is served, as /x/")
    return f"/{text.strip('/')}/" if text.strip("/") else "/"


def is_site(folder: Path) -> bool:
    """Whether a build made this folder."""
    return (folder / MARKER).is_file()


def base_path_of(folder: Path) -> str:
    """What the build of a site was given. Raises BundleError."""
    try:
        return checked_base_path(json.loads((folder / MARKER).read_text(encoding="utf-8"))["base_path"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{MARKER} cannot be read ({error})", str(folder), "build it again") from error


def read_bundles(folder: Path) -> dict[str, dict[str, Any]]:
    """The bundles of a built site by the demos' names. Raises BundleError."""
    if not is_site(folder):
        what = "is not a built site" if folder.exists() else "there is no such folder"
        raise BundleError(what, str(folder), "run `pageside build -o DIR` first")
    try:
        cards = json.loads((folder / "gallery.json").read_text(encoding="utf-8"))["demos"]
        return {card["name"]: json.loads((folder / card["name"] / "bundle.json").read_bytes()) for card in cards}
    except (OSError, ValueError, KeyError) as error:
        raise BundleError(f"cannot be read ({error})", str(folder), "build it again") from error


# ----------------------------------------------------------------------------------------------------- the demos


def _prepare(given: str | Path | loader.Demo, folder: Path, options: BuildOptions) -> _Prepared:
    demo = None if not isinstance(given, loader.Demo) else given
    try:
        demo = demo or loader.load(str(given))
        if demo.name.lower() in RESERVED:
            raise LoadError(f"a demo cannot be named {demo.name}", str(given), "rename its folder")
        need = needs.of_demo(demo)
        progress.say(f"{demo.name}:")
        written = bundles.write_bundle(demo, folder / demo.name, options.export)
    except UserError as error:
        name = demo.name if demo else str(given)
        if name in str(error):
            raise
        raise BuildError(f"{name}: {error.what}", error.where, error.todo) from error
    return _Prepared(demo.name, written, need)


def _unique(prepared: list[_Prepared]) -> list[_Prepared]:
    names = [one.name.lower() for one in prepared]
    for name in names:
        if names.count(name) > 1:
            raise LoadError(f"two demos are named {name}", "build", "rename one of their folders")
    return prepared


def _shared_assets(prepared: Sequence[_Prepared], *, full_python: bool) -> assets_.Assets:
    packages = {name for one in prepared for name in one.needs.packages}
    modules = {name for one in prepared for name in one.needs.modules}
    return assets_.collect(packages, modules, full_python=full_python)


# ---------------------------------------------------------------------------------------------------- the folder


def _write_site(
    folder: Path, prepared: Sequence[_Prepared], shared: assets_.Assets, options: BuildOptions
) -> list[Row]:
    root = f"assets/{shared.name}/"
    for path, content in shared.files.items():
        write_whole(folder / root / path, content)
    finished = []
    for one in prepared:
        runtime = shared.runtime(f"../{root}", one.needs.packages)
        bundles.finish_bundle(one.bundle, runtime, folder / one.name)
        finished.append({**one.bundle, "runtime": runtime})
        place = pages.Place(f"../{root}", "./", _canonical(options.base_path, f"{one.name}/"))
        _text(folder / one.name / "index.html", pages.demo_page(finished[-1], shared, place))
    _write_top(folder, finished, shared, options)
    return [_row(bundle, shared) for bundle in finished]


def _write_top(folder: Path, finished: list[dict[str, Any]], shared: assets_.Assets, options: BuildOptions) -> None:
    root, only = f"assets/{shared.name}/", finished[0] if len(finished) == 1 else None
    if only is not None:
        place = pages.Place(root, f"{only['name']}/", _canonical(options.base_path, f"{only['name']}/"))
        index = pages.demo_page(only, shared, place)
    else:
        index = pages.gallery_page(shared, pages.Place(root, "", _canonical(options.base_path, "")))
    _text(folder / "index.html", index)
    device = pages.Place(f"../{root}", "./", "")
    _text(folder / "device" / "index.html", pages.device_page(shared, device))
    reports = {one["name"]: json.loads((folder / one["name"] / "report.json").read_bytes()) for one in finished}
    speeds = {name: pages.speed(report) for name, report in reports.items()}
    _text(folder / "gallery.json", pages.gallery_json(finished, shared, speeds))
    _text(folder / "sw.js", offline.service_worker(folder, [bundle["name"] for bundle in finished], shared))
    _text(folder / "404.html", pages.not_found_page(options.base_path))
    _text(folder / "client.js", f'export * from "./{root}src/client.js";\n')
    # Whole, because it is a plain script: a page of another origin may run it without any header of this host.
    _text(folder / "embed.js", shared.files["src/embed.js"].decode())
    title = only["interface"]["title"] or only["name"] if only else pages.GALLERY_TITLE
    described = pages.summary(only["interface"]["description_html"]) if only else pages.GALLERY_DESCRIPTION
    info = hosts.SiteInfo(title, described, options.base_path, version("pageside"))
    for path, content in hosts.files(info).items():
        _text(folder / path, content)
    _text(folder / MARKER, json.dumps({"pageside": version("pageside"), "base_path": options.base_path}) + "\n")


def _canonical(base_path: str, path: str) -> str:
    """Only a site whose base path is known has one; a guess would send search engines to a wrong page."""
    return f"{base_path}{path}" if base_path != "/" else ""


def _row(bundle: dict[str, Any], shared: assets_.Assets) -> Row:
    chosen = []
    for model in bundle["models"]:
        best = model["backends"]["wasm"][0]
        chosen.append(next(variant for variant in model["variants"] if variant["id"] == best))
    cosine = min((variant["measured"]["cosine"] for variant in chosen), default=None)
    names = ", ".join(dict.fromkeys(variant["id"] for variant in chosen))
    return Row(bundle["name"], names or "python", pages.wire_bytes(bundle, shared), cosine)


def _text(path: Path, content: str) -> None:
    write_whole(path, content.encode())


def _too_large(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and path.stat().st_size > LARGEST_FILE)
    return sorted(path.relative_to(folder).as_posix() for path in found)


# ------------------------------------------------------------------------------------------------------ the swap


def _check_out(out: Path) -> None:
    check_output(out, "-o")
    if out.is_dir() and any(out.iterdir()) and not is_site(out):
        raise UsageError(
            f"{out} holds files that no build made, and a build would delete them", "-o", "give a new or empty folder"
        )


@contextmanager
def _swapped(out: Path) -> Iterator[Path]:
    """A new folder beside `out` that takes its place at the end, and is deleted when the body fails."""
    target = out.absolute()
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        fresh, old = scratch / "new", scratch / "old"
        fresh.mkdir()
        # It stands in the maker's repository for as long as the build takes.
        (scratch / ".gitignore").write_text("*\n", encoding="utf-8")
        yield fresh
        if target.exists():
            target.rename(old)
        try:
            fresh.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
