"""Sentence encoders on torch: any ``AutoModel`` of the hub or of a folder, pooled as it says."""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from augment.errors import MissingExtraError, ModelError
from augment.models.backends.choice import here
from augment.models.backends.torch_fill_mask import longest
from augment.models.encode import Ints, Pooling, SentenceEncoder
from augment.models.fill_mask import prepare

_POOLING, _LIMIT = "1_Pooling/config.json", "sentence_bert_config.json"
"""What sentence-transformers writes beside a model."""


@dataclass(frozen=True, slots=True)
class TorchEncoder:
    """A transformers model without a head."""

    model: Any
    device: Any

    def hidden(self, input_ids: Ints, attention_mask: Ints) -> npt.NDArray[np.float32]:
        """See :class:`augment.models.encode.EncoderNetwork`."""
        import torch

        with torch.inference_mode():
            ids, mask = (
                torch.from_numpy(values).to(self.device) for values in (input_ids, attention_mask)
            )
            made = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        return np.asarray(made.float().cpu().numpy())


def load(name: str, revision: str | None, device: str, threads: int) -> SentenceEncoder:
    """Load model and tokenizer, in float32.

    Raises:
        MissingExtraError: torch is not installed.
        ModelError: it can't be found, has no fast tokenizer, or pools in a way unknown here.
    """
    if find_spec("torch") is None:
        raise MissingExtraError(f"the encoder {name!r}", "torch", "torch")
    import torch
    from transformers import AutoModel, AutoTokenizer

    pooling, limit = _pooling(name, revision), _settings(name, revision, _LIMIT)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        model = AutoModel.from_pretrained(name, revision=revision, dtype=torch.float32)
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"no sentence encoder at {name!r}: {reason}") from error
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        raise ModelError(f"{name!r} has no fast tokenizer")
    torch.set_num_threads(threads)
    most = int(min(longest(model, tokenizer), limit.get("max_seq_length") or 2**31 - 1))
    place = torch.device(("cuda" if here().cuda else "cpu") if device == "auto" else device)
    opening, closing = prepare(fast)
    return SentenceEncoder(
        network=TorchEncoder(model.eval().to(place), place),
        tokenizer=fast,
        opening=opening,
        closing=closing,
        pad_id=tokenizer.pad_token_id or 0,
        max_tokens=most,
        pooling=pooling,
    )


def _pooling(name: str, revision: str | None) -> Pooling:
    """How the model's own settings say its tokens are pooled; the mean, if they say nothing."""
    told = _settings(name, revision, _POOLING)
    used = [key.removeprefix("pooling_mode_") for key, value in told.items() if value is True]
    used = [mode for mode in used if f"pooling_mode_{mode}" in told]
    if used in ([], ["mean_tokens"]):
        return "mean"
    if used == ["cls_token"]:
        return "cls"
    raise ModelError(f"{name!r} pools by {', '.join(used)}; known here: mean_tokens, cls_token")


def _settings(name: str, revision: str | None, file: str) -> dict[str, Any]:
    """A settings file of a folder or hub model; nothing if it has none."""
    from transformers.utils import cached_file

    try:
        found = cached_file(
            name,
            file,
            revision=revision,
            _raise_exceptions_for_missing_entries=False,
            _raise_exceptions_for_connection_errors=False,
        )
    except OSError:
        return {}
    return {} if found is None else dict(json.loads(Path(found).read_text("utf-8")))
