"""Spacing noise: spaces dropped between words, or put inside them.

Source: transformations of white space in NL-Augmenter, Dhole et al. 2021, "NL-Augmenter: A
framework for task-sensitive natural language augmentation".
"""

import numpy as np
import pyarrow as pa

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.randomness import uniform_at
from augment.text.choice import choose
from augment.text.columns import Bools, Utf8
from augment.text.edits import variants_of_edits
from augment.text.graphemes import inner_cut
from augment.text.languages import language
from augment.text.segments import Segments
from augment.text.spacing import inner_spaces

_WIDTHS = np.repeat(np.array([1, 2, 3, 4], np.uint8), [0xC0, 0x20, 0x10, 0x10])
"""Bytes of a code point, by the first of them."""


@component("spacing_noise")
class SpacingNoise(Augmenter):
    """Join words by dropping the space between them, or split them by a space.

    A drawn word is joined to the next one, or split between two of its characters as a reader
    sees them (grapheme clusters), all such places being equally likely; a word that allows only
    one of the two suffers that one. Line breaks and spaces at punctuation stay, and so does
    every letter.

    Args:
        rate: share of a row's eligible words that is joined or split.
        min_edits: changes in a row at the least, if it has so many eligible words.
        max_edits: changes in a row at the most.
        join: probability that a word that could be either is joined rather than split.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    join: Probability = 0.5

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one draw and one splice for all rows."""
        segments = language(batch.language).segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        free = segments.outside(batch.protected)
        words = segments.is_word & free
        joins = words & _joinable(segments, free) if self.join > 0 else words & False
        splits = words & _splittable(segments) if self.join < 1 else words & False
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, joins | splits, batch.keys, *budget)
        coin = uniform_at(batch.keys, at.rows, "join", at.counter) < self.join
        joined = joins[at.pieces] & (coin | ~splits[at.pieces])
        numbers = uniform_at(batch.keys, at.rows, "cut", at.counter)
        cuts = inner_cut(segments.pieces.take(pa.array(at.pieces)), numbers)
        ends = np.minimum(at.pieces + 1, len(free) - 1)
        starts = np.where(joined, segments.stops[at.pieces], segments.starts[at.pieces] + cuts)
        stops = np.where(joined, segments.stops[ends], starts)
        # What is one character to a reader has several code points, and no place to cut.
        kept = np.flatnonzero(joined | (cuts > 0))
        new = pa.array(["", " "]).take(pa.array((~joined[kept]).astype(np.int64)))
        return variants_of_edits(segments.text, at.rows[kept], starts[kept], stops[kept], new)


def _joinable(segments: Segments, free: Bools) -> Bools:
    """Words behind which only spaces stand, and then another word that may be touched."""
    joinable = np.zeros(len(free), np.bool_)
    joinable[:-2] = (inner_spaces(segments) & free)[1:-1] & free[2:]
    return joinable


def _splittable(segments: Segments) -> Bools:
    """Pieces of two or more code points."""
    first = _WIDTHS[segments.text.data[segments.starts]]
    return np.asarray(segments.stops - segments.starts > first)
