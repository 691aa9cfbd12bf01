"""The sentences that augmill brings back from another language."""

from collections.abc import Iterator, Sequence

from augment.methods.back_translation import BackTranslation
from benchmarks.reading.sentences import Sentence
from benchmarks.reading.systems import Variant, edited


def ours(sentences: Sequence[Sentence]) -> Iterator[Variant]:
    """augmill's round trips through Portuguese, without those that declined."""
    made = edited(BackTranslation(pivot="pt", backend="bergamot"), sentences)
    return (variant for variant in made if variant.text != variant.sentence.text)
