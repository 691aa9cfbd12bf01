"""Checkpoints of transformers converted to CTranslate2's format, once per user.

The layers are read by CTranslate2's own converter. Vocabulary and padding are done here: the
converter counts on the padding token being the last one and its embedding zero, which fine-tuning
with transformers undoes, and on tokenizers that list their language tokens, which M2M-100's no
longer does.
"""

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import xxhash

from augment.component import package_version
from augment.errors import MissingExtraError, ModelError
from augment.models.identity import model_digest
from augment.models.translators.seq2seq import not_loaded

_FORBIDDEN = -1e9
"""Added to the score of the padding token, which is never to be written."""


def converted(place: str, revision: str | None, dtype: str, tokenizer: Any) -> Path:
    """The folder of a checkpoint's conversion; made if it is not there yet.

    Conversions lie in ``$XDG_CACHE_HOME/augmill/ctranslate2`` (``~/.cache/…``), named by the
    checkpoint's digest, the dtype and CTranslate2's version, and appear when they are whole.

    Raises:
        ModelError: the checkpoint can't be loaded, or is of no family that can be converted.
        MissingExtraError: PyTorch, which reads checkpoints, is not installed.
    """
    name = f"{_digest(place, revision)}-{dtype}-{package_version('ctranslate2')}"
    folder = cache_folder() / name
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        from filelock import FileLock

        # Another worker may be at it; converting twice would take twice the memory.
        with FileLock(folder.with_suffix(".lock")):
            if not folder.is_dir():
                _convert(place, revision, dtype, tokenizer, folder)
    return folder


def cache_folder() -> Path:
    """Where conversions are kept."""
    home = os.environ.get("XDG_CACHE_HOME")
    base = Path(home) if home else Path.home() / ".cache"
    return base / "augmill" / "ctranslate2"


def _digest(place: str, revision: str | None) -> str:
    if Path(place).is_dir():
        return model_digest(place)
    from huggingface_hub import try_to_load_from_cache

    # A branch moves on; the snapshot that the tokenizer was just loaded from is named by commit.
    found = try_to_load_from_cache(place, "config.json", revision=revision)
    commit = Path(found).parent.name if isinstance(found, str) else model_digest(place, revision)
    return xxhash.xxh3_128_hexdigest(f"{place}@{commit}".encode())


def _convert(place: str, revision: str | None, dtype: str, tokenizer: Any, folder: Path) -> None:
    try:
        import torch
        from transformers import AutoModelForSeq2SeqLM
    except ImportError:
        raise MissingExtraError(f"converting {place!r}", "torch", "ct2,torch") from None
    try:
        model = AutoModelForSeq2SeqLM.from_pretrained(place, revision=revision, dtype=torch.float32)
    except (OSError, ValueError) as error:
        raise ModelError(not_loaded(place, revision, error)) from error
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        made = temporary / "model"
        _converter(model.eval(), tokenizer, place).convert(str(made), quantization=dtype)
        made.rename(folder)
    finally:
        shutil.rmtree(temporary)


def _converter(model: Any, tokenizer: Any, place: str) -> Any:
    from ctranslate2.converters import Converter

    class Loaded(Converter):  # type: ignore[misc]
        """Converts a model that is in memory."""

        def _load(self) -> Any:
            return _spec(model, tokenizer, place)

    return Loaded()


def _spec(model: Any, tokenizer: Any, place: str) -> Any:
    import torch
    from ctranslate2.converters.transformers import BartLoader, M2M100Loader

    class MarianLoader(BartLoader):  # type: ignore[misc]
        """Marian with its padding token, which starts every output."""

        def get_model_spec(self, model: Any) -> Any:
            model.config.normalize_before = False
            model.config.normalize_embedding = False
            return super().get_model_spec(model)

        def set_config(self, config: Any, model: Any, tokenizer: Any) -> None:
            config.unk_token, config.eos_token = tokenizer.unk_token, tokenizer.eos_token
            config.decoder_start_token = tokenizer.convert_ids_to_tokens(
                model.config.decoder_start_token_id
            )

    loaders = {"marian": MarianLoader, "m2m_100": M2M100Loader}
    if model.config.model_type not in loaders:
        raise ModelError(
            f"{place!r} is of type {model.config.model_type!r} and can't be converted for "
            f"CTranslate2 here; types that can: {', '.join(loaders)}"
        )
    loader = loaders[model.config.model_type]()
    with torch.no_grad():
        bias = getattr(model, "final_logits_bias", None)
        bias = torch.zeros(model.config.vocab_size) if bias is None else bias.flatten().clone()
        bias[tokenizer.pad_token_id] = _FORBIDDEN
        spec = loader.get_model_spec(model)
        spec.decoder.projection.bias = bias
        loader.set_config(spec.config, model, tokenizer)
    loader.set_vocabulary(spec, _vocabulary(tokenizer, model.config.vocab_size))
    return spec


def _vocabulary(tokenizer: Any, size: int) -> list[str]:
    """Tokens by id; places that nothing names, or that share a name, are made up."""
    names: dict[str, None] = {}
    for i, name in enumerate(tokenizer.convert_ids_to_tokens(list(range(size)))):
        names[f"madeupword{i}" if name is None or name in names else name] = None
    return list(names)
