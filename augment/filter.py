"""Filters judge variants against their sources; every rejection has a reason that is counted."""

import dataclasses
from abc import ABC, abstractmethod
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.batch import TextBatch, Variants
from augment.component import Component


@dataclasses.dataclass(frozen=True, slots=True)
class Verdicts:
    """One verdict a row.

    Attributes:
        keep: ``(n,)`` bool; declined rows (no variant) are kept, there is nothing to judge.
        reason: ``(n,)`` dictionary<string>: why a row was rejected, null where it was kept.
        score: ``(n,)`` float32: what was measured, NaN where nothing was.
        weight: ``(n,)`` float32 in (0, 1]: how much a kept variant should count in training; None
            if all count alike.
    """

    keep: npt.NDArray[np.bool_]
    reason: pa.DictionaryArray
    score: npt.NDArray[np.float32]
    weight: npt.NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        weighed = self.keep if self.weight is None else self.weight
        if not len(self.keep) == len(self.reason) == len(self.score) == len(weighed):
            raise ValueError("columns differ in length")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Filter(Component, ABC):
    """Base of all filters: :meth:`judge` is the one method to write."""

    batch_invariant: ClassVar[bool] = True
    """Whether verdicts are the same for any cut of the rows into batches."""

    reads_labels: ClassVar[bool] = False
    """Whether it looks at the rows' labels, so that a recipe must say where they are."""

    @property
    def scope(self) -> Literal["rows", "dataset"]:
        """``dataset``, if a run judges all rows' variants together, too, once they are made."""
        return "rows"

    @abstractmethod
    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """Judge every variant; pure, and the same for the same input."""
