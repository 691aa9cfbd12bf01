"""Short passages of a column in which a pattern may match, found from telltale bytes.

Searching whole rows with a rich regular expression is slow; most rows hold nothing to be found,
and the others hold it in one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

from augment.text.columns import Ints, Utf8

_APART = "\n\n"
"""Between passages that are searched at once: no pattern here reaches over two line ends."""


@dataclass(frozen=True, slots=True)
class Passages:
    """Parts of rows.

    Attributes:
        text: the column.
        rows: ``(m,)`` the row of each, sorted.
        starts: ``(m,)`` bytes of the whole column, sorted; passages do not overlap.
        stops: ``(m,)``.
    """

    text: Utf8
    rows: Ints
    starts: Ints
    stops: Ints

    @classmethod
    def of(cls, text: Utf8, places: Ints, rows: Ints) -> "Passages":
        """The stretches without spaces that hold some bytes, each with the one behind; and rows.

        Args:
            text: the column.
            places: bytes, sorted.
            rows: whole rows, sorted.
        """
        near = text.rows_of(places)
        starts, stops = _stretches(text, places, near)
        if len(rows):
            near = np.append(near, rows)
            starts = np.append(starts, text.offsets[rows])
            stops = np.append(stops, text.offsets[rows + 1])
            order = np.lexsort((near, starts))
            near, starts, stops = near[order], starts[order], stops[order]
        reach = np.maximum.accumulate(stops)
        opens = np.ones(len(near), np.bool_)
        opens[1:] = starts[1:] >= reach[:-1]
        heads = np.flatnonzero(opens)
        ends = np.append(heads[1:], len(near)) - 1 if len(heads) else heads
        return cls(text, near[heads], starts[heads], reach[ends])

    def search(self, pattern: "regex.Pattern[str]") -> npt.NDArray[np.int64]:
        """``(k, 3)``: row, start and stop of every match, in code points of its row.

        The pattern's matches must not hold two line ends, and what it looks at beside them must
        lie inside a passage or be a space. Empty matches are left out.
        """
        if not len(self.rows):
            return np.zeros((0, 3), np.int64)
        texts = self._texts()
        lengths = np.array([len(text) + len(_APART) for text in texts], np.int64)
        first = np.cumsum(lengths) - lengths
        spans = [match.span() for match in pattern.finditer(_APART.join(texts))]
        found = np.array(spans, np.int64).reshape(-1, 2)
        found = found[found[:, 0] < found[:, 1]]
        at = np.searchsorted(first, found[:, 0], side="right") - 1
        rows = self.rows[at]
        offset = self.text.to_chars(self.starts[at]) - self.text.char_offsets[rows] - first[at]
        return np.column_stack([rows, found + offset[:, None]])

    def _texts(self) -> Sequence[str]:
        bounds = np.zeros(2 * len(self.starts) + 1, np.int64)
        bounds[1::2], bounds[2::2] = self.starts, self.stops
        kept = pa.array(np.arange(1, len(bounds), 2))
        texts: Sequence[str] = self.text.pieces(bounds).take(kept).to_pylist()
        return texts


def _stretches(text: Utf8, places: Ints, rows: Ints) -> tuple[Ints, Ints]:
    """Where the stretch around each place begins, and where the stretch behind that one ends."""
    if not len(places):
        return places, places
    spaces = text.spaces
    behind = np.searchsorted(spaces, places)
    starts = np.where(behind > 0, spaces[np.maximum(behind - 1, 0)] + 1, 0)
    stops = spaces[np.minimum(behind + 1, len(spaces) - 1)]
    return np.maximum(starts, text.offsets[rows]), np.minimum(stops, text.offsets[rows + 1])
