"""Case noise: words in another letter case, as people write in haste or in anger.

Source: transformations of letter case in NL-Augmenter, Dhole et al. 2021, "NL-Augmenter: A
framework for task-sensitive natural language augmentation".
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.randomness import Keys, bits_at, mix, uniform_at
from augment.text.casing import LOWER, MIXED, TITLE, UPPER, patterns
from augment.text.choice import choose
from augment.text.columns import Bools, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language
from augment.text.segments import Segments

_STYLES = {"lower": LOWER, "title": TITLE, "upper": UPPER, "random": MIXED}
_LETTERS = np.zeros(256, np.bool_)
_LETTERS[[*range(0x41, 0x5B), *range(0x61, 0x7B)]] = True

Styles = npt.NDArray[np.uint8]


@component("case_noise")
class CaseNoise(Augmenter):
    """Write words in another letter case; no letter changes otherwise.

    Eligible are the words that begin with a letter of a script with case and that the case
    changes. ``random`` tosses a coin for every letter, and a word that comes out as it was is
    left out.

    Args:
        rate: share of a row's eligible words that is changed.
        min_edits: changed words in a row at the least, if it has so many that are eligible.
        max_edits: changed words in a row at the most.
        case: ``lower``, ``upper``, ``title`` or ``random``; or ``any``: for every word one of
            those four that it has not yet, all equally likely.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    case: Literal["any", "lower", "upper", "title", "random"] = "any"

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one draw and one splice for all rows."""
        segments = language(batch.language).segment(Utf8.of(batch.text))
        if not len(segments.starts):
            return Variants.declined(len(batch))
        eligible = segments.is_word & segments.outside(batch.protected)
        eligible &= _cased(segments, eligible)
        if self.case not in ("any", "random"):
            eligible &= _changed(segments, eligible, _STYLES[self.case])
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)
        words = segments.pieces.take(pa.array(at.pieces))
        if self.case == "any":
            numbers = uniform_at(batch.keys, at.rows, "case", at.counter)
            # One of the three that follow the word's own, round the circle of four.
            styles = (patterns(words) + 1 + (numbers * 3).astype(np.uint8)) % 4
        else:
            styles = np.full(len(words), _STYLES[self.case], np.uint8)
        new = _restyled(words, styles, bits_at(batch.keys, at.rows, "letters", at.counter))
        kept = np.flatnonzero(pc.not_equal(new, words).to_numpy(zero_copy_only=False))
        pieces = at.pieces[kept]
        starts, stops = segments.starts[pieces], segments.stops[pieces]
        new = new.take(pa.array(kept))
        return variants_of_edits(segments.text, at.rows[kept], starts, stops, new)


def _cased(segments: Segments, words: Bools) -> Bools:
    """``(pieces,)``: which words begin with a letter that has case."""
    lead = segments.text.data[segments.starts]
    cased = _LETTERS[lead]
    if not segments.text.is_ascii:
        wide = np.flatnonzero(words & (lead >= 0x80))
        found = pc.match_substring_regex(
            segments.pieces.take(pa.array(wide)), r"^[\p{Lu}\p{Ll}\p{Lt}]"
        )
        cased[wide] = found.to_numpy(zero_copy_only=False)
    return np.asarray(cased)


def _changed(segments: Segments, words: Bools, style: int) -> Bools:
    """``(pieces,)``: which of the words a case changes."""
    places = np.flatnonzero(words)
    chosen = segments.pieces.take(pa.array(places))
    changed = np.zeros(len(words), np.bool_)
    new = _recased(chosen, style)
    changed[places] = pc.not_equal(new, chosen).to_numpy(zero_copy_only=False)
    return changed


def _recased(words: pa.StringArray, style: int) -> pa.StringArray:
    change = {LOWER: pc.utf8_lower, TITLE: pc.utf8_capitalize, UPPER: pc.utf8_upper}
    return change[style](words)


def _restyled(words: pa.StringArray, styles: Styles, bits: Keys) -> pa.StringArray:
    """Each word in its style; ``bits`` decide the letters of those in random case."""
    groups = [np.flatnonzero(styles == style) for style in (LOWER, TITLE, UPPER, MIXED)]
    parts = [words.take(pa.array(group)) for group in groups]
    made = [_recased(parts[style], style) for style in (LOWER, TITLE, UPPER)]
    made.append(_tossed(parts[MIXED], bits[groups[MIXED]]))
    back = np.empty(len(words), np.int64)
    back[np.concatenate(groups)] = np.arange(len(words))
    return pa.concat_arrays(made).take(pa.array(back))


def _tossed(words: pa.StringArray, bits: Keys) -> pa.StringArray:
    """Upper or lower case for every letter, by the word's random bits."""
    text = Utf8.of(words)
    starts = text.to_bytes(np.arange(text.char_offsets[-1]))
    first = np.append(text.char_offsets[:-1], len(starts))
    word = np.repeat(np.arange(len(words)), np.diff(first))
    place = (np.arange(len(starts)) - first[word]).astype(np.uint64)
    coins = (mix(bits[word] + (place >> np.uint64(6))) >> (place & np.uint64(63))) & np.uint64(1)
    letters = text.pieces(starts)
    upper = pa.array(coins.astype(np.bool_))
    letters = pc.if_else(upper, pc.utf8_upper(letters), pc.utf8_lower(letters))
    lists = pa.ListArray.from_arrays(pa.array(first, pa.int32()), letters)
    return pc.binary_join(lists, "")
