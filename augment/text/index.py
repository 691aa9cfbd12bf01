"""Look-up of words in a large fixed list, whole columns at a time.

Arrow's own look-up builds a hash table of the whole list for every call; this one keeps it. Words
are hashed in columns: a polynomial over their bytes, each byte standing for a random number
(Carter & Wegman 1979, "Universal classes of hash functions", in outline).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import Keys, mix
from augment.text.columns import Ints, Utf8

_BASE = np.uint64(0x9E3779B97F4A7C15)
_OF_BYTE = mix(np.arange(256))


@dataclass(frozen=True)
class WordIndex:
    """Distinct words, and where each of them stands.

    Attributes:
        words: ``(w,)`` string.
    """

    words: pa.StringArray

    def find(self, words: pa.StringArray) -> Ints:
        """``(n,)``: each word's place in the list, −1 if it isn't there.

        >>> WordIndex(pa.array(["sea", "lake"])).find(pa.array(["lake", "pond", ""]))
        array([ 1, -1, -1])
        """
        hashes, places = self._sorted
        wanted = _hashes(words)
        at = np.searchsorted(hashes, wanted)
        known = np.flatnonzero(hashes[at] == wanted)
        found = np.full(len(words), -1, np.int64)
        found[known] = places[at[known]]
        known = np.flatnonzero(found >= 0)
        # Other words than those of the list may have their hashes, if hardly ever.
        same = pc.equal(words.take(pa.array(known)), self.words.take(pa.array(found[known])))
        found[known[~same.to_numpy(zero_copy_only=False)]] = -1
        return found

    @cached_property
    def _sorted(self) -> tuple[Keys, Ints]:
        """Ascending hashes, and the places of their words; a sentinel comes last."""
        hashes = _hashes(self.words)
        order = np.argsort(hashes, kind="stable")
        return np.append(hashes[order], np.uint64(2**64 - 1)), np.append(order, -1)


def _hashes(words: pa.StringArray) -> Keys:
    """``(n,)``: hashes of the words' bytes alone; nulls count as empty."""
    column = Utf8.of(pc.fill_null(words, ""))
    lengths = np.diff(column.offsets)
    within = np.arange(len(column.data)) - np.repeat(column.offsets[:-1], lengths)
    sums = np.zeros(len(column.data) + 1, np.uint64)
    with np.errstate(over="ignore"):
        powers = np.cumprod(np.full(int(lengths.max(initial=0)) + 1, _BASE))
        np.cumsum(_OF_BYTE[column.data] * powers[within], out=sums[1:])
        found = sums[column.offsets[1:]] - sums[column.offsets[:-1]]
        return mix(found ^ lengths.astype(np.uint64))
