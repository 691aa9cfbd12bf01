"""Errors of optical character recognition: letters are taken for others of similar shape.

Source: the confusions that are reported again and again of recognised print, as in Taghva &
Stofsky 2001, "OCRSpell: an interactive spelling correction system for OCR errors in text", and
of look-alikes in Unicode Technical Standard 39 (``rn`` and ``m``, ``l`` and ``1``); the table is
our own selection. As augmentation: OcrAug of nlpaug (Ma 2019).
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated

import numpy as np
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.lexicons.confusions import Confusions
from augment.randomness import uniform_at
from augment.text.characters import find
from augment.text.choice import choose
from augment.text.columns import Bools, Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language
from augment.text.places import draw_places, eligible_words

CONFUSIONS: Mapping[str, str] = {
    "a": "o e",
    "b": "h 6",
    "c": "e o",
    "d": "cl",
    "e": "c o",
    "f": "t",
    "g": "9 q",
    "h": "b li",
    "i": "l 1",
    "j": "i",
    "l": "1 I i",
    "m": "rn nn",
    "n": "u ri",
    "o": "0 c e",
    "q": "g 9",
    "r": "n t",
    "s": "5",
    "t": "f",
    "u": "n ii",
    "v": "y",
    "w": "vv",
    "y": "v",
    "z": "2",
    "B": "8 R",
    "C": "G",
    "D": "O 0",
    "E": "F",
    "F": "P",
    "G": "6 C",
    "H": "ll",
    "I": "l 1",
    "O": "0 Q D",
    "P": "F",
    "Q": "O",
    "R": "B",
    "S": "5 8",
    "U": "O",
    "V": "Y",
    "W": "VV",
    "Z": "2",
    "cl": "d",
    "ii": "u",
    "in": "m",
    "li": "h",
    "nn": "m",
    "ri": "n",
    "rn": "m",
    "vv": "w",
    "VV": "W",
}
"""What one or two letters are read as; two are tried before one. Letters of pairs stand alone
too, since places are looked for by single letters."""


@component("ocr_noise")
class OcrNoise(Augmenter):
    """Replace one letter, or two neighbours, of a word by what a scanner would read.

    Only letters are misread, so a digit stays what it is. Words without letters of the table,
    such as those of other scripts, are left alone.

    Args:
        rate: share of a row's eligible words that is misread.
        min_edits: errors in a row at the least, if it has so many eligible words.
        max_edits: errors in a row at the most.
        min_length: words of fewer characters are left alone.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    min_length: Annotated[int, Field(ge=1)] = 2

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one place for each chosen word, one splice for all rows."""
        table = _table()
        segments = language(batch.language).segment(Utf8.of(batch.text))
        single = find(segments.text, table.place >= 0)
        eligible = eligible_words(segments, single, self.min_length, batch.protected)
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)
        places = uniform_at(batch.keys, at.rows, "character", at.counter)
        starts = draw_places(segments, single, at.pieces, places)
        entry, width = _entries(segments.text, single, starts, segments.stops[at.pieces])
        numbers = uniform_at(batch.keys, at.rows, "candidate", at.counter)
        new = table.table.draw(entry, numbers)
        return variants_of_edits(segments.text, at.rows, starts, starts + width, new)


@cache
def _table() -> Confusions:
    return Confusions.of({letters: read.split() for letters, read in CONFUSIONS.items()})


@cache
def _pairs() -> Ints:
    """``(128 · 128,)``: the place of two letters in the table, −1 if it is not there."""
    pairs = np.full(128 * 128, -1, np.int64)
    for i, letters in enumerate(_table().table.words.to_pylist()):
        if len(letters) == 2:
            pairs[ord(letters[0]) * 128 + ord(letters[1])] = i
    return pairs


def _entries(text: Utf8, single: Bools, starts: Ints, stops: Ints) -> tuple[Ints, Ints]:
    """What is misread at each byte: its place in the table and its width.

    Args:
        text: the column.
        single: ``(bytes,)`` where letters of the table are.
        starts: ``(m,)`` such places.
        stops: ``(m,)`` ends of their words.
    """
    first = text.data[starts].astype(np.int64)
    second = np.minimum(starts + 1, len(text.data) - 1)
    fits = (starts + 1 < stops) & single[second]
    pair = np.where(fits, _pairs()[first * 128 + np.where(fits, text.data[second], 0)], -1)
    alone = _table().place[first]
    return np.where(pair >= 0, pair, alone), np.where(pair >= 0, 2, 1)
