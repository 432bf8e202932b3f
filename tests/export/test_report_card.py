"""The report card: plots, Markdown, the model card's facts, and what an export writes."""

import itertools
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from demos import GREET, TINY_DEMO, TINY_MODEL, tiny, write
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pageside_export import card, loader, report
from pageside_export.card import axes, labels, markdown, pictures, plots, sources
from pageside_export.card.labels import Box
from pageside_export.choose import Prefer
from pageside_export.exporting import export_demo
from pageside_export.inbrowser import Seen
from pageside_export.options import ExportOptions
from pageside_export.wishes import Wishes
from report_samples import sample

SCHEMA = json.loads(Path(report.__file__).with_name("report.schema.json").read_text(encoding="utf-8"))
QUICK = ExportOptions(timed_calls=2, recipes=("int8_weights",), browser=False)
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return [element.text for element in ET.fromstring(svg).iter(f"{SVG}text")]


# ---------------------------------------------------------------------------------------------------------- axes


def test_a_linear_axis_begins_at_zero_and_ends_above_the_largest_value():
    axis = axes.linear("ms", [31.4, 16.2])
    assert [text for _, text in axis.ticks] == ["0", "10", "20", "30", "40"]
    assert axis.place(20) == pytest.approx(0.5)


def test_a_linear_axis_of_nothing():
    assert axes.linear("ms", []).ticks[0] == (0.0, "0")
    assert axes.linear("ms", [0.0]).place(0) == 0


def test_powers_of_ten_and_a_place_for_zero():
    assert [text for _, text in axes.logarithmic("e", [2e-6, 0.22]).ticks] == [
        *("10⁻⁶", "10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1", "1"),
    ]
    axis = axes.logarithmic("e", [0.0, 0.02, 0.3])
    assert [text for _, text in axis.ticks] == ["0", "0.01", "0.1", "1"]
    assert axis.place(0.0) == 0
    assert axis.place(0.1) == pytest.approx(2 / 3)


def test_an_axis_of_sizes_has_round_ticks():
    assert [text for _, text in axes.spread("MB", [3.9, 17.2]).ticks] == ["4", "6", "10", "15", "20"]
    assert 2 <= len(axes.spread("MB", [4.1]).ticks) <= axes.MOST_TICKS
    assert len(axes.spread("kB", [1, 1e9]).ticks) <= axes.MOST_TICKS


def test_layers_are_numbered_from_one():
    assert [text for _, text in axes.ordinals("layer", 46).ticks] == ["1", "10", "20", "30", "40"]
    assert [text for _, text in axes.ordinals("layer", 3).ticks] == ["1", "2", "3"]
    assert axes.ordinals("layer", 1).place(1) == 0


# -------------------------------------------------------------------------------------------------------- labels

FRAME = plots.FRAME
PLACES = st.tuples(st.floats(FRAME.left, FRAME.right), st.floats(FRAME.top, FRAME.bottom))


def overlaps(boxes):
    return [(a, b) for number, a in enumerate(boxes) for b in boxes[:number] if a.shared(b) > 0]


def test_a_name_alone_stands_right_of_its_point():
    (box,) = labels.placed([(100.0, 100.0)], ["fp32"], FRAME)
    assert box == Box(109.0, 92.0, 109.0 + 4 * labels.LETTER, 108.0)
    assert labels.is_beside(box, (100.0, 100.0))


def test_at_the_right_edge_it_stands_left():
    (box,) = labels.placed([(FRAME.right, 100.0)], ["int8_weights"], FRAME)
    assert box.right == FRAME.right - labels.GAP


def test_nine_names_of_one_place_do_not_overlap():
    boxes = labels.placed([(120.0, 90.0)] * 9, ["mixed_static"] * 9, FRAME)
    assert overlaps(boxes) == []


@settings(max_examples=15, deadline=None)
@example([(287.0, 34.0), (292.0, 34.0), (293.75, 83.0), (294.0, 34.0), (309.875, 34.0)])
@given(st.lists(PLACES, min_size=2, max_size=8))
def test_names_never_overlap_and_stay_in_the_frame(points):
    boxes = labels.placed(points, ["int8_weights"] * len(points), FRAME)
    assert overlaps(boxes) == []
    assert all(box.inside(FRAME) for box in boxes)


@given(st.lists(st.floats(0, 300), min_size=1, max_size=9))
def test_names_of_lines_are_a_line_apart(wanted):
    heights = sorted(labels.spread(wanted, 0, 300))
    assert all(b - a >= labels.LINE - 1e-6 for a, b in itertools.pairwise(heights))
    assert heights[0] >= -1e-6
    assert heights[-1] <= 300 + 1e-6


# --------------------------------------------------------------------------------------------------------- plots


