"""Places inside words: which words have some, and one drawn from each chosen word."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.text.characters import word_lengths
from augment.text.columns import Bools, Ints, ranges
from augment.text.segments import Segments


@dataclass(frozen=True, slots=True)
class CharacterPlaces:
    """Where pieces of a column may be edited.

    Attributes:
        starts: ``(m,)`` int64, the byte at which each place's character starts, piece by piece.
        first: ``(k + 1,)`` int64, the first place of each piece, and m.
    """

    starts: Ints
    first: Ints

    @classmethod
    def of(cls, found: Bools, segments: Segments, pieces: Ints) -> "CharacterPlaces":
        """Those in some pieces of a column.

        Args:
            found: ``(bytes,)`` true where a place's character starts.
            segments: the column.
            pieces: ``(k,)`` indices of its pieces.
        """
        starts, stops = segments.starts[pieces], segments.stops[pieces]
        inside = ranges(starts, stops)
        hit = found[inside]
        before = _before(hit)
        return cls(inside[hit], before[_before(stops - starts)])

    @property
    def counts(self) -> Ints:
        """``(k,)``: places of each piece."""
        return np.diff(self.first)

    def draw(self, pieces: Ints, numbers: npt.NDArray[np.float64]) -> Ints:
        """One place of each piece, all equally likely.

        Args:
            pieces: ``(j,)`` which of the k pieces; they have places.
            numbers: ``(j,)`` in [0, 1).

        Returns:
            ``(j,)`` the byte at which the place's character starts.
        """
        first, last = self.first[pieces], self.first[pieces + 1]
        return self.starts[first + (numbers * (last - first)).astype(np.int64)]


def _before(values: npt.NDArray[Any]) -> Ints:
    """``(n + 1,)`` sums of the values before each, and of all."""
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=sums[1:])
    return sums


def eligible_words(
    segments: Segments, found: Bools, min_length: int, protected: pa.ListArray
) -> Bools:
    """``(pieces,)``: unprotected words of that many characters in which a place was found.

    Args:
        segments: the pieces.
        found: ``(bytes,)`` true where a place's character starts.
        min_length: in code points.
        protected: spans of the rows.
    """
    able = segments.is_word & (word_lengths(segments) >= min_length)
    able &= segments.outside(protected)
    words = np.flatnonzero(able)
    starts, stops = segments.starts[words], segments.stops[words]
    # Nearly every word has a place in its first two bytes; only the others are searched.
    has = found[starts] | found[np.minimum(starts + 1, stops - 1)]
    rest = np.flatnonzero(~has)
    has[rest] = CharacterPlaces.of(found, segments, words[rest]).counts > 0
    able[words[~has]] = False
    return able


def draw_places(
    segments: Segments, found: Bools, pieces: Ints, numbers: npt.NDArray[np.float64]
) -> Ints:
    """``(k,)``: the byte of one place in each of these pieces; see :meth:`CharacterPlaces.draw`."""
    return CharacterPlaces.of(found, segments, pieces).draw(np.arange(len(pieces)), numbers)
