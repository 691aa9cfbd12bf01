"""Letter case as columns: what pattern a word has, and giving it to another."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

LOWER, TITLE, UPPER, MIXED = 0, 1, 2, 3
"""Patterns: ``word``, ``Word``, ``WORD``, ``iWord``. A single capital letter is Title."""

Patterns = npt.NDArray[np.uint8]


def patterns(words: pa.StringArray) -> Patterns:
    """``(n,)`` uint8: each word's pattern; scripts without case are LOWER."""

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