def test_a_report_has_three_plots_with_labels_units_and_names():
    content = sample()
    files = pictures.draw(content)
    assert list(files) == [f"report/net.{kind}.svg" for kind in ("error-bytes", "time-bytes", "error-layers")]
    assert [one["file"] for one in content["models"][0]["plots"]] == list(files)
    error, time, layers = (texts(svg) for svg in files.values())
    names = ["fp32", "int8_weights", "int8_static", "mixed_int8"]
    assert [text for text in error if text in names] == names
    assert {"error, as a share of the output's norm", "download in MB"} <= set(error)
    assert {"native time of one call in ms", "download in MB"} <= set(time)
    assert {"layer, in order of calculation", "int8_static", "int8_weights"} <= set(layers)
    assert content["models"][0]["plots"][2]["notes"] == [
        "int8_weights: 0.006 at most, after narrow",
        "int8_static: 0.1 at most, after wide",
    ]
    assert error[-3:] == ["published", "correct, not needed", "rejected"]


def test_each_plot_says_to_a_screen_reader_what_it_is():
    svg = pictures.draw(sample())["report/net.error-bytes.svg"]
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    title = root.find(f"{SVG}title")
    assert title.text == "Plot of error against download for the variants of net; the numbers are in the table."
    assert root.get("aria-labelledby") == title.get("id")


def luminance(color):
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_text_and_lines_can_be_read_in_light_and_dark(side):
    svg = plots.scatter("t", [], axes.linear("x", [1]), axes.linear("y", [1]))
    assert "@media(prefers-color-scheme:dark)" in svg
    schemes = re.findall(r":root\{([^}]*)\}", svg)
    colors = dict(re.findall(r"--(\w+):(#\w{6})", schemes[side]))
    back = luminance(colors["surface"])
    for name in {*colors} - {"surface", "line"}:
        low, high = sorted([luminance(colors[name]), back])
        assert (high + 0.05) / (low + 0.05) >= 4.5, name


def test_a_variant_without_a_number_is_left_out_of_the_plot_and_named():
    content = sample()
    content["models"][0]["variants"][2]["relative_error"] = None
    svg = pictures.draw(content)["report/net.error-bytes.svg"]
    assert "int8_static" not in texts(svg)
    caption = "Error against download. Lower and further left is better. Without a number, so not shown: int8_static."
    assert content["models"][0]["plots"][0]["caption"] == caption


def test_lines_on_each_other_take_turns():
    a, b, c = (
        plots.Series(name, [(1, 0.1), (2, 0.2), (3, last)]) for name, last in zip("abc", (0.3, 0.9, 0.3), strict=True)
    )
    apart = plots.Series("d", [(1, 0.5), (2, 0.6), (3, 0.3)])
    svg = plots.lines("t", [a, b, apart, c], axes.ordinals("x", 3), axes.logarithmic("y", [0.1, 0.9]))
    paths = [element for element in ET.fromstring(svg).iter(f"{SVG}path") if "series" in element.get("class")]
    dashes = [(path.get("stroke-dasharray"), path.get("stroke-dashoffset")) for path in paths]
    assert dashes == [("7 14", "0"), ("7 14", "-7"), (None, None), ("7 14", "-14")]


def test_what_a_maker_wrote_is_escaped():
    point = plots.Point("<b>&", 1, 1, "spare")
    svg = plots.scatter('"<script>', [point], axes.linear("x", [1]), axes.linear("y", [1]))
    assert "<b>&" in texts(svg)
    assert "<script>" not in svg


NOT_RUN = {"adapter": "google swiftshader", "software": True, "ms": None, "cosine": None, "failed": "not offered"}


def seen(milliseconds):
    times = {"wasm_1_ms": milliseconds, "wasm_n_ms": 20.0, "threads": 2, "failed": ""}
    return {**times, "fallback": None, "fallback_reason": "not offered", "webgpu": NOT_RUN}


def test_times_in_a_browser_take_the_place_of_native_ones():
    content = sample()
    (model,) = content["models"]
    for one in model["variants"]:
        one["browser"] = None if one["rejected"] else seen(61.25)
    svg = pictures.draw(content)["report/net.time-bytes.svg"]
    assert "time of one call in WASM on 1 thread, in ms" in texts(svg)
    assert "int8_static" not in texts(svg)
    assert model["plots"][1]["caption"] == (
        "Time against download, in Chromium on the machine that made this page. Lower and further left is better. "
        "Without a number, so not shown: int8_static."
    )
    page = markdown.page(content)
    assert " | native ms | WASM ms, 1 thread | WASM ms, all threads |\n" in page
    assert " | 16.2 | 61.2 | 20.0 |\n" in page
    assert " | 16.1 | none | none |\n" in page
    jsonschema.validate(content, SCHEMA, jsonschema.Draft202012Validator)


