"""The indefinite article before a word that is replaced: ``a`` or ``an``, as it now begins."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.articles import wants_an
from augment.text.casing import UPPER, recase
from augment.text.columns import Bools, Ints
from augment.text.segments import Segments

_ARTICLES = ("a", "an")
_SPACES = r"^[\p{Zs}\t\n]+$"


def with_articles(
    segments: Segments, pieces: Ints, new: pa.StringArray, free: Bools
) -> tuple[Ints, pa.StringArray]:
    """Replacements together with those of the articles before them, where these must change.

    A word whose article would have to change, but may not, is not replaced.

    Args:
        segments: the column.
        pieces: ``(m,)`` the words that are replaced, in order.
        new: ``(m,)`` what by, in its final letter case.
        free: ``(pieces,)`` which pieces may be edited.

    Returns:
        ``(k,)`` pieces, in order, and their new texts.
    """
    articles = pa.array(_ARTICLES)
    before = np.maximum(pieces - 2, 0)
    near = pieces >= segments.first[segments.rows[pieces]] + 2
    found = np.flatnonzero(near & _among(segments, articles, before))
    found = found[_blank(segments, pieces[found] - 1)]
    an = wants_an(new.take(pa.array(found)))
    is_an = segments.stops[before[found]] - segments.starts[before[found]] == 2
    found, an = found[an != is_an], an[an != is_an]
    able = free[before[found]]
    kept = np.delete(np.arange(len(pieces)), found[~able])
    found, an = found[able], an[able]
    changed = before[found]
    case = segments.patterns[segments.codes[changed]]
    # A single capital may be either: the next word tells.
    case[segments.patterns[segments.codes[pieces[found]]] == UPPER] = UPPER
    texts = recase(articles.take(pa.array(an.astype(np.int64))), case)
    merged = np.concatenate([pieces[kept], changed])
    order = np.argsort(merged, kind="stable")
    chosen = pa.concat_arrays([new.take(pa.array(kept)), texts]).take(pa.array(order))
    return merged[order], chosen


def _among(segments: Segments, words: pa.StringArray, pieces: Ints) -> Bools:
    """``(m,)``: which pieces are one of these words, whatever their case."""
    held = pc.is_in(pc.utf8_lower(segments.distinct.dictionary), value_set=words)
    return np.asarray(held.to_numpy(zero_copy_only=False)[segments.codes[pieces]])


def _blank(segments: Segments, pieces: Ints) -> Bools:
    """``(m,)``: which pieces are gaps of spaces alone."""
    gaps = segments.pieces.take(pa.array(pieces))
    found = pc.match_substring_regex(gaps, _SPACES)
    return np.asarray(found.to_numpy(zero_copy_only=False)) & ~segments.is_word[pieces]
