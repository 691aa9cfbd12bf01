"""Which rows are learnt from and which are tested on, seed by seed; groups stay together."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from augment.text.columns import Ints
from pipelines.errors import DataError
from pipelines.evaluating.labelled import Labelled

LEAST_TESTED = 30
"""Rows to test on at the least; fewer show nothing."""


@dataclass(frozen=True, slots=True)
class Split:
    """One seed's order of the rows: tests take from the front, trainings from the back.

    Attributes:
        order: ``(n,)`` places of all rows; those of a group are consecutive, and every class is
            spread evenly.
        ends: ``(g,)`` where each group ends in it.
        tested: rows to test on at the most.
    """

    order: Ints
    ends: Ints
    tested: int

    def training(self, size: int) -> Ints:
        """``(size,)`` places to learn from; a larger training holds a smaller one."""
        return self.order[::-1][:size]

    def test(self, size: int) -> Ints:
        """Places to test on beside a training of that size: of whole groups, none of it there.

        Raises:
            DataError: too few rows are left.
        """
        budget = min(self.tested, len(self.order) - size)
        whole = int(np.searchsorted(self.ends, budget, side="right"))
        test = self.order[: self.ends[whole - 1] if whole else 0]
        if len(test) < LEAST_TESTED:
            raise DataError(
                f"{size:,} of {len(self.order):,} labelled rows to learn from leave {len(test):,} "
                f"to test on, and it takes {LEAST_TESTED}: lower --train-sizes"
                + ("" if budget < LEAST_TESTED else ", or see whether --by makes large groups")
            )
        return test


def split(data: Labelled, seed: int, tested: int) -> Split:
    """Put whole groups in random order, the classes (of each group's first row) evenly among them.

    Args:
        data: the rows.
        seed: of this split.
        tested: rows to test on at the most.
    """
    random = np.random.default_rng(seed)
    groups, first, counts = np.unique(data.groups, return_index=True, return_counts=True)
    labels = data.labels[first]
    place = np.empty(len(groups))
    for label in range(len(data.classes)):
        own = random.permutation(np.flatnonzero(labels == label))
        place[own] = (np.arange(len(own)) + random.random()) / max(1, len(own))
    drawn = np.argsort(place, kind="stable")
    rank = np.empty(len(groups), np.int64)
    rank[drawn] = np.arange(len(groups))
    order = np.argsort(rank[np.searchsorted(groups, data.groups)], kind="stable")
    return Split(order, np.cumsum(counts[drawn]), tested)


def folds(data: Labelled, rows: Ints, count: int) -> Iterator[tuple[Ints, Ints]]:
    """Cut training rows into (to learn from, to validate on), ``count`` times; groups stay whole.

    Args:
        data: the rows.
        rows: ``(n,)`` places in the order of drawing, whose classes are therefore spread evenly.
        count: of folds.
    """
    _, first, group = np.unique(data.groups[rows], return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first))[group] % count
    for fold in range(count):
        if (place == fold).any() and (place != fold).any():
            yield rows[place != fold], rows[place == fold]
