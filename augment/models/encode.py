"""Sentence encoders: a text as a vector, near those of texts that say the same.

A backend computes the network's last hidden states; tokens, batches and pooling are done here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.models.identity import model_digest
from augment.models.runtime import threads

if TYPE_CHECKING:
    from tokenizers import Tokenizer

Ints = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
Pooling = Literal["mean", "cls"]

BATCH_TOKENS = 2048
"""Tokens in a padded batch, unless the caller says otherwise."""

_KEPT = 1 << 15
"""Vectors of sources that an exact encoder remembers: those of a batch, for its other copies."""


class EncoderNetwork(Protocol):
    """What a backend provides."""

    def hidden(self, input_ids: Ints, attention_mask: Ints) -> npt.NDArray[np.float32]:
        """``(b, t, d)`` last hidden states of ``(b, t)`` tokens; mask 0 for padding."""


@dataclass(frozen=True)
class SentenceEncoder:
    """A network with its tokenizer.

    Attributes:
        opening, closing: token ids put around every passage.
        pad_id: fills short rows of a batch.
        max_tokens: longest input, specials included; longer texts are read in passages.
        pooling: the ``mean`` of all tokens' hidden states, or that of the first (``cls``).
        exact: whether a text's vector is the same in any batch.
        languages: primary tags of those that it was trained for; None if not known.
    """

    network: EncoderNetwork
    tokenizer: "Tokenizer"
    opening: tuple[int, ...]
    closing: tuple[int, ...]
    pad_id: int
    max_tokens: int
    pooling: Pooling = "mean"
    exact: bool = False
    languages: tuple[str, ...] | None = None
    _remembered: dict[str, Vectors] = field(default_factory=dict, repr=False, compare=False)

    def encode(
        self, texts: pa.StringArray, *, batch_tokens: int = BATCH_TOKENS, remember: bool = False
    ) -> Vectors:
        """``(n, d)`` vectors of length 1.

        Equal texts are encoded once. The vector of a text of several passages is their mean by
        number of tokens (Reimers & Gurevych 2019, "Sentence-BERT", §3, whose mean it continues).

        Args:
            texts: ``(n,)``, n > 0, no nulls.
            batch_tokens: tokens in a padded batch at the most; a longer passage stands alone.
            remember: keep the vectors for the next call, if they are the same in any batch.
        """
        encoded = pc.dictionary_encode(texts)
        distinct = encoded.dictionary.to_pylist()
        known = self._remembered if self.exact else {}
        new = [text for text in distinct if text not in known]
        made = dict(zip(new, self._vectors(new, batch_tokens), strict=True))
        vectors = np.stack([known[t] if t in known else made[t] for t in distinct])
        if remember and self.exact:
            if len(known) + len(made) > _KEPT:
                known.clear()
            known.update(list(made.items())[:_KEPT])
        return np.asarray(vectors[encoded.indices.to_numpy()])

    def _vectors(self, texts: Sequence[str], batch_tokens: int) -> Sequence[Vectors]:
        room = self.max_tokens - len(self.opening) - len(self.closing)
        passages, owners = [], []
        for i, found in enumerate(self.tokenizer.encode_batch(texts, add_special_tokens=False)):
            ids = found.ids
            for start in range(0, max(1, len(ids)), room):
                passages.append([*self.opening, *ids[start : start + room], *self.closing])
                owners.append(i)
        lengths = np.array([len(passage) for passage in passages], np.int64)
        sums: list[Vectors] = [np.zeros(0, np.float32)] * len(passages)
        for group in _batches(passages, lengths, batch_tokens):
            for place, total in zip(group, self._pooled(group, passages), strict=True):
                sums[place] = total
        return _united(sums, owners, lengths)

    def _pooled(self, group: Ints, passages: Sequence[Sequence[int]]) -> Vectors:
        """``(b, d)`` means over the tokens of each passage of a batch."""
        width = max(len(passages[place]) for place in group)
        ids = np.full((len(group), width), self.pad_id, np.int64)
        mask = np.zeros_like(ids)
        for row, place in enumerate(group):
            ids[row, : len(passages[place])] = passages[place]
            mask[row, : len(passages[place])] = 1
        hidden = self.network.hidden(ids, mask)
        if self.pooling == "cls":
            return hidden[:, 0]
        # Token by token, so that the padding behind a passage can't change its sum.
        weights = mask[:, :, None].astype(np.float32)
        return np.asarray((hidden * weights).sum(axis=1) / weights.sum(axis=1))


def _batches(passages: Sequence[Sequence[int]], lengths: Ints, batch_tokens: int) -> Iterator[Ints]:
    """Passages by length, the longest first, those of one length by what they hold."""
    order = np.array(
        sorted(range(len(passages)), key=lambda i: (-lengths[i], passages[i])), np.int64
    )
    start = 0
    while start < len(order):
        size = max(1, batch_tokens // int(lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _united(means: Sequence[Vectors], owners: Sequence[int], lengths: Ints) -> list[Vectors]:
    """The vectors of the texts: means of their passages by number of tokens, of length 1."""
    sums: dict[int, npt.NDArray[np.float64]] = {}
    for mean, owner, length in zip(means, owners, lengths, strict=True):
        weighed = mean.astype(np.float64) * length
        sums[owner] = sums[owner] + weighed if owner in sums else weighed
    return [
        (total / max(float(np.sqrt(total @ total)), 1e-12)).astype(np.float32)
        for total in sums.values()
    ]


def load_encoder(model: str, revision: str | None = None, device: str = "auto") -> SentenceEncoder:
    """An encoder ready to use; loaded once per process, and again when its files change.

    Args:
        model: ``minilm`` for the packaged one; else a folder or hub name.
        revision: of a hub model.
        device: ``cpu``, ``cuda`` or another of torch's, or ``auto``.

    Raises:
        MissingExtraError: its package is not installed.
        ModelError: it can't be found, or is no encoder.
    """
    name = str(Path(model).resolve()) if Path(model).is_dir() else model
    digest = "" if model == "minilm" else model_digest(name, revision)
    return _load(name, revision, device, threads(), digest)


@cache
def _load(
    name: str, revision: str | None, device: str, threads: int, _digest: str
) -> SentenceEncoder:
    if name == "minilm":
        from augment.models.backends import onnx_encoder

        return onnx_encoder.load(threads)
    from augment.models.backends import torch_encoder

    return torch_encoder.load(name, revision, device, threads)
