"""Masked-LM fill beside nlpaug, a plain loop and the bare network, with one checkpoint.

All sides mask as many words of the same texts: augmill's rate, which counts eligible words alone,
is set so that it makes as many edits as nlpaug, whose rate counts all.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment import Protection, TextBatch
from augment.methods.masked_lm import MaskedLMFill
from augment.randomness import derive, hash_strings, row_keys
from benchmarks.neural.bare_fill import bare_forward, plain_loop, prepared
from benchmarks.neural.checkpoints import bert_checkpoint
from benchmarks.neural.fidelity import agreements
from benchmarks.neural.peers import PeerProcess
from benchmarks.neural.rounds import Side, measure, runs, table, windows
from benchmarks.neural.setting import Setting
from benchmarks.neural.texts import sentences
from benchmarks.reading.systems import changes_between

RATE = 0.15
BATCH = 32
BATCH_TOKENS = 32 * BATCH
"""Of augmill and of the bare network: 32 texts of 32 tokens."""
NLPAUG, FLOOR = "nlpaug", "bare forward"
BACKENDS: tuple[tuple[Any, Any], ...] = (
    ("torch", "float32"),
    ("torch", "bfloat16"),
    ("torch", "int8"),
    ("onnx", "float32"),
    ("onnx", "int8"),
    ("auto", "auto"),
)


def report(setting: Setting, peer: PeerProcess | None) -> Iterator[str]:
    """Blocks of Markdown, as they are measured."""
    texts = sentences()
    model = bert_checkpoint(setting.folder / "bert-base", setting.bert)
    yield f"## Masked-LM fill: {len(texts):,} sentences, {RATE:.0%} of words, batches of {BATCH}"
    yield from _random_weights(setting, peer, texts, model)
    yield from _copies(setting, texts, model)
    yield from _bundled(setting, texts)
    for name in dict.fromkeys([None, setting.model]):
        yield agreements(name, BACKENDS, texts[: setting.bundled])


def _random_weights(
    setting: Setting, peer: PeerProcess | None, texts: Sequence[str], model: Path
) -> Iterator[str]:
    parts = windows(texts, setting.filled, setting.rounds + 1)
    sides = []
    if peer is not None:
        work = nlpaug(peer, model, setting.threads)
        sides.append(Side(NLPAUG, work, amount=_edits_of_texts))
    wanted = _edits_wanted(sides, parts[0])
    sides += [
        Side("transformers loop", plain_loop(model, RATE, BATCH, setting.threads)),
        Side(
            FLOOR,
            bare_forward(model, setting.threads),
            prepared(model, wanted, BATCH_TOKENS, setting.threads),
        ),
    ]
    steps = variants(str(model))
    rate = fitted_rate(steps["augmill torch float32"], parts[0], wanted)
    steps = {name: dataclasses.replace(step, rate=rate) for name, step in steps.items()}
    sides += [Side(k, ours(step), amount=_edits_of_variants) for k, step in steps.items()]
    measured = measure(sides, parts)
    chosen = steps["augmill auto"].resolved()
    yield f"`auto` is `{chosen.backend}` `{chosen.dtype}` here; edits wanted: {wanted:.2f} a text."
    yield table(measured, (NLPAUG, FLOOR), "edits")


def nlpaug(peer: PeerProcess, model: Path, threads: int) -> Callable[[Sequence[str]], list[str]]:
    """nlpaug's augmenter, all texts at once, which it cuts into batches."""

    @cache
    def load() -> None:
        peer.load(
            "ContextualWordEmbsAug",
            threads,
            model_path=str(model),
            model_type="bert",
            action="substitute",
            aug_p=RATE,
            batch_size=BATCH,
        )

    def work(texts: Sequence[str]) -> list[str]:
        load()
        return peer.run(list(texts))[1]

    return work


