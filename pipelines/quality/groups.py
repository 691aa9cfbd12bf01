"""Measures of a set of variants: all, those of a view, a method, a label or a language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from augment.text.columns import Ints
from pipelines.quality.histogram import Histogram

MOST_GROUPS = 200
REST = "(others)"
"""Where labels are counted that come after so many others."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of ``(m,)`` variants.

    Attributes:
        edit_rate: share; NaN where there is no source.
        similarity: likewise.
        words: of each variant.
        length_ratio: words of the variant over words of its source; NaN where that has none.
    """

    edit_rate: npt.NDArray[np.float64]
    similarity: npt.NDArray[np.float64]
    words: Ints
    length_ratio: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Distributions over the variants of a group; adds up with ``+``.

    Attributes:
        count: of the variants.
        edit_rate, similarity: see :mod:`pipelines.quality.distances`.
        words: per variant.
        growth: sum of the ratios of lengths, and how many there are.
    """

    count: int = 0
    edit_rate: Histogram = field(default_factory=Histogram.shares)
    similarity: Histogram = field(default_factory=Histogram.shares)
    words: Histogram = field(default_factory=Histogram.sizes)
    growth: tuple[float, int] = (0.0, 0)

    def plus(self, values: Measured, chosen: npt.NDArray[Any]) -> Self:
        """With the chosen variants: indices or a mask."""
        ratios = values.length_ratio[chosen]
        ratios = ratios[~np.isnan(ratios)]
        return type(self)(
            self.count + len(values.words[chosen]),
            self.edit_rate.plus(values.edit_rate[chosen]),
            self.similarity.plus(values.similarity[chosen]),
            self.words.plus(values.words[chosen]),
            (self.growth[0] + float(ratios.sum()), self.growth[1] + len(ratios)),
        )

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.count + other.count,
            self.edit_rate + other.edit_rate,
            self.similarity + other.similarity,
            self.words + other.words,
            (self.growth[0] + other.growth[0], self.growth[1] + other.growth[1]),
        )

    def told(self) -> dict[str, Any]:
        """JSON-able."""
        total, count = self.growth
        return {
            "variants": self.count,
            "edit_rate": self.edit_rate.told(),
            "similarity": self.similarity.told(),
            "words": self.words.told(),
            "mean_length_ratio": total / count if count else None,
        }


def grouped(
    groups: Mapping[str, Group], values: Measured, names: npt.NDArray[Any], rows: Ints
) -> dict[str, Group]:
    """Groups with more variants.

    Args:
        groups: by name, as they were.
        values: of the variants.
        names: ``(k,)`` object: names of groups; None is no group.
        rows: ``(k,)`` the variant that each name is of; a variant may have several.
    """
    made = dict(groups)
    for name in dict.fromkeys(names.tolist()):
        if name is None:
            continue
        known = name if name in made or len(made) < MOST_GROUPS else REST
        made[known] = made.get(known, Group()).plus(values, rows[names == name])
    return made
