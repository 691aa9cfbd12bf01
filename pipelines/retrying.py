"""Ask again for variants that were rejected, with other random numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from augment.batch import TextBatch
from augment.filter import Filter
from pipelines.judging import Judged, Languages, judged
from pipelines.plan import PlannedView
from pipelines.rows import stacked


def persistently_judged(
    view: PlannedView,
    filters: Sequence[Filter],
    rows: TextBatch,
    languages: Languages,
    entities: pa.Array | None,
    retry: int,
) -> Judged:
    """One variant per row, as :func:`pipelines.judging.judged`; a rejected one is tried again.

    What is tried again, and with which keys, depends on the row alone, not on its batch. A variant
    that was rejected and then declined stays rejected, as the first of its kind was.

    Args:
        retry: how often at the most.
    """
    found = judged(view, filters, rows, languages, entities)
    for turn in range(1, retry + 1):
        again = np.flatnonzero(found.reasons.is_valid().to_numpy(zero_copy_only=False))
        if not len(again):
            break
        fresh = rows.take(again).derived("retry").derived(turn)
        spans = None if entities is None else entities.take(pa.array(again))
        more = judged(view, filters, fresh, [*_within(languages, again, len(rows))], spans)
        found = _merged(found, more, again)
    return found


def _within(languages: Languages, rows: np.ndarray, count: int) -> Iterator[tuple[str, np.ndarray]]:
    """The places in a selection of rows that each language has."""
    place = np.full(count, -1)
    place[rows] = np.arange(len(rows))
    for tag, places in languages:
        kept = place[places]
        yield tag, kept[kept >= 0]


def _merged(found: Judged, more: Judged, again: np.ndarray) -> Judged:
    """The later variants of some rows in the place of the earlier, where there are any."""
    failures = [replace(failure, row=int(again[failure.row])) for failure in more.failures]
    there = more.variants.text.is_valid().to_numpy(zero_copy_only=False).copy()
    there[[failure.row for failure in more.failures]] = True
    index = np.arange(len(found.reasons))
    index[again[there]] = len(index) + np.flatnonzero(there)
    kept = more.variants.text.is_valid().to_numpy(False) & more.reasons.is_null().to_numpy(False)
    names = dict.fromkeys((*found.counts, *more.counts))
    return Judged(
        stacked([found.variants, more.variants]).take(index),
        pa.concat_arrays([found.reasons, more.reasons]).take(pa.array(index)),
        (*found.failures, *failures),
        {name: found.counts.get(name, 0) + more.counts.get(name, 0) for name in names},
        found.retried + len(again),
        found.recovered + int(kept.sum()),
    )
