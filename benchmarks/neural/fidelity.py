"""How often a backend and dtype prefer the same word as float32 does, on a real model."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from augment.errors import AugmillError
from augment.models.backends import load_fill_mask
from augment.models.fill_mask import FillMask

Ints = npt.NDArray[np.int64]

_TOP = 5
_EVERY = 7
"""One token in so many is masked."""


def agreements(
    model: str | None,
    backends: Sequence[tuple[str, str]],
    texts: Sequence[str],
    tokens: int = 4096,
) -> str:
    """Markdown: shares of masks where the first is the same, and where it is among the five.

    Args:
        model: a folder, a hub name, or None for the bundled model.
        backends: which, each with a dtype.
        texts: in which masks are set.
        tokens: in a padded batch.
    """
    what = "the bundled model" if model is None else f"`{Path(model).name}`"
    lines = [f"### Agreement with torch float32, on {what}", ""]
    lines += ["| | same first | first among the five |", "|---|---:|---:|"]
    try:
        reference = _tops(model, "torch", "float32", texts, tokens)
    except AugmillError as error:
        return f"{lines[0]}\n\nnot measured: {error}"
    for backend, dtype in backends:
        try:
            ids = _tops(model, backend, dtype, texts, tokens)
        except AugmillError as error:
            lines.append(f"| {backend} {dtype} | – | {str(error).splitlines()[0]} |")
            continue
        same = (ids[:, 0] == reference[:, 0]).mean()
        among = (ids == reference[:, :1]).any(1).mean()
        lines.append(f"| {backend} {dtype} | {same:.3f} | {among:.3f} |")
    return "\n".join(lines)


def _tops(
    model: str | None, backend: str, dtype: str, texts: Sequence[str], tokens: int
) -> npt.NDArray[np.int64]:
    """``(m, 5)`` the best words at every mask."""
    fill = load_fill_mask(model, None, backend, dtype, "cpu")
    sequences, masks = _masked(fill, texts)
    best = np.zeros((sum(map(len, masks)), _TOP), np.int64)
    for numbers, top in fill.tops(sequences, masks, fill.vocabulary.bias, _TOP, tokens):
        best[numbers] = top.ids
    return best


def _masked(fill: FillMask, texts: Sequence[str]) -> tuple[list[Ints], list[Ints]]:
    sequences, masks = [], []
    for number, text in enumerate(texts):
        ids = fill.tokenizer.encode(text, add_special_tokens=False).ids
        row = np.array(ids[: fill.room], np.int64)
        places = np.arange(number % _EVERY, len(row), _EVERY)
        if len(places):
            row[places] = fill.mask_id
            sequences.append(row)
            masks.append(places)
    return sequences, masks
