"""What augmill and nlpaug put in the place of masked words, with the same model."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from augment.methods.masked_lm import MaskedLMFill
from benchmarks.neural.checkpoints import bundled_checkpoint
from benchmarks.neural.peers import PeerProcess
from benchmarks.reading.sentences import Sentence
from benchmarks.reading.systems import CASE, Change, Variant, changes_between, edited


def ours(sentences: Sequence[Sentence]) -> Iterator[Variant]:
    """augmill's variants, by the bundled model and everything else as it comes."""
    return edited(MaskedLMFill(), sentences)


def peers(sentences: Sequence[Sentence], python: Path | None) -> Iterator[Variant]:
    """nlpaug's variants of the same sentences by the same model, the same share of words masked.

    Args:
        sentences: English ones.
        python: of the environment where nlpaug runs; no variants without it.
    """
    if python is None:
        return
    with tempfile.TemporaryDirectory() as folder, PeerProcess(python) as peer:
        model = str(bundled_checkpoint(Path(folder) / "bert-bundled"))
        rate = MaskedLMFill().rate
        peer.load("ContextualWordEmbsAug", 2, model_path=model, model_type="bert", aug_p=rate)
        for sentence in sentences:
            _, (text,) = peer.run([sentence.text], seed=sentence.id)
            changes = map(_judged, changes_between(sentence.text, text))
            yield Variant("nlpaug", sentence, text, tuple(changes))


def _judged(change: Change) -> Change:
    """An uncased model gives whole texts back in lower case; that need not be read."""
    same = change.word.lower() == change.new.lower()
    return replace(change, damage=CASE) if same and not change.damage else change
