"""The indefinite article before a word that is replaced: ``a`` or ``an``, as it now begins."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.articles import wants_an
from augment.text.casing import UPPER, recase
from augment.text.columns import Bools, Ints
from augment.text.segments import Segments

_ARTICLES = pa.array(["a", "an"])
_SPACES = r"^[\p{Zs}\t\n]+$"


def agreeing_articles(
    segments: Segments, pieces: Ints, new: pa.StringArray, free: Bools
) -> tuple[Ints, pa.StringArray]:
    """The articles that must change with the words behind them, and what they become.

    Args:
        segments: the column.
        pieces: ``(m,)`` the words that are replaced, in order.
        new: ``(m,)`` what by, in its final letter case.
        free: ``(pieces,)`` which pieces may be edited.

    Returns:
        ``(k,)`` pieces and their new texts.
    """
    before = np.maximum(pieces - 2, 0)
    near = (pieces >= segments.first[segments.rows[pieces]] + 2) & free[before]
    found = np.flatnonzero(near & _among(segments, _ARTICLES, before))
    found = found[_blank(segments, pieces[found] - 1)]
    articles, words = before[found], new.take(pa.array(found))
    an = wants_an(words)
    is_an = segments.stops[articles] - segments.starts[articles] == 2
    wrong = np.flatnonzero(an != is_an)
    codes = segments.codes[articles[wrong]]
    case = segments.patterns[codes].copy()
    # A single capital may be either: the next word tells.
    case[segments.patterns[segments.codes[pieces[found[wrong]]]] == UPPER] = UPPER
    texts = _ARTICLES.take(pa.array(an[wrong].astype(np.int64)))
    return articles[wrong], recase(texts, case)


def _among(segments: Segments, words: pa.StringArray, pieces: Ints) -> Bools:
    """``(m,)``: which pieces are one of these words, whatever their case."""
    held = pc.is_in(pc.utf8_lower(segments.distinct.dictionary), value_set=words)
    return np.asarray(held.to_numpy(zero_copy_only=False)[segments.codes[pieces]])


def _blank(segments: Segments, pieces: Ints) -> Bools:
    """``(m,)``: which pieces are gaps of spaces alone."""
    gaps = segments.pieces.take(pa.array(pieces))
    found = pc.match_substring_regex(gaps, _SPACES)
    return np.asarray(found.to_numpy(zero_copy_only=False)) & ~segments.is_word[pieces]
