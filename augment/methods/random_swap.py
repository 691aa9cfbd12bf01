"""Random swap: two words of a text exchange places.

Source: EDA, Wei & Zou 2019, §2 (operation RS).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment import tracing
from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.methods.considering import bounds
from augment.randomness import Keys, uniform_at
from augment.text.casing import LOWER, MIXED, TITLE, patterns, recase
from augment.text.choice import Places, choose
from augment.text.columns import Bools, Ints, Utf8, first_of_rows
from augment.text.edits import variants_of_edits
from augment.text.languages import Language, language
from augment.text.segments import Segments
from augment.text.spacing import opens_sentence, row_ends
from augment.tracing import Considered

_ALWAYS_CAPITAL = r"^I(?:$|['’])"
"""English pronouns that keep their capital inside a sentence."""


@component("random_swap")
class RandomSwap(Augmenter):
    """Let pairs of words exchange places; punctuation and white space stay where they are.

    The words of a row are drawn without replacement and paired at random, so no word moves twice;
    EDA's α counts swaps, so its α is half of ``rate``. A pair of equal words is left out. Words
    in protected spans stay, and so do the words next to one, which often belong to it. The
    capital of a sentence's first word stays in its place: the word that moves there takes it on,
    and the word that leaves loses it, except where all nouns have capitals (German).

    Args:
        rate: share of a row's words that moves, rounded down to whole pairs.
        min_edits: swaps in a row at the least, if it has words for so many.
        max_edits: swaps in a row at the most.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one draw, one pairing and one splice for all rows."""
        tongue = language(batch.language)
        segments = tongue.segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        eligible = _eligible(segments, segments.outside(batch.protected))
        most = None if self.max_edits is None else 2 * self.max_edits
        at = choose(segments, eligible, batch.keys, self.rate, 2 * self.min_edits, most)
        partner = _partners(at, batch.keys)
        moving = _Moving.of(segments, at.pieces, tongue)
        new = moving.to_places_of(partner)
        kept = np.flatnonzero(pc.not_equal(new, moving.words).to_numpy(zero_copy_only=False))
        frame = tracing.current()
        if frame is not None:
            frame.considered += _considered(segments, at.pieces, partner, new)
        pieces, rows = at.pieces[kept], at.rows[kept]
        starts, stops = segments.starts[pieces], segments.stops[pieces]
        return variants_of_edits(segments.text, rows, starts, stops, new.take(pa.array(kept)))


def _considered(
    segments: Segments, pieces: Ints, partner: Ints, new: pa.StringArray
) -> Iterator[Considered]:
    """Of one row: which word each one changed places with."""
    ends = bounds(segments, pieces)
    old = segments.pieces.take(pa.array(pieces)).to_pylist()
    for i, (start, stop) in enumerate(ends):
        j, put = int(partner[i]), new[i].as_py()
        if i == j:
            yield Considered(start, stop, note="no word was left to change places with")
        elif put == old[i]:
            yield Considered(start, stop, note=f"its partner at {ends[j][0]} is the same word")
        else:
            note = f"changed places with {old[j]!r} at {ends[j][0]}"
            yield Considered(start, stop, put, note=note)


def _eligible(segments: Segments, free: Bools) -> Bools:
    """Words that neither lie in a protected span nor stand next to one in their row."""
    eligible = segments.is_word & free
    if free.all():
        return eligible
    opens, closes = row_ends(segments)
    held = ~free
    for _ in range(2):  # over the gap to the word behind it
        near = held.copy()
        near[1:] |= held[:-1] & ~opens[1:]
        near[:-1] |= held[1:] & ~closes[:-1]
        held = near
    return np.asarray(eligible & ~held)


def _partners(at: Places, keys: Keys) -> Ints:
    """``(m,)``: the place among the chosen words of each one's partner; an odd one's is its own."""
    first = first_of_rows(at.rows, len(keys))
    count, base = np.diff(first)[at.rows], first[at.rows]
    order = np.arange(len(at.rows))
    rank = order - base
    many = np.flatnonzero(count > 2)  # two of a row are a pair in any order
    numbers = uniform_at(keys, at.rows[many], "pair", at.counter[many])
    order[many] = many[np.lexsort((rank[many], numbers, at.rows[many]))]
    other = np.where((rank ^ 1) < count, rank ^ 1, rank)
    partner = np.empty(len(order), np.int64)
    partner[order] = order[base + other]
    return partner


@dataclass(frozen=True, slots=True)
class _Moving:
    """The chosen words, their patterns of case, and which of them bear a sentence's capital."""

    words: pa.StringArray
    pattern: npt.NDArray[np.uint8]
    capital: Bools
    loses: Bools

    @classmethod
    def of(cls, segments: Segments, pieces: Ints, tongue: Language) -> "_Moving":
        words = segments.pieces.take(pa.array(pieces))
        pattern = patterns(words)
        title = np.flatnonzero(pattern == TITLE)
        title = title[opens_sentence(segments, pieces[title])]
        always = pc.match_substring_regex(words.take(pa.array(title)), _ALWAYS_CAPITAL)
        capital, loses = np.zeros((2, len(pieces)), np.bool_)
        capital[title] = True
        if not tongue.noun_capitals:
            loses[title] = ~always.to_numpy(zero_copy_only=False)
        return cls(words, pattern, capital, loses)

    def to_places_of(self, partner: Ints) -> pa.StringArray:
        """``(m,)``: what stands in each word's place after the swaps."""
        loses = pa.array(self.loses)
        small_words = pc.utf8_lower(self.words.filter(loses))
        words = pc.replace_with_mask(self.words, loses, small_words)
        small = self.loses | (self.pattern == LOWER)
        wanted = np.where(self.capital & small[partner], TITLE, MIXED).astype(np.uint8)
        return recase(words.take(pa.array(partner)), wanted)
