"""Back-translation: a text to a pivot language and back, sentence by sentence.

Sennrich, Haddow & Birch 2016 (arXiv:1511.06709) made synthetic sources for translation with it,
Edunov et al. 2018 (arXiv:1808.09381) studied how to decode them, and UDA (Xie et al. 2020,
arXiv:1904.12848) is what made round trips a standard augmentation for consistency training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import regex
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import component, package_version
from augment.errors import ModelError
from augment.models.translate import (
    Backend,
    Decoding,
    Dtype,
    load_translator,
    translator_assets,
)
from augment.text.columns import Ints, Utf8
from augment.text.edits import splice, variants_of_edits
from augment.text.languages import primary
from augment.text.rewrites import Stretch, calm, fitted, is_faithful, is_sound, stretches
from augment.text.sentences import Sentences, Span, split_sentences

_LETTER = regex.compile(r"\p{L}")
_NO_WORD = regex.compile(r"[\p{Latin}\p{Cyrillic}\p{Greek}\p{N}_]{80}")
"""Encoded data and the like: models spell it out for seconds and never bring it back."""


@component("back_translation")
class BackTranslation(Augmenter):
    """Translate every sentence to a pivot language and back.

    Separators between sentences stay as they are. A sentence falls back to its source if what
    comes back is empty, loops, has an implausible length or script, or lost a protected span; a
    row with no changed sentence declines, and so does text of unknown language (``und``). Equal
    sentences are translated once.

    Notes, besides ``steps``: ``pivot`` (string), the row in the pivot language; ``fallbacks``
    (int32), how many of its sentences fell back.

    Args:
        pivot: BCP 47 tag of the language between.
        backend: ``bergamot`` (English ↔ Portuguese, weights included), ``marian`` (any
            checkpoint, needs the ``torch`` extra) or ``apertium`` (Debian's program).
        model: ``marian`` only: hub name or folder, with ``{source}`` and ``{target}`` for the
            languages; None is ``Helsinki-NLP/opus-mt-{source}-{target}``.
        revision: of a hub model.
        dtype: of the weights (``marian``).
        device: ``cpu``, ``cuda`` or ``auto`` (``marian``).
        num_beams: 1 is greedy (``marian``).
        batch_tokens: source tokens times beams in a batch (``marian``).
        p: probability that a row is rewritten.

    Raises (when it is applied):
        ModelError: the backend lacks the model or the language pair.
        MissingExtraError: the backend's package is not installed.
    """

    batch_invariant: ClassVar[bool] = False

    pivot: Annotated[str, Field(min_length=2)] = "pt"
    backend: Backend = "bergamot"
    model: str | None = None
    revision: str | None = None
    dtype: Dtype = "float32"
    device: str = "cpu"
    num_beams: Annotated[int, Field(ge=1)] = 1
    batch_tokens: Annotated[int, Field(ge=1)] = 4096

    def rewrite(self, batch: TextBatch) -> Variants:
        """Variants whose edits are the changed sentences, cut at protected spans."""
        if batch.language == "und":
            return Variants.declined(len(batch))
        found = split_sentences(batch.text, batch.language)
        protected = found.clipped(batch.protected)
        sent = _worth_sending(found.text.to_pylist(), protected)
        sentences, protected = found.take(sent), [protected[i] for i in sent]
        distinct = sentences.text.dictionary_encode()
        made = self._round_trips(distinct.dictionary.to_pylist(), batch.language)
        trips = [made[i] for i in distinct.indices.to_pylist()]
        return _variants(batch, sentences, protected, trips)

    def assets(self) -> Mapping[str, str]:
        """What decides the output: the weights (a package's version, a folder's files, a hub name)
        and the version of the sentence splitter.
        """
        weights = translator_assets(self.backend, self.pivot, self.model, self.revision)
        return {**weights, "sentencex": package_version("sentencex")}

    def _round_trips(self, texts: list[str], source: str) -> "list[_Trip]":
        if primary(source) == primary(self.pivot):
            raise ModelError(f"pivot {self.pivot!r} is the language of the texts ({source})")
        pivots = self._translate([calm(text) for text in texts], source, self.pivot)
        sound = [i for i, (a, b) in enumerate(zip(texts, pivots, strict=True)) if is_sound(a, b)]
        returned = self._translate([pivots[i] for i in sound], self.pivot, source)
        trips = [_Trip(pivot, None) for pivot in pivots]
        for i, made in zip(sound, returned, strict=True):
            made = fitted(texts[i], made)
            trips[i] = _Trip(pivots[i], made if is_faithful(texts[i], made) else None)
        return trips

    def _translate(self, texts: list[str], source: str, target: str) -> list[str]:
        if not texts:
            return []
        translator = load_translator(
            self.backend,
            source,
            target,
            model=self.model,
            revision=self.revision,
            dtype=self.dtype,
            device=self.device,
            decoding=Decoding(num_beams=self.num_beams),
            batch_tokens=self.batch_tokens,
        )
        return [made[0] if made else "" for made in translator.translate(texts)]


@dataclass(frozen=True, slots=True)
class _Trip:
    """A sentence in the pivot language, and back again; None if that can't be used."""

    pivot: str
    made: str | None


def _worth_sending(texts: list[str], protected: list[list[Span]]) -> list[int]:
    """The sentences that have a letter, and no endless word, outside their protected spans."""

    def is_language(text: str, spans: list[Span]) -> bool:
        for start, stop in reversed(spans):
            text = f"{text[:start]} {text[stop:]}"
        return bool(_LETTER.search(text)) and not _NO_WORD.search(text)

    pairs = enumerate(zip(texts, protected, strict=True))
    return [i for i, (text, spans) in pairs if is_language(text, spans)]


def _variants(
    batch: TextBatch, sentences: Sentences, protected: list[list[Span]], trips: list[_Trip]
) -> Variants:
    """Edits of the sentences that came back well, and the notes."""
    sources = sentences.text.to_pylist()
    changes = [_changes(*all_) for all_ in zip(sources, trips, protected, strict=True)]
    fallen = np.array([change is None for change in changes], np.bool_)
    fallbacks = np.bincount(sentences.rows[fallen], minlength=len(batch)).astype(np.int32)
    counts = np.array([len(change or ()) for change in changes], np.int64)
    flat = [stretch for change in changes for stretch in change or ()]
    text = Utf8.of(batch.text)
    rows, base = np.repeat(sentences.rows, counts), np.repeat(_base(text, sentences), counts)
    starts = text.to_bytes(base + np.array([start for start, _, _ in flat], np.int64))
    stops = text.to_bytes(base + np.array([stop for _, stop, _ in flat], np.int64))
    new = pa.array([made for _, _, made in flat], pa.string())
    made = variants_of_edits(text, rows, starts, stops, new)
    pivot = pc.if_else(made.text.is_valid(), _pivot(text, sentences, trips), None)
    return Variants(made.text, made.edits, {"pivot": pivot, "fallbacks": pa.array(fallbacks)})


def _changes(source: str, trip: _Trip, protected: list[Span]) -> list[Stretch] | None:
    if trip.made is None:
        return None
    if trip.made == " ".join(source.split()):
        return []
    return stretches(source, trip.made, protected)


def _pivot(text: Utf8, sentences: Sentences, trips: list[_Trip]) -> pa.StringArray:
    """The rows in the pivot language; what was not sent, and the separators, as in the source."""
    base = _base(text, sentences)
    starts = text.to_bytes(base)
    stops = text.to_bytes(base + sentences.stops - sentences.starts)
    new = pa.array([trip.pivot for trip in trips], pa.string())
    return splice(text, sentences.rows, starts, stops, new)


def _base(text: Utf8, sentences: Sentences) -> Ints:
    """Where each sentence starts, in code points of the whole column."""
    return np.asarray(text.char_offsets[sentences.rows] + sentences.starts)
