"""Misspellings: English words are written as people have been seen to write them.

Source: "natural noise" of Belinkov & Bisk 2018, "Synthetic and natural noise both break neural
machine translation", §4; SpellingAug of nlpaug (Ma 2019), whose list it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import MISSING, Count, Probability, component
from augment.errors import MissingExtraError
from augment.lexicons import misspellings
from augment.lexicons.lexicon import Lexicon
from augment.randomness import uniform_at
from augment.text.casing import LOWER, MIXED, TITLE, recase
from augment.text.characters import word_lengths
from augment.text.choice import choose
from augment.text.columns import Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language


@component("spelling_noise")
class SpellingNoise(Augmenter):
    """Replace English words by misspellings that people made of them; letter case is kept.

    Misspellings that are words themselves are not used. Words in mixed case and those without a
    known misspelling are left alone, and texts in other languages decline.

    Args:
        rate: share of a row's eligible words that is misspelled.
        min_edits: misspellings in a row at the least, if it has so many eligible words.
        max_edits: misspellings in a row at the most.
        min_length: words of fewer characters are left alone.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    min_length: Annotated[int, Field(ge=1)] = 4

    def assets(self) -> Mapping[str, str]:
        """The digest of the list."""
        try:
            return {"misspellings": misspellings.load().digest}
        except MissingExtraError:
            return {"misspellings": MISSING}

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: decisions per distinct word, one splice for all rows."""
        tongue = language(batch.language)
        if tongue.tag != "en":
            return Variants.declined(len(batch))
        slips = _slips()
        segments = tongue.segment(Utf8.of(batch.text))
        words = segments.distinct.dictionary
        # Some letters beyond ASCII are those of the list in lower case, but of other widths.
        plain = pc.string_is_ascii(words).to_numpy(zero_copy_only=False)
        fit = plain & (segments.patterns != MIXED)
        entry = np.where(fit, slips.table.find(words), -1)
        eligible = (entry >= 0)[segments.codes] & (word_lengths(segments) >= self.min_length)
        eligible &= segments.outside(batch.protected)
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)
        codes = segments.codes[at.pieces]
        numbers = uniform_at(batch.keys, at.rows, "candidate", at.counter)
        drawn = slips.table.index(entry[codes], numbers)
        starts = segments.starts[at.pieces] + slips.start[drawn]
        stops = segments.stops[at.pieces] - slips.kept[drawn]
        pattern = segments.patterns[codes]
        pattern = np.where((pattern == TITLE) & (slips.start[drawn] > 0), LOWER, pattern)
        new = recase(slips.written.take(pa.array(drawn)), pattern.astype(np.uint8))
        return variants_of_edits(segments.text, at.rows, starts, stops, new)


@dataclass(frozen=True)
class _Slips:
    """The list with what each misspelling changes of its word.

    Attributes:
        table: the list.
        start: ``(c,)`` letters that stay before the change.
        kept: ``(c,)`` letters that stay behind it.
        written: ``(c,)`` what is written between them. The first letter, which bears a capital,
            is either before the change or in it with its replacement.
    """

    table: Lexicon
    start: Ints
    kept: Ints
    written: pa.StringArray


@cache
def _slips() -> _Slips:
    table = misspellings.load()
    words = np.repeat(table.words.to_numpy(zero_copy_only=False), np.diff(table.offsets))
    written = table.candidates.to_pylist()
    bounds = [_change(word, other) for word, other in zip(words, written, strict=True)]
    start, kept = np.array(bounds, np.int64).T
    between = [w[a : len(w) - b] for w, (a, b) in zip(written, bounds, strict=True)]
    return _Slips(table, start, kept, pa.array(between, pa.string()))


def _change(word: str, written: str) -> tuple[int, int]:
    """How many letters of both stay the same before and behind what differs."""
    shorter = min(len(word), len(written))
    start = next((i for i in range(shorter) if word[i] != written[i]), shorter)
    most = shorter - max(start, 1)
    pairs = zip(reversed(word), reversed(written), strict=False)
    kept = next((i for i, (a, b) in enumerate(pairs) if i == most or a != b), shorter)
    return start, min(kept, most)