def test_a_single_variant_has_no_plot():
    content = sample()
    del content["models"][0]["variants"][1:]
    content["models"][0]["layers"] |= {"errors": {}}
    assert pictures.draw(content) == {}
    assert content["models"][0]["plots"] == []
    assert "![" not in markdown.page(content)


def test_without_layers_there_is_no_third_plot():
    content = sample()
    content["models"][0]["layers"] |= {"errors": {}, "names": [], "reason": "no layer has weights of its own"}
    assert len(pictures.draw(content)) == 2


# ------------------------------------------------------------------------------------------------------ markdown


def test_the_page_in_full():
    content = sample()
    pictures.draw(content)
    page = markdown.page(content)
    assert page.startswith(
        "# shapes: report card\n\n|  |  |\n| --- | --- |\n| source of the weights | a package |\n"
        "| licence | Apache-2.0 |\n| made with | pageside 0.1.0, torch 2.13.0 |\n| on | Linux x86_64, Python 3.11.7 |\n"
        "\n## net\n\nint8_weights is chosen: 4.4 MB and 16.1 ms a call.\n\n"
    )
    assert (
        "| fp32 | published | 18.5 MB | 17.2 MB | 1.8e-06 | 1.000000 | 8e-06 | 1e-06 | 100% | 16.2 |\n"
        "| int8_weights | published | 4.8 MB | 4.4 MB | 0.065 | 0.998000 | 0.446 | 0.05 | 83% | 16.1 |\n"
        "| int8_static | rejected | 4.8 MB | 4.4 MB | 0.22 | 0.998000 | 0.446 | 0.05 | 83% | 16.1 |\n"
        "| mixed_int8 | correct, not needed | 4.8 MB | 4.5 MB | 0.065 | 0.998000 | 0.446 | 0.05 | 83% | 16.1 |\n"
        "\n- int8_static is not published: y of call 2: cosine 0.976, below 0.99.\n- The axis n became 1.\n"
    ) in page
    assert "](report/net.error-layers.svg)" in page
    assert f"| fp32 | `{'ab' * 32}` |" in page
    assert page.endswith(f"Exported by dynamo-fixed; `{'0' * 32}` names this export in the cache.\n")


def test_scores_and_webgpu_have_columns_where_a_variant_has_them():
    content = sample()
    fp32, int8, *_ = content["models"][0]["variants"]
    fp32 |= {"score": 0.75, "measured": {**fp32["measured"], "top1": None}}
    int8["browser"] = {**seen(61.25), "webgpu": {**NOT_RUN, "ms": 3214.51, "cosine": 0.997993, "failed": ""}}
    pictures.draw(content)
    page = markdown.page(content)
    assert "| mean absolute error | top-1 | score | native ms |" in page
    assert "| WASM ms, all threads | WebGPU ms | WebGPU cosine |\n" in page
    assert "| 8e-06 | 1e-06 | - | 0.75 | 16.2 | none | none | none | none |\n" in page
    assert "| 0.446 | 0.05 | 83% | none | 16.1 | 61.2 | 20.0 | 3214.5 | 0.997993 |\n" in page


def test_what_the_model_card_leaves_out_is_said():
    content = sample()
    content["weights"] = {"source": None, "licence": None}
    pictures.draw(content)
    assert "| licence | not stated in the model card |" in markdown.page(content)


# ------------------------------------------------------------------------------------------------------- sources


@pytest.mark.parametrize(
    ("text", "source", "licence"),
    [
        ("---\nlicense: mit\nbase_model: 'someone/net'\n---\n# Net\n", "someone/net", "mit"),
        ("| | |\n|---|---|\n| weights | `a.pth` of *a* file |\n| licence | MIT |\n", "a.pth of a file", "MIT"),
        ("# Net\n\nThe licence is long.\n", None, None),
        ("---\nlicense: mit\n---\n| a | b |\n|---|---|\n| Licence | other |\n| Source | here |\n", "here", "mit"),
        ("", None, None),
    ],
)
def test_facts_of_a_model_card(text, source, licence):
    assert sources.read(text) == {"source": source, "licence": licence}


def test_a_single_file_has_no_model_card(tmp_path):
    folder = write(tmp_path / "files", greet_py=GREET, README_md="---\nlicense: mit\n---\n")
    assert sources.stated(loader.load(folder / "greet.py")) == {"source": None, "licence": None}


def test_our_own_demo_states_both(root):
    found = sources.stated(loader.load(root / "models" / "classify-photo"))
    assert found["licence"] == "Apache-2.0"
    assert found["source"].startswith("efficientnet-lite0-57934424.pth of the PyPI package")


# --------------------------------------------------------------------------------------------------- the whole card


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("demos") / "tiny")


