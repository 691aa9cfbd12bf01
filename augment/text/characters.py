"""Single characters of a column: where they are, what they are, and writing others.

Characters beyond the basic plane are never places. A character that a combining mark follows is
none either, so that no grapheme cluster is split (Unicode Standard Annex 29, rule GB9).
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.text.columns import Bools, Ints, Utf8
from augment.text.segments import Segments, wide_characters

PLANE = 0x10000
"""Code points of the basic plane: the length of every table that is indexed by code point."""

Points = npt.NDArray[np.uint32]

_JOINS = frozenset({0x200C, 0x200D, *range(0x1F3FB, 0x1F400)})
"""Joiners without width and tones of skin, which bind what stands before them as a mark does."""


def find(text: Utf8, wanted: Bools) -> Bools:
    """Where the wanted characters start, but for those that a combining mark follows.

    Args:
        text: the column.
        wanted: ``(PLANE,)`` by code point.

    Returns:
        ``(bytes,)`` bool, the caller's to change.
    """
    table = np.zeros(256, np.bool_)
    table[:128] = wanted[:128]
    # A translation of bytes is several times faster than an indexed table.
    found = np.frombuffer(bytearray(text.data).translate(table.tobytes()), np.bool_)
    if text.is_ascii:
        return found
    _, points = wide_characters(text)
    leads = np.flatnonzero(text.data >= 0xC0)
    found[leads] = wanted[np.minimum(points, PLANE - 1)] & (points < PLANE)
    marks = leads[extends(points)]
    opens = np.isin(marks, text.offsets)
    found[start_of(text, marks[~opens] - 1)] = False
    return found


def extends(points: npt.NDArray[np.integer]) -> Bools:
    """``(m,)``: code points that form one grapheme with the character before them."""
    found = _extending()[np.minimum(points, PLANE - 1)]
    beyond = np.flatnonzero(points >= PLANE)
    distinct, inverse = np.unique(points[beyond], return_inverse=True)
    found[beyond] = np.array([_extends(int(point)) for point in distinct], np.bool_)[inverse]
    return np.asarray(found)


@cache
def _extending() -> Bools:
    return np.array([_extends(point) for point in range(PLANE)], np.bool_)


def _extends(point: int) -> bool:
    return point in _JOINS or unicodedata.category(chr(point)).startswith("M")


def start_of(text: Utf8, positions: Ints) -> Ints:
    """The byte at which the character that holds each byte starts."""
    if text.is_ascii:
        return positions
    starts = positions.copy()
    inside = np.flatnonzero((text.data[starts] & 0xC0) == 0x80)
    while len(inside):
        starts[inside] -= 1
        inside = inside[(text.data[starts[inside]] & 0xC0) == 0x80]
    return starts


def read(text: Utf8, starts: Ints) -> tuple[Points, Ints]:
    """The code points of the characters that start at these bytes, and their widths in bytes."""
    points = text.data[starts].astype(np.uint32)
    widths = np.ones(len(starts), np.int64)
    wide = np.flatnonzero(points >= 0xC0)
    if len(wide):
        lead, at = points[wide], starts[wide]
        width = 2 + (lead >= 0xE0).astype(np.int64) + (lead >= 0xF0)
        made = lead & np.array([0x1F, 0x0F, 0x07], np.uint32)[width - 2]
        for i in (1, 2, 3):
            more = width > i
            made[more] = (made[more] << 6) | (text.data[at[more] + i] & 0x3F)
        points[wide], widths[wide] = made, width
    return points, widths


def strings(points: Points) -> pa.StringArray:
    """``(m,)`` strings of ``(m, k)`` code points; zeros at the end of a row stand for nothing."""
    wide = np.ascontiguousarray(points, np.uint32)
    return pa.array(wide.view(f"<U{wide.shape[1]}").ravel(), pa.string())


def word_lengths(segments: Segments) -> Ints:
    """``(pieces,)`` lengths in code points."""
    lengths = segments.stops - segments.starts
    if segments.text.is_ascii:
        return lengths
    more = np.flatnonzero((segments.text.data & 0xC0) == 0x80)
    holders = np.searchsorted(segments.starts, more, side="right") - 1
    np.subtract.at(lengths, holders, 1)
    return lengths
