"""Typing errors: a letter is replaced by one on a neighbouring key.

Source: "keyboard typo" of Belinkov & Bisk 2018, "Synthetic and natural noise both break neural
machine translation", §4; KeyboardAug of nlpaug (Ma 2019).
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component
from augment.lexicons.confusions import Confusions
from augment.randomness import uniform_at
from augment.text.characters import find, read
from augment.text.choice import choose
from augment.text.columns import Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import language, primary
from augment.text.places import draw_places, eligible_words

_LAYOUTS: Mapping[str, Sequence[str]] = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}
"""The rows of letters, from the top."""

_STAGGER = (0.0, 0.25, 0.75)
"""How far each row is shifted to the right, in widths of a key (ISO/IEC 9995)."""

_OF_LANGUAGE = {"de": "qwertz", "fr": "azerty"}


@component("keyboard_noise")
class KeyboardNoise(Augmenter):
    """Replace one letter of a word by a letter that touches it on the keyboard; case is kept.

    Only letters that are on the keyboard are replaced, and only by letters, so digits stay.
    Words without such letters, such as those of other scripts, are left alone.

    Args:
        rate: share of a row's eligible words that gets an error.
        min_edits: errors in a row at the least, if it has so many eligible words.
        max_edits: errors in a row at the most.
        min_length: words of fewer characters are left alone.
        layout: ``qwerty``, ``qwertz``, ``azerty``, or ``auto``: the one of the batch's language.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    min_length: Annotated[int, Field(ge=1)] = 4
    layout: Literal["auto", "qwerty", "qwertz", "azerty"] = "auto"

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: one place for each chosen word, one splice for all rows."""
        keys = neighbours(self._layout(batch.language))
        segments = language(batch.language).segment(Utf8.of(batch.text))
        found = find(segments.text, keys.place >= 0)
        eligible = eligible_words(segments, found, self.min_length, batch.protected)
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(segments, eligible, batch.keys, *budget)
        numbers = uniform_at(batch.keys, at.rows, "character", at.counter)
        starts = draw_places(segments, found, at.pieces, numbers)
        points, widths = read(segments.text, starts)
        new = keys.draw(points, uniform_at(batch.keys, at.rows, "candidate", at.counter))
        return variants_of_edits(segments.text, at.rows, starts, starts + widths, new)

    def _layout(self, tag: str) -> str:
        return _OF_LANGUAGE.get(primary(tag), "qwerty") if self.layout == "auto" else self.layout


@cache
def neighbours(layout: str) -> Confusions:
    """The letters whose keys touch each letter's, in either case."""
    keys = {
        letter: (x + shift, y)
        for y, (shift, row) in enumerate(zip(_STAGGER, _LAYOUTS[layout], strict=True))
        for x, letter in enumerate(row)
    }
    lower = {
        letter: [other for other in keys if other != letter and _touch(at, keys[other])]
        for letter, at in keys.items()
    }
    upper = {letter.upper(): [o.upper() for o in found] for letter, found in lower.items()}
    return Confusions.of({**lower, **upper})


def _touch(one: tuple[float, int], other: tuple[float, int]) -> bool:
    across, down = abs(one[0] - other[0]), abs(one[1] - other[1])
    return (down == 0 and across == 1) or (down == 1 and across < 1)
