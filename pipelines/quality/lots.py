"""Sources and some of their variants, as columns: what a dataset is measured by."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pyarrow as pa

from augment.text.columns import Bools, Ints


@dataclass(frozen=True, slots=True)
class Sources:
    """Texts of the corpus, and what is known of them.

    Attributes:
        text: ``(n,)`` string.
        labels: ``(n,)`` string, null where a row has none; None if the corpus has none.
        fresh: ``(n,)``: whether this is the first lot with this row.
    """

    text: pa.StringArray
    labels: pa.StringArray | None
    fresh: Bools

    def take(self, rows: Ints) -> Self:
        """These, in this order."""
        labels = None if self.labels is None else self.labels.take(pa.array(rows))
        return replace(
            self, text=self.text.take(pa.array(rows)), labels=labels, fresh=self.fresh[rows]
        )


@dataclass(frozen=True, slots=True)
class Made:
    """Variants, and what is told of each.

    Attributes:
        text: ``(m,)`` string.
        parent: ``(m,)`` index of each one's source; -1 where the output does not have it.
        view: ``(m,)`` string.
        labels: as in :class:`Sources`.
        ids, steps, edits, scores: ``(m,)``, as in the long layout; None in others.
    """

    text: pa.StringArray
    parent: Ints
    view: pa.StringArray
    labels: pa.StringArray | None
    ids: pa.StringArray | None = None
    steps: pa.ListArray | None = None
    edits: pa.ListArray | None = None
    scores: pa.ListArray | None = None

    def take(self, rows: Ints) -> Self:
        """These, in this order."""
        index = pa.array(rows)
        columns = ("text", "view", "labels", "ids", "steps", "edits", "scores")
        taken: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column.take(index)
            for name in columns
        }
        return replace(self, parent=self.parent[rows], **taken)


@dataclass(frozen=True, slots=True)
class Lot:
    """Some sources and some of their variants, all of one language."""

    language: str
    sources: Sources
    made: Made


NO_ROWS = np.zeros(0, np.int64)
NO_STRINGS = pa.array([], pa.string())
NOTHING = Made(NO_STRINGS, NO_ROWS, NO_STRINGS, None)


def labelled(sources: Sources, made: Made) -> Made:
    """Variants with the labels of their sources."""
    if sources.labels is None:
        return made
    return replace(made, labels=sources.labels.take(pa.array(made.parent, pa.int64())))


def used(sources: Sources, parent: Ints) -> tuple[Sources, Ints]:
    """Only those sources that have a variant here."""
    rows = np.unique(parent[parent >= 0])
    place = np.searchsorted(rows, parent)
    return sources.take(rows), np.where(parent < 0, -1, place)
