"""Words that are probably names: capitalised where no sentence starts."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.casing import TITLE
from augment.text.columns import Bools, Ints
from augment.text.segments import Segments

_OPENERS = r"[.!?:…\n\"“«(*>•]"
"""A gap that holds one of these may start a sentence."""


def inner_capitals(segments: Segments, pieces: Ints) -> Bools:
    """``(m,)``: which of these pieces are capitalised and do not open a sentence or a row."""
    inner = (segments.patterns[segments.codes[pieces]] == TITLE) & segments.is_word[pieces]
    found = np.flatnonzero(inner)
    if not len(found):
        return np.asarray(inner)
    at = pieces[found]
    before = np.maximum(at - 1, 0)
    gap = ~segments.is_word[before]
    # A row may begin with a gap.
    place = at - segments.first[segments.rows[at]]
    ends = pc.match_substring_regex(segments.pieces.take(pa.array(before)), _OPENERS)
    ends = ends.to_numpy(zero_copy_only=False)
    inner[found[(place == 0) | (gap & ((place == 1) | ends))]] = False
    return np.asarray(inner)
