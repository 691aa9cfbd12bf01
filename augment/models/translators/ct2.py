"""Translation checkpoints through CTranslate2: a converted folder, or one converted here.

Klein et al. 2020, "The OpenNMT neural machine translation toolkit: 2020 edition". Every thread is
a translator of its own: that was measured far better than one translator on all threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from augment.component import package_version
from augment.errors import MissingExtraError, ModelError
from augment.models.decoding import Decoding
from augment.models.identity import model_digest
from augment.models.runtime import threads
from augment.models.translate import Direction
from augment.models.translators import seq2seq
from augment.models.translators.batching import Batch
from augment.models.translators.choice import is_converted
from augment.models.translators.conversion import converted
from augment.models.translators.families import DEFAULTS, Script, script
from augment.models.translators.neural import Ids, Network, NeuralTranslator
from augment.models.translators.residents import Resident
from augment.randomness import Keys

_LIMIT = 512
"""Longest input in tokens where the tokenizer does not say."""

_TOGETHER = 32
"""Sequences that one thread takes at once: more are no faster, and leave other threads idle. It is
the same for any number of threads."""


@dataclass(frozen=True)
class CTranslate2Network:
    """A converted model; see :class:`augment.models.translators.neural.Network`."""

    engine: Any
    tokenizer: Any
    limit: int

    def run(
        self,
        sources: Sequence[Ids],
        cut: Sequence[Batch],
        script: Script,
        decoding: Decoding,
        keys: Keys | None,  # noqa: ARG002
    ) -> Iterator[list[list[Ids]]]:
        """All batches are handed over at once; threads share what is long."""
        used = sorted({i for source in sources for i in source})
        names = dict(zip(used, self.tokenizer.convert_ids_to_tokens(used), strict=True))
        several = decoding.num_beams if decoding.n_best > 1 else 1
        waiting = [
            self.engine.translate_batch(
                [[names[i] for i in sources[number]] for number in batch.numbers],
                target_prefix=self._prefixes(script, len(batch.numbers)),
                asynchronous=True,
                max_batch_size=_TOGETHER,
                beam_size=decoding.num_beams,
                num_hypotheses=several,
                return_end_token=True,
                max_input_length=0,
                max_decoding_length=batch.limit,
            )
            for batch in cut
        ]
        for batch in waiting:
            yield [self._ended(one.result(), script) for one in batch]

    def _prefixes(self, script: Script, count: int) -> list[list[str]] | None:
        if script.opening is None:
            return None
        return [self.tokenizer.convert_ids_to_tokens([script.opening])] * count

    def _ended(self, result: Any, script: Script) -> list[Ids]:
        end, first = self.tokenizer.eos_token, 0 if script.opening is None else 1
        ended = [tokens[first:-1] for tokens in result.hypotheses if tokens[-1:] == [end]]
        return [self.tokenizer.convert_tokens_to_ids(tokens) for tokens in ended]


def load(direction: Direction, *, decoding: Decoding, batch_tokens: int) -> NeuralTranslator:
    """The translator of a direction.

    Raises:
        ModelError: the checkpoint can't be found, loaded or converted, or lacks a language.
        MissingExtraError: CTranslate2 is not installed, or PyTorch, which conversion needs.
    """
    if find_spec("ctranslate2") is None:
        raise MissingExtraError("backend 'ctranslate2'", "ctranslate2", "ct2")
    place = direction.place(DEFAULTS["ctranslate2"])
    what = (place, direction.revision, direction.dtype, direction.device)
    identity = ("ctranslate2", model_digest(place, direction.revision), *what, threads())
    network: Resident[Network] = Resident(identity, lambda: _load(*what))
    own = script(network.get().tokenizer, direction.source, direction.target, place)
    return NeuralTranslator(network, own, decoding, batch_tokens)


def _load(place: str, revision: str | None, dtype: str, device: str) -> CTranslate2Network:
    import ctranslate2

    tokenizer = _tokenizer(place, revision)
    ready = is_converted(place)
    folder = Path(place) if ready else converted(place, revision, dtype, tokenizer)
    try:
        engine = ctranslate2.Translator(
            str(folder), device=device, compute_type=dtype,
            inter_threads=threads(), intra_threads=1, max_queued_batches=-1,
        )  # fmt: skip
    except (RuntimeError, ValueError) as error:
        raise ModelError(f"CTranslate2 can't load {str(folder)!r}: {error}") from error
    return CTranslate2Network(engine, tokenizer, min(tokenizer.model_max_length, _LIMIT))


def _tokenizer(place: str, revision: str | None) -> Any:
    if is_converted(place) and not (Path(place) / "tokenizer_config.json").is_file():
        raise ModelError(
            f"{place!r} is a converted model without its tokenizer; save the checkpoint's "
            "tokenizer there: AutoTokenizer.from_pretrained(CHECKPOINT).save_pretrained(FOLDER)"
        )
    return seq2seq.load_tokenizer(place, revision)


def assets(backend: str, pivot: str, model: str | None, revision: str | None) -> Mapping[str, str]:
    """What :func:`augment.models.translators.seq2seq.assets` gives, and CTranslate2's version."""
    found = seq2seq.assets(backend, pivot, model, revision)
    return {**found, "ctranslate2": package_version("ctranslate2")}
