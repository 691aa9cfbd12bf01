"""Which of the eligible words of each row are edited: exact budgets, drawn without replacement."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augment import tracing
from augment.randomness import Keys, bits_at, uniform
from augment.text.columns import Bools, Ints, first_of_rows
from augment.text.segments import Segments

Rate = float | npt.NDArray[np.float64]
"""One rate for all rows, or ``(n,)``: each row's own."""


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
    rate: Rate,
    min_edits: int,
    max_edits: int | None,
    stream: str = "place",
    weights: npt.NDArray[np.float64] | None = None,
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
        weights: ``(pieces,)`` positive where eligible; see :func:`draw`.
    """
    pieces = np.flatnonzero(eligible)
    frame = tracing.current()
    if frame is not None:
        ends = (segments.text.to_chars(e[pieces]) for e in (segments.starts, segments.stops))
        frame.eligible += zip(*(end.tolist() for end in ends), strict=True)
    rows = segments.rows[pieces]
    shares = None if weights is None else weights[pieces]
    chosen = np.flatnonzero(draw(rows, keys, rate, min_edits, max_edits, stream, shares))
    pieces, rows = pieces[chosen], rows[chosen]
    return Places(pieces, rows, pieces - segments.first[rows])


def budgets(
    eligible: npt.NDArray[np.integer], rate: Rate, min_edits: int, max_edits: int | None
) -> Ints:
    """How many edits each row gets: ``rate`` of its eligible words, within the bounds.

    Halves round to even; a row never gets more edits than it has eligible words. A rate of 0 means
    no edits, whatever the bounds.
    """
    wanted = np.maximum(np.rint(rate * eligible).astype(np.int64), min_edits)
    most = eligible if max_edits is None else np.minimum(eligible, max_edits)
    return np.where(np.asarray(rate) > 0, np.minimum(wanted, most), 0)


def draw(
    rows: Ints,
    keys: Keys,
    rate: Rate,
    min_edits: int,
    max_edits: int | None,
    stream: str,
    weights: npt.NDArray[np.float64] | None = None,
) -> Bools:
    """Choose each row's budget of its eligible places, every subset of that size equally likely.

    With weights, places are drawn one after the other without replacement, each in proportion to
    its weight among those that are left: the smallest of exponential numbers divided by the
    weights are just these (Efraimidis & Spirakis 2006, "Weighted random sampling with a
    reservoir", §2).

    Args:
        rows: ``(m,)`` row of each eligible place, sorted.
        keys: ``(n,)`` the rows' keys.
        stream: names the numbers that decide.
        weights: ``(m,)`` positive; equal if left out.

    Returns:
        ``(m,)`` whether a place is chosen.
    """
    first = first_of_rows(rows, len(keys))
    eligible = np.diff(first)
    budget = budgets(eligible, rate, min_edits, max_edits)
    place = np.arange(len(rows)) - first[rows]
    if weights is None:
        number = bits_at(keys, rows, stream, place) >> np.uint64(32)
    else:
        waiting = -np.log1p(-uniform(keys[rows], stream, place)) / weights
        # Floats that are not negative are in the order of their bits.
        number = waiting.astype(np.float32).view(np.uint32).astype(np.uint64)
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
