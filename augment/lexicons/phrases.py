"""Pairs of words that belong together (``heart attack``, ``give up``): neither is replaced."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.atomic import whole_file
from augment.text.columns import Bools, Ints
from augment.text.index import WordIndex
from augment.text.segments import Segments

_TABLES = Path(__file__).parent / "tables"
_SPACE = 0x20


@dataclass(frozen=True)
class Phrases:
    """Pairs of neighbouring words.

    Attributes:
        first, second: ``(p,)`` string, lower case.
    """

    first: pa.StringArray
    second: pa.StringArray

    @classmethod
    def load(cls, path: Path) -> "Phrases":
        """Read an Arrow file of the two columns."""
        with pa.memory_map(str(path)) as source:
            table = pa.ipc.open_file(source).read_all()
        return cls(*(table[name].combine_chunks() for name in ("first", "second")))

    def save(self, path: Path) -> None:
        """Write what :meth:`load` reads."""
        table = pa.table({"first": self.first, "second": self.second})
        with whole_file(path) as made, pa.ipc.new_file(made, table.schema) as writer:
            writer.write_table(table)

    @cached_property
    def digest(self) -> str:
        """32 hex digits over the pairs."""
        columns = (self.first, self.second)
        text = "\n".join("\t".join(column.to_pylist()) for column in columns)
        return xxhash.xxh3_128_hexdigest(text.encode())

    @cached_property
    def _words(self) -> WordIndex:
        return WordIndex(pc.unique(pa.concat_arrays([self.first, self.second])))

    @cached_property
    def _keys(self) -> Ints:
        """Sorted numbers of the pairs; the last is greater than any."""
        first, second = (self._words.find(column) for column in (self.first, self.second))
        keys = np.sort(first * len(self._words.words) + second)
        return np.append(keys, np.iinfo(np.int64).max)

    def holds(self, segments: Segments, pieces: Ints) -> Bools:
        """``(m,)``: which of these words make a pair with the word before or behind them.

        Args:
            segments: the column.
            pieces: ``(m,)`` places of words, sorted.
        """
        behind, before = _pairs(segments, pieces), _pairs(segments, pieces - 2)
        looked_up = np.zeros(len(segments.distinct.dictionary), np.bool_)
        for at, paired in ((pieces, behind), (pieces - 2, before)):
            for side in (at[paired], at[paired] + 2):
                looked_up[segments.codes[side]] = True
        codes = np.flatnonzero(looked_up)
        lower = pc.utf8_lower(segments.distinct.dictionary.take(pa.array(codes)))
        number = np.full(len(looked_up), -1, np.int64)
        number[codes] = self._words.find(lower)
        found = np.zeros(len(pieces), np.bool_)
        for at, paired in ((pieces, behind), (pieces - 2, before)):
            places = np.flatnonzero(paired)
            first, second = (number[segments.codes[at[places] + i]] for i in (0, 2))
            both = np.flatnonzero((first >= 0) & (second >= 0))
            key = first[both] * len(self._words.words) + second[both]
            held = self._keys[np.searchsorted(self._keys, key)] == key
            found[places[both[held]]] = True
        return found


def _pairs(segments: Segments, pieces: Ints) -> Bools:
    """``(m,)``: whether a place is a word's, and just a space parts it from the row's next."""
    last = len(segments.starts) - 1
    there = (pieces >= 0) & (pieces + 2 <= last)
    first, second = np.clip(pieces, 0, last), np.clip(pieces + 2, 0, last)
    gap = np.minimum(segments.stops[first], len(segments.text.data) - 1)
    return np.asarray(
        there
        & segments.is_word[first]
        & segments.is_word[second]
        & (segments.starts[second] - segments.stops[first] == 1)
        & (segments.text.data[gap] == _SPACE)
        & (segments.rows[first] == segments.rows[second])
    )


@cache
def load_phrases(tag: str) -> Phrases | None:
    """The pairs of a language, by its primary tag; None if there are none."""
    path = _TABLES / f"phrases-{tag}.arrow"
    return Phrases.load(path) if path.exists() else None
