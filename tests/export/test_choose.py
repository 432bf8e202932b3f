import pytest
from pageside_export import options, progress
from pageside_export.choose import Candidate, Prefer, choose, sentence
from pageside_export.errors import UserError
from pageside_export.progress import Task, format_bytes

LARGE = Candidate("fp32", 18_000_000, 8.7)
SMALL = Candidate("int8_weights", 4_800_000, 5.1, error=0.2)
SLOW = Candidate("int8", 4_700_000, 40.0, error=0.9)


def test_small_and_fast_comes_first_and_the_most_exact_one_is_kept_to_fall_back_to():
    assert choose([LARGE, SLOW, SMALL]) == {"wasm": ["int8_weights", "fp32"], "webgpu": ["int8_weights", "fp32"]}


def test_bytes_do_not_excuse_a_slow_call():
    assert choose([Candidate("slow", 4_000_000, 300, error=0.1), LARGE])["wasm"] == ["fp32", "slow"]


def test_a_variant_that_another_beats_in_all_three_is_not_published():
    worse = Candidate("worse", 5_000_000, 9.0, error=0.5)
    assert choose([LARGE, SMALL, worse])["wasm"] == ["int8_weights", "fp32"]
    assert SMALL.beats(worse)
    assert not worse.beats(SMALL)
    assert not LARGE.beats(SMALL)


def test_a_few_bytes_do_not_excuse_a_larger_error():
    smaller = Candidate("int4_blocks", 4_600_000, 5.0, error=0.6)
    assert choose([LARGE, SMALL, smaller])["wasm"][0] == "int8_weights"
    assert sentence([LARGE, SMALL, smaller], 0).endswith("4.6 MB and 5.0 ms for int4_blocks, which is less exact.")


def test_times_that_differ_by_noise_are_one_time():
    noisy = Candidate("int8_weights", 4_800_000, 9.2, error=0.2)
    assert noisy.beats(Candidate("other", 4_900_000, 8.7, error=0.2))


def test_a_backend_gets_only_what_it_can_run():
    only_wasm = Candidate("int8_static", 4_000_000, 3.0, backends=("wasm",))
    assert choose([LARGE, only_wasm]) == {"wasm": ["int8_static"], "webgpu": ["fp32"]}


def test_a_card_without_a_feature_gets_a_variant_that_it_can_run():
    half = Candidate("fp16", 9_000_000, 8.7, needs=("shader-f16",))
    assert half.beats(LARGE)
    assert choose([LARGE, half])["webgpu"] == ["fp16", "fp32"]
    assert choose([half])["webgpu"] == ["fp16"]


def test_of_near_ties_the_one_that_all_backends_run_comes_first():
    near = Candidate("int8_dynamic", 4_600_000, 5.1, error=0.2, backends=("wasm",))
    assert choose([LARGE, SMALL, near])["wasm"] == ["int8_weights", "fp32"]


def test_the_order_does_not_depend_on_the_order_given():
    same = [Candidate("b", 100, 1), Candidate("a", 100, 1)]
    assert choose(same) == choose(same[::-1])


def test_one_sentence():
    assert sentence([LARGE, SMALL], 0) == (
        "int8_weights is chosen: 4.8 MB and 5.1 ms a call, against 18.0 MB and 8.7 ms for fp32."
    )
    assert sentence([LARGE], 2).endswith("; 2 missed their tolerance and are not published.")
    assert sentence([LARGE], 0).endswith("no other variant changes this model.")


def test_a_maker_s_weights_move_the_choice_and_the_sentence_says_so():
    near = Candidate("int4_blocks", 3_000_000, 9.0, error=0.9)
    assert choose([SMALL, near])["wasm"][0] == "int8_weights"
    small = Prefer(bytes=5, error=0)
    assert choose([SMALL, near], small)["wasm"] == ["int4_blocks", "int8_weights"]
    assert sentence([SMALL, near], 0, small) == (
        "int4_blocks is chosen: 3.0 MB and 9.0 ms a call, against 4.8 MB and 5.1 ms for int8_weights, "
        "with the demo's own weights (bytes 5, time 1, error 0)."
    )


def test_a_maker_s_variant_comes_first_where_it_runs():
    only_wasm = Candidate("int8_static", 9_000_000, 30.0, error=0.9, backends=("wasm",))
    seen = choose([LARGE, SMALL, only_wasm], variant="int8_static")
    assert seen == {"wasm": ["int8_static", "fp32"], "webgpu": ["int8_weights", "fp32"]}
    assert sentence([LARGE, SMALL, only_wasm], 0, variant="int8_static") == (
        "int8_static is what the demo asks for: 9.0 MB and 30.0 ms a call, against 4.8 MB and 5.1 ms for int8_weights."
    )


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (18_700_000, "18.7 MB"), (2e9, "2.0 GB")]
)
def test_bytes_in_words(count, text):
    assert format_bytes(count) == text


def test_progress_in_bytes_and_counts():
    assert Task("download", 18_700_000, "bytes", 3_100_000).text() == "download: 3.1 MB of 18.7 MB (17 %)"
    assert Task("examples", 6, "", 2).text() == "examples: 2 of 6 (33 %)"
    assert Task("export").text() == "export ..."


def test_progress_is_quiet_where_nobody_watches(capsys):
    with progress.task("work", 3) as task:
        task.advance()
    assert capsys.readouterr() == ("", "")


def test_progress_rewrites_one_line_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    progress.configure(quiet=False)
    with progress.task("work", 2) as task:
        task.advance(2)
        task.draw(force=True)
    text = capsys.readouterr().err
    assert "\r\x1b[Kwork: 2 of 2 (100 %)" in text
    assert text.endswith("\r\x1b[K")
    progress.configure(quiet=True)
    with progress.task("work", 2):
        pass
    progress.say("a line")
    progress.configure(quiet=False)
    assert capsys.readouterr().err == ""


def test_the_cache_is_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("PAGESIDE_CACHE", str(tmp_path))
    assert options.cache_dir() == tmp_path
    monkeypatch.delenv("PAGESIDE_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert options.cache_dir() == tmp_path / "x" / "pageside"


def test_an_error_says_where_what_and_what_to_do():
    assert str(UserError("it broke", "a.py:3", "mend it")) == "a.py:3: it broke; mend it"
    assert str(UserError("it broke")) == "it broke"
