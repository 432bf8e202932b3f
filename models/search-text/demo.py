"""Ask a text: MiniLM turns a question and each passage into vectors, and the nearest passages are shown."""

from pathlib import Path

import numpy as np
import pageside as ps
from passages import passages
from tokenizer import WordPiece

HERE = Path(__file__).parent
MOST = 256  # word pieces a passage, as the model was trained; what is longer is cut
BATCH = 8  # passages a call
SHOWN = 3

tokenizer = WordPiece((HERE / "vocab.txt").read_text(encoding="utf-8"))
axes = {0: "passages", 1: "pieces"}
net = ps.Model(
    "minilm-l6-v2",
    build="model:build",
    kind="embedding",
    dynamic_shapes={"ids": axes, "mask": axes},
    variant="int12_weights",  # int8 orders passages that are nearly as near as each other in another way
)


async def vectors(texts: list[str]) -> np.ndarray:
    """(texts, 384) float32 of length one. Texts of about the same length share a call, so that little is padded."""
    rows = [tokenizer.encode(text, MOST) for text in texts]
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    found = np.empty((len(rows), 384), np.float32)
    for start in range(0, len(order), BATCH):
        part = order[start : start + BATCH]
        found[part] = await net(**tokenizer.batch([rows[index] for index in part]))
    return found


async def search(question: str, text: str) -> tuple[list, list]:
    """The nearest passages with their cosine to the question, and where they stand in the text."""
    parts = passages(text)
    if not question.strip() or not parts:
        raise ps.Error("Write a question, and paste a text to search.")
    found = await vectors([question, *parts])
    likeness = np.clip(found[1:] @ found[0], -1, 1)  # (passages,)
    best, scores = ps.ops.top_k(likeness, SHOWN)
    ranked = [(f"{parts[index].strip()}\n", float(score)) for index, score in zip(best, scores, strict=True)]
    near = set(best.tolist())
    return ranked, [(part, float(likeness[i]) if i in near else None) for i, part in enumerate(parts)]


def text_of(name: str) -> str:
    return (HERE / "texts" / f"{name}.txt").read_text(encoding="utf-8")


demo = ps.Interface(
    search,
    inputs=[ps.Textbox(label="Question"), ps.Textbox(label="Text", lines=12, max_lines=18)],
    outputs=[
        ps.HighlightedText(label="Nearest passages"),
        ps.HighlightedText(label="In the text", show_inline_category=False),
    ],
    examples=[
        ["How do the insects tell each other where the flowers are?", text_of("bees")],
        ["What makes the dough rise?", text_of("bread")],
        ["How do ships get over the hill?", text_of("canal")],
        ["When can I get my money back?", text_of("tickets")],
    ],
    title="Search a text",
    description="Ask a question of any text: the passages nearest in meaning are marked, even where no word is shared.",
)

if __name__ == "__main__":
    demo.launch()
