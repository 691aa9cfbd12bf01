"""Masked-LM training of BERT-tiny or its student, and its figures on held-out text.

Training masks whole words (all sub-tokens of some of the words). Where the augmenter would show the
model the word to replace, training shows a neighbour of the true word, and now and then the true
one, so that the model learns which words stand in for which (the other words of Devlin et al. 2019,
§3.1, are random ones). Head and last layer are computed at these positions alone.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from augment.models.bundled.student import encoder_folder, neighbours, student, tiny_folder
from augment.models.bundled.texts import SOURCES

BLOCK = 128
"""Tokens in a training block, specials included."""

MASK_RATE = 0.15
"""Share of the words masked in held-out text, as in use."""

TRAINING_MASK_RATE = 0.2
"""In training: more to learn from each block."""

NEIGHBOUR_RATE = 0.2
KEPT_RATE = 0.1
"""Shares of the masked words that are shown instead: as a neighbour, as themselves."""

COMPARED = ("conversation", "definition", "novel", "manual")
"""Sources of the held-out text called ``all``; the first bundled model was measured on it."""

FITTED = 300
"""Blocks on which the student's head is fitted."""

IGNORED = -100
SAVE_EVERY = 600.0
"""Seconds between checkpoints."""

Tokens = npt.NDArray[np.int32]
Blocks = tuple[Tokens, Tokens]
"""Token ids and word ids, both ``(n, BLOCK)``."""


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


def mask_words(
    tokens: Tokens,
    word_ids: Tokens,
    mask_id: int,
    rng: np.random.Generator,
    rate: float = MASK_RATE,
) -> Blocks:
    """Mask whole words: inputs with ``[MASK]``, and labels that are IGNORED elsewhere."""
    drawn = rng.random((len(tokens), BLOCK)) < rate
    masked = np.take_along_axis(drawn, np.maximum(word_ids, 0), axis=1) & (word_ids >= 0)
    return np.where(masked, mask_id, tokens), np.where(masked, tokens, IGNORED)


def show_words(inputs: Tokens, labels: Tokens, near: Tokens, rng: np.random.Generator) -> Tokens:
    """Put words where masks stand at some of the words of one token: most often not the true one.

    A model that is to replace a word in sight must learn to tell what else fits there. What it sees
    is then a neighbour of the true word, one of ``near``; or the true word itself.
    """
    masked = labels != IGNORED
    alone = masked.copy()
    alone[:, 1:] &= ~masked[:, :-1]
    alone[:, :-1] &= ~masked[:, 1:]
    true = np.maximum(labels, 0)
    other = near[true, rng.integers(near.shape[1], size=labels.shape)]
    drawn = rng.random(labels.shape)
    shown = np.where(drawn < NEIGHBOUR_RATE, other, true)
    return np.where(alone & (drawn < NEIGHBOUR_RATE + KEPT_RATE), shown, inputs)


def masked_logits(model: Any, inputs: Tokens, labels: Tokens) -> tuple[Any, Any]:
    """Logits ``(masked, vocabulary)`` and target ids ``(masked,)`` of one batch, as tensors.

    Behind the last layer's attention everything works token by token, so it is computed at the
    masks alone.
    """
    import torch

    targets = torch.from_numpy(labels).long().flatten()
    where = (targets != IGNORED).nonzero()[:, 0]
    body = model.base_model
    hidden = body.embeddings(torch.from_numpy(inputs).long())
    if hasattr(body, "embeddings_project"):
        hidden = body.embeddings_project(hidden)
    *layers, last = body.encoder.layer
    for layer in layers:
        hidden = layer(hidden)
    context, _ = last.attention.self(hidden)
    at_masks = (part.flatten(0, 1).index_select(0, where) for part in (context, hidden))
    hidden = last.feed_forward_chunk(last.attention.output(*at_masks))
    return _head(model)(hidden), targets[where]


