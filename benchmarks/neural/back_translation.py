"""Round trips beside nlpaug, a plain loop and bare engines, with the same checkpoints.

The checkpoints' weights are random, but their translations are as long as their sources (see
:mod:`benchmarks.neural.marian_checkpoint`), so all sides write as many words. Random words would
be let down by the step's guards, so that less would be sent back: with these checkpoints, augmill's
translators are timed, both ways; with Bergamot's real weights the whole step is.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from augment import Protection, TextBatch
from augment.methods.back_translation import BackTranslation
from augment.models.decoding import Decoding
from augment.models.translate import load_translator
from augment.text.sentences import split_sentences
from benchmarks.neural.bare_translate import (
    bare_bergamot,
    bare_ctranslate2,
    plain_loop,
    tokenised,
)
from benchmarks.neural.marian_checkpoint import DIRECTIONS, marian_checkpoints
from benchmarks.neural.peers import PeerProcess
from benchmarks.neural.rounds import Side, measure, runs, table, windows
from benchmarks.neural.setting import Setting
from benchmarks.neural.texts import long_text, sentences, with_repeats

NLPAUG, BARE, BARE_BERGAMOT = "nlpaug", "bare CTranslate2 int8", "bare Bergamot"
REPEATED = 0.3
OURS = (
    ("ctranslate2", "int8"),
    ("ctranslate2", "float32"),
    ("marian", "float32"),
    ("marian", "bfloat16"),
)


def report(setting: Setting, peer: PeerProcess | None) -> Iterator[str]:
    """Blocks of Markdown, as they are measured."""
    texts = sentences()
    template = marian_checkpoints(setting.folder / "marian", setting.marian, texts[:32])
    yield f"## Back-translation: {len(texts):,} sentences, both directions"
    for beams in setting.beams:
        yield from _random_weights(setting, peer, texts, template, beams)
    yield from _bergamot(setting, texts)
    yield from _repeats(setting, texts)
    yield from _long(setting, peer, texts, template)


def _random_weights(
    setting: Setting, peer: PeerProcess | None, texts: Sequence[str], template: Path, beams: int
) -> Iterator[str]:
    parts = windows(texts, setting.translated, setting.rounds + 1)
    root, threads = template.parent, setting.threads
    sizes = setting.peer_batches
    sides, batch = [], max(sizes)
    if peer is not None:
        choices = [Side(str(n), nlpaug(peer, root, beams, n, threads)) for n in sizes]
        batch = int(_fastest(choices, parts[0]).name)
        sides.append(Side(NLPAUG, nlpaug(peer, root, beams, batch, threads), amount=_words))
    sides.append(Side("transformers loop", plain_loop(root, beams, batch, threads), amount=_words))
    tokens = tokenised(root, threads)
    bare = [Side(str(n), bare_ctranslate2(root, beams, n, threads), tokens) for n in sizes]
    best = int(_fastest(bare, parts[0]).name)
    sides.append(Side(BARE, bare_ctranslate2(root, beams, best, threads), tokens, _tokens))
    for backend, dtype in OURS:
        work = translators(template, backend, dtype, beams)
        sides.append(Side(f"augmill {backend} {dtype}", work, amount=_words))
    measured = measure(sides, parts)
    yield f"### Beam {beams}; batches of nlpaug and loop {batch}, of bare CTranslate2 {best}"
    yield table(measured, (NLPAUG, BARE), "words out")


def nlpaug(
    peer: PeerProcess, root: Path, beams: int, batch: int, threads: int
) -> Callable[[Sequence[str]], list[str]]:
    """nlpaug's augmenter; it takes the width of the beam from the checkpoint."""
    holding = [folder_with_beams(root / direction, beams) for direction in DIRECTIONS]

    @cache
    def load() -> None:
        peer.load(
            "BackTranslationAug",
            threads,
            from_model_name=str(holding[0]),
            to_model_name=str(holding[1]),
            batch_size=batch,
        )

    def work(texts: Sequence[str]) -> list[str]:
        load()
        return peer.run(list(texts))[1]

    return work


def folder_with_beams(folder: Path, beams: int) -> Path:
    """The same checkpoint, by links, whose configuration asks for a beam of this width."""
    import json

    linked = folder.parent / f"{folder.name}-beam-{beams}"
    linked.mkdir(exist_ok=True)
    for path in folder.iterdir():
        target = linked / path.name
        if path.name == "generation_config.json":
            config = {**json.loads(path.read_text("utf-8")), "num_beams": beams}
            target.write_text(json.dumps(config), "utf-8")
        elif not target.exists():
            target.symlink_to(path.resolve())
    return linked