def test_an_export_writes_a_card_that_is_what_the_schema_says(folder, tmp_path):
    content = card.write(export_demo(loader.load(folder), QUICK), tmp_path)
    stored = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert stored == content
    jsonschema.validate(stored, SCHEMA, jsonschema.Draft202012Validator)
    (model,) = stored["models"]
    for plot in model["plots"]:
        assert (tmp_path / plot["file"]).is_file()
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith("# tiny: report card\n")
    (output,) = model["variants"][1]["outputs"]
    assert output["name"] == "scores"
    assert model["variants"][1]["relative_error"] == output["norm"] > 0


def test_the_sample_of_these_tests_is_a_report():
    content = sample()
    pictures.draw(content)
    jsonschema.validate(content, SCHEMA, jsonschema.Draft202012Validator)


def test_a_demo_without_a_model_has_a_card_too(tmp_path):
    demo = loader.load(write(tmp_path / "g", demo_py=GREET))
    assert card.write(export_demo(demo, QUICK), tmp_path / "out")["models"] == []
    text = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    assert text.endswith("\n\nThis demo has no model: nothing was converted.\n")
    assert not (tmp_path / "out" / "report").exists()


def test_what_the_maker_asked_for_is_in_the_report(folder):
    (model,) = export_demo(loader.load(folder), QUICK).models
    assert report._remarks(model) == []
    asked = Wishes(tolerance={"cosine": 0.995, "top1": False}, prefer=Prefer(bytes=3), variant="int8_weights")
    conversion = {
        "attempts": [{"exporter": "dynamo-dynamic", "error": "a guard; do x"}],
        "notes": ["The axis n became 1."],
    }
    model = replace(model, wishes=asked, failed={"fp16": "no kernel"}, conversion=conversion)
    assert report._remarks(model) == [
        "fp16 was not made: no kernel.",
        "The exporter dynamo-dynamic failed: a guard; do x.",
        "The axis n became 1.",
        "The tolerance of quantized variants is the maker's own: cosine 0.995, top1 False.",
        "The choice has the maker's own weights: bytes 3, time 1, error 1.",
        "int8_weights comes first because the maker asked for it.",
    ]


def test_what_webgpu_showed_is_told_and_a_miss_there_by_its_number(folder):
    (model,) = export_demo(loader.load(folder), QUICK).models
    right = {**NOT_RUN, "ms": 3.0, "cosine": 0.9999, "failed": ""}
    browser = {
        "fp32": Seen(**{**seen(5.0), "webgpu": right}),
        "int8_weights": Seen(**{**seen(5.0), "webgpu": {**right, "cosine": 0.5}}),
        "int8_static": Seen(**seen(5.0)),
    }
    assert report._remarks(replace(model, browser=browser)) == [
        "WebGPU was called once for each variant that it takes, on google swiftshader, a software adapter; "
        "its times chose nothing.",
        "int8_weights on WebGPU has cosine 0.5000 there, below 0.99; every visitor's device is checked first.",
    ]
    assert report._remarks(replace(model, browser={"fp32": Seen(**seen(5.0))})) == []


def test_the_commands_table_has_a_score_where_there_is_one(folder):
    done = export_demo(loader.load(folder), QUICK)
    (model,) = done.models
    head = " ".join(report.table(done).splitlines()[1].split())
    assert head == "variant bytes on the wire cosine max error mean error top-1 native ms WASM ms published"
    scored = [replace(one, score=0.875) for one in model.variants]
    lines = report.table(replace(done, models=[replace(model, variants=scored)])).splitlines()
    assert "  top-1  score  native ms  " in lines[1]
    assert "   100%  0.875  " in lines[2]


def test_a_largest_element_that_decides_nothing_is_not_counted(tmp_path):
    text = TINY_DEMO.replace('build="model:build"', 'build="model:build", kind="embedding"')
    demo = write(tmp_path / "tiny", demo_py=text, model_py=TINY_MODEL)
    content = report.report(export_demo(loader.load(demo), QUICK))
    (model,) = content["models"]
    assert [one["measured"]["top1"] for one in model["variants"]] == [None, None]
    assert [output["top1"] for one in model["variants"] for output in one["outputs"]] == [None, None]


def test_many_reasons_are_cut_and_counted():
    clauses = [f"y of call {number}: cosine" for number in range(1, 13)]
    assert report._first(clauses) == [*clauses[:5], "and 7 more"]
    assert report._first(clauses[:5]) == clauses[:5]


def test_an_output_is_told_at_its_worst():
    keys = {"cosine": 0.9, "max_abs_error": 1.0, "mean_abs_error": 0.1, "largest": 0.2, "norm": 0.3, "gap": 0.0}
    good = {"name": "y", **keys, "top1": True, "equal": None, "finite": True}
    bad = {**good, "cosine": -1.0, "norm": None, "top1": None, "finite": False}
    (told,) = report._outputs([[good], [bad]])
    assert told["cosine"] == -1.0
    assert told["norm"] is None
    assert told["top1"] == 1.0
    assert told["finite"] is False
