"""Distributions that add up: bins of equal width for what has bounds, of equal ratio for others."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Counts = npt.NDArray[np.int64]

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

_RATIO = 1.005
"""Of a bin's bounds in a sketch: a quantile is right to a quarter of a per cent."""
_ABOVE_ALL = 40_000
"""More than the number of the bin of any float32: positive bins stay positive, see ``Sketch``."""
_SHOWN_BINS = 40


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts of values in bins of equal width; what lies beyond is counted in the outermost.

    Attributes:
        low: where the first bin begins.
        width: of each bin.
        counts: ``(bins,)``.
        total: sum of the values.
        squares: sum of their squares.
        whole: the values are whole numbers and a bin holds but one of them, its lower bound.
    """

    low: float
    width: float
    counts: Counts
    total: float = 0.0
    squares: float = 0.0
    whole: bool = False

    @classmethod
    def shares(cls) -> Self:
        """Empty, for values from 0 to 1: 50 bins; 1 itself is in the last."""
        return cls(0.0, 0.02, np.zeros(50, np.int64))

    @classmethod
    def sizes(cls) -> Self:
        """Empty, for whole numbers from 0 on; those beyond 4,095 are counted as 4,095."""
        return cls(0.0, 1.0, np.zeros(4096, np.int64), whole=True)

    def plus(self, values: npt.NDArray[Any]) -> Self:
        """With more values; NaN is no value."""
        there = values[~np.isnan(values)].astype(np.float64)
        # Without the small term 0.58 would land in the bin below its own.
        place = np.floor((there - self.low) / self.width + 1e-9).astype(np.int64)
        bins = len(self.counts)
        counts = np.bincount(np.clip(place, 0, bins - 1), minlength=bins)
        return self._with(
            self.counts + counts,
            self.total + float(there.sum()),
            self.squares + float((there * there).sum()),
        )

    def __add__(self, other: Self) -> Self:
        return self._with(
            self.counts + other.counts, self.total + other.total, self.squares + other.squares
        )

    def _with(self, counts: Counts, total: float, squares: float) -> Self:
        return type(self)(self.low, self.width, counts, total, squares, self.whole)

    @property
    def count(self) -> int:
        """How many values."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float | None:
        """None without values."""
        return self.total / self.count if self.count else None

    @property
    def deviation(self) -> float | None:
        """Standard deviation (of the values themselves, not an estimate); None without values."""
        if not self.count:
            return None
        mean = self.total / self.count
        return float(np.sqrt(max(0.0, self.squares / self.count - mean * mean)))

    def quantile(self, share: float) -> float | None:
        """The value below which this share lies, to within a bin; None without values."""
        if not self.count:
            return None
        below = np.cumsum(self.counts)
        wanted = share * self.count
        place = int(np.searchsorted(below, wanted))
        if self.whole:
            return self.low + place * self.width
        before = int(below[place] - self.counts[place])
        return self.low + self.width * (place + (wanted - before) / int(self.counts[place]))

    def told(self) -> dict[str, Any]:
        """JSON-able; bins behind the last that holds anything are left out."""
        last = int(np.flatnonzero(self.counts)[-1]) + 1 if self.count else 0
        return {
            **_moments(self.count, self.mean, self.deviation, self.quantile),
            "bins": {"low": self.low, "width": self.width, "counts": self.counts[:last].tolist()},
        }


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """Counts of values of any size in bins whose bounds have the ratio 1.005.

    The bins are those of DDSketch (Masson, Rim & Lee 2019, section 2.1), without a bound on their
    number, of which float32 has no more than 80,000.

    Attributes:
        bins: ``(b,)`` sorted numbers of bins; negative ones are of negative values, 0 is zero.
        counts: ``(b,)``.
        total: sum of the values.
        squares: sum of their squares.
        least, greatest: of the values.
    """

    bins: Counts
    counts: Counts
    total: float = 0.0
    squares: float = 0.0
    least: float = np.inf
    greatest: float = -np.inf

    @classmethod
    def empty(cls) -> Self:
        """Of no value."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))

    def plus(self, values: npt.NDArray[Any]) -> Self:
        """With more values; what is not finite is no value."""
        there = values[np.isfinite(values)].astype(np.float64)
        if not len(there):
            return self
        size = np.abs(there)
        with np.errstate(divide="ignore"):
            number = np.ceil(np.log(size) / np.log(_RATIO)) + _ABOVE_ALL
        bins = np.where(size > 0, np.sign(there) * number, 0).astype(np.int64)
        found, counts = np.unique(bins, return_counts=True)
        sums = float(there.sum()), float((there * there).sum())
        return self + type(self)(found, counts, *sums, float(there.min()), float(there.max()))

    def __add__(self, other: Self) -> Self:
        bins, place = np.unique(np.append(self.bins, other.bins), return_inverse=True)
        counts = np.zeros(len(bins), np.int64)
        np.add.at(counts, place, np.append(self.counts, other.counts))
        return type(self)(
            bins,
            counts,
            self.total + other.total,
            self.squares + other.squares,
            min(self.least, other.least),
            max(self.greatest, other.greatest),
        )

    @property
    def count(self) -> int:
        """How many values."""
        return int(self.counts.sum())

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """``(b,)``: what stands for the values of each bin."""
        size = 2 * _RATIO ** (np.abs(self.bins) - float(_ABOVE_ALL)) / (1 + _RATIO)
        found = np.where(self.bins == 0, 0.0, np.sign(self.bins) * size)
        return np.clip(found, self.least, self.greatest)

    def quantile(self, share: float) -> float | None:
        """The value below which this share lies, to 0.25 %; None without values."""
        if not self.count:
            return None
        place = int(np.searchsorted(np.cumsum(self.counts), share * self.count))
        return float(self.values[place])

    def told(self) -> dict[str, Any]:
        """JSON-able, with 40 bins of equal width that hold nearly all values."""
        if not self.count:
            return _moments(0, None, None, self.quantile)
        mean = self.total / self.count
        deviation = float(np.sqrt(max(0.0, self.squares / self.count - mean * mean)))
        low, high = self.quantile(0.005) or 0.0, self.quantile(0.995) or 0.0
        width = (high - low) / _SHOWN_BINS or max(abs(low), 1.0) / _SHOWN_BINS
        shown = self._spread(low + width * np.arange(1, _SHOWN_BINS))
        return {
            **_moments(self.count, mean, deviation, self.quantile),
            "least": self.least,
            "greatest": self.greatest,
            "bins": {"low": low, "width": width, "counts": shown},
        }

    def _spread(self, inner: Floats) -> list[float]:
        """Counts between inner bounds: those of each bin of the sketch are spread over it."""
        size = _RATIO ** (np.abs(self.bins) - float(_ABOVE_ALL) - [[1.0], [0.0]])
        bounds = np.where(self.bins == 0, 0.0, np.sign(self.bins) * size)
        bounds = np.clip(np.sort(bounds, axis=0), self.least, self.greatest)
        below = np.append(0, np.cumsum(self.counts))
        steps = np.stack([below[:-1], below[1:]], axis=1).ravel()
        found = np.interp(inner, bounds.T.ravel(), steps)
        whole = np.concatenate([[0.0], found, [float(self.count)]])
        return [round(float(count), 3) for count in np.diff(whole)]


def _moments(
    count: int, mean: float | None, deviation: float | None, quantile: Any
) -> dict[str, Any]:
    named = {f"p{round(share * 100)}": quantile(share) for share in QUANTILES}
    return {"count": count, "mean": mean, "deviation": deviation, **named}
