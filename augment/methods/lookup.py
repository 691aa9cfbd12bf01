"""From a batch to its words' entries in a synonym table: what the thesaurus methods share."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import TextBatch
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.phrases import load_phrases
from augment.lexicons.sources import AUTO, LANGUAGES, digests, load_senses
from augment.models.tagger import load_tagger
from augment.text.casing import MIXED
from augment.text.columns import Bools, Ints, Utf8
from augment.text.languages import Language, language, words_digest
from augment.text.segments import Segments

_PHRASED = ("en",)
"""Languages with a list of phrases."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A batch's words in a table.

    Attributes:
        tongue: the language that the words were taken to be of.
        table: the synonyms.
        segments: the batch's pieces.
        outside: ``(pieces,)`` which of them share no character with a protected span.
        entry: ``(pieces,)`` int64, each one's place in the table; −1 for gaps, words that have no
            synonyms, stopwords, names, words in mixed case, parts of set phrases, and protected
            words.
    """

    tongue: Language
    table: Lexicon
    segments: Segments
    outside: Bools
    entry: Ints


def look_up(
    batch: TextBatch,
    source: str,
    senses: int,
    *,
    multiword: bool = False,
    tagger: str | None = None,
) -> Lookup | None:
    """Find a batch's words; None if its language has no table, or it has no text.

    Args:
        batch: the rows.
        source: a value of :data:`augment.lexicons.sources.LexiconSource`.
        senses: how many of a word's senses give candidates.
        multiword: whether candidates may be of several words.
        tagger: a part-of-speech model that says which of a form's entries is meant; without it,
            a form stands for its most frequent part of speech.
    """
    tongue = language(batch.language)
    name = tongue.lexicon if source == AUTO else source
    if name is None:
        return None
    if tongue.tag == "und":
        tongue = language(LANGUAGES.get(name, "und"))
    segments = tongue.segment(Utf8.of(batch.text))
    if not len(segments.starts):
        return None
    table = load_senses(name, senses, multiword)
    entry = _entries(segments, table) if tagger is None else _tagged(segments, table, tagger)
    outside = segments.outside(batch.protected)
    words = np.flatnonzero((entry >= 0) & outside)
    words = words[~_fixed(segments, words, tongue)]
    words = words[~tongue.names(segments, words)]
    phrases = load_phrases(tongue.tag)
    if phrases is not None:
        words = words[~phrases.holds(segments, words)]
    kept = np.full(len(entry), -1)
    kept[words] = entry[words]
    return Lookup(tongue, table, segments, outside, kept)


def lookup_assets(source: str) -> Mapping[str, str]:
    """What decides look-ups besides the code: digests of tables and of lists of words."""
    phrases = {f"phrases-{tag}": found.digest for tag in _PHRASED if (found := load_phrases(tag))}
    return {**digests(source), **phrases, "words": words_digest()}


def _entries(segments: Segments, table: Lexicon) -> Ints:
    return np.asarray(table.find(segments.distinct.dictionary)[segments.codes])


def _fixed(segments: Segments, pieces: Ints, tongue: Language) -> Bools:
    """``(m,)``: which of these pieces are stopwords, or in mixed case."""
    lower = pc.utf8_lower(segments.pieces.take(pa.array(pieces)))
    stop = pc.is_in(lower, value_set=tongue.stopwords).to_numpy(zero_copy_only=False)
    return np.asarray(stop | (segments.patterns[segments.codes[pieces]] == MIXED))


def _tagged(segments: Segments, table: Lexicon, tagger: str) -> Ints:
    """Entries of the words as they are used, each pair of word and tag looked up once."""
    tags = load_tagger(tagger).tags(segments)
    labels = len(tags.dictionary)
    tag = pc.fill_null(tags.indices, labels).to_numpy()
    pairs, inverse = np.unique(segments.codes * (labels + 1) + tag, return_inverse=True)
    words = segments.distinct.dictionary.take(pa.array(pairs // (labels + 1)))
    known = pairs % (labels + 1)
    names = tags.dictionary.take(pa.array(known, mask=known == labels))
    return np.asarray(table.find(words, names)[inverse])
