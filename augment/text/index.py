"""Look-up of words in a large fixed list, whole columns at a time."""

from dataclasses import dataclass
from functools import cached_property
from itertools import repeat

import numpy as np
import pyarrow as pa

from augment.text.columns import Ints


@dataclass(frozen=True)
class WordIndex:
    """Distinct words, and where each of them stands.

    Arrow's own look-up hashes the whole list anew for every call; a dictionary is made once.

    Attributes:
        words: ``(w,)`` string, no nulls.
    """

    words: pa.StringArray

    def find(self, words: pa.StringArray) -> Ints:
        """``(n,)``: each word's place in the list, −1 if it isn't there.

        >>> WordIndex(pa.array(["sea", "lake"])).find(pa.array(["lake", "pond", None]))
        array([ 1, -1, -1])
        """
        found = map(self._places.get, words.to_pylist(), repeat(-1))
        return np.fromiter(found, np.int64, len(words))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words.to_pylist())}
