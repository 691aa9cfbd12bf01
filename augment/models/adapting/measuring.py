"""How well a model predicts masked words of the texts that were held out."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from augment.models.adapting.blocks import IGNORED, Blocks, Masked
from augment.models.masked_head import MaskedHead
from augment.randomness import derive

_BATCH = 32
_RATE = 0.15
"""Not the one trained with, so that figures of different trainings can be compared."""

_RANKS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured at masked tokens.

    Attributes:
        loss: mean negative log likelihood, in nats.
        top1, top5, top10: share of the tokens among the model's best so many.
        masked: how many tokens were masked.
    """

    loss: float
    top1: float
    top5: float
    top10: float
    masked: int

    @property
    def perplexity(self) -> float:
        """The exponential of the loss."""
        return math.exp(self.loss)


def measure(head: MaskedHead, blocks: Blocks, mask_id: int) -> Figures:
    """Figures of a model; the masks are the same for every model with the same tokenizer.

    Leaves the model in evaluation mode.
    """
    import torch

    sample = blocks.sample()
    loss, hits, count = 0.0, np.zeros(len(_RANKS)), 0
    head.model.eval()
    for start in range(0, len(sample), _BATCH):
        rows = np.arange(start, min(start + _BATCH, len(sample)))
        with torch.inference_mode():
            keys = derive(rows.astype(np.uint64), "validation")
            batch = sample.masked(rows, keys, _RATE, mask_id)
            logits, targets = at_masks(head, *as_tensors(batch, head.model.device).values())
            loss += torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item()
            rank = (logits > logits.gather(1, targets[:, None])).sum(1)
            hits += [(rank < k).sum().item() for k in _RANKS]
            count += len(targets)
    shares = hits / max(count, 1)
    top1, top5, top10 = (float(share) for share in shares)
    return Figures(loss / max(count, 1), top1, top5, top10, count)


def at_masks(head: MaskedHead, ids: Any, labels: Any) -> tuple[Any, Any]:
    """Logits ``(m, v)`` float32 at the masks, and the ids ``(m,)`` that stood there, as tensors."""
    import torch

    flat = labels.flatten()
    places = (flat != IGNORED).nonzero()[:, 0]
    return head.logits(ids, torch.ones_like(ids), places).float(), flat[places]


def as_tensors(batch: Masked, device: Any) -> dict[str, Any]:
    """``input_ids`` and ``labels``, int64."""
    import torch

    pairs = (("input_ids", batch.ids), ("labels", batch.labels))
    return {name: torch.from_numpy(ints.astype(np.int64)).to(device) for name, ints in pairs}
