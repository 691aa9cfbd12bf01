"""How far the words of the variants are from those of the originals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Ints
from pipelines.quality.words import Words

_TOLD_WORDS = 12


@dataclass(frozen=True, slots=True)
class Shift:
    """What became of the vocabulary.

    Attributes:
        divergence: Jensen-Shannon divergence of the frequencies of words (Lin 1991, equation 4.1),
            in bits: 0 if they are the same, 1 if no word is common.
        new_share: share of the variants' words whose word no original has.
        new_words: how many different words these are.
        words: different words of originals and variants.
        sampled: share of the different words that this was measured on; 1 short of millions.
        gained, lost: the words whose frequencies differ most (by their part in the divergence),
            each with its occurrences per million words before and after.
    """

    divergence: float | None
    new_share: float | None
    new_words: int
    words: tuple[int, int]
    sampled: float
    gained: tuple[tuple[str, float, float], ...]
    lost: tuple[tuple[str, float, float], ...]

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        names = ("word", "before", "after")
        return {
            "js_divergence": self.divergence,
            "new_word_share": self.new_share,
            "new_words": self.new_words,
            "distinct_words": {"originals": self.words[0], "variants": self.words[1]},
            "sampled_share": self.sampled,
            "gained": [dict(zip(names, word, strict=True)) for word in self.gained],
            "lost": [dict(zip(names, word, strict=True)) for word in self.lost],
        }


def shift(originals: Words, variants: Words) -> Shift:
    """From the originals to the variants."""
    halvings = max(originals.halvings, variants.halvings)
    old, new = originals.thinned(halvings), variants.thinned(halvings)
    words, before, after = _aligned(old, new)
    sizes = (old.table.num_rows, new.table.num_rows)
    sampled = 2.0**-halvings
    if not before.sum() or not after.sum():
        return Shift(None, None, 0, sizes, sampled, (), ())
    p, q = before / before.sum(), after / after.sum()
    parts = (_part(p, q) + _part(q, p)) / 2
    fresh = before == 0
    return Shift(
        float(parts.sum()),
        float(after[fresh].sum() / after.sum()),
        int(fresh.sum()),
        sizes,
        sampled,
        _most(words, np.where(q > p, parts, 0.0), p, q),
        _most(words, np.where(q < p, parts, 0.0), p, q),
    )


def _aligned(old: Words, new: Words) -> tuple[pa.StringArray, Ints, Ints]:
    """All words of both, and how often each occurs in the one and the other."""
    words = pc.unique(pa.concat_arrays([old.words, new.words]))
    counts = []
    for part in (old, new):
        found = np.zeros(len(words), np.int64)
        found[pc.index_in(part.words, value_set=words).to_numpy()] = part.counts
        counts.append(found)
    return words, counts[0], counts[1]


def _part(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """``p log2(p / m)`` with m between p and q; 0 where p is."""
    ratio = np.divide(2 * p, p + q, out=np.ones_like(p), where=p > 0)
    return np.asarray(p * np.log2(ratio))


def _most(
    words: pa.StringArray,
    parts: npt.NDArray[np.float64],
    p: npt.NDArray[np.float64],
    q: npt.NDArray[np.float64],
) -> tuple[tuple[str, float, float], ...]:
    # Among equals the order is that of the words, which are sorted as far as they are old.
    order: Sequence[int] = np.argsort(-parts, kind="stable")[:_TOLD_WORDS].tolist()
    return tuple(
        (words[i].as_py(), float(p[i] * 1e6), float(q[i] * 1e6)) for i in order if parts[i] > 0
    )
