"""The sentences of a batch that are sent on a round trip, as they are sent."""

from dataclasses import dataclass

import numpy as np
import regex

from augment.batch import TextBatch
from augment.methods.source_noise import noised
from augment.randomness import Keys, bits_at
from augment.text.borders import Span
from augment.text.columns import first_of_rows
from augment.text.languages import language
from augment.text.rewrites import calm
from augment.text.sentences import Sentences, split_sentences
from augment.text.stand_ins import Masked, mask

MIN_WORDS = 3
"""Of languages that write spaces: a translator guesses at fewer words without their context."""

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*")
_NO_WORD = regex.compile(r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]{80}")
"""Encoded data and the like: models spell it out for seconds and never bring it back."""


@dataclass(frozen=True)
class Sent:
    """Sentences of a batch of n rows.

    Attributes:
        sentences: m of them.
        protected: m, each one's protected spans.
        masked: m, each with stand-ins.
        asked: m, what is translated: with stand-ins, in calm letter case, noised if wished.
    """

    sentences: Sentences
    protected: list[list[Span]]
    masked: list[Masked]
    asked: list[str]

    def keys(self, keys: Keys) -> Keys:
        """``(m,)``: each sentence's key, of its row's (``(n,)``) and its number within the row."""
        rows = self.sentences.rows
        number = np.arange(len(rows)) - first_of_rows(rows, len(keys))[rows]
        return bits_at(keys, rows, "sentence", number)

    def noised(self, keys: Keys, rate: float, tag: str) -> "Sent":
        """The rows that noise changes somewhere; without it they would be what they were before.

        Args:
            keys: ``(n,)`` the rows' keys.
            rate: see :func:`augment.methods.source_noise.noised`.
            tag: primary subtag of the language.
        """
        asked = noised(self.asked, self.keys(keys), rate, tag)
        changed = np.array([a != b for a, b in zip(self.asked, asked, strict=True)], np.bool_)
        rows = self.sentences.rows
        kept = np.flatnonzero(np.isin(rows, rows[changed])).tolist()
        return Sent(
            self.sentences.take(kept),
            [self.protected[i] for i in kept],
            [self.masked[i] for i in kept],
            [asked[i] for i in kept],
        )


def sent_of(batch: TextBatch, tag: str) -> Sent:
    """The sentences that have words enough, and no endless one, outside their protected spans."""
    found = split_sentences(batch.text, tag)
    protected = found.clipped(batch.protected)
    least = MIN_WORDS if language(tag).spaced else 1
    pairs = enumerate(zip(found.text.to_pylist(), protected, strict=True))
    kept = [i for i, (text, spans) in pairs if _is_language(text, spans, least)]
    sentences, protected = found.take(kept), [protected[i] for i in kept]
    texts = sentences.text.to_pylist()
    masked = [mask(*pair) for pair in zip(texts, protected, strict=True)]
    calmed = zip(map(calm, texts), protected, strict=True)
    return Sent(sentences, protected, masked, [mask(*pair).text for pair in calmed])


def _is_language(text: str, spans: list[Span], least: int) -> bool:
    for start, stop in reversed(spans):
        text = f"{text[:start]} {text[stop:]}"
    return len(_WORD.findall(text)) >= least and not _NO_WORD.search(text)
