"""The built folder: what is in it, that it is the same bytes each time, and that a failed build does no harm."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest
from demos import GREET, tiny, write
from pageside_export import cli, loader, pages, site
from pageside_export.errors import BuildError, BundleError, LoadError, UsageError
from pageside_export.options import BuildOptions, ExportOptions
from pageside_export.pack import unpacked

OPTIONS = BuildOptions(export=ExportOptions(timed_calls=1))


THUMBNAIL = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"/>\n'


def contents(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def demos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demos")
    write(folder / "greet", demo_py=GREET)
    tiny(folder / "tiny")
    (folder / "tiny" / "thumbnail.svg").write_text(THUMBNAIL, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def module_cache(cache):
    """The cache of this folder's tests, for fixtures that live longer than one test."""
    with pytest.MonkeyPatch.context() as context:
        context.setenv("PAGESIDE_CACHE", str(cache))
        yield


@pytest.fixture(scope="module")
def dist(demos, module_cache, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "dist"
    site.build([demos / "greet", demos / "tiny"], out, OPTIONS)
    return out


def file_refs(value):
    if isinstance(value, dict):
        if {"url", "bytes", "size", "sha256"} <= value.keys():
            yield value
        for item in value.values():
            yield from file_refs(item)
    elif isinstance(value, list):
        for item in value:
            yield from file_refs(item)


TOP = (
    ".github .nojekyll .pageside 404.html README.md _headers assets client.js device embed.js "
    "gallery.json greet index.html sw.js tiny"
)


def test_what_is_at_the_top(dist):
    assert " ".join(sorted(path.name for path in dist.iterdir())) == TOP
    assert len(list((dist / "assets").iterdir())) == 1


def test_every_file_of_every_bundle_is_there_and_has_its_hash(dist):
    for name in ("greet", "tiny"):
        bundle = json.loads((dist / name / "bundle.json").read_bytes())
        refs = list(file_refs(bundle))
        assert len(refs) > 5
        for ref in refs:
            stored = (dist / name / unquote(ref["url"])).read_bytes()
            content = unpacked(stored) if "encoding" in ref else stored
            assert (len(stored), len(content)) == (ref["bytes"], ref["size"]), ref["url"]
            assert hashlib.sha256(content).hexdigest() == ref["sha256"], ref["url"]


def test_the_scripts_that_a_bundle_names_are_there(dist):
    runtime = json.loads((dist / "tiny" / "bundle.json").read_bytes())["runtime"]
    scripts = [
        runtime["pyodide"]["module"],
        *(build[key] for build in runtime["ort"].values() for key in ("module", "glue")),
    ]
    for script in scripts:
        assert (dist / "tiny" / script).is_file()
    assert (dist / "tiny" / runtime["pyodide"]["module"]).with_name("pyodide.asm.js").is_file()
    assert runtime["assets"] == f"../assets/{runtime['version']}/"


def test_the_wheels_come_in_order_with_pageside_last(dist):
    wheels = json.loads((dist / "greet" / "bundle.json").read_bytes())["runtime"]["pyodide"]["wheels"]
    assert [wheel["name"] for wheel in wheels] == ["numpy", "pageside"]


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []
        self.inline = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if given.get("type") == "speculationrules":
            return  # data, which the policy names by its hash
        if tag in ("script", "link", "img") and given.get("rel") != "canonical":
            self.found.append(given.get("src") or given.get("href"))
        if (tag == "script" and "src" not in given) or tag == "style" or "style" in given:
            self.inline.append(tag)


@pytest.mark.parametrize("page", ["index.html", "greet/index.html", "tiny/index.html"])
def test_all_that_a_page_links_to_is_there_and_relative(dist, page):
    links = Links()
    links.feed((dist / page).read_text())
    assert len(links.found) > 5
    assert links.inline == []
    for url in links.found:
        assert not re.match(r"/|[a-z]+:", url), url
        assert (dist / Path(page).parent / url).is_file(), url


def test_the_policy_of_the_gallery_allows_its_speculation_rules_and_no_other_inline_script(dist):
    text = (dist / "index.html").read_text()
    rules = re.search(r'<script type="speculationrules">(.+?)</script>', text)[1]
    digest = base64.b64encode(hashlib.sha256(rules.encode()).digest()).decode()
    assert f"script-src 'self' 'sha256-{digest}';" in text
    assert json.loads(rules)["prerender"][0]["where"] == {"selector_matches": ".card-link"}


def test_every_module_that_a_page_imports_at_once_is_preloaded(dist):
    text = (dist / "greet" / "index.html").read_text()
    root = json.loads((dist / "greet" / "bundle.json").read_bytes())["runtime"]["assets"]
    preloaded = re.findall(r'rel="modulepreload" href="([^"]+)"', text)
    assert f"{root}src/page/main.js" in preloaded
    assert f"{root}src/page/components/textbox.js" in preloaded
    for url in preloaded:
        source = (dist / "greet" / url).read_text()
        for relative in re.findall(r'^import [^;]*?from "(\.[^"]+)"', source, re.M):
            absolute = urljoin(f"http://x/greet/{url}", relative).removeprefix("http://x/")
            assert f"../{absolute}" in preloaded


def test_the_gallery_lists_every_demo(dist):
    cards = json.loads((dist / "gallery.json").read_text())["demos"]
    assert [card["name"] for card in cards] == ["greet", "tiny"]
    assert cards[0]["inputs"] == ["textbox"]
    assert cards[0]["url"] == "greet/"
    assert cards[0]["thumbnail"] is None
    assert [card["milliseconds"] for card in cards] == [None, None]
    assert [card["words"] for card in cards] == [[], ["tiny"]]
    # Less than the whole of Pyodide, more than its core; the second has onnxruntime too.
    assert 4_000_000 < cards[0]["bytes"] < 7_000_000 < cards[1]["bytes"] < 12_000_000
    assert 'src="assets/' in (dist / "index.html").read_text()


def test_the_maker_s_own_thumbnail_is_the_gallery_s_and_not_a_file_of_the_demo(dist):
    card = json.loads((dist / "gallery.json").read_text())["demos"][1]
    bundle = json.loads((dist / "tiny" / "bundle.json").read_bytes())
    assert card["thumbnail"] == "tiny/thumbnail.svg"
    assert (dist / card["thumbnail"]).read_text() == THUMBNAIL
    assert [file["path"] for file in bundle["files"]] == ["demo.py"]


def test_a_card_s_speed_is_the_browser_s_of_the_only_model():
    def model(*variants, best="int8"):
        entries = [{"id": id_, "browser": seen and {"wasm_1_ms": seen}} for id_, seen in variants]
        return {"variants": entries, "backends": {"wasm": [best, "fp32"]}}

    slow, fast = ("fp32", 9.0), ("int8", 4.5)
    assert pages.speed({"models": [model(slow, fast)]}) == 4.5
    assert pages.speed({"models": [model(slow, ("int8", None))]}) is None
    assert pages.speed({"models": [model(slow, fast), model(slow, fast)]}) is None
    assert pages.speed({"models": []}) is None


def test_stable_names_for_other_pages(dist):
    target = re.fullmatch(r'export \* from "\./(.+)";\n', (dist / "client.js").read_text()).group(1)
    assert (dist / target).is_file()
    # A plain script: one that imports would need a header on a page of another origin.
    assert not re.search(r"^\s*(import|export)\b", (dist / "embed.js").read_text(), re.M)


def test_the_same_inputs_give_the_same_bytes(demos, dist, tmp_path):
    site.build([demos / "greet", demos / "tiny"], tmp_path / "again", OPTIONS)
    first, second = contents(dist), contents(tmp_path / "again")
    assert first == second


def test_one_demo_is_the_first_page(demos, tmp_path):
    site.build([demos / "greet"], tmp_path / "dist", OPTIONS)
    text = (tmp_path / "dist" / "index.html").read_text()
    assert 'data-bundle="greet/"' in text
    assert 'src="assets/' in text
    assert 'data-bundle="./"' in (tmp_path / "dist" / "greet" / "index.html").read_text()


def test_a_single_file_is_a_demo(tmp_path):
    (tmp_path / "hello.py").write_text(GREET)
    done = site.build([tmp_path / "hello.py"], tmp_path / "dist", OPTIONS)
    assert [row.demo for row in done.rows] == ["hello"]
    assert (tmp_path / "dist" / "hello" / "demo.py").read_text() == GREET


def test_a_loaded_demo_is_taken_as_it_is(demos, tmp_path):
    site.build([loader.load(demos / "greet")], tmp_path / "dist", OPTIONS)
    assert (tmp_path / "dist" / "greet" / "bundle.json").is_file()


def test_a_title_cannot_break_the_page(tmp_path):
    source = GREET.replace("examples=", 'title="<b>\\"$x ${y}\\"", description="<script>alert(1)</script>", examples=')
    site.build([write(tmp_path / "evil", demo_py=source)], tmp_path / "dist", OPTIONS)
    text = (tmp_path / "dist" / "evil" / "index.html").read_text()
    assert "<title>&lt;b&gt;&quot;$x ${y}&quot;</title>" in text
    assert "<script>alert" not in text


def test_the_base_path_is_in_what_needs_absolute_addresses(demos, tmp_path):
    site.build([demos / "greet"], tmp_path / "dist", BuildOptions("x/y", OPTIONS.export))
    out = tmp_path / "dist"
    assert 'href="/x/y/"' in (out / "404.html").read_text()
    assert "/x/y/assets/*" in (out / "_headers").read_text()
    assert '<link rel="canonical" href="/x/y/greet/">' in (out / "greet" / "index.html").read_text()
    assert site.base_path_of(out) == "/x/y/"
    links = Links()
    links.feed((out / "greet" / "index.html").read_text())
    assert all(url.startswith(("../assets/", "./")) for url in links.found)


@pytest.mark.parametrize(("typed", "path"), [("/", "/"), ("", "/"), ("x", "/x/"), ("/x/", "/x/"), ("/a/b", "/a/b/")])
def test_base_paths(typed, path):
    assert site.checked_base_path(typed) == path


@pytest.mark.parametrize("typed", ["https://x.org/", "/a b/", "/../", "//x", "/x/?y", '/"x"/'])
def test_what_is_no_base_path(typed):
    with pytest.raises(UsageError, match="is not the path of a site; give the path below which it is served, as /x/"):
        site.checked_base_path(typed)


def test_a_folder_that_no_build_made_is_left_alone(demos, tmp_path):
    out = write(tmp_path / "thesis", chapter_txt="years of work")
    with pytest.raises(UsageError, match="thesis holds files that no build made, and a build would delete them"):
        site.build([demos / "greet"], out, OPTIONS)
    assert contents(out).keys() == {"chapter.txt"}


def test_a_file_in_the_way(demos, tmp_path):
    (tmp_path / "dist").write_text("")
    with pytest.raises(UsageError, match=r"-o: .*dist is a file; give a folder"):
        site.build([demos / "greet"], tmp_path / "dist", OPTIONS)


def test_an_empty_folder_is_filled_and_an_earlier_build_replaced(demos, tmp_path):
    out = tmp_path / "dist"
    out.mkdir()
    site.build([demos / "greet"], out, OPTIONS)
    (out / "left-over.txt").write_text("")
    site.build([demos / "greet"], out, OPTIONS)
    assert not (out / "left-over.txt").exists()


def test_a_failed_build_leaves_the_old_one_and_nothing_beside_it(demos, tmp_path):
    out = tmp_path / "dist"
    site.build([demos / "greet"], out, OPTIONS)
    before = contents(out)
    broken = write(tmp_path / "broken", demo_py="import pageside\n1 / 0\n")
    with pytest.raises(LoadError, match=r"broken/demo.py:2"):
        site.build([demos / "greet", broken], out, OPTIONS)
    assert contents(out) == before
    assert {path.name for path in tmp_path.iterdir()} == {"dist", "broken"}


def test_a_broken_demo_is_named(tmp_path, monkeypatch):
    def fail(demo, folder, options):
        raise BuildError("no luck", "model.py:3", "try again")

    monkeypatch.setattr(site.bundles, "write_bundle", fail)
    with pytest.raises(BuildError, match=r"^model.py:3: unlucky: no luck; try again$"):
        site.build([write(tmp_path / "unlucky", demo_py=GREET)], tmp_path / "dist", OPTIONS)


def test_two_demos_of_one_name(tmp_path):
    folders = [write(tmp_path / side / "greet", demo_py=GREET) for side in ("a", "b")]
    with pytest.raises(LoadError, match="two demos are named greet; rename one of their folders"):
        site.build(folders, tmp_path / "dist", OPTIONS)


def test_a_name_that_is_taken(tmp_path):
    with pytest.raises(LoadError, match="a demo cannot be named assets; rename its folder"):
        site.build([write(tmp_path / "assets", demo_py=GREET)], tmp_path / "dist", OPTIONS)


def test_a_file_that_cloudflare_does_not_take_is_named(demos, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(site, "LARGEST_FILE", 4_000_000)
    site.build([demos / "greet"], tmp_path / "dist", OPTIONS)
    line = next(line for line in capsys.readouterr().err.splitlines() if "25 MiB" in line)
    assert re.fullmatch(
        r"warning: assets/\S+/ort/ort-wasm-simd-threaded.asyncify.wasm.zst is larger than 25 MiB, "
        r"which Cloudflare Pages does not take",
        line,
    )


def test_the_whole_of_python(demos, tmp_path):
    site.build([demos / "greet"], tmp_path / "dist", OPTIONS, full_python=True)
    bundle = site.read_bundles(tmp_path / "dist")["greet"]
    from pageside_export import vendor

    runtime = bundle["runtime"]["pyodide"]
    assert runtime["wheels"][0]["sha256"] == vendor.packages()["numpy"].sha256
    assert runtime["stdlib"]["sha256"] == vendor.lock()["npm"]["pyodide"]["files"]["python_stdlib.zip"]


def test_what_a_build_has_not_finished_is_no_business_of_git(tmp_path):
    with site._swapped(tmp_path / "dist") as folder:
        (folder / "x").write_text("x")
        assert folder.parent.parent == tmp_path
        assert (folder.parent / ".gitignore").read_text() == "*\n"
    assert [path.name for path in tmp_path.rglob("*")] == ["dist", "x"]


def test_reading_what_is_no_site(tmp_path):
    with pytest.raises(BundleError, match="missing: there is no such folder; run `pageside build -o DIR` first"):
        site.read_bundles(tmp_path / "missing")
    with pytest.raises(BundleError, match="is not a built site"):
        site.read_bundles(tmp_path)


def test_the_command(demos, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["build", str(demos / "greet"), "-o", "dist"]) == 0
    out, err = capfd.readouterr()
    assert re.fullmatch(r"demo +variant +bytes +cosine\ngreet +python +\d\.\d MB\n", out)
    assert err.endswith("written to dist; look at it with `pageside serve dist`\n")
    assert cli.main(["build", str(demos / "greet"), "-o", "dist", "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["demos"][0]["demo"] == "greet"
    assert err == ""


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["build"], "pageside build: no demo given, and none in models/; name a folder with demo.py\n"),
        (["build", "nothing"], "nothing: there is no such demo; give a folder with demo.py, or a .py file\n"),
        (
            ["build", "nothing", "--base-path", "a b"],
            "--base-path: 'a b' is not the path of a site; give the path below which it is served, as /x/\n",
        ),
    ],
)
def test_mistakes(tmp_path, monkeypatch, capfd, words, line):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    assert capfd.readouterr() == ("", line)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Says <em>hello</em>, twice.</p>\n<p>More.</p>", "Says hello, twice."),
        ("", ""),
        ("<p>a &lt;b&gt; &amp; c</p>", "a <b> & c"),
        (f"<p>{'word ' * 60}</p>", ("word " * 39).strip() + "…"),
    ],
)
def test_summaries(html, text):
    assert pages.summary(html) == text


