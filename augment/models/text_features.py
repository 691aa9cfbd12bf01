"""What a text says, as numbers: its words and pairs of neighbouring words, each named by a hash.

Hashing the names (Weinberger, Dasgupta, Langford, Smola & Attenberg 2009, "Feature Hashing for
Large Scale Multitask Learning") makes whole columns at once of them. Hashes have 64 bits, so two
names hardly ever share one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import Keys, hash_strings, mix
from augment.text.columns import Ints, Utf8
from augment.text.languages import language

_PAIR = np.uint64(0x9E6C63D0876A9A47)
"""Sets a pair of equal words apart from the word."""


@dataclass(frozen=True, slots=True)
class Features:
    """The words and pairs of n texts.

    Attributes:
        rows: ``(m,)`` int64, ascending: the text of each.
        names: ``(m,)`` uint64, ascending within a text, distinct there.
        counts: ``(m,)`` int64, how often each stands in its text.
    """

    rows: Ints
    names: Keys
    counts: Ints

    @classmethod
    def of(cls, text: pa.StringArray, tag: str) -> "Features":
        """Those of texts of one language; letter case is ignored.

        Args:
            text: ``(n,)``, no nulls.
            tag: BCP 47 tag, which decides how words are found.
        """
        segments = language(tag).segment(Utf8.of(text))
        if not len(segments.starts):
            return cls(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.int64))
        hashed = hash_strings(pc.utf8_lower(segments.distinct.dictionary))
        places = np.flatnonzero(segments.is_word)
        words, rows = hashed[segments.codes[places]], segments.rows[places]
        near = np.flatnonzero(rows[1:] == rows[:-1])
        pairs = mix(mix(words[near] ^ _PAIR) ^ words[near + 1])
        return cls._counted(np.append(rows, rows[near]), np.append(words, pairs))

    @classmethod
    def _counted(cls, rows: Ints, names: Keys) -> "Features":
        order = np.lexsort((names, rows))
        rows, names = rows[order], names[order]
        new = np.append(True, (rows[1:] != rows[:-1]) | (names[1:] != names[:-1]))[: len(rows)]
        first = np.flatnonzero(new)
        return cls(rows[first], names[first], np.diff(np.append(first, len(rows))))


def tfidf(
    rows: Ints, counts: Ints, idf: npt.NDArray[np.float64], texts: int
) -> npt.NDArray[np.float64]:
    """``(m,)`` weights of features: (1 + log count) · idf, of length 1 in every text.

    Args:
        rows: ``(m,)`` ascending.
        counts: ``(m,)``.
        idf: ``(m,)`` of each one's name.
        texts: n.
    """
    values = (1.0 + np.log(counts)) * idf
    lengths = np.sqrt(np.bincount(rows, values * values, minlength=texts))
    return np.asarray(values / lengths[rows])
