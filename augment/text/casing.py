"""Letter case as columns: what pattern a word has, and giving it to another."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Utf8

LOWER, TITLE, UPPER, MIXED = 0, 1, 2, 3
"""Patterns: ``word``, ``Word``, ``WORD``, ``iWord``. A single capital letter is Title."""

_A, _A_SMALL, _LETTERS = np.uint8(ord("A")), np.uint8(ord("a")), np.uint8(26)

Patterns = npt.NDArray[np.uint8]


def patterns(words: pa.StringArray) -> Patterns:
    """``(n,)`` uint8: each word's pattern; scripts without case are LOWER."""
    column = Utf8.of(words)
    data, opens, stops = column.data, column.offsets[:-1], column.offsets[1:]
    capital, small = _sums((data - _A) < _LETTERS), _sums((data - _A_SMALL) < _LETTERS)
    capitals, smalls = capital[stops] - capital[opens], small[stops] - small[opens]
    title = (capitals == 1) & (capital[np.minimum(opens + 1, stops)] > capital[opens])
    found = np.full(len(words), MIXED, np.uint8)
    found[smalls == 0], found[title], found[capitals == 0] = UPPER, TITLE, LOWER
    if not column.is_ascii:
        wide = np.unique(column.rows_of(np.flatnonzero(data >= 0x80)))
        found[wide] = _wide_patterns(words.take(pa.array(wide)))
    return found


def _sums(marks: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """``(bytes + 1,)``: how many bytes before each are marked."""
    sums = np.zeros(len(marks) + 1, np.int32)
    np.cumsum(marks, out=sums[1:])
    return sums


def _wide_patterns(words: pa.StringArray) -> Patterns:
    """Patterns by the rules of Unicode."""

    def same(changed: pa.StringArray) -> npt.NDArray[np.bool_]:
        return np.asarray(pc.equal(words, changed).to_numpy(zero_copy_only=False))

    lower, title = same(pc.utf8_lower(words)), same(pc.utf8_capitalize(words))
    upper = same(pc.utf8_upper(words))
    found = np.full(len(words), MIXED, np.uint8)
    found[upper], found[title], found[lower] = UPPER, TITLE, LOWER
    return found


def recase(words: pa.StringArray, wanted: Patterns) -> pa.StringArray:
    """Lower-case words in the wanted patterns; MIXED leaves a word as it is."""
    title, upper = pa.array(wanted == TITLE), pa.array(wanted == UPPER)
    if pc.any(title).as_py():
        words = pc.if_else(title, pc.utf8_capitalize(words), words)
    if pc.any(upper).as_py():
        words = pc.if_else(upper, pc.utf8_upper(words), words)
    return words
