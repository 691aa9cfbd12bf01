"""Sampling from a model's best candidates by random numbers of our own.

Top-k: Fan, Lewis & Dauphin 2018, §5.4; nucleus (top-p): Holtzman et al. 2020, §3.1. Drawing is by
Gumbel-max in float64, with a number per (row, mask, vocabulary item): it depends on no
generator state and not on the order of the candidates.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from augment.models.fill_mask import Top
from augment.randomness import Keys, gumbel

Ints = npt.NDArray[np.int64]

_LEFT = 1e-6
"""The least that an original is taken to leave; single precision knows no less."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """One draw per mask.

    Attributes:
        column: ``(m,)`` int64, which of the candidates, −1 where none was left.
        ids: ``(m,)`` int64 vocabulary items, −1 where no candidate was left.
        probability: ``(m,)`` float32, of the item among all that the model was asked about but the
            originals, at temperature 1.
        believed: ``(m, k)`` float64, the logarithm of every candidate's probability, likewise.
        allowed: ``(m, k)`` which candidates took part.
    """

    column: Ints
    ids: Ints
    probability: npt.NDArray[np.float32]
    believed: npt.NDArray[np.float64]
    allowed: npt.NDArray[np.bool_]


def sample(
    top: Top,
    banned: npt.NDArray[np.bool_],
    keys: Keys,
    ordinals: Ints,
    *,
    top_k: int,
    top_p: float,
    temperature: float,
    min_probability: float = 0.0,
    original: npt.NDArray[np.bool_] | None = None,
    stream: str = "token",
) -> Sampled:
    """Draw one candidate per mask.

    Args:
        top: the best candidates, descending.
        banned: ``(m, k)`` candidates that must not be drawn.
        keys: ``(m,)`` the rows' keys.
        ordinals: ``(m,)`` the mask's number within its row.
        top_k: how many of the allowed candidates take part; 0 for all.
        top_p: the least share of probability whose candidates take part.
        temperature: divides the log probabilities; near 0 the best candidate wins.
        min_probability: the least that a candidate must have, at temperature 1.
        original: ``(m, k)`` banned candidates whose probability is divided among the others.
        stream: names the numbers that decide.
    """
    believed = top.log_probability.astype(np.float64)
    allowed = np.isfinite(believed) & ~banned
    if original is not None:
        taken = np.where(original, np.exp(believed), 0.0).sum(axis=1, keepdims=True)
        believed = believed - np.log(np.maximum(1.0 - taken, _LEFT))
    if min_probability:
        allowed &= believed >= np.log(min_probability)
    rank = np.cumsum(allowed, axis=1) - 1
    if top_k:
        allowed &= rank < top_k
    scaled = np.where(allowed, believed / temperature, -np.inf)
    allowed &= _nucleus(scaled, top_p)
    noise = gumbel(keys[:, None], stream, (ordinals[:, None] << 32) | top.ids)
    score = np.where(allowed, scaled + noise, -np.inf)
    # Equal scores: the lower vocabulary item wins, whatever the order of the candidates.
    best = np.where(score == score.max(axis=1, keepdims=True), top.ids, np.iinfo(np.int64).max)
    column = best.argmin(axis=1)
    each = np.arange(len(column))
    found = allowed.any(axis=1)
    probability = np.exp(believed[each, column])
    return Sampled(
        np.where(found, column, -1),
        np.where(found, top.ids[each, column], -1),
        np.where(found, probability, 0.0).astype(np.float32),
        believed,
        allowed,
    )


def _nucleus(scaled: npt.NDArray[np.float64], top_p: float) -> npt.NDArray[np.bool_]:
    """The most likely candidates that hold ``top_p`` of the probability; at least the first."""
    if top_p >= 1.0 or not scaled.size:
        return np.ones(scaled.shape, np.bool_)
    best = scaled.max(axis=1, keepdims=True)
    weight = np.exp(scaled - np.where(np.isfinite(best), best, 0.0))
    before = np.cumsum(weight, axis=1) - weight
    return np.asarray(before < top_p * weight.sum(axis=1, keepdims=True))
