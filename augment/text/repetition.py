"""Repetition: phrases in a row and words over and over, as a decoder's loop makes them."""

from collections import Counter

import numpy as np
import regex

LOOP = 3
"""A phrase so many times in a row, where the source repeats none as often, is a decoder's loop."""
MAX_PHRASE = 6
"""Longest phrase, in words, that is looked for in loops."""
STUTTER = 2
"""How many times more often than in the source a longer word may not stand in a rewrite."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}"
_WORD = regex.compile(rf"(?V1)[{_UNSPACED}]|[\w--[{_UNSPACED}]]+")
_LETTERS = regex.compile(r"\p{L}+")
_LONG = 5
"""Letters of a word that is not said often just so."""
_TWICE = regex.compile(r"\b(\p{L}+)\s+\1\b|\b(\p{L}{4,})\s+\p{L}{2,3}\s+\2\b", regex.IGNORECASE)
"""A word doubled, or said again behind a small one: ``desired or desired``."""


def loops(source: str, made: str) -> bool:
    """Whether a phrase stands in a row in a rewrite that does not in its source."""
    times = repetitions(made)
    return times >= LOOP and times > repetitions(source)


def stutters(source: str, made: str) -> bool:
    """Whether a word is doubled on the spot, or a longer one is said far more often than in the
    source, and than any word of the source whose place it can have taken.

    >>> stutters("a hint of fear, a spot of it", "a threat of a threat of threat")
    True
    """
    if len(_TWICE.findall(made)) > len(_TWICE.findall(source)):
        return True
    theirs, ours = (Counter(_LETTERS.findall(text.lower())) for text in (source, made))
    gone = max((theirs[word] - ours[word] for word in theirs), default=0)
    more = max(STUTTER, gone + 1)
    return any(ours[word] - theirs[word] >= more for word in ours if len(word) >= _LONG)


def repetitions(text: str) -> int:
    """How often, at most, a phrase of up to :data:`MAX_PHRASE` words stands in a row.

    >>> repetitions("it was very, very, very good")
    3
    """
    words = [word.lower() for word in _WORD.findall(text)]
    numbers = {word: i for i, word in enumerate(dict.fromkeys(words))}
    codes = np.array([numbers[word] for word in words], np.int64)
    most = min(len(words), 1)
    for n in range(1, min(MAX_PHRASE, len(words) // 2) + 1):
        same = np.append(codes[n:] == codes[:-n], False)
        run = int(np.diff(np.flatnonzero(~same), prepend=-1).max()) - 1
        most = max(most, run // n + 1)
    return most
