"""Slips inside words: letters swapped, left out, put in, or replaced.

Source: "swap" of Belinkov & Bisk 2018, "Synthetic and natural noise both break neural machine
translation", §4, which keeps a word's first and last letter; deletion, insertion and substitution
as in Pruthi, Dhingra & Lipton 2019, "Combating adversarial misspellings with robust word
recognition", §3.
"""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.randomness import uniform_at
from augment.text.characters import Points, find, read, start_of, strings
from augment.text.choice import choose
from augment.text.columns import Bools, Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language
from augment.text.latin import cases, latin, like
from augment.text.places import CharacterPlaces, eligible_words

Operation = Literal["swap", "delete", "insert", "substitute"]

OPERATIONS: tuple[Operation, ...] = ("swap", "delete", "insert", "substitute")
SWAP, DELETE, INSERT, SUBSTITUTE = range(4)

_A, _LETTERS = ord("a"), 26

Numbers = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]


@component("character_noise")
class CharacterNoise(Augmenter):
    """Edit one place inside a word: swap two letters, or delete, insert or substitute one.

    Works on words of Latin letters in any language; other words are left alone. Inserted letters
    are a to z and stand before a letter; each place keeps its case. Two equal letters are never
    swapped, and a letter is never substituted by itself.

    Args:
        rate: share of a row's eligible words that is edited.
        min_edits: edits in a row at the least, if it has so many eligible words.
        max_edits: edits in a row at the most.
        min_length: words of fewer characters are left alone.
        operations: one of these is drawn for each word; in a word without two neighbours that
            can be swapped, one of the others.
        keep_ends: leave a word's first and last character in their places.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    min_length: Annotated[int, Field(ge=1)] = 4
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)] = OPERATIONS
    keep_ends: bool = True

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one place for each chosen word, one splice for all rows."""
        segments = language(batch.language).segment(Utf8.of(batch.text))
        letters = find(segments.text, latin())
        if self.keep_ends and len(letters):
            letters[segments.starts] = False
            letters[start_of(segments.text, segments.stops - 1)] = False
        usable = letters
        if set(self.operations) == {"swap"}:
            words = np.flatnonzero(segments.is_word)
            usable = np.zeros_like(letters)
            usable[_pairs(segments.text, CharacterPlaces.of(letters, segments, words)).starts] = (
                True
            )
        eligible = eligible_words(segments, usable, self.min_length, batch.protected)
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)

        def numbers(stream: str) -> Numbers:
            return uniform_at(batch.keys, at.rows, stream, at.counter)

        chosen = CharacterPlaces.of(letters, segments, at.pieces)
        pairs = _pairs(segments.text, chosen)
        operation = self._draw(numbers("operation"), numbers("other operation"), pairs.counts > 0)
        starts = _draw(chosen, pairs, operation == SWAP, numbers("character"))
        stops, points = _edits(segments.text, starts, operation, numbers("letter"))
        return variants_of_edits(segments.text, at.rows, starts, stops, strings(points))

    def _draw(self, numbers: Numbers, more: Numbers, swappable: Bools) -> Codes:
        """``(m,)``: the operation in each word, a place of :data:`OPERATIONS`."""
        codes = np.array([OPERATIONS.index(name) for name in self.operations], np.uint8)
        drawn = codes[(numbers * len(codes)).astype(np.int64)]
        unable = (drawn == SWAP) & ~swappable
        if unable.any():
            others = codes[codes != SWAP]
            drawn[unable] = others[(more[unable] * len(others)).astype(np.int64)]
        return drawn


def _draw(chosen: CharacterPlaces, pairs: CharacterPlaces, swap: Bools, numbers: Numbers) -> Ints:
    """``(m,)``: the byte of one place in each word, of the first letter where two are swapped."""
    starts = np.empty(len(swap), np.int64)
    for words, places in ((np.flatnonzero(swap), pairs), (np.flatnonzero(~swap), chosen)):
        starts[words] = places.draw(words, numbers[words])
    return starts


def _pairs(text: Utf8, singles: CharacterPlaces) -> CharacterPlaces:
    """The places whose letter may be swapped with the next: the same piece's, and another."""
    points, widths = read(text, singles.starts)
    lower, _ = cases()
    folded = lower[points]
    fits = np.zeros(len(points), np.bool_)
    fits[:-1] = singles.starts[1:] == (singles.starts + widths)[:-1]
    fits[:-1] &= folded[1:] != folded[:-1]
    # The last place of a piece has no next one in it.
    fits[singles.first[1:][singles.counts > 0] - 1] = False
    before = np.append(0, np.cumsum(fits))
    return CharacterPlaces(singles.starts[fits], before[singles.first])


def _edits(text: Utf8, starts: Ints, operation: Codes, numbers: Numbers) -> tuple[Ints, Points]:
    """Where each edit ends, and the code points that it puts in place, ``(m, 2)``."""
    swap = operation == SWAP
    first, widths = read(text, starts)
    stops = starts + np.where(operation == INSERT, 0, widths)
    second, more = read(text, stops[swap])
    stops[swap] += more
    points = np.zeros((len(starts), 2), np.uint32)
    points[swap] = np.stack([like(second, first[swap]), like(first[swap], second)], axis=1)
    put = (operation == INSERT) | (operation == SUBSTITUTE)
    points[put, 0] = _letters(first[put], numbers[put], operation[put] == SUBSTITUTE)
    return stops, points


def _letters(models: Points, numbers: Numbers, other: Bools) -> Points:
    """A letter from a to z in the case of each model; not the model's own where ``other``."""
    lower, _ = cases()
    own = lower[models].astype(np.int64) - _A
    avoid = other & (own >= 0) & (own < _LETTERS)
    rank = (numbers * (_LETTERS - avoid)).astype(np.int64)
    rank += avoid & (rank >= own)
    return like((rank + _A).astype(np.uint32), models)
