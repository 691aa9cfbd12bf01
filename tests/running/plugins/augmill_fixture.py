"""Components that do on command what real ones do by accident."""

import dataclasses
import os
import signal
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.augmenter import Augmenter, augmenter, variants_of_texts
from augment.component import component
from augment.errors import ModelError
from augment.filter import Filter, Verdicts
from augment.randomness import hash_strings, uniform


@augmenter("shout")
def Shout(text, rng):
    """Upper case."""
    return text.upper()


@augmenter("fragile")
def Fragile(text, rng):
    """Upper case; a text with BOOM in it raises."""
    if "BOOM" in text:
        raise ValueError(f"can't bear {text!r}")
    return text.upper()


OPPOSITES = {
    "bright": "dull", "warm": "cold", "clever": "stupid",
    "lovely": "ugly", "fresh": "stale", "honest": "fake",
}  # fmt: skip


@augmenter("turn")
def Turn(text, rng):
    """The opposite of a text whose number leaves 2 or 3 of 4, and of others a bit more."""
    if int(text.rpartition("n")[2]) % 4 < 2:
        return f"{text} too"
    turned = OPPOSITES | {bad: good for good, bad in OPPOSITES.items()}
    return " ".join(turned.get(word, word) for word in text.split())


@component("scored")
class Scored(Augmenter):
    """Upper case, with the number of characters as a score."""

    def rewrite(self, batch):
        out = variants_of_texts(batch, [t.upper() for t in batch.text.to_pylist()])
        return dataclasses.replace(out, notes={"size": pc.utf8_length(batch.text)})


@component("raising")
class Raising(Augmenter):
    """Raises what it is told to, whatever the text."""

    error: str

    def rewrite(self, batch):
        raise {"memory": MemoryError, "model": ModelError, "interrupt": KeyboardInterrupt}[
            self.error
        ]("on purpose")


@component("deadly")
class Deadly(Augmenter):
    """Kills its process on a text with DIE in it."""

    def rewrite(self, batch):
        if pc.any(pc.match_substring(batch.text, "DIE")).as_py():
            os.kill(os.getpid(), signal.SIGKILL)
        return variants_of_texts(batch, [t.upper() for t in batch.text.to_pylist()])


@component("costly")
class Costly(Augmenter):
    """Swaps letter case by the row's numbers; writes down every text it is asked for."""

    model_cost = True
    files = ("log",)

    log: str
    drifts: bool = False
    seconds: float = 0.0

    @property
    def exact(self):
        """Unless it was told to drift."""
        return not self.drifts

    def rewrite(self, batch):
        with Path(self.log).open("a") as file:
            file.writelines(f"{text}\n" for text in batch.text.to_pylist())
        time.sleep(self.seconds)
        drawn = uniform(batch.keys, "costly")
        texts = batch.text.to_pylist()
        made = [t.swapcase() if u < 0.7 else None for t, u in zip(texts, drawn, strict=True)]
        out = variants_of_texts(batch, made)
        notes = {"drawn": pa.array(drawn, pa.float32()), "asked": pa.array([1] * len(made))}
        return dataclasses.replace(out, notes=notes)


@component("picky")
class Picky(Filter):
    """Rejects variants with the letter Q; raises on a variant with CRASH in it."""

    def judge(self, source, variants):
        if pc.any(pc.match_substring(variants.text, "CRASH")).as_py():
            raise RuntimeError("judge fell ill")
        bad = pc.fill_null(pc.match_substring(variants.text, "Q"), False).to_numpy(False)
        reason = pa.array(np.where(bad, "has_q", None), pa.string()).dictionary_encode()
        return Verdicts(~bad, reason, np.where(bad, 1, 0).astype(np.float32))


@component("wordy")
class Wordy(Filter):
    """Keeps everything; needs the corpus's statistics."""

    files = ("corpus",)
    fits = "corpus"

    corpus: str | None = None

    def judge(self, source, variants):
        keep = np.ones(len(variants), np.bool_)
        reason = pa.nulls(len(variants), pa.string()).dictionary_encode()
        return Verdicts(keep, reason, np.full(len(variants), np.nan, np.float32))


@component("coin")
class Coin(Filter):
    """Rejects one variant in two, by its text; weighs by the label: a half where it is doubted."""

    doubted: str | None = None

    def judge(self, source, variants):
        given = variants.text.is_valid().to_numpy(False)
        bad = given & ((hash_strings(pc.fill_null(variants.text, "")) & np.uint64(1)) == 1)
        reason = pa.array(np.where(bad, "tails", None), pa.string()).dictionary_encode()
        weight = None
        if self.doubted is not None:
            doubted = pc.fill_null(pc.equal(source.labels, self.doubted), False).to_numpy(False)
            weight = np.where(doubted, 0.5, 1.0).astype(np.float32)
        return Verdicts(~bad, reason, np.full(len(bad), np.nan, np.float32), weight)
