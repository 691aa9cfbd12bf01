"""Words that turn a sentence into its opposite, which no method may take out.

Lists of the closed class of each language: particles, negative pronouns, adverbs and
prepositions, contractions. In a language without a list the words of all lists are kept, which
errs on the side of the label.
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Bools, Ints
from augment.text.segments import Segments

WORDS: Mapping[str, str] = {
    "en": """not no never none nobody nothing nowhere neither nor without cannot non nope nay
        hardly scarcely barely rarely seldom aint arent cant couldnt didnt doesnt dont hadnt
        hasnt havent isnt mustnt neednt shouldnt wasnt werent wont wouldnt no-one""",
    "de": """nicht nichts nie niemals niemand niemandem niemanden nirgends nirgendwo nirgendwohin
        kein keine keinem keinen keiner keines keinerlei keinesfalls keineswegs nein ohne weder
        noch kaum""",
    "es": """no nunca jamás nada nadie ningún ninguna ninguno ningunas ningunos ni sin tampoco
        apenas""",
    "fr": """ne n pas point jamais rien personne aucun aucune aucuns aucunes nul nulle ni sans non
        guère plus""",
    "it": """non no mai niente nulla nessun nessuna nessuno né neanche nemmeno neppure senza""",
    "nl": """niet niets nooit niemand nergens geen nee noch zonder nauwelijks""",
    "pt": """não nunca jamais nada ninguém nenhum nenhuma nenhuns nenhumas nem sem tampouco""",
    "ru": """не ни нет никогда ничего ничто никто никого никому никак никакой никакая никакое
        никакие нигде никуда без нельзя вряд едва""",
}
"""Language → its negations, lower case."""

_PATTERNS: Mapping[str, str] = {
    # Words are cut by a segmenter, which joins a negation to what it negates.
    "zh": r"[不没沒無无未莫勿毋非否甭]|^[别別休]$|^[别別](?:再|要|想|说|去|让|用)|^从来",
}

_CONTRACTED = ("'", "\u2019")
_LOW_BITS, _SMALL, _T = np.uint8(31), np.uint8(0x20), np.uint8(ord("t"))
_MARKS = np.array([0x27, 0x99], np.uint8)
"""Last bytes of the two apostrophes."""


def negations(segments: Segments, tag: str) -> Bools:
    """``(pieces,)``: which pieces are negations.

    Args:
        segments: the pieces.
        tag: the language's primary subtag.
    """
    found = segments.is_word & False
    if tag in _PATTERNS:
        hits = pc.match_substring_regex(segments.distinct.dictionary, _PATTERNS[tag])
        found = hits.to_numpy(zero_copy_only=False)[segments.codes] & segments.is_word
    likely = np.flatnonzero(segments.is_word)
    likely = likely[_sieved(segments, likely, tag)]
    words = pc.utf8_lower(segments.pieces.take(pa.array(likely)))
    known = pc.is_in(words, value_set=_words(tag))
    for mark in _CONTRACTED:
        known = pc.or_(known, pc.ends_with(words, f"n{mark}t"))
    found[likely] |= known.to_numpy(zero_copy_only=False)
    return np.asarray(found)


@cache
def _words(tag: str) -> pa.StringArray:
    lists = [WORDS[tag]] if tag in WORDS else [WORDS["en"]] if tag in _PATTERNS else WORDS.values()
    return pa.array(sorted({word for words in lists for word in words.split()}), pa.string())


@cache
def _sieve(tag: str) -> Bools:
    """By length and the first and last byte: what no negation has is sifted out unread."""
    forms = [
        form.encode()
        for word in _words(tag).to_pylist()
        for form in (word, word.capitalize(), word.upper())
    ]
    sieve = np.zeros(2**15, np.bool_)
    for form in forms:
        sieve[_shape(len(form), form[0], form[-1])] = True
    return sieve


def _shape(length: int, first: int, last: int) -> int:
    return min(length, 31) << 10 | (first & 31) << 5 | last & 31


def _sieved(segments: Segments, words: Ints, tag: str) -> Bools:
    data, starts = segments.text.data, segments.starts[words]
    stops = segments.stops[words]
    length = np.minimum(stops - starts, 31).astype(np.uint16)
    last = data[stops - 1]
    shape = length << 10 | (data[starts] & _LOW_BITS).astype(np.uint16) << 5 | last & _LOW_BITS
    sieved = _sieve(tag).take(shape)
    tees = np.flatnonzero((last | _SMALL) == _T)
    before = data[stops[tees] - 2]
    sieved[tees] |= (before == _MARKS[0]) | (before == _MARKS[1])
    return np.asarray(sieved)
