"""Translation checkpoints (Marian, M2M-100, NLLB) through ``transformers``.

Junczys-Dowmunt et al. 2018, "Marian: fast neural machine translation in C++"; the families are
told apart in :mod:`augment.models.translators.families`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from augment.component import package_version
from augment.errors import MissingExtraError, ModelError
from augment.models.decoding import Decoding
from augment.models.identity import model_digest
from augment.models.runtime import threads
from augment.models.translate import Direction
from augment.models.translators.batching import Batch
from augment.models.translators.families import DEFAULTS, Script, folders, script
from augment.models.translators.neural import Ids, Network, NeuralTranslator
from augment.models.translators.residents import Resident
from augment.models.translators.sampling import sampler
from augment.randomness import Keys
from augment.text.languages import primary

_LIMIT = 512
"""Longest input in tokens where the checkpoint does not say."""
_PACKAGES = ("torch", "transformers", "tokenizers", "sentencepiece")


@dataclass(frozen=True)
class TorchNetwork:
    """A transformers model; see :class:`augment.models.translators.neural.Network`."""

    model: Any
    tokenizer: Any
    limit: int

    def run(
        self,
        sources: Sequence[Ids],
        cut: Sequence[Batch],
        script: Script,
        decoding: Decoding,
        keys: Keys | None,
    ) -> Iterator[list[list[Ids]]]:
        """One batch after the other, each on all threads."""
        import torch

        torch.set_num_threads(threads())
        for batch in cut:
            ids = [sources[i] for i in batch.numbers]
            own = None if keys is None else keys[np.asarray(batch.numbers)]
            with torch.inference_mode():
                yield self._generate(ids, batch.limit, script, decoding, own)

    def _generate(
        self, ids: list[Ids], limit: int, script: Script, decoding: Decoding, keys: Keys | None
    ) -> list[list[Ids]]:
        tokenizer, end = self.tokenizer, self.tokenizer.eos_token_id
        batch = tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self.model.device)
        several = decoding.num_beams if decoding.n_best > 1 else 1
        made = self.model.generate(
            **batch,
            num_beams=decoding.num_beams,
            num_return_sequences=several,
            do_sample=False,
            max_new_tokens=limit,
            forced_bos_token_id=script.opening,
            suppress_tokens=[tokenizer.pad_token_id],
            logits_processor=[] if keys is None else [sampler(keys, decoding, end)],
        )[:, 1:].tolist()
        found = [row[: row.index(end)] if end in row else None for row in made]
        return [
            [one for one in found[i * several : (i + 1) * several] if one is not None]
            for i in range(len(ids))
        ]


def load(direction: Direction, *, decoding: Decoding, batch_tokens: int) -> NeuralTranslator:
    """The translator of a direction.

    Raises:
        ModelError: the checkpoint can't be found or loaded, or lacks one of the languages.
        MissingExtraError: PyTorch is not installed.
    """
    if find_spec("torch") is None:
        raise MissingExtraError(f"backend {direction.backend!r}", "torch", "torch")
    place = direction.place(DEFAULTS[direction.backend])
    what = (place, direction.revision, direction.dtype, direction.device)
    identity = ("transformers", model_digest(place, direction.revision), *what)
    network: Resident[Network] = Resident(identity, lambda: _load(*what))
    own = script(network.get().tokenizer, direction.source, direction.target, place)
    return NeuralTranslator(network, own, decoding, batch_tokens)


def _load(place: str, revision: str | None, dtype: str, device: str) -> TorchNetwork:
    import torch
    from transformers import AutoModelForSeq2SeqLM, GenerationConfig

    tokenizer = load_tokenizer(place, revision)
    weights = getattr(torch, dtype)
    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(place, revision=revision, dtype=weights)
    except (OSError, ValueError) as error:
        raise ModelError(not_loaded(place, revision, error)) from error
    # What a checkpoint's authors liked (beams, lengths, penalties) is for the caller to say here.
    model.generation_config = GenerationConfig(
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=model.config.decoder_start_token_id,
    )
    try:
        model = model.to(device).eval()
    except (AssertionError, RuntimeError) as error:
        first = str(error).splitlines()[0]
        raise ModelError(
            f"device={device!r} can't be had here; use 'cpu' or 'auto'. {first}"
        ) from error
    return TorchNetwork(model, tokenizer, longest(model.config, tokenizer))


def load_tokenizer(place: str, revision: str | None) -> Any:
    """A checkpoint's own tokenizer.

    Raises:
        ModelError: there is none.
    """
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(place, revision=revision)
    except (OSError, ValueError) as error:
        raise ModelError(not_loaded(place, revision, error)) from error


def not_loaded(place: str, revision: str | None, error: Exception) -> str:
    """The message for a checkpoint that is not there, or is none."""
    at = f" at revision {revision!r}" if revision else ""
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    why = (
        "the folder holds none that transformers can load"
        if Path(place).is_dir()
        else "no such folder, and no such model on the hub or in its local cache (the hub may be "
        "out of reach)"
    )
    return f"no translation model could be loaded from {place!r}{at}: {why}. {first}"


def longest(config: Any, tokenizer: Any) -> int:
    """The longest sequence in tokens that a checkpoint has places for."""
    known = getattr(config, "max_position_embeddings", None) or _LIMIT
    return int(min(known, tokenizer.model_max_length))


def assets(backend: str, pivot: str, model: str | None, revision: str | None) -> Mapping[str, str]:
    """Of local folders a digest of their files, of a hub model its name and revision; and the
    versions of what runs them.
    """
    template = model or DEFAULTS[backend]
    places = [str(folder) for folder in folders(template, primary(pivot))] or [template]
    versions = {name: package_version(name) for name in _PACKAGES}
    return {**{place: model_digest(place, revision) for place in places}, **versions}
