"""Which of the eligible words of each row are edited: exact budgets, drawn without replacement."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augment.randomness import Keys, bits_at
from augment.text.columns import Bools, Ints, first_of_rows
from augment.text.segments import Segments


@dataclass(frozen=True, slots=True)
class Places:
    """Chosen pieces of a column, in order.

    Attributes:
        pieces: ``(m,)`` int64, their places among the column's pieces.
        rows: ``(m,)`` int64.
        counter: ``(m,)`` int64, each one's place within its row: the same in any batch, so it is
            what random numbers are drawn by.
    """

    pieces: Ints
    rows: Ints
    counter: Ints


def choose(
    segments: Segments,
    eligible: Bools,
    keys: Keys,
    rate: float,
    min_edits: int,
    max_edits: int | None,
    stream: str = "place",
) -> Places:
    """Choose each row's budget of its eligible pieces; see :func:`draw`.

    Args:
        segments: n rows cut into pieces.
        eligible: ``(pieces,)`` which of them may be chosen.
        keys: ``(n,)`` the rows' keys.
        rate: share of a row's eligible pieces that is chosen.
        min_edits: pieces of a row at the least, if it has so many that are eligible.
        max_edits: pieces of a row at the most.
        stream: names the numbers that decide.
    """
    pieces = np.flatnonzero(eligible)
    rows = segments.rows[pieces]
    chosen = np.flatnonzero(draw(rows, keys, rate, min_edits, max_edits, stream))
    pieces, rows = pieces[chosen], rows[chosen]
    return Places(pieces, rows, pieces - segments.first[rows])


def budgets(
    eligible: npt.NDArray[np.integer], rate: float, min_edits: int, max_edits: int | None
) -> Ints:
    """How many edits each row gets: ``rate`` of its eligible words, within the bounds.

    Halves round to even; a row never gets more edits than it has eligible words.
    """
    wanted = np.rint(rate * eligible).astype(np.int64)
    most = eligible if max_edits is None else np.minimum(eligible, max_edits)
    return np.asarray(np.minimum(np.maximum(wanted, min_edits), most))


def draw(
    rows: Ints, keys: Keys, rate: float, min_edits: int, max_edits: int | None, stream: str
) -> Bools:
    """Choose each row's budget of its eligible places, every subset of that size equally likely.

    Args:
        rows: ``(m,)`` row of each eligible place, sorted.
        keys: ``(n,)`` the rows' keys.
        stream: names the numbers that decide.

    Returns:
        ``(m,)`` whether a place is chosen.
    """
    first = first_of_rows(rows, len(keys))
    eligible = np.diff(first)
    budget = budgets(eligible, rate, min_edits, max_edits)
    place = np.arange(len(rows)) - first[rows]
    number = bits_at(keys, rows, stream, place) >> np.uint64(32)
    return _smallest(rows, number, place, first, budget)


def _smallest(rows: Ints, number: Keys, place: Ints, first: Ints, budget: Ints) -> Bools:
    """``(m,)``: which places hold their row's ``budget`` smallest 32-bit numbers; ties by place."""
    chosen = np.zeros(len(rows), np.bool_)
    place_bits = int(place.max(initial=0)).bit_length()
    if place_bits + len(budget).bit_length() > 32:
        order = np.lexsort((place, number, rows))
        chosen[order] = place < budget[rows]
        return chosen
    # Row, number and place in one integer each: sorting these is far quicker than a lexsort.
    row = rows.astype(np.uint64) << np.uint64(32 + place_bits)
    key = row | number << np.uint64(place_bits) | place.astype(np.uint64)
    some = np.flatnonzero(budget)
    highest = np.zeros(len(budget), np.uint64)
    highest[some] = np.sort(key)[(first[:-1] + budget - 1)[some]]
    np.less_equal(key, highest[rows], out=chosen)
    return chosen & (budget > 0)[rows]