def translators(
    template: Path | None, backend: Any, dtype: Any, beams: int, pivot: str = "de"
) -> Callable[[Sequence[str]], list[str]]:
    """augmill's translators, to the pivot and back."""

    def work(texts: Sequence[str]) -> list[str]:
        made = list(texts)
        for source, target in (("en", pivot), (pivot, "en")):
            translator = load_translator(
                backend,
                source,
                target,
                model=None if template is None else str(template),
                dtype=dtype,
                device="cpu",
                decoding=Decoding(num_beams=beams),
            )
            made = [found[0] if found else "" for found in translator.translate(made)]
        return made

    return work


def step(augmenter: BackTranslation) -> Callable[[Sequence[str]], Any]:
    """The whole step: protected spans, row keys, sentences, guards, edits."""

    def work(texts: Sequence[str]) -> Any:
        column = pa.array(texts, pa.string())
        spans = Protection().find(column)
        return augmenter.apply(TextBatch.of(column, language="en", protected=spans))

    return work


def _fastest(sides: Sequence[Side], texts: Sequence[str]) -> Side:
    """The best of one run each, after one that loads: a peer's process holds but one at a time."""
    able = []
    for side in sides:
        if runs(side, texts[:2]):
            side.run(texts)
            able.append(side)
    return max(able, key=lambda side: side.rate, default=sides[-1])


def _words(_texts: Sequence[str], made: Sequence[str]) -> float:
    return sum(len(text.split()) for text in made) / len(made)


def _tokens(_texts: Sequence[str], made: Sequence[Sequence[str]]) -> float:
    return sum(len(tokens) - 1 for tokens in made) / len(made)


def _bergamot(setting: Setting, texts: Sequence[str]) -> Iterator[str]:
    yield "### Bergamot, its real weights: translators and the whole step beside the bare engine"
    sides = [
        Side(BARE_BERGAMOT, bare_bergamot(setting.threads)),
        Side("augmill bergamot", translators(None, "bergamot", "auto", 1, "pt")),
        Side("the whole step", step(BackTranslation(pivot="pt", backend="bergamot"))),
    ]
    parts = windows(texts, setting.bundled // 4, setting.rounds + 1)
    yield table(measure(sides, parts), (BARE_BERGAMOT,))


def _repeats(setting: Setting, texts: Sequence[str]) -> Iterator[str]:
    """A corpus in which sentences stand twice takes as much less time."""
    yield f"### {REPEATED:.0%} of the sentences repeated"
    work = step(BackTranslation(pivot="pt", backend="bergamot"))
    sides = [
        Side("all distinct", work),
        Side("repeated", work, lambda part: with_repeats(part, REPEATED)),
    ]
    parts = windows(texts, setting.bundled // 4, setting.rounds + 1)
    measured = {side.name: side.rate for side in measure(sides, parts)}
    if len(measured) == len(sides):
        share = measured["all distinct"] / measured["repeated"]
        least = 1 - REPEATED
        yield f"They take {share:.2f} of the time of distinct ones; {least:.2f} is proportional."


def _long(
    setting: Setting, peer: PeerProcess | None, texts: Sequence[str], template: Path
) -> Iterator[str]:
    """A text far over the models' length."""
    text, count = long_text(texts, setting.long_tokens)
    yield f"### One text of {count} sentences, {len(text.split()):,} words"
    begun = time.perf_counter()
    made = step(BackTranslation(pivot="pt", backend="bergamot"))([text])
    seconds = time.perf_counter() - begun
    notes = {name: column[0].as_py() for name, column in made.notes.items()}
    notes.pop("pivot", None)
    changed = len(made.edits[0])
    yield f"augmill bergamot, the step: {changed} edits in {seconds:.1f} s; notes: {notes}"
    split = split_sentences(pa.array([text], pa.string()), "en").text.to_pylist()
    begun = time.perf_counter()
    whole = translators(template, "ctranslate2", "int8", 1)(split)
    seconds = time.perf_counter() - begun
    words = sum(len(sentence.split()) for sentence in whole)
    filled = sum(map(bool, whole))
    yield (
        f"augmill ctranslate2 int8: {filled} of {len(split)} sentences, {words:,} words out "
        f"in {seconds:.1f} s"
    )
    if peer is not None:
        (cut,) = nlpaug(peer, template.parent, 1, 1, setting.threads)([text])
        yield f"nlpaug: {len(cut.split()):,} words out; it reads 512 tokens and leaves out the rest"
