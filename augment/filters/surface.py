"""Filters that look at how much of a text is there, and how much of it is other."""

from typing import Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from pydantic import model_validator
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cpdist

from augment.batch import TextBatch, Variants
from augment.component import Positive, Probability, component
from augment.filter import Filter, Verdicts
from augment.filters.pairs import Pairs, check_bounds

_PART = 1 << 20
"""Bytes of text compared at once: so many hold fewer different tokens than there are characters
to stand for them."""


@component("length_ratio")
class LengthRatio(Filter):
    """Reject variants much shorter or longer than their source.

    Args:
        min: least accepted length of the variant over length of the source, in code points.
        max: greatest accepted ratio.
    """

    min: Positive = 0.5
    max: Positive = 2.0

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        check_bounds(self.min, self.max)
        return self

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the ratio; reasons are ``too_short`` and ``too_long``."""
        pairs = Pairs.of(source, variants)
        old, new = (pc.utf8_length(text).to_numpy() for text in (pairs.old, pairs.new))
        ratio = (new / np.maximum(old, 1)).astype(np.float32)
        return pairs.verdicts(ratio, {"too_short": ratio < self.min, "too_long": ratio > self.max})


@component("edit_rate")
class EditRate(Filter):
    """Reject variants in which too little or too much differs from their source.

    What is measured is the edit distance (Levenshtein 1966: insertions, deletions and
    replacements) over the length of the longer text: 0 for a copy, 1 where nothing is the same.
    It is that of the texts themselves, whatever edits a step says it made.

    In words, marks of punctuation count as one each and white space does not; in scripts without
    spaces that no segmenter cuts, characters take the place of words. Letter case counts.

    Args:
        min: least accepted rate; 0 accepts all that are no copies.
        max: greatest accepted rate.
        unit: ``word`` or ``character`` (code points).
    """

    min: Probability = 0.0
    max: Probability = 1.0
    unit: Literal["word", "character"] = "word"

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        check_bounds(self.min, self.max)
        return self

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the rate; reasons are ``too_similar`` and ``too_different``."""
        pairs = Pairs.of(source, variants)
        parts = [self._rates(part) for part in pairs.cut(_PART)]
        rate = np.concatenate([np.zeros(0, np.float32), *parts])
        return pairs.verdicts(
            rate, {"too_similar": rate < self.min, "too_different": rate > self.max}
        )

    def _rates(self, pairs: Pairs) -> npt.NDArray[np.float32]:
        if self.unit == "character":
            old, new = pairs.old.to_pylist(), pairs.new.to_pylist()
        else:
            coded = pairs.tokens().strings()
            old, new = coded[: len(pairs)], coded[len(pairs) :]
        return cpdist(old, new, scorer=Levenshtein.normalized_distance, dtype=np.float32)
