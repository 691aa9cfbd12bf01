"""Sources and variants side by side: the rows of a batch in which there is something to judge."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import TextBatch, Variants
from augment.filter import Verdicts
from augment.text.columns import Bools, Ints
from augment.text.tokens import Tokens


@dataclass(frozen=True)
class Pairs:
    """The m rows of a batch that have a variant.

    Attributes:
        count: rows of the batch.
        rows: ``(m,)`` int64, sorted; the rows that have one.
        old: ``(m,)`` string, their sources.
        new: ``(m,)`` string, their variants.
        language: BCP 47 tag of the batch.
    """

    count: int
    rows: Ints
    old: pa.StringArray
    new: pa.StringArray
    language: str

    @classmethod
    def of(cls, source: TextBatch, variants: Variants) -> Self:
        """Of a batch and its variants."""
        given = variants.text.is_valid()
        rows = np.flatnonzero(given.to_numpy(zero_copy_only=False))
        if len(rows) == len(source):
            return cls(len(source), rows, source.text, variants.text, source.language)
        old, new = (pc.filter(text, given) for text in (source.text, variants.text))
        return cls(len(source), rows, old, new, source.language)

    def __len__(self) -> int:
        return len(self.rows)

    def tokens(self) -> Tokens:
        """Of ``2 m`` rows: the sources, then the variants; equal tokens have equal numbers."""
        return Tokens.of(pa.concat_arrays([self.old, self.new]), self.language)

    def cut(self, most_bytes: int) -> Iterator[Self]:
        """Consecutive parts of so many bytes at the most; a longer pair is a part of its own."""
        sizes = pc.add(pc.binary_length(self.old), pc.binary_length(self.new))
        ends = np.cumsum(sizes.to_numpy(zero_copy_only=False), dtype=np.int64)
        start = 0
        while start < len(self):
            before = int(ends[start - 1]) if start else 0
            stop = max(start + 1, int(np.searchsorted(ends, before + most_bytes, side="right")))
            part, length = slice(start, stop), stop - start
            old, new = self.old.slice(start, length), self.new.slice(start, length)
            yield type(self)(self.count, self.rows[part], old, new, self.language)
            start = stop

    def verdicts(self, score: npt.NDArray[np.floating], rejected: Mapping[str, Bools]) -> Verdicts:
        """Verdicts of the whole batch.

        Args:
            score: ``(m,)`` what was measured, NaN where nothing was.
            rejected: reason → ``(m,)`` whom it rejects; of several the first is given.
        """
        scores = np.full(self.count, np.nan, np.float32)
        scores[self.rows] = score
        reasons = np.full(self.count, -1, np.int8)
        for place, (_, mask) in reversed(list(enumerate(rejected.items()))):
            reasons[self.rows[mask]] = place
        index = pa.array(reasons, pa.int8(), mask=reasons < 0)
        names = pa.array(list(rejected), pa.string())
        return Verdicts(reasons < 0, pa.DictionaryArray.from_arrays(index, names), scores)


def check_bounds(least: float | None, most: float | None) -> None:
    """Demand that a filter's bounds leave something between them.

    Raises:
        ValueError: ``min`` is above ``max``.
    """
    if least is not None and most is not None and least > most:
        raise ValueError(f"min is {least}, above max, which is {most}")
