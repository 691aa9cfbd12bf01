"""Word dropout, or blanking: words replaced by a blank token.

Source: Xie et al. 2017, "Data noising as smoothing in neural network language models", §3
(blank noising).
"""

from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.text.choice import choose
from augment.text.columns import Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language
from augment.text.segments import Segments


@component("blanking")
class Blanking(Augmenter):
    """Replace words by a blank token, so that a model learns to do without them.

    The paper blanks each word with a probability; here the share of a row's words is exact. All
    words are eligible, stopwords too, except in protected spans and those that are the blank.

    Args:
        rate: share of a row's words that is blanked.
        min_edits: blanks in a row at the least, if it has so many words.
        max_edits: blanks in a row at the most.
        blank: what takes the words' place.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    blank: Annotated[str, Field(min_length=1)] = "_"

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one draw and one splice for all rows."""
        segments = language(batch.language).segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        eligible = segments.is_word & segments.outside(batch.protected)
        eligible[_equal(segments, self.blank)] = False
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)
        starts, stops = segments.starts[at.pieces], segments.stops[at.pieces]
        new = pa.repeat(self.blank, len(at.pieces))
        return variants_of_edits(segments.text, at.rows, starts, stops, new)


def _equal(segments: Segments, text: str) -> Ints:
    """Places of the pieces that are this text; only those as long as it are read."""
    lengths = segments.stops - segments.starts
    likely = np.flatnonzero(lengths == len(text.encode()))
    likely = likely[segments.text.data[segments.starts[likely]] == text.encode()[0]]
    same = pc.equal(segments.pieces.take(pa.array(likely)), text)
    return np.asarray(likely[same.to_numpy(zero_copy_only=False)])