def test_the_service_worker_knows_what_belongs_to_this_version(dist):
    text = (dist / "sw.js").read_text(encoding="utf-8")
    listed = json.loads(re.match(r"self\.pagesideSite = (.+);\n", text).group(1))
    assert listed["pages"] == ["", "device/", "greet/", "tiny/"]
    assert listed["demos"] == ["greet/", "tiny/"]
    assert listed["data"] == ["gallery.json", "greet/bundle.json", "tiny/bundle.json"]
    assert (dist / listed["assets"]).is_dir()
    for path in [*(f"{page}index.html" for page in listed["pages"]), *listed["data"]]:
        assert (dist / path).is_file()
    for path in listed["scripts"]:
        assert (dist / listed["assets"] / path).is_file()
        assert not path.endswith((".gz", ".zst"))
    assert "src/page/main.js" in listed["scripts"]
    assert '<meta name="pageside-offline" content="sw.js">' in (dist / "index.html").read_text(encoding="utf-8")
    page = (dist / "greet" / "index.html").read_text(encoding="utf-8")
    assert '<meta name="pageside-offline" content="../sw.js">' in page
    # What sw.js knows a page of ours by.
    ours = re.search(r"OURS = /(.+)/;", text).group(1).replace("\\/", "/")
    assert re.search(ours, page)
    assert re.search(ours, (dist / "index.html").read_text(encoding="utf-8"))
