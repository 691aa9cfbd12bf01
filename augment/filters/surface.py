"""Filters that look at the characters alone."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import TextBatch, Variants
from augment.component import Positive, component
from augment.filter import Filter, Verdicts


@component("length_ratio")
class LengthRatio(Filter):
    """Reject variants much shorter or longer than their source.

    Args:
        min: least accepted length of the variant over length of the source, in code points.
        max: greatest accepted ratio.
    """

    min: Positive = 0.5
    max: Positive = 2.0

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the ratio; reasons are ``too_short`` and ``too_long``."""
        old = np.maximum(pc.utf8_length(source.text).to_numpy(zero_copy_only=False), 1)
        new = pc.utf8_length(variants.text).cast(pa.float32())
        ratio = (new.to_numpy(zero_copy_only=False) / old).astype(np.float32)
        short, long = ratio < self.min, ratio > self.max
        index = pa.array(np.where(long, 1, 0), pa.int8(), mask=~(short | long))
        reason = pa.DictionaryArray.from_arrays(index, pa.array(["too_short", "too_long"]))
        return Verdicts(~(short | long), reason, ratio)
