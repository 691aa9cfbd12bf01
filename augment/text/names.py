"""Words that are probably names: capitalised where no sentence starts."""

import numpy as np
import pyarrow.compute as pc

from augment.text.casing import TITLE, patterns
from augment.text.columns import Bools
from augment.text.segments import Segments

_OPENERS = r"[.!?:…\n\"“«(*>•]"
"""A gap that holds one of these may start a sentence."""


def inner_capitals(segments: Segments) -> Bools:
    """``(pieces,)``: capitalised words that do not open a sentence or a row."""
    distinct = segments.distinct.dictionary
    title = (patterns(distinct) == TITLE)[segments.codes] & segments.is_word
    ends = pc.match_substring_regex(distinct, _OPENERS).to_numpy(zero_copy_only=False)
    opens = _first_words(segments)
    opens[1:] |= (ends[segments.codes] & ~segments.is_word)[:-1]
    return np.asarray(title & ~opens)


def _first_words(segments: Segments) -> Bools:
    words = np.flatnonzero(segments.is_word)
    rows = segments.rows[words]
    heads = np.ones(len(words), np.bool_)
    heads[1:] = rows[1:] != rows[:-1]
    first = np.zeros(len(segments.starts), np.bool_)
    first[words[heads]] = True
    return first