def _head(model: Any) -> Callable[[Any], Any]:
    if hasattr(model, "cls"):
        return model.cls  # type: ignore[no-any-return]
    return lambda hidden: model.generator_lm_head(model.generator_predictions(hidden))


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
    corpus: Path,
    minutes: float,
    batch_size: int,
    learning_rate: float,
    output: Path,
    start: Path | None = None,
    *,
    widen: bool = False,
    steps: int | None = None,
) -> None:
    """Train for a fixed time, or for so many ``steps``; then save the checkpoint and its figures.

    It is BERT-tiny that is trained, from ``start`` on or as published; with ``widen``, the student
    that :func:`augment.models.bundled.student.student` makes of it.

    AdamW with a linear warm-up over the first 3 % and a cosine decay to zero; products
    in bfloat16, everything else in single precision.
    """
    import torch
    from transformers import AutoTokenizer, BertForMaskedLM

    torch.manual_seed(0)
    tokenizer = AutoTokenizer.from_pretrained(encoder_folder())
    mask_id = tokenizer.mask_token_id
    data, tests = _data(corpus, tokenizer)
    # Attention in plain products: the fused kernel's backward pass is slow on processors.
    model = BertForMaskedLM.from_pretrained(start or tiny_folder(), attn_implementation="eager")
    if widen:
        model = _student(model, data, mask_id)
    model = _without_dropout(model)
    near = neighbours()

    def figures() -> dict[str, dict[str, float]]:
        return {name: measure(model, *part, mask_id) for name, part in tests.items()}

    before = figures()
    print(f"{len(data[0]):,} blocks; before: {before['all']}", flush=True)
    optimizer = _optimizer(model)
    began = saved = time.monotonic()
    step, running = 0, math.log(model.config.vocab_size)
    for step, (tokens, word_ids, rng) in enumerate(_batches(data, batch_size), start=1):
        spent = (time.monotonic() - began) / (60 * minutes)
        done = spent if steps is None else (step - 1) / steps
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * _schedule(done)
        inputs, labels = mask_words(tokens, word_ids, mask_id, rng, TRAINING_MASK_RATE)
        loss = _update(model, optimizer, show_words(inputs, labels, near, rng), labels)
        running += 0.01 * (loss - running)
        if step % 100 == 0:
            print(f"{done:6.1%} step {step} loss {running:.3f}", flush=True)
        if time.monotonic() - saved > SAVE_EVERY:
            saved = time.monotonic()
            model.save_pretrained(output)
    model.save_pretrained(output)
    tokenizer.model_max_length = BLOCK  # no longer input was trained on
    tokenizer.save_pretrained(output)
    made = {"before": before, "after": figures(), "steps": step, "blocks": len(data[0])}
    (output / "figures.json").write_text(json.dumps(made, indent=1) + "\n")
    print(json.dumps(made, indent=1))


def _student(tiny: Any, data: Blocks, mask_id: int) -> Any:
    import torch

    rng = np.random.Generator(np.random.PCG64(3))
    inputs, labels = mask_words(data[0][:FITTED], data[1][:FITTED], mask_id, rng)
    counts = torch.bincount(
        torch.from_numpy(data[0]).long().flatten(), minlength=len(tiny.cls.predictions.bias)
    )
    return student(
        tiny, counts.float(), torch.from_numpy(inputs).long(), torch.from_numpy(labels != IGNORED)
    )


def _without_dropout(model: Any) -> Any:
    """A model this small underfits by far: dropout would only slow it down."""
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
    there = [s for s in SOURCES if (held_out & (source == s)).any()]
    tests = {s: blocks(list(texts[held_out & (source == s)]), tokenizer) for s in there}
    compared = [tests[name] for name in COMPARED if name in tests]
    tokens, words = (np.concatenate(parts) for parts in zip(*compared, strict=True))
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

    with torch.autocast("cpu", torch.bfloat16):
        logits, targets = masked_logits(model, inputs, labels)
    loss = torch.nn.functional.cross_entropy(logits.float(), targets)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return float(loss.item())
