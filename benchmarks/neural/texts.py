"""Sentences to rewrite: those of Rotten Tomatoes that are one sentence each, long ones, repeats."""

from collections.abc import Sequence

import pyarrow as pa

from augment.text.sentences import split_sentences
from benchmarks.data import rotten_tomatoes

_WORDS = range(5, 45)


def sentences() -> list[str]:
    """About 6,000 texts of 5 to 44 words, each one sentence and each once."""
    texts = list(dict.fromkeys(rotten_tomatoes()))
    found = split_sentences(pa.array(texts, pa.string()), "en")
    counts = [0] * len(texts)
    for row in found.rows.tolist():
        counts[row] += 1
    pairs = zip(texts, counts, strict=True)
    return [text for text, count in pairs if count == 1 and len(text.split()) in _WORDS]


def with_repeats(texts: Sequence[str], share: float) -> list[str]:
    """As many texts, of which a share has stood before, spread over the whole."""
    distinct = round(len(texts) * (1 - share))
    repeated = [texts[i] for i in range(len(texts) - distinct)]
    made = [*texts[:distinct], *repeated]
    stride = next(n for n in (7, 11, 13, 17) if len(made) % n)
    return [made[i * stride % len(made)] for i in range(len(made))]


def long_text(texts: Sequence[str], tokens: int) -> tuple[str, int]:
    """A text of at least so many tokens, four for three words, and how many sentences it has."""
    chosen, words = [], 0
    for text in texts:
        if words * 4 >= tokens * 3:
            break
        # The reviews are in lower case, which splitters take for one sentence.
        plain = text.rstrip(" .!?")
        chosen.append(f"{plain[:1].upper()}{plain[1:]}.")
        words += len(text.split())
    return " ".join(chosen), len(chosen)