def variants(model: str | None) -> dict[str, MaskedLMFill]:
    """augmill's step on every backend; what a peer does not do is left undone, too: random
    weights make no candidate likely, and none the word's part of speech."""
    common: dict[str, Any] = {
        "model": model,
        "rate": RATE,
        "batch_tokens": BATCH_TOKENS,
        "min_probability": 0.0,
        "agreement": False,
    }
    named = {
        f"augmill {backend} {dtype}".replace(" auto auto", " auto"): (backend, dtype)
        for backend, dtype in BACKENDS
    }
    return {
        name: MaskedLMFill(**common, backend=backend, dtype=dtype)
        for name, (backend, dtype) in named.items()
    }


def ours(step: MaskedLMFill, copies: int = 1) -> Callable[[Sequence[str]], pa.ListArray]:
    """The step as a run applies it: protected spans, row keys, a variant for each copy."""
    seed = count(copies << 32)

    def work(texts: Sequence[str]) -> pa.ListArray:
        column = pa.array(texts, pa.string())
        # Other keys every time, and for every side: what is remembered of a call before must not
        # help.
        base = row_keys(next(seed), hash_strings(column))
        spans = Protection().find(column)
        made = [
            step.apply(TextBatch(column, derive(base, k), "en", spans, copy=k, shared=base))
            for k in range(copies)
        ]
        return made[0].edits

    return work


def _edits_of_variants(_texts: Sequence[str], edits: pa.ListArray) -> float:
    counts = pc.fill_null(pc.list_value_length(edits), 0)
    return float(pc.mean(counts).as_py())


def _edits_of_texts(texts: Sequence[str], made: Sequence[str]) -> float:
    """Of a side that does not say them: replaced words, not those put apart or in lower case."""
    pairs = zip(texts, made, strict=True)
    changes = [change for text, variant in pairs for change in changes_between(text, variant)]
    real = [c for c in changes if not c.damage and c.word.lower() != c.new.lower()]
    return len(real) / len(texts)


def _edits_wanted(sides: Sequence[Side], texts: Sequence[str]) -> float:
    """How many edits a text the peer makes; without it, the share of the words."""
    for side in sides:
        if runs(side, texts[:8]):
            return _edits_of_texts(texts[:BATCH], side.work(texts[:BATCH]))
    return float(np.mean([max(1, int(RATE * len(text.split()))) for text in texts]))


def fitted_rate(step: MaskedLMFill, texts: Sequence[str], wanted: float) -> float:
    """The rate at which a step makes so many edits a text."""
    low, high = 0.0, 1.0
    for _ in range(6):
        middle = (low + high) / 2
        work = ours(dataclasses.replace(step, rate=middle))
        made = _edits_of_variants(texts, work(texts[:BATCH]))
        low, high = (middle, high) if made < wanted else (low, middle)
    return (low + high) / 2


def _copies(setting: Setting, texts: Sequence[str], model: Path) -> Iterator[str]:
    """Five copies with the same masks cost hardly more than one."""
    yield "### Five copies of a row, masks shared"
    base = variants(str(model))
    steps: Mapping[str, MaskedLMFill] = {
        "random weights": dataclasses.replace(base["augmill auto"], masks="shared"),
        "bundled": MaskedLMFill(masks="shared"),
    }
    for name, step in steps.items():
        sides = [Side("one copy", ours(step)), Side("five copies", ours(step, copies=5))]
        parts = windows(texts, setting.filled, setting.rounds + 1)
        measured = {side.name: side.rate for side in measure(sides, parts)}
        if len(measured) == len(sides):
            cost = measured["one copy"] / measured["five copies"]
            yield f"{name}: five copies take {cost:.2f} times as long as one."


def _bundled(setting: Setting, texts: Sequence[str]) -> Iterator[str]:
    yield "### The bundled model, as it comes"
    sides = [
        Side("bundled", ours(MaskedLMFill()), amount=_edits_of_variants),
        Side("bundled, 5 copies shared", ours(MaskedLMFill(masks="shared"), copies=5)),
    ]
    parts = windows(texts, setting.bundled, setting.rounds + 1)
    yield table(measure(sides, parts), (), "edits")
