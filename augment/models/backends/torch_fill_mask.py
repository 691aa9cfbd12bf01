"""Fill-mask networks on torch: any ``AutoModelForMaskedLM`` of the hub or of a folder."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from augment.errors import MissingExtraError, ModelError
from augment.models.fill_mask import FillMask, Floats, Ints, Top, prepare
from augment.models.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class TorchNetwork:
    """A transformers model; its head runs at the masked positions where that can be had."""

    model: Any
    head: Callable[[Any], Any] | None

    def top(
        self, input_ids: Ints, attention_mask: Ints, positions: Ints, bias: Floats, k: int
    ) -> Top:
        """See :class:`augment.models.fill_mask.Network`."""
        import torch

        device = self.model.device
        with torch.inference_mode():
            inputs = {
                "input_ids": torch.from_numpy(input_ids).to(device),
                "attention_mask": torch.from_numpy(attention_mask).to(device),
            }
            where = torch.from_numpy(positions).to(device)
            if self.head is None:
                logits = self.model(**inputs).logits.flatten(0, 1)[where]
            else:
                hidden = self.model.base_model(**inputs).last_hidden_state
                logits = self.head(hidden.flatten(0, 1)[where])
            allowed = logits.float() + torch.from_numpy(bias).to(device)
            best = allowed.log_softmax(-1).topk(k, dim=-1)
        return Top(best.values.cpu().numpy(), best.indices.cpu().numpy())


def load(name: str, revision: str | None, dtype: str, device: str, threads: int) -> FillMask:
    """Load model and tokenizer; see :func:`augment.models.backends.load_fill_mask`."""
    if find_spec("torch") is None:
        raise MissingExtraError(f"the model {name!r}", "torch", "torch")
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    torch.set_num_threads(threads)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        model = AutoModelForMaskedLM.from_pretrained(
            name, revision=revision, dtype=getattr(torch, dtype)
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ModelError(f"no masked language model at {name!r}: {reason}") from error
    if getattr(tokenizer, "backend_tokenizer", None) is None or tokenizer.mask_token is None:
        raise ModelError(f"{name!r} has no fast tokenizer with a mask token")
    fast = tokenizer.backend_tokenizer
    opening, closing = prepare(fast)
    wanted = "cuda" if device == "auto" and torch.cuda.is_available() else device
    model = model.eval().to("cpu" if wanted == "auto" else wanted)
    return FillMask(
        network=TorchNetwork(model, _head(model)),
        tokenizer=fast,
        vocabulary=Vocabulary.of(fast, model.config.vocab_size),
        mask_id=tokenizer.mask_token_id,
        opening=opening,
        closing=closing,
        pad_id=tokenizer.pad_token_id or 0,
        max_tokens=_longest(model, tokenizer),
    )


def _head(model: Any) -> Callable[[Any], Any] | None:
    """The part behind the encoder, for architectures that keep it in one module."""
    for name in ("cls", "lm_head"):
        head = getattr(model, name, None)
        if head is not None and (name == "cls" or hasattr(head, "decoder")):
            return head  # type: ignore[no-any-return]
    return None


def _longest(model: Any, tokenizer: Any) -> int:
    """Longest input: what both position table and tokenizer allow."""
    positions = getattr(model.config, "max_position_embeddings", 512)
    # RoBERTa's position ids start behind the padding index.
    offset = (model.config.pad_token_id or 0) + 1 if "roberta" in model.config.model_type else 0
    return int(min(positions - offset, tokenizer.model_max_length, np.iinfo(np.int32).max))
