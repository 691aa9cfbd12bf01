"""Uninformative words of a corpus, to be drawn by weight in place of others.

Source: UDA (Xie et al. 2020), appendix on TF-IDF based word replacing: a word is drawn with a
chance that falls in a straight line with its frequency in the corpus times its IDF.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.statistics import CorpusStatistics
from augment.text.columns import Bools, Ints, Utf8
from augment.text.languages import language
from augment.text.negations import negations
from augment.vocabulary import Floats, Vocabulary


@dataclass(frozen=True, slots=True)
class WordPool:
    """Words to draw from.

    Attributes:
        words: ``(k,)`` string.
        bounds: ``(k + 1,)`` cumulative weights, from 0.
        place: ``(w,)`` place of each word of the vocabulary in ``words``, −1 if it is not there.
    """

    words: pa.StringArray
    bounds: Floats
    place: Ints

    def draw(self, replaced: Ints, numbers: Floats) -> pa.StringArray:
        """A word for each that is replaced; the same one only if there is no other, null if none.

        Args:
            replaced: ``(m,)`` places in the vocabulary, −1 for words that are not in it.
            numbers: ``(m,)`` uniform in [0, 1).
        """
        if not len(self.words):
            return pa.nulls(len(replaced), pa.string())
        own = np.where(replaced < 0, -1, self.place[replaced])
        size = np.where(own < 0, 0.0, np.diff(self.bounds)[own])
        at = numbers * (self.bounds[-1] - size)
        # The replaced word's own stretch of the axis is stepped over.
        at += np.where(at >= self.bounds[own], size, 0.0)
        chosen = np.searchsorted(self.bounds, at, side="right") - 1
        return self.words.take(pa.array(np.minimum(chosen, len(self.words) - 1)))

    def shares(self, replaced: int | np.integer) -> Floats:
        """``(k,)``: each word's chance to be drawn in place of one, see :meth:`draw`."""
        weights = np.diff(self.bounds)
        own = -1 if replaced < 0 else self.place[replaced]
        if own >= 0 and len(weights) > 1:
            weights[own] = 0.0
        return np.asarray(weights / max(weights.sum(), np.finfo(np.float64).tiny))


@lru_cache(maxsize=8)
def word_pool(statistics: CorpusStatistics, tag: str, size: int) -> WordPool:
    """Words of a language's vocabulary that are no names, with the weights of the paper."""
    words = statistics.language(tag)
    assert words is not None
    score = words.counts * words.idf[:-1]
    fit = _drawable(words, tag) & (np.arange(len(score)) < size)
    places = np.flatnonzero(fit)
    weights = score[places].max(initial=0.0) - score[places]
    places, weights = places[weights > 0], weights[weights > 0]
    index = np.full(len(score), -1, np.int64)
    index[places] = np.arange(len(places))
    return WordPool(words.words.take(pa.array(places)), np.append(0.0, np.cumsum(weights)), index)


def _drawable(words: Vocabulary, tag: str) -> Bools:
    """``(w,)``: plain words, mostly written in lower case, no negations."""
    plain = pc.match_substring_regex(words.words, r"^[\p{L}\p{M}]+$").to_numpy(zero_copy_only=False)
    segments = language(tag).segment(Utf8.of(words.words))
    fine = np.asarray(plain & (2 * words.lower >= words.counts))
    fine[segments.rows[negations(segments, tag)]] = False
    return fine
