"""Punctuation insertion (AEDA): punctuation marks are put between the words of a text.

Source: AEDA, Karimi, Rossi & Prati 2021, "AEDA: An easier data augmentation technique for text
classification", §3.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.randomness import Keys, uniform, uniform_at
from augment.text.choice import choose
from augment.text.columns import Bools, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import Language, language
from augment.text.segments import Segments
from augment.text.spacing import row_ends

_MARKS = (". ", "; ", "? ", ": ", "! ", ", ")
_WIDE_MARKS = {"ja": "。；？：！、", "zh": "。；？：！，"}
_SPACES = np.zeros(256, np.bool_)
_SPACES[[ord(c) for c in " \t\r\n"]] = True


@component("aeda")
class PunctuationInsertion(Augmenter):
    """Insert punctuation marks before random words; every word stays, in its order.

    As in the paper, how many marks a row gets is drawn too: any number from ``min_edits`` to
    ``rate`` of its words is equally likely, and the marks are ``.``, ``;``, ``?``, ``:``, ``!``
    and ``,``. A mark is set apart by spaces; Chinese and Japanese get full-width marks without.
    No place gets two marks, and none lies inside a protected span.

    Args:
        rate: marks per word at the most.
        min_edits: marks in a row at the least, if it has so many words.
        max_edits: marks in a row at the most.
    """

    rate: Probability = 1 / 3
    min_edits: Count = 1
    max_edits: Count | None = None

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one draw and one splice for all rows."""
        tongue = language(batch.language)
        segments = tongue.segment(Utf8.of(batch.text))
        if not len(segments.starts) or self.rate == 0:
            return Variants.declined(len(batch))
        eligible = _eligible(segments, segments.outside(batch.protected), tongue)
        share = self._shares(segments, eligible, batch.keys)
        at = choose(segments, eligible, batch.keys, share, 0, self.max_edits)
        table = _WIDE_MARKS.get(tongue.tag, _MARKS)
        numbers = uniform_at(batch.keys, at.rows, "mark", at.counter)
        new = pa.array(list(table)).take(pa.array((numbers * len(table)).astype(np.int64)))
        starts = segments.starts[at.pieces]
        return variants_of_edits(segments.text, at.rows, starts, starts, new)

    def _shares(self, segments: Segments, eligible: Bools, keys: Keys) -> npt.NDArray[np.float64]:
        """``(n,)``: marks per eligible word of each row, their number drawn."""
        before = np.zeros(len(eligible) + 1, np.int64)
        np.cumsum(eligible, out=before[1:])
        words = np.diff(before[segments.first])
        most = np.maximum(np.floor(self.rate * words), self.min_edits)
        if self.max_edits is not None:
            most = np.minimum(most, self.max_edits)
        spread = np.maximum(most - self.min_edits + 1, 1)
        marks = self.min_edits + np.floor(uniform(keys, "count") * spread)
        return np.asarray(marks / np.maximum(words, 1))


def _eligible(segments: Segments, free: Bools, tongue: Language) -> Bools:
    """Words before which a mark can stand by itself."""
    opens, _ = row_ends(segments)
    apart = opens | _SPACES[segments.text.data[segments.starts - 1]]
    if not tongue.spaced:
        apart[1:] |= segments.is_word[:-1]
    # No span can hold a place that is beside a free piece.
    outside = free.copy()
    outside[1:] |= free[:-1] & ~opens[1:]
    return np.asarray(segments.is_word & apart & outside)
