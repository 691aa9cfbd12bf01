"""The filter for variants that say again what the source or another variant says."""

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.batch import TextBatch, Variants
from augment.component import component, package_version
from augment.filter import Filter, Verdicts
from augment.text.folding import FOLDS, Fold, folded
from augment.text.sketches import Unit, resemblance, sketches

EXACT, NEAR = "exact", "near"
"""The reasons."""


@component("duplicates")
class Duplicates(Filter):
    """Reject variants that repeat their source or another variant, but for case and punctuation.

    Of a row's variants the first stays. With ``against: dataset``, a run looks for the others
    among the variants of all rows, too, once all are made: one that repeats any original goes, and
    of several that repeat each other the one stays that a hash of its row's id, view and text
    picks, wherever it stands in the input.

    Args:
        against: ``siblings``, the source and the other variants of the row; or ``dataset``, those
            and all other rows' texts and variants.
        near: reject variants whose shingles have this share in common (Jaccard), too, as MinHash
            estimates it; None for none.
        fold: differences that do not count. Without ``punctuation``, texts may differ in it alone.
        unit: what shingles are runs of.
        size: of a shingle.
    """

    against: Literal["siblings", "dataset"] = "siblings"
    near: Annotated[float, Field(ge=0.5, lt=1.0)] | None = None
    fold: tuple[Fold, ...] = FOLDS
    unit: Unit = "character"
    size: Annotated[int, Field(ge=1, le=32)] = 5

    @property
    def scope(self) -> Literal["rows", "dataset"]:
        """``dataset``, if all rows are looked at together in the end."""
        return "dataset" if self.against == "dataset" else "rows"

    def assets(self) -> dict[str, str]:
        """What makes the sketches."""
        return {} if self.near is None else {"rensa": package_version("rensa")}

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the likeness to what it is most like, as far as it was measured.

        Reasons are ``exact`` and ``near``.
        """
        own, count = self.form(variants.text), len(variants)
        exact = np.zeros(count, np.bool_)
        for other in self._others(source):
            same = pc.fill_null(pc.equal(own, other), False)
            exact |= same.to_numpy(zero_copy_only=False)
        score = np.where(exact, 1.0, np.nan).astype(np.float32)
        near = np.zeros(count, np.bool_)
        if self.near is not None:
            rows = np.flatnonzero(own.is_valid().to_numpy(zero_copy_only=False) & ~exact)
            score[rows] = self._likeness(source, own, rows)
            near[rows] = score[rows] >= np.float32(self.near)
        index = pa.array(np.where(exact, 0, 1), pa.int8(), mask=~(exact | near))
        reason = pa.DictionaryArray.from_arrays(index, pa.array([EXACT, NEAR]))
        return Verdicts(~(exact | near), reason, score)

    def form(self, text: pa.StringArray) -> pa.StringArray:
        """Texts in the form in which they are compared."""
        return folded(text, self.fold)

    def sketches(self, form: pa.StringArray) -> npt.NDArray[np.uint32]:
        """``(n, 128)`` sketches of texts in this form."""
        return sketches(form, self.unit, self.size)

    def _others(self, source: TextBatch) -> Iterator[pa.StringArray]:
        return map(self.form, (source.text, *source.siblings))

    def _likeness(
        self, source: TextBatch, own: pa.StringArray, rows: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Of these rows' variants to what they are most like."""
        index = pa.array(rows)
        mine, best = self.sketches(own.take(index)), np.zeros(len(rows), np.float32)
        for other in self._others(source):
            theirs = other.take(index)
            likeness = resemblance(mine, self.sketches(pc.fill_null(theirs, "")))
            there = theirs.is_valid().to_numpy(zero_copy_only=False)
            best = np.maximum(best, np.where(there, likeness, np.float32(0)))
        return best
