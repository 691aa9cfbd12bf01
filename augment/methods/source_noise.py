"""Noise in a source: small words are dropped, and longer ones change places with their neighbours.

Edunov et al. 2018 (arXiv:1808.09381, §3) found that back-translation teaches more when what is
translated is noised (words dropped, shuffled within a short distance), as it is more varied. Here
it makes the copies of a row differ with engines that know but one translation, and people read the
result: so it is milder. What decides what is said stays where it is: negations, names, whatever
holds a capital or a digit, and verbs and pronouns that are stopwords.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import Keys
from augment.text.casing import LOWER
from augment.text.choice import draw
from augment.text.columns import Bools, Ints, Utf8
from augment.text.edits import splice
from augment.text.languages import language
from augment.text.negations import negations
from augment.text.segments import Segments

_LIGHT = {
    "en": "the a an very just also even really so then quite rather such",
}
"""Language → words that a reader fills in."""
_SHORT = 3
"""Of other languages such are words of so many letters at the most, and stopwords if there is a
list of them."""

_PLAIN = r"^\p{L}[\p{L}\p{M}'’‑-]*$"


def noised(texts: Sequence[str], keys: Keys, rate: float, tag: str) -> list[str]:
    """Texts with some of their words dropped or swapped, at least one in each if that can be.

    Args:
        texts: m sentences.
        keys: ``(m,)`` uint64, what decides where and how.
        rate: share of the words that may be touched.
        tag: primary subtag of the language.

    Returns:
        m texts.
    """
    segments = language(tag).segment(Utf8.of(pa.array(texts, pa.string())))
    movable = np.flatnonzero(_movable(segments, tag))
    if not len(movable):
        return list(texts)
    drops, swaps = _choices(segments, movable, tag)
    able = np.flatnonzero(drops | swaps)
    rows = segments.rows[movable[able]]
    chosen = able[draw(rows, keys, rate, 1, None, "noise")]
    edits: dict[int, tuple[int, int, int]] = {}
    for at in chosen.tolist():
        _edit(segments, movable, at, bool(drops[at]), edits)
    return _spliced(segments, edits)


def _movable(segments: Segments, tag: str) -> Bools:
    """``(pieces,)``: plain words in lower case that negate nothing."""
    plain = pc.match_substring_regex(segments.distinct.dictionary, _PLAIN)
    fit = plain.to_numpy(zero_copy_only=False) & (segments.patterns == LOWER)
    return np.asarray(fit[segments.codes] & segments.is_word & ~negations(segments, tag))


def _choices(segments: Segments, movable: Ints, tag: str) -> tuple[Bools, Bools]:
    """``(m,)`` twice: which movable pieces may be dropped, and which swapped with the next."""
    words = segments.pieces.take(pa.array(movable))
    short = pc.less_equal(pc.utf8_length(words), _SHORT).to_numpy(zero_copy_only=False)
    tongue = language(tag)
    function_words = _among(words, tongue.stopwords)
    if tag in _LIGHT:
        drops = _among(words, pa.array(_LIGHT[tag].split()))
    else:
        drops = short & tongue.spaced & (function_words | (not len(tongue.stopwords)))
    told = bool(len(tongue.stopwords)) or not tongue.spaced
    heavy = ~function_words & ~drops & (told | ~short)
    after = np.append(movable[1:], -1)
    near = (after - movable == 1) | ((after - movable == 2) & _blank(segments, movable + 1))
    near &= segments.rows[movable] == segments.rows[after]
    return drops, np.asarray(heavy & np.append(heavy[1:], False) & near)


def _among(words: pa.StringArray, listed: pa.StringArray) -> Bools:
    found: Bools = pc.is_in(words, value_set=listed).to_numpy(zero_copy_only=False)
    return found


def _blank(segments: Segments, pieces: Ints) -> Bools:
    """Which pieces are a single space."""
    within = np.minimum(pieces, len(segments.starts) - 1)
    gaps = segments.pieces.take(pa.array(within))
    spaces = pc.equal(gaps, " ").to_numpy(zero_copy_only=False)
    return np.asarray(spaces & (within == pieces))


def _edit(
    segments: Segments, movable: Ints, at: int, drop: bool, edits: dict[int, tuple[int, int, int]]
) -> None:
    """Note what takes the place of a piece, unless the piece or its neighbour is spoken for.

    An entry is piece → itself, where it ends, and the piece that takes its place, −1 for none.
    """
    piece = int(movable[at])
    if piece in edits:
        return
    if drop:
        # The space behind goes with the word.
        gap = piece + 1 < len(segments.starts) and bool(_blank(segments, np.array([piece + 1]))[0])
        edits[piece] = piece, int(segments.stops[piece + gap]), -1
    elif (after := int(movable[at + 1])) not in edits:
        edits[piece] = piece, int(segments.stops[piece]), after
        edits[after] = after, int(segments.stops[after]), piece


def _spliced(segments: Segments, edits: dict[int, tuple[int, int, int]]) -> list[str]:
    ordered = [edits[piece] for piece in sorted(edits)]
    places, stops, new = np.array(ordered, np.int64).reshape(-1, 3).T
    texts = segments.pieces.take(pa.array(new, mask=new < 0)).fill_null("")
    made = splice(segments.text, segments.rows[places], segments.starts[places], stops, texts)
    return [str(text) for text in made.to_pylist()]
