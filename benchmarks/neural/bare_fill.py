"""The least that filling masks costs, and what one writes without a library for it."""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

Work = Callable[[Any], Any]


@cache
def _checkpoint(model: Path, threads: int) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    torch.set_num_threads(threads)
    return (
        AutoTokenizer.from_pretrained(model),
        AutoModelForMaskedLM.from_pretrained(model, dtype=torch.float32).eval(),
    )


def plain_loop(model: Path, rate: float, batch: int, threads: int) -> Work:
    """Batches in the order of the texts, one forward pass each with all logits, a draw among the
    ten best at each mask, texts decoded from tokens."""

    def work(texts: Sequence[str]) -> list[str]:
        import torch

        tokenizer, network = _checkpoint(model, threads)
        generator = torch.Generator().manual_seed(0)
        made: list[str] = []
        for start in range(0, len(texts), batch):
            inputs = tokenizer(
                list(texts[start : start + batch]),
                padding=True,
                truncation=True,
                return_tensors="pt",
                return_special_tokens_mask=True,
            )
            special = inputs.pop("special_tokens_mask").bool()
            ids = inputs["input_ids"].clone()
            masked = (torch.rand(ids.shape, generator=generator) < rate) & ~special
            inputs["input_ids"] = ids.masked_fill(masked, tokenizer.mask_token_id)
            with torch.inference_mode():
                best = network(**inputs).logits[masked].topk(10)
            drawn = torch.multinomial(best.values.softmax(-1), 1, generator=generator)
            ids[masked] = best.indices.gather(1, drawn).squeeze(1)
            made += tokenizer.batch_decode(ids, skip_special_tokens=True)
        return made

    return work


def bare_forward(model: Path, threads: int) -> Work:
    """Nothing but the network in float32 over what :func:`prepared` made: no word is chosen."""

    def work(batches: Sequence[tuple[Any, Any, Any]]) -> None:
        import torch

        _, network = _checkpoint(model, threads)
        with torch.inference_mode():
            for ids, attention, places in batches:
                hidden = network.base_model(input_ids=ids, attention_mask=attention)
                network.cls(hidden.last_hidden_state.flatten(0, 1)[places])

    return work


def prepared(model: Path, masks: float, batch_tokens: int, threads: int) -> Work:
    """Texts tokenised, masked at places evenly spread, and batched by length within the padding
    budget: ids, attention and flat places of the masks, which are all that the head sees."""
    return lambda texts: _batches(_checkpoint(model, threads)[0], texts, masks, batch_tokens)


def _batches(
    tokenizer: Any, texts: Sequence[str], masks: float, batch_tokens: int
) -> list[tuple[Any, Any, Any]]:
    import torch

    rows = sorted((tokenizer(text)["input_ids"] for text in texts), key=len, reverse=True)
    batches, start, owed = [], 0, 0.0
    while start < len(rows):
        part = rows[start : start + max(1, batch_tokens // len(rows[start]))]
        start += len(part)
        width = len(part[0])
        ids = np.full((len(part), width), tokenizer.pad_token_id, np.int64)
        attention = np.zeros_like(ids)
        places: list[int] = []
        for number, row in enumerate(part):
            ids[number, : len(row)] = row
            attention[number, : len(row)] = 1
            owed += masks
            count = min(int(owed), len(row) - 2)
            owed -= count
            inside = np.linspace(1, len(row) - 2, count).astype(int)
            ids[number, inside] = tokenizer.mask_token_id
            places += (number * width + inside).tolist()
        batches.append(tuple(map(torch.from_numpy, (ids, attention, np.array(places, np.int64)))))
    return batches
