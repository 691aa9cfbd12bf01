"""Random deletion: words are taken out of a text.

Source: EDA, Wei & Zou 2019, §2 (operation RD).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from augment import tracing
from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.methods.considering import bounds
from augment.text.choice import Places, choose
from augment.text.columns import Bools, Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language
from augment.text.negations import negations
from augment.text.segments import Segments
from augment.text.spacing import inner_spaces, row_ends
from augment.tracing import Considered


@component("random_deletion")
class RandomDeletion(Augmenter):
    """Delete words, each with the space before or behind it; negations are never deleted.

    The paper deletes each word with a probability; here the share of a row's words is exact.
    Only the drawn occurrence of a word goes. Line breaks and punctuation stay, no space is
    doubled and none is left before punctuation. A word that stands alone between punctuation
    marks, brackets or the ends of the row stays, and so does the last word of a stretch that was
    drawn whole; a text therefore never loses its last word. Letter case is kept.

    Args:
        rate: share of a row's eligible words that is deleted.
        min_edits: deletions in a row at the least, if it has so many eligible words.
        max_edits: deletions in a row at the most.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one draw and one splice for all rows."""
        tongue = language(batch.language)
        segments = tongue.segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        free = segments.outside(batch.protected)
        sides = _Sides.of(segments, free)
        eligible = segments.is_word & free & ~negations(segments, tongue.tag)
        eligible &= (sides.left | sides.right) & ~sides.seam
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)
        rows, starts, stops = _cuts(segments, sides, at)
        frame = tracing.current()
        if frame is not None:
            frame.considered += _considered(segments, at, starts, stops)
        new = pa.repeat("", len(rows))
        return variants_of_edits(segments.text, rows, starts, stops, new)


def _considered(segments: Segments, at: Places, starts: Ints, stops: Ints) -> Iterator[Considered]:
    """Of one row: the drawn words that stayed, and those that went."""
    at_byte = segments.starts[at.pieces][:, None]
    gone = np.any((at_byte >= starts) & (at_byte < stops), axis=1)
    for (start, stop), went in zip(bounds(segments, at.pieces), list(gone), strict=True):
        note = "" if went else "the last word of what was drawn stays"
        yield Considered(start, stop, "" if went else None, note=note)


@dataclass(frozen=True, slots=True)
class _Sides:
    """What stands beside each piece.

    Attributes:
        space: ``(pieces,)`` whether the piece is a gap of spaces that may go with a word.
        left: ``(pieces,)`` whether such a gap or another word stands before the piece.
        right: ``(pieces,)`` the same behind it.
        seam: ``(pieces,)`` whether a Latin word would run into another if it were deleted.
    """

    space: Bools
    left: Bools
    right: Bools
    seam: Bools

    @classmethod
    def of(cls, segments: Segments, free: Bools) -> "_Sides":
        space = inner_spaces(segments) & free
        opens, closes = row_ends(segments)
        soft = space | segments.is_word
        left, right, seam = (np.zeros(len(soft), np.bool_) for _ in range(3))
        left[1:] = soft[:-1] & ~opens[1:]
        right[:-1] = soft[1:] & ~closes[:-1]
        word = segments.is_word
        # Words touch each other only where a segmenter cut a run without spaces.
        glued = np.flatnonzero(word[1:-1] & word[:-2] & word[2:] & left[1:-1] & right[1:-1]) + 1
        seam[glued] = _fuse(segments, glued, glued)
        return cls(space, left, right, seam)


def _fuse(segments: Segments, first: Ints, last: Ints) -> Bools:
    """Whether the bytes before the first and behind the last piece are both ASCII."""
    data = segments.text.data
    return np.asarray(
        (data[segments.starts[first] - 1] < 0x80) & (data[segments.starts[last + 1]] < 0x80)
    )


def _cuts(segments: Segments, sides: _Sides, at: Places) -> tuple[Ints, Ints, Ints]:
    """Row, start and stop of what goes: words, each with a neighbouring space.

    Chosen words that follow each other are one stretch, which decides for all of them on which
    side the spaces go. A stretch that only marks enclose keeps its last word.
    """
    pieces, space = at.pieces, sides.space
    opens = _heads(pieces, at.rows, space)
    closes = _tails(opens)
    first, last = pieces[opens], pieces[closes]
    whole = ~(sides.left[first] | sides.right[last])
    touching = np.flatnonzero(_touching(segments, sides, first, last))
    whole[touching] |= _fuse(segments, first[touching], last[touching])
    kept = ~closes
    kept[closes] = ~whole
    pieces, rows, opens = pieces[kept], at.rows[kept], opens[kept]
    closes = _tails(opens)
    stretch = np.cumsum(opens) - 1
    behind = np.minimum(pieces + 1, len(space) - 1)
    first_left = sides.left[pieces[opens]]
    last_space = sides.right[pieces[closes]] & space[behind[closes]]
    last_word = sides.right[pieces[closes]] & ~space[behind[closes]]
    rightward = (~first_left & last_space)[stretch]
    outer = ~(opens & last_word[stretch])
    takes_left = ~rightward & sides.left[pieces] & space[pieces - 1] & outer
    takes_right = rightward & sides.right[pieces] & space[behind]
    return rows, segments.starts[pieces - takes_left], segments.stops[pieces + takes_right]


def _heads(pieces: Ints, rows: Ints, space: Bools) -> Bools:
    """Which chosen words do not follow another chosen one directly."""
    heads = np.ones(len(pieces), np.bool_)
    step = np.diff(pieces)
    near = (step == 1) | ((step == 2) & space[pieces[1:] - 1])
    heads[1:] = ~near | (rows[1:] != rows[:-1])
    return heads


def _tails(heads: Bools) -> Bools:
    """Which chosen words end a stretch, told by which ones open one."""
    return np.append(heads, True)[1:]


def _touching(segments: Segments, sides: _Sides, first: Ints, last: Ints) -> Bools:
    word = segments.is_word
    behind = np.minimum(last + 1, len(word) - 1)
    return np.asarray(sides.left[first] & word[first - 1] & sides.right[last] & word[behind])
