"""What stands around words: where rows begin and end, and which gaps are mere spaces.

For methods that take words out, put words in, or move the spaces between them.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Bools
from augment.text.segments import Segments

Pieces = npt.NDArray[np.integer]

_SPACES = r"^[\p{Zs}\t]+$"
_OPENERS = r"[.!?:…。！？：\n\"“«「『(（*>•]"
"""A gap that holds one of these may start a sentence."""
_TAB, _SPACE, _WIDE = 0x09, 0x20, 0x80


def row_ends(segments: Segments) -> tuple[Bools, Bools]:
    """``(pieces,)`` each: which pieces are the first, and which the last, of their row."""
    opens = np.zeros(len(segments.starts), np.bool_)
    closes = np.zeros(len(segments.starts), np.bool_)
    first, stop = segments.first[:-1], segments.first[1:]
    full = first < stop
    opens[first[full]] = True
    closes[stop[full] - 1] = True
    return opens, closes


def inner_spaces(segments: Segments) -> Bools:
    """``(pieces,)``: gaps between two words that hold spaces and tabs alone, no line break."""
    opens, closes = row_ends(segments)
    inner = ~(segments.is_word | opens | closes)
    lead = segments.text.data[segments.starts]
    single = segments.stops - segments.starts == 1
    spaces = inner & single & ((lead == _SPACE) | (lead == _TAB))
    others = np.flatnonzero(inner & ~single & ((lead <= _SPACE) | (lead >= _WIDE)))
    # The second byte tells most gaps with punctuation, and all bytes the others.
    second = segments.text.data[segments.starts[others] + 1]
    others = others[(second <= _SPACE) | (second >= _WIDE)]
    if len(others):
        found = pc.match_substring_regex(segments.pieces.take(pa.array(others)), _SPACES)
        spaces[others] = found.to_numpy(zero_copy_only=False)
    return np.asarray(spaces)


def opens_sentence(segments: Segments, words: Pieces) -> Bools:
    """``(m,)``: whether a word opens its row or a sentence: a line, a quotation, a list item too.

    Args:
        segments: the pieces.
        words: ``(m,)`` places of words among them.
    """
    place = words - segments.first[segments.rows[words]]
    before = np.maximum(words - 1, 0)
    # A row may begin with a gap.
    gap = ~segments.is_word[before]
    gaps = segments.pieces.take(pa.array(before))
    ends = pc.match_substring_regex(gaps, _OPENERS).to_numpy(zero_copy_only=False)
    return np.asarray((place == 0) | (gap & ((place == 1) | ends)))
