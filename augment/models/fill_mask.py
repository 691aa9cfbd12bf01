"""Fill-mask models: the best candidates at masked positions, whatever runs the network.

A backend computes the network's head at the masked positions alone and returns the best of the
allowed vocabulary.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import xxhash

from augment.models.vocabulary import Vocabulary

if TYPE_CHECKING:
    from tokenizers import Tokenizer

_CACHED = 1 << 18
"""Numbers of 4 bytes that a core's cache holds beside the weights in use."""

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Top:
    """The best candidates at m masked positions.

    Attributes:
        log_probability: ``(m, k)`` float32, descending; among the allowed vocabulary.
        ids: ``(m, k)`` int64 vocabulary items.
    """

    log_probability: Floats
    ids: Ints


class Network(Protocol):
    """What a backend provides."""

    def top(
        self, input_ids: Ints, attention_mask: Ints, positions: Ints, bias: Floats, k: int
    ) -> Top:
        """The best candidates.

        Args:
            input_ids: ``(b, t)`` int64.
            attention_mask: ``(b, t)`` int64, 0 for padding.
            positions: ``(m,)`` int64, places of the masks in the flattened ``(b · t)`` input.
            bias: ``(v,)`` float32, −inf for items that are banned, else 0.
            k: how many candidates per mask.
        """

    def log_probabilities(
        self, input_ids: Ints, attention_mask: Ints, positions: Ints, targets: Ints, items: int
    ) -> Floats:
        """``(m,)`` the logarithms of what certain items have, among the whole vocabulary.

        Args:
            input_ids, attention_mask, positions: as above.
            targets: ``(m,)`` int64, the item at each mask.
            items: of the vocabulary.
        """


@dataclass(frozen=True)
class FillMask:
    """A network with its tokenizer.

    Attributes:
        mask_id, opening, closing: the mask's token id, and those put around every sequence.
        pad_id: fills short rows of a batch.
        max_tokens: longest input, specials included.
        most_tokens: what the network best takes at once, however many tokens it is given.
    """

    network: Network
    tokenizer: "Tokenizer"
    vocabulary: Vocabulary
    mask_id: int
    opening: tuple[int, ...]
    closing: tuple[int, ...]
    pad_id: int
    max_tokens: int
    most_tokens: int

    @property
    def room(self) -> int:
        """Tokens of text that fit into one input."""
        return self.max_tokens - len(self.opening) - len(self.closing)

    def tops(
        self,
        sequences: Sequence[Ints],
        masks: Sequence[Ints],
        bias: Floats,
        k: int,
        batch_tokens: int,
    ) -> Iterator[tuple[Ints, Top]]:
        """The best candidates at every mask of every sequence, batch by batch.

        Sequences are batched by length, the longest first, and by content, so that the batches
        do not depend on the order of the sequences; only one batch is held at a time.

        Args:
            sequences: token ids without specials, each at most :attr:`room` long.
            masks: per sequence, the places of its masks.
            bias: ``(v,)`` float32, −inf for items that are banned, else 0.
            k: how many candidates; never more than are allowed.
            batch_tokens: tokens in a padded batch at the most; a longer sequence stands alone.

        Yields:
            The numbers of the masks, counted over all sequences, and their candidates.
        """
        k = min(k, int(np.isfinite(bias).sum()))
        for group, numbers in self._grouped(sequences, masks, batch_tokens):
            inputs = self._padded([sequences[i] for i in group], [masks[i] for i in group])
            yield numbers, self.network.top(*inputs, bias, k)

    def log_probabilities(
        self,
        sequences: Sequence[Ints],
        masks: Sequence[Ints],
        targets: Sequence[Ints],
        batch_tokens: int,
    ) -> Iterator[tuple[Ints, Floats]]:
        """How likely certain items are at every mask of every sequence, batch by batch.

        Args:
            sequences, masks, batch_tokens: as in :meth:`tops`.
            targets: per sequence, the item of each of its masks.

        Yields:
            The numbers of the masks, counted over all sequences, and the items' log-probabilities
            among the whole vocabulary.
        """
        items = len(self.vocabulary.bias)
        for group, numbers in self._grouped(sequences, masks, batch_tokens):
            inputs = self._padded([sequences[i] for i in group], [masks[i] for i in group])
            wanted = np.concatenate([targets[i] for i in group])
            yield numbers, self.network.log_probabilities(*inputs, wanted, items)

    def _grouped(
        self, sequences: Sequence[Ints], masks: Sequence[Ints], batch_tokens: int
    ) -> Iterator[tuple[Ints, Ints]]:
        """The sequences of each batch, and the numbers of their masks."""
        lengths = np.array([len(s) for s in sequences], np.int64)
        first = np.append(0, np.cumsum([len(m) for m in masks], dtype=np.int64))
        lengths += self.max_tokens - self.room
        for group in _groups(_order(sequences, lengths), lengths, self._budget(batch_tokens)):
            yield group, np.concatenate([np.arange(first[i], first[i + 1]) for i in group])

    def _budget(self, batch_tokens: int) -> int:
        return min(batch_tokens, self.most_tokens)

    def _padded(self, sequences: Sequence[Ints], masks: Sequence[Ints]) -> tuple[Ints, Ints, Ints]:
        """Input, attention mask and positions of a batch."""
        before = len(self.opening)
        width = max(map(len, sequences)) + before + len(self.closing)
        ids = np.full((len(sequences), width), self.pad_id, np.int64)
        attention = np.zeros_like(ids)
        for row, sequence in enumerate(sequences):
            whole = np.concatenate([self.opening, sequence, self.closing]).astype(np.int64)
            ids[row, : len(whole)] = whole
            attention[row, : len(whole)] = 1
        flat = [row * width + before + places for row, places in enumerate(masks)]
        return ids, attention, np.concatenate(flat)


def fitting_cache(hidden: int) -> int:
    """Tokens whose activations of so many units stay in a core's cache.

    A network of BERT-base's size ran 1.3 times as many sentences on batches of 250 tokens as on
    batches of 1,000.
    """
    return max(1, _CACHED // hidden)


def _order(sequences: Sequence[Ints], lengths: Ints) -> Ints:
    """The longest first, those of one length by a digest of what they hold."""
    digests = [xxhash.xxh3_64_intdigest(sequence.tobytes()) for sequence in sequences]
    return np.lexsort((np.array(digests, np.uint64), -lengths))


def _groups(order: Ints, lengths: Ints, batch_tokens: int) -> list[Ints]:
    """Cut the sequences into batches within the budget when padded."""
    groups, start = [], 0
    while start < len(order):
        size = max(1, batch_tokens // int(lengths[order[start]]))
        groups.append(order[start : start + size])
        start += size
    return groups


def prepare(tokenizer: "Tokenizer") -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Make a tokenizer take text literally and whole; returns the specials around a sequence.

    Special tokens spelled out in a text (``[MASK]``) are text like any other.
    """
    tokenizer.no_padding()
    tokenizer.no_truncation()
    probe = tokenizer.encode("a")
    inside = [place for place, special in enumerate(probe.special_tokens_mask) if not special]
    first, last = (inside[0], inside[-1] + 1) if inside else (len(probe.ids),) * 2
    tokenizer.encode_special_tokens = True
    return tuple(probe.ids[:first]), tuple(probe.ids[last:])
