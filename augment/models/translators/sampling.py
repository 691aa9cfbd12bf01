"""Sampling of output tokens by numbers of our own (Gumbel-max), for transformers' ``generate``.

Every (row key, step, token) has its own Gumbel number, and the token whose scaled logit and
number add up to most is drawn (Gumbel 1954; Maddison, Tarlow & Minka 2014, §2). A row's draws
depend on no other row, and on no generator's state.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from augment.models.decoding import Decoding
from augment.randomness import Keys, derive, gumbel

Ints = npt.NDArray[np.int64]


def draw(
    logits: npt.NDArray[np.float32], keys: Keys, step: int, *, temperature: float, top_k: int
) -> Ints:
    """One token per row.

    Args:
        logits: ``(n, v)``; −inf bans a token.
        keys: ``(n,)`` uint64.
        step: how many tokens were drawn before.
        temperature: divides the logits, more than 0.
        top_k: how many of the likeliest tokens take part, with those equal to the last; 0 for all.

    Returns:
        ``(n,)`` token ids; of equal sums the lowest.
    """
    now = derive(derive(keys, "translation"), step)
    least = np.full(len(logits), -np.inf, np.float32)
    if 0 < top_k < logits.shape[1]:
        least = np.partition(logits, -top_k, axis=1)[:, -top_k]
    drawn = np.empty(len(logits), np.int64)
    # Row by row: one row's numbers stay in the processor's cache.
    for row, own in enumerate(logits):
        ids = np.flatnonzero((own >= least[row]) & (own > -np.inf))
        scores = own[ids].astype(np.float64) / temperature + gumbel(now[row], "token", ids)
        drawn[row] = ids[scores.argmax()]
    return drawn


def sampler(keys: Keys, decoding: Decoding, end: int) -> Any:
    """A logits processor that leaves ``generate``'s greedy search the drawn token alone.

    Args:
        keys: of the batch's rows.
        decoding: temperature and top-k.
        end: the token behind which a row's output is over.
    """
    import torch
    from transformers import LogitsProcessor

    class Sampler(LogitsProcessor):  # type: ignore[misc]
        """Replaces scores by a choice."""

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            step = input_ids.shape[1] - 1
            open_ = (input_ids[:, 1:] != end).all(1)
            drawn = torch.full((len(scores),), end, device=scores.device)
            rows = np.flatnonzero(open_.cpu().numpy())
            drawn[open_] = torch.from_numpy(
                draw(
                    scores[open_].float().cpu().numpy(), keys[rows], step,
                    temperature=decoding.temperature or 1.0, top_k=decoding.top_k,
                )
            ).to(scores.device)  # fmt: skip
            return torch.full_like(scores, -torch.inf).scatter_(1, drawn[:, None], 0.0)

    return Sampler()
