"""How faithfully one model fills masks as another does, how fast, and how batches change it."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from augment.models.fill_mask import FillMask, Ints, Top

SAMPLE = Path(__file__).parent / "fidelity-en.txt"
"""Sentences of Jane Austen's novels (public domain) and of WordNet's definitions."""

_EVERY = 7
"""Of so many tokens one is masked: 15 % of the words, as in training."""
_CANDIDATES = 5
_BUDGETS = (1, 64, 250, 1000, 4096, 10_000)


@dataclass(frozen=True, slots=True)
class Fidelity:
    """An exported model against its original, at the same masks of the same texts.

    Attributes:
        texts, masks: how many were compared.
        top1: share of masks with the same best candidate.
        top5: mean share of the five best candidates that both have.
        bytes, original_bytes: size of the weights on disk.
        speed, original_speed: texts a second, in this process.
        drift: share of texts whose candidates differ under another cut into batches.
    """

    texts: int
    masks: int
    top1: float
    top5: float
    bytes: int
    original_bytes: int
    speed: float
    original_speed: float
    drift: float

    def table(self) -> str:
        """A few lines for a person."""
        size, whole = self.bytes / 1e6, self.original_bytes / 1e6
        return (
            f"at {self.masks:,} masks of {self.texts:,} texts\n"
            f"  same best candidate   {self.top1:8.1%}\n"
            f"  same five candidates  {self.top5:8.1%}\n"
            f"  megabytes             {size:8.1f}    of {whole:.1f}\n"
            f"  texts a second        {self.speed:8.0f}    of {self.original_speed:.0f}\n"
            f"  drift with batches    {self.drift:8.1%}"
        )

    def write(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", "utf-8")


def compare(
    made: FillMask, original: FillMask, texts: Sequence[str], sizes: tuple[int, int]
) -> Fidelity:
    """Measure a model against another of the same vocabulary.

    Args:
        made: the exported model.
        original: the model that it was exported from.
        texts: at least one that a mask can be put into.
        sizes: of both models' weights in bytes.
    """
    sequences, masks = masked(original, texts)
    for model in (made, original):  # the first call is slower than all others
        _answers(model, sequences[:8], masks[:8], 4096)
    theirs, slow = _timed(original, sequences, masks)
    ours, fast = _timed(made, sequences, masks)
    shared = [len(np.intersect1d(a, b)) for a, b in zip(ours.ids, theirs.ids, strict=True)]
    return Fidelity(
        texts=len(sequences),
        masks=len(ours.ids),
        top1=float((ours.ids[:, 0] == theirs.ids[:, 0]).mean()),
        top5=float(np.mean(shared)) / ours.ids.shape[1],
        bytes=sizes[0],
        original_bytes=sizes[1],
        speed=len(sequences) / fast,
        original_speed=len(sequences) / slow,
        drift=drift(made, sequences, masks),
    )


def masked(model: FillMask, texts: Sequence[str]) -> tuple[list[Ints], list[Ints]]:
    """Token ids with every seventh token masked, cut to what the model takes, and the places."""
    sequences, masks = [], []
    for number, encoded in enumerate(
        model.tokenizer.encode_batch(list(texts), add_special_tokens=False)
    ):
        ids = np.array(encoded.ids[: model.room], np.int64)
        places = np.arange(number % _EVERY, len(ids), _EVERY)
        if len(places):
            ids[places] = model.mask_id
            sequences.append(ids)
            masks.append(places)
    return sequences, masks


def drift(model: FillMask, sequences: Sequence[Ints], masks: Sequence[Ints]) -> float:
    """Share of texts whose candidates or probabilities differ, in any bit, between batch sizes."""
    bounds = np.append(0, np.cumsum([len(m) for m in masks]))
    tops = [_answers(model, sequences, masks, budget) for budget in _BUDGETS]
    unlike = np.zeros(len(tops[0].ids), np.bool_)
    for top in tops[1:]:
        unlike |= (top.ids != tops[0].ids).any(axis=1)
        unlike |= (top.log_probability != tops[0].log_probability).any(axis=1)
    rows = [unlike[a:b].any() for a, b in pairwise(bounds)]
    return float(np.mean(rows))


def _timed(model: FillMask, sequences: list[Ints], masks: list[Ints]) -> tuple[Top, float]:
    start = time.perf_counter()
    top = _answers(model, sequences, masks, 4096)
    return top, time.perf_counter() - start


def _answers(model: FillMask, sequences: Sequence[Ints], masks: Sequence[Ints], budget: int) -> Top:
    parts = list(model.tops(sequences, masks, model.vocabulary.bias, _CANDIDATES, budget))
    order = np.argsort(np.concatenate([numbers for numbers, _ in parts]))
    return Top(
        np.concatenate([top.log_probability for _, top in parts])[order],
        np.concatenate([top.ids for _, top in parts])[order],
    )
