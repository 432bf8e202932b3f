"""BERT's uncased tokenizer in plain Python: the ids of `tokenizers` 0.22 and of the model's own `tokenizer.json`.

Devlin et al., "BERT" (arXiv 1810.04805). Text is cleaned and split into words and punctuation, each word into the
longest pieces that the vocabulary has.
"""

import re
import unicodedata

import numpy as np

PAD, UNKNOWN, FIRST, LAST = 0, 100, 101, 102
LONGEST_WORD = 100  # letters; a longer one is unknown
SPECIAL = re.compile(r"(\[(?:PAD|UNK|CLS|SEP|MASK)\])")
# Blocks of Chinese characters, each of which is a word.
CHINESE = re.compile(
    "([\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff\U00020000-\U0002a6df\U0002a700-\U0002b73f\U0002b740-\U0002b81f"
    "\U0002b920-\U0002ceaf\U0002f800-\U0002fa1f])"
)


class WordPiece:
    def __init__(self, vocabulary: str) -> None:
        self.ids = {piece: index for index, piece in enumerate(vocabulary.splitlines())}
        self.known: dict[str, list[int]] = {}  # words that were split before

    def encode(self, text: str, most: int) -> list[int]:
        """Ids with [CLS] before and [SEP] behind, `most` of them at most."""
        found = [id_ for part in SPECIAL.split(text) for id_ in self._part(part)]
        return [FIRST, *found[: most - 2], LAST]

    def batch(self, rows: list[list[int]]) -> dict[str, np.ndarray]:
        """`ids` and `mask`, int64 (rows, longest row): shorter rows are padded."""
        ids = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
        for index, row in enumerate(rows):
            ids[index, : len(row)] = row
        return {"ids": ids, "mask": (ids != PAD).astype(np.int64)}

    def _part(self, part: str) -> list[int]:
        if SPECIAL.fullmatch(part):
            return [self.ids[part]]
        return [id_ for word in words(part) for id_ in self._pieces(word)]

    def _pieces(self, word: str) -> list[int]:
        if word not in self.known:
            self.known[word] = self._split(word)
        return self.known[word]

    def _split(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
            return [UNKNOWN]
        found, start = [], 0
        while start < len(word):
            prefix = "##" if start else ""
            end = next((e for e in range(len(word), start, -1) if prefix + word[start:e] in self.ids), None)
            if end is None:
                return [UNKNOWN]
            found.append(self.ids[prefix + word[start:end]])
            start = end
        return found


def words(text: str) -> list[str]:
    """Lower-case words without accents, and each punctuation mark and Chinese character by itself."""
    text = "".join(" " if one in "\t\n\r" else one for one in text if one in "\t\n\r" or not is_noise(one))
    text = unicodedata.normalize("NFD", CHINESE.sub(r" \1 ", text))
    # Letter by letter: of a whole word, Python writes the last sigma in another way.
    text = "".join(one.lower() for one in text if unicodedata.category(one) != "Mn")
    return "".join(f" {one} " if is_punctuation(one) else one for one in text).split()


def is_noise(letter: str) -> bool:
    return letter in "\0\ufffd" or unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs")


def is_punctuation(letter: str) -> bool:
    """Every ASCII sign counts, also those that Unicode calls symbols."""
    signs = "!" <= letter <= "~" and not letter.isalnum()
    return signs or unicodedata.category(letter).startswith("P")
