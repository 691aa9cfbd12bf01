"""Which variants go, by the sketches of the whole dataset; in bounded memory.

The outcome depends on what was sketched, not on how it is spread over files, but for variants of
the same id, view and text, of which any one may stay.

Memory: 1 byte for every original and variant, and some 90 for each of :data:`AT_ONCE` of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.text.sketches import PERMUTATIONS

AT_ONCE = 2_000_000
"""Originals and variants that are sorted at once; more are looked at in turns, by their hashes."""

EXACT, NEAR = 1, 2

_COMPARED = 4
"""Of texts that agree in a band, each is compared with so many of the least rank."""

_PAIRS = 65_536

Gone = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Drops:
    """What an object's shard loses.

    Attributes:
        place: ``(n,)`` int32, sorted, see :class:`pipelines.deduplicating.variants.Found`.
        reason: ``(n,)`` uint8, :data:`EXACT` or :data:`NEAR`.
    """

    place: npt.NDArray[np.int32]
    reason: Gone

    def __len__(self) -> int:
        return len(self.place)


def drops(files: Sequence[Path], near: float | None, bands: int) -> list[Drops]:
    """What goes, file by file.

    An original never goes. Of variants of the same form the one of the least rank stays, unless
    there is an original of it. With ``near``, a variant goes, too, if it is that much like one of
    the first :data:`_COMPARED` of those that agree with it in a band.

    Args:
        files: of sketches; of variants that are the same in all, that of the first file stays.
        near: the least likeness that is too much; None for none.
        bands: how many there are in the files.
    """
    lots = _Lots(files)
    gone = np.zeros(lots.total, np.uint8)
    for turn in lots.sorted_by("form", gone):
        again = ~turn.first & turn.variant
        gone[turn.number[again]] = EXACT
    if near is not None:
        exact = gone.copy()
        for band in range(bands):
            for turn in lots.sorted_by(f"band{band}", exact):
                _drop_near(lots, turn, near, gone)
    return [
        _drops(place, gone[start : start + len(place)])
        for place, start in zip(lots.columns("place"), lots.starts, strict=True)
    ]


def _drops(place: npt.NDArray[np.int32], gone: Gone) -> Drops:
    rows = np.flatnonzero(gone)
    rows = rows[np.argsort(place[rows], kind="stable")]
    return Drops(place[rows], gone[rows])


@dataclass(frozen=True, slots=True)
class _Turn:
    """Some of all texts, sorted by a hash and then by rank.

    Attributes:
        number: ``(n,)`` of the text among all.
        first: ``(n,)`` whether it is the first of its hash.
        variant: ``(n,)`` whether it is no original.
    """

    number: Numbers
    first: npt.NDArray[np.bool_]
    variant: npt.NDArray[np.bool_]


class _Lots:
    """Files of sketches as one."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._tables = [_mapped(path) for path in files]
        counts = [table.num_rows for table in self._tables]
        self.total = sum(counts)
        self.starts: Numbers = np.concatenate([[0], np.cumsum(counts)])[:-1].astype(np.int64)

    def columns(self, name: str) -> Iterator[Any]:
        """A column, file by file."""
        for table in self._tables:
            yield table[name].to_numpy(zero_copy_only=True)

    def sorted_by(self, name: str, gone: Gone) -> Iterator[_Turn]:
        """All texts that are not gone, some at a time; those of one hash come together."""
        turns = max(1, -(-self.total // AT_ONCE))
        for turn in range(turns):
            parts = []
            for hashes, ranks, start in zip(
                self.columns(name), self.columns("rank"), self.starts, strict=True
            ):
                here = gone[start : start + len(hashes)] == 0
                if turns > 1:
                    here &= hashes % np.uint64(turns) == turn
                rows = np.flatnonzero(here)
                parts.append((hashes[rows], ranks[rows], rows + start))
            hashes, ranks, numbers = (np.concatenate(c) for c in zip(*parts, strict=True))
            order = np.lexsort((ranks, hashes))
            hashes = hashes[order]
            first = np.ones(len(order), np.bool_)
            first[1:] = hashes[1:] != hashes[:-1]
            yield _Turn(numbers[order], first, ranks[order] > 0)

    def sketches(self, numbers: Numbers) -> npt.NDArray[np.uint8]:
        """``(n, 128)`` of the texts of these numbers."""
        out = np.empty((len(numbers), PERMUTATIONS), np.uint8)
        file = np.searchsorted(self.starts, numbers, side="right") - 1
        for one in np.unique(file):
            here = np.flatnonzero(file == one)
            column = self._tables[one]["sketch"]
            raw = np.frombuffer(column.buffers()[1], np.uint8).reshape(-1, PERMUTATIONS)
            out[here] = raw[numbers[here] - self.starts[one]]
        return out


def _mapped(path: Path) -> pa.RecordBatch:
    """The rows of a file, which are read when they are looked at."""
    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).get_batch(0)


def _drop_near(lots: _Lots, turn: _Turn, near: float, gone: Gone) -> None:
    here = np.arange(len(turn.number))
    start = np.maximum.accumulate(np.where(turn.first, here, 0))
    for ahead in range(_COMPARED):
        other = start + ahead
        members = np.flatnonzero((other < here) & turn.variant)
        for at in range(0, len(members), _PAIRS):
            pairs = members[at : at + _PAIRS]
            ours = turn.number[pairs]
            open_ = gone[ours] == 0
            ours, theirs = ours[open_], turn.number[other[pairs[open_]]]
            same = (lots.sketches(ours) == lots.sketches(theirs)).mean(axis=1)
            # Of 8 bits, one in 256 agrees by chance (Li & König 2010, "b-bit minwise hashing").
            likeness = (same - 1 / 256) / (1 - 1 / 256)
            gone[ours[likeness >= near]] = NEAR
