"""How different texts are from one another: distinct n-grams and self-BLEU, on a sample."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from math import exp, log
from typing import Any

import numpy as np

from pipelines.recipe import ORIGINAL

Text = Sequence[str]
"""A text's words, in lower case."""

_ORDERS = (1, 2, 3, 4)


def distinct(texts: Sequence[Text], n: int) -> float | None:
    """Different n-grams over all n-grams of some texts (Li et al. 2016, section 5.2)."""
    grams = [gram for text in texts for gram in _grams(text, n)]
    return len(set(grams)) / len(grams) if grams else None


def self_bleu(texts: Sequence[Text]) -> float | None:
    """How well each text is made of pieces of the others: the mean of BLEU-4 (Zhu et al. 2018).

    Every text is held against all others as references (Papineni et al. 2002). Precisions of
    bigrams and longer have 1 added above and below (Lin & Och 2004, section 4), since most texts
    are sentences. None if there are fewer than two texts with words.
    """
    there = [text for text in texts if text]
    if len(there) < 2:
        return None
    counted = [{n: Counter(_grams(text, n)) for n in _ORDERS} for text in there]
    others = {n: _Others([counts[n] for counts in counted]) for n in _ORDERS}
    lengths = Counter(len(text) for text in there)
    scores = []
    for i, text in enumerate(there):
        logs = [log(p) if (p := others[n].precision(i, n)) else None for n in _ORDERS]
        if None in logs:
            scores.append(0.0)
            continue
        mean = sum(value for value in logs if value is not None) / len(_ORDERS)
        scores.append(exp(mean + _brevity(len(text), lengths)))
    return sum(scores) / len(scores)


class _Others:
    """For each n-gram how often it occurs at most in one text, whichever is left out."""

    def __init__(self, counts: Sequence[Counter[Any]]) -> None:
        self._counts = counts
        self._most: dict[Any, tuple[int, int, int]] = {}
        for i, found in enumerate(counts):
            for gram, count in found.items():
                owner, first, second = self._most.get(gram, (-1, 0, 0))
                if count > first:
                    self._most[gram] = (i, count, first)
                else:
                    self._most[gram] = (owner, first, max(second, count))

    def precision(self, i: int, n: int) -> float:
        met = total = 0
        for gram, count in self._counts[i].items():
            owner, first, second = self._most[gram]
            met += min(count, second if owner == i else first)
            total += count
        more = int(n > 1)
        return (met + more) / (total + more) if total + more else 0.0


def _brevity(length: int, lengths: Mapping[int, int]) -> float:
    """The logarithm of BLEU's brevity penalty; of references equally near, the shorter counts."""
    others = (size for size, count in lengths.items() if count > (size == length))
    nearest = min(others, key=lambda size: (abs(size - length), size))
    return min(0.0, 1 - nearest / length)


def _grams(text: Text, n: int) -> list[tuple[str, ...]]:
    return list(zip(*(islice(text, i, None) for i in range(n)), strict=False))


@dataclass(frozen=True, slots=True)
class Diversity:
    """Measured on a sample.

    Attributes:
        sources: how many sources, all different, with their variants.
        distinct: of the originals, and of one variant of each source per view: distinct-1 and -2.
        self_bleu: of the same sets of texts.
        siblings: self-BLEU of each source's own variants, its mean; None if no source has two.
        families: how many sources have two or more variants.
    """

    sources: int
    distinct: Mapping[str, tuple[float | None, float | None]]
    self_bleu: Mapping[str, float | None]
    siblings: float | None
    families: int

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        return {
            "sampled_sources": self.sources,
            "sets": {
                name: {"distinct_1": one, "distinct_2": two, "self_bleu": self.self_bleu[name]}
                for name, (one, two) in self.distinct.items()
            },
            "sibling_self_bleu": self.siblings,
            "sampled_families": self.families,
        }


def diversity(
    originals: Sequence[Text],
    variants: Sequence[Sequence[tuple[str, Text]]],
    views: Sequence[str],
) -> Diversity:
    """Of sampled sources and, for each, its variants as ``(view, words)``."""
    sets: dict[str, list[Text]] = {ORIGINAL: list(originals)}
    for view in views:
        firsts = (next((text for name, text in f if name == view), None) for f in variants)
        sets[view] = [text for text in firsts if text is not None]
    sets = {name: texts for name, texts in sets.items() if texts}
    families = [[text for _, text in family] for family in variants]
    scores = [score for family in families if (score := self_bleu(family)) is not None]
    return Diversity(
        len(variants),
        {name: (distinct(texts, 1), distinct(texts, 2)) for name, texts in sets.items()},
        {name: self_bleu(texts) for name, texts in sets.items()},
        float(np.mean(scores)) if scores else None,
        len(scores),
    )
