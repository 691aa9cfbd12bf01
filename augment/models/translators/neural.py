"""Translation by a neural network, whatever runs it: parts, batches, hypotheses, text again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from augment.models.decoding import Decoding
from augment.models.translators.batching import Batch, Part, batches, halves, joined
from augment.models.translators.families import Script
from augment.models.translators.residents import Resident
from augment.randomness import Keys, derive

Ids = list[int]


class Network(Protocol):
    """What a backend provides."""

    @property
    def tokenizer(self) -> Any:
        """The checkpoint's own, of transformers."""

    @property
    def limit(self) -> int:
        """The longest sequence in tokens, of input and of output."""

    def run(
        self,
        sources: Sequence[Ids],
        cut: Sequence[Batch],
        script: Script,
        decoding: Decoding,
        keys: Keys | None,
    ) -> Iterator[list[list[Ids]]]:
        """Per batch, per sequence: the hypotheses that came to an end, best first.

        Args:
            sources: token ids, specials included.
            cut: the batches; their numbers are places in ``sources``.
            script: prescribes the first token of outputs.
            decoding: how to choose.
            keys: one per sequence, when sampling.
        """


@dataclass(frozen=True)
class NeuralTranslator:
    """One direction of a checkpoint."""

    network: Resident[Network]
    script: Script
    decoding: Decoding
    batch_tokens: int

    def translate(self, texts: Sequence[str], keys: Keys | None = None) -> list[list[str]]:
        """See :class:`augment.models.translate.Translator`.

        Batches hold texts of about equal length. A text over the model's length is translated in
        parts. An output that does not end within about twice its source's length is none.

        Raises:
            ValueError: sampling without keys.
        """
        if self.decoding.temperature is not None and keys is None:
            raise ValueError("sampling needs keys, one per text")
        if not texts:
            return []
        network = self.network.get()
        parts, ids = self._parts(network, texts)
        made = self._translated(network, parts, ids, keys)
        return joined(parts, made, len(texts))

    def _parts(self, network: Network, texts: Sequence[str]) -> tuple[list[Part], list[Ids]]:
        parts: list[Part] = []
        ids: list[Ids] = []
        for row, (text, found) in enumerate(zip(texts, self._ids(network, texts), strict=True)):
            fitting = list(self._fitting(network, text, found, ""))
            parts += [Part(row, turn, t, joint) for turn, (t, joint, _) in enumerate(fitting)]
            ids += [own for _, _, own in fitting]
        return parts, ids

    def _fitting(
        self, network: Network, text: str, ids: Ids, joint: str
    ) -> Iterator[tuple[str, str, Ids]]:
        """Parts of a text that fit, each with what joins it to the next, and its ids."""
        if len(text) < 2 or len(ids) <= network.limit:
            yield text, joint, ids[: network.limit]
            return
        first, between, rest = halves(text)
        both = self._ids(network, (first, rest))
        if first:
            yield from self._fitting(network, first, both[0], between)
        yield from self._fitting(network, rest, both[1], joint)

    def _ids(self, network: Network, texts: Sequence[str]) -> list[Ids]:
        # A Marian tokenizer would take a text's own ">>fr<<" for its target language.
        own = [f" {text}" if text.startswith(">>") else text for text in texts]
        found = network.tokenizer(
            own, add_special_tokens=False, split_special_tokens=True,
            return_attention_mask=False, verbose=False,
        )["input_ids"]  # fmt: skip
        before, behind = list(self.script.prefix), list(self.script.suffix)
        return [before + ids + behind for ids in found]

    def _translated(
        self, network: Network, parts: list[Part], ids: list[Ids], keys: Keys | None
    ) -> list[list[str]]:
        own = _part_keys(parts, keys) if self.decoding.temperature is not None else None
        ties = [(part.text, 0 if own is None else int(own[i])) for i, part in enumerate(parts)]
        cut = list(
            batches(
                [len(source) for source in ids],
                ties,
                beams=self.decoding.num_beams,
                budget=self.batch_tokens,
                most=network.limit,
            )
        )
        found: list[list[Ids]] = [[] for _ in parts]
        ran = network.run(ids, cut, self.script, self.decoding, own)
        for batch, hypotheses in zip(cut, ran, strict=True):
            for i, several in zip(batch.numbers, hypotheses, strict=True):
                found[i] = several
        return self._texts(network, found)

    def _texts(self, network: Network, found: list[list[Ids]]) -> list[list[str]]:
        hidden = self.script.hidden
        flat = [[i for i in ids if i not in hidden] for several in found for ids in several]
        made = iter(network.tokenizer.batch_decode(flat, skip_special_tokens=True))
        distinct = [dict.fromkeys(next(made).strip() for _ in several) for several in found]
        return [[text for text in row if text][: self.decoding.n_best] for row in distinct]


def _part_keys(parts: Sequence[Part], keys: Keys | None) -> Keys:
    own = np.asarray(keys, np.uint64)[[part.row for part in parts]]
    turns = np.array([part.turn for part in parts])
    for turn in range(1, int(turns.max(initial=0)) + 1):
        own[turns == turn] = derive(own[turns == turn], turn)
    return own
