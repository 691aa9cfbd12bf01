"""Fill-mask networks on torch: any ``AutoModelForMaskedLM`` of the hub or of a folder."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from augment.errors import MissingExtraError, ModelError
from augment.models.backends import torch_int8
from augment.models.backends.choice import exported_dtype
from augment.models.fill_mask import FillMask, Floats, Ints, Top, fitting_cache, prepare
from augment.models.masked_head import MaskedHead
from augment.models.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class TorchNetwork:
    """A transformers model; its head runs at the masked positions where that can be had."""

    head: MaskedHead
    device: Any

    def top(
        self, input_ids: Ints, attention_mask: Ints, positions: Ints, bias: Floats, k: int
    ) -> Top:
        """See :class:`augment.models.fill_mask.Network`."""
        import torch

        with torch.inference_mode():
            ids, attention, where, added = (
                torch.from_numpy(values).to(self.device)
                for values in (input_ids, attention_mask, positions, bias)
            )
            allowed = self.head.logits(ids, attention, where).float() + added
            best = allowed.topk(k, dim=-1)
            log_probability = best.values - allowed.logsumexp(-1, keepdim=True)
        return Top(log_probability.cpu().numpy(), best.indices.cpu().numpy())

    def log_probabilities(
        self, input_ids: Ints, attention_mask: Ints, positions: Ints, targets: Ints, items: int
    ) -> Floats:
        """See :class:`augment.models.fill_mask.Network`."""
        import torch

        with torch.inference_mode():
            ids, attention, where, wanted = (
                torch.from_numpy(values).to(self.device)
                for values in (input_ids, attention_mask, positions, targets)
            )
            logits = self.head.logits(ids, attention, where).float()[:, :items]
            own = logits.gather(1, wanted[:, None]).squeeze(1) - logits.logsumexp(-1)
        found: Floats = own.cpu().numpy()
        return found


def load(name: str, revision: str | None, dtype: str, device: str, threads: int) -> FillMask:
    """Load model and tokenizer; see :func:`augment.models.backends.load_fill_mask`."""
    model, tokenizer = checkpoint(name, revision, "float32" if dtype == "int8" else dtype)
    import torch

    torch.set_num_threads(threads)
    limit = longest(model, tokenizer)
    place = torch.device(device)
    head = MaskedHead(torch_int8.quantize(model) if dtype == "int8" else model.to(place))
    fast = tokenizer.backend_tokenizer
    opening, closing = prepare(fast)
    return FillMask(
        network=TorchNetwork(head, place),
        tokenizer=fast,
        vocabulary=Vocabulary.of(fast, model.config.vocab_size),
        mask_id=tokenizer.mask_token_id,
        opening=opening,
        closing=closing,
        pad_id=tokenizer.pad_token_id or 0,
        max_tokens=limit,
        most_tokens=fitting_cache(model.config.hidden_size) if device == "cpu" else 2**62,
    )


def checkpoint(name: str, revision: str | None, dtype: str) -> tuple[Any, Any]:
    """The transformers model, ready for inference, and the tokenizer of a folder or hub name.

    Raises:
        ModelError: it can't be found, is no masked language model or has no fast tokenizer.
        MissingExtraError: torch is not installed.
    """
    if find_spec("torch") is None:
        raise MissingExtraError(f"the model {name!r}", "torch", "torch")
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    if exported_dtype(name) is not None:
        from augment.models.exporting import restore

        model, tokenizer = restore(name)
        return model.to(getattr(torch, dtype)).eval(), tokenizer
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
        model, found = AutoModelForMaskedLM.from_pretrained(
            name, revision=revision, dtype=getattr(torch, dtype), output_loading_info=True
        )
    except (OSError, ValueError) as error:
        raise _not_found(name, error) from error
    lacking = sorted(found["missing_keys"])
    if lacking:
        # An encoder without its head: weights made up at random would be believed.
        shown = ", ".join(lacking[:3])
        raise ModelError(f"{name!r} holds no whole masked language model: it lacks {shown}")
    if getattr(tokenizer, "backend_tokenizer", None) is None or tokenizer.mask_token is None:
        raise ModelError(f"{name!r} has no fast tokenizer with a mask token")
    return model.eval(), tokenizer


def commit(name: str, revision: str | None) -> str:
    """The commit that a hub model's revision stands for.

    Raises:
        ModelError: there is no such model.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(name, revision=revision)
    except (OSError, ValueError) as error:
        raise _not_found(name, error) from error
    return str(getattr(config, "_commit_hash", None) or revision or "main")


def _not_found(name: str, error: Exception) -> ModelError:
    reason = str(error).strip().splitlines()[0]
    return ModelError(f"no masked language model at {name!r}: {reason}")


def longest(model: Any, tokenizer: Any) -> int:
    """Tokens of the longest input: what both position table and tokenizer allow.

    RoBERTa and its kin number positions from behind the padding index; their table says so.
    """
    tables = (
        module.num_embeddings - (0 if module.padding_idx is None else module.padding_idx + 1)
        for name, module in model.named_modules()
        if name.endswith("position_embeddings") and hasattr(module, "num_embeddings")
    )
    most = min(tables, default=getattr(model.config, "max_position_embeddings", 512))
    return int(min(most, tokenizer.model_max_length, np.iinfo(np.int32).max))
