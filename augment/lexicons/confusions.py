"""Tables of characters and what each of them is mistaken for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.lexicons.lexicon import Lexicon
from augment.text.characters import PLANE, Points


@dataclass(frozen=True)
class Confusions:
    """Characters with their weighted candidates.

    Attributes:
        table: the characters as words; those of one code point are found by :attr:`place`.
    """

    table: Lexicon

    @classmethod
    def of(cls, entries: Mapping[str, Sequence[str] | Mapping[str, float]]) -> "Confusions":
        """Of Python values; candidates without weights are equally likely."""

        def weighted(found: Sequence[str] | Mapping[str, float]) -> list[tuple[str, int, float]]:
            pairs = found if isinstance(found, Mapping) else dict.fromkeys(found, 1.0)
            return [(word, 0, weight) for word, weight in pairs.items()]

        return cls(Lexicon.of({key: weighted(found) for key, found in entries.items()}))

    @cached_property
    def place(self) -> npt.NDArray[np.int64]:
        """``(PLANE,)``: each code point's place in the table, −1 if it is not there."""
        place = np.full(PLANE, -1, np.int64)
        for i, word in enumerate(self.table.words.to_pylist()):
            if len(word) == 1:
                place[ord(word)] = i
        return place

    def draw(self, points: Points, numbers: npt.NDArray[np.float64]) -> pa.StringArray:
        """``(m,)`` a candidate for each code point, which must be in the table.

        Args:
            points: ``(m,)``.
            numbers: ``(m,)`` in [0, 1).
        """
        return self.table.draw(self.place[points], numbers)
