"""Words that are probably names: capitalised where no sentence starts."""

import numpy as np
import pyarrow.compute as pc

from augment.text.casing import TITLE
from augment.text.columns import Bools
from augment.text.segments import Segments

_OPENERS = r"[.!?:…\n\"“«(*>•]"
"""A gap that holds one of these may start a sentence."""


def inner_capitals(segments: Segments) -> Bools:
    """``(pieces,)``: capitalised words that do not open a sentence or a row."""
    inner = (segments.patterns == TITLE)[segments.codes] & segments.is_word
    found = np.flatnonzero(inner)
    before = np.maximum(found - 1, 0)
    # A row may begin with a gap, and two gaps never meet.
    place = found - segments.first[segments.rows[found]]
    opens = (place == 0) | ((place == 1) & ~segments.is_word[before])
    opens |= _may_end(segments)[segments.codes[before]] & ~segments.is_word[before]
    inner[found[opens]] = False
    return np.asarray(inner)


def _may_end(segments: Segments) -> Bools:
    """``(distinct,)``: pieces that hold a character behind which a sentence may start."""
    distinct = segments.distinct.dictionary
    return np.asarray(pc.match_substring_regex(distinct, _OPENERS).to_numpy(zero_copy_only=False))
