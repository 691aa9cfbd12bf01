"""The variants to learn from: made in this process, once for every row that any seed draws."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.randomness import Keys
from augment.text.columns import Ints
from pipelines.evaluating.labelled import Labelled, text_keys
from pipelines.expand import expand
from pipelines.plan import Plan
from pipelines.rows import Chosen

WEIGHT = "weight"
"""The score in which filters say how much a variant should count."""


@dataclass(frozen=True, slots=True)
class Bank:
    """Variants of labelled rows.

    Attributes:
        parents: ``(m,)`` int64, the place of each one's source row, sorted.
        text: ``(m,)`` string.
        keys: ``(m,)`` uint64, see :func:`pipelines.evaluating.labelled.text_keys`.
        weights: ``(m,)`` float64 in (0, 1]: what the filters say; 1 if they say nothing.
    """

    parents: Ints
    text: pa.StringArray
    keys: Keys
    weights: npt.NDArray[np.float64]

    @classmethod
    def empty(cls) -> "Bank":
        """No variants: the baseline's."""
        none = pa.array([], pa.string())
        return cls(np.zeros(0, np.int64), none, np.zeros(0, np.uint64), np.zeros(0))

    @classmethod
    def of(cls, plan: Plan, data: Labelled, places: Ints) -> "Bank":
        """What a fitted plan makes of the rows at these places.

        Args:
            plan: whose components have all the statistics that they need.
            data: the rows.
            places: ``(k,)`` sorted.
        """
        banks = [cls.empty()]
        for start in range(0, len(places), plan.batch_rows):
            part = places[start : start + plan.batch_rows]
            made = Chosen.of(expand(plan, data.rows.take(pa.array(part))).rows.made)
            text = made.variants.text
            weight = made.variants.notes.get(WEIGHT)
            weights = np.ones(len(text)) if weight is None else _filled(weight)
            banks.append(cls(part[made.parent.to_numpy()], text, text_keys(text), weights))
        return cls(
            np.concatenate([bank.parents for bank in banks]),
            pa.concat_arrays([bank.text for bank in banks]),
            np.concatenate([bank.keys for bank in banks]),
            np.concatenate([bank.weights for bank in banks]),
        )


def _filled(weight: pa.Array) -> npt.NDArray[np.float64]:
    values = np.asarray(weight.to_numpy(zero_copy_only=False), np.float64)
    return np.where(np.isnan(values), 1.0, values)


@dataclass(frozen=True, slots=True)
class Training:
    """What a model is trained on: originals and variants by their places in one column of texts,
    the originals first (see :meth:`texts`).

    Attributes:
        rows: ``(m,)`` places in that column.
        labels: ``(m,)`` classes.
        weights: ``(m,)``; those of a source and its variants add up to 1.
        sources: ``(m,)`` the source's place in the order of the training rows, from 0.
    """

    rows: Ints
    labels: Ints
    weights: npt.NDArray[np.float64]
    sources: Ints

    @classmethod
    def of(
        cls, data: Labelled, bank: Bank, rows: Ints, unseen: Ints, variant_share: float = 0.5
    ) -> "Training":
        """Training rows and their variants; a variant whose text is that of an unseen row is left
        out.

        Args:
            data: the rows.
            bank: their variants.
            rows: ``(n,)`` places of the training rows, all different.
            unseen: places of the rows to be predicted.
            variant_share: what a source's variants weigh together, where no filter lowers it; the
                original has the rest, or all if there is no variant.
        """
        source = np.full(len(data), -1)
        source[rows] = np.arange(len(rows))
        owner = source[bank.parents]
        chosen = np.flatnonzero((owner >= 0) & ~np.isin(bank.keys, data.keys[unseen]))
        places = np.concatenate([rows, len(data) + chosen])
        sources = np.concatenate([np.arange(len(rows)), owner[chosen]])
        counts = np.bincount(owner[chosen], minlength=len(rows))
        own = variant_share * bank.weights[chosen] / counts[owner[chosen]]
        weights = np.concatenate([1 - np.bincount(owner[chosen], own, len(rows)), own])
        return cls(places, data.labels[rows][sources], weights, sources)


def texts(data: Labelled, bank: Bank) -> pa.StringArray:
    """The column that :class:`Training` has places in: the originals, then the variants."""
    return pa.concat_arrays([data.text, bank.text])
