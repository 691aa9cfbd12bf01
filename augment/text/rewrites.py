"""A rewritten sentence against its source: is it sound, does it fit, what are its edits.

For methods that hand a sentence to a model which promises nothing about what comes back.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import regex

MIN_RATIO, MAX_RATIO = 0.4, 2.5
"""Least and greatest length of a rewrite over its source's, in code points. Outside of it models
have dropped or invented something (cf. the length-ratio cleaning of parallel corpora)."""
LOOP = 3
"""A phrase so many times in a row, where the source repeats none as often, is a decoder's loop."""
MAX_PHRASE = 6
"""Longest phrase, in words, that is looked for in loops."""

Stretch = tuple[int, int, str]
"""A part of the source, [start, stop) in code points, and what takes its place."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}"
_WORD = regex.compile(rf"(?V1)[{_UNSPACED}]|[\w--[{_UNSPACED}]]+")
_LETTER = regex.compile(r"\p{L}")
_ALPHABETS = {
    name: regex.compile(rf"\p{{{name}}}")
    for name in ("Latin", "Cyrillic", "Greek", "Arabic", "Hebrew", "Han", "Hangul", "Hiragana",
                 "Katakana", "Thai", "Devanagari")
}  # fmt: skip
_END = regex.compile(r"[.!?…。！？]+[\"'”’»)\]]*$")
_LOOSE = regex.compile(r"\s+(?=[,.;!?](?:\s|$))")
"""White space before punctuation, as rule-based engines and tokenised texts have it."""
_FIRST_PERSON = frozenset({"I", "I'm", "I've", "I'd", "I'll", "I’m", "I’ve", "I’d", "I’ll"})


def is_sound(source: str, made: str) -> bool:
    """Whether a translation can stand for its source: it has letters, and no loop of its own."""
    return bool(_LETTER.search(made)) and not _loops(source, made)


def is_faithful(source: str, made: str) -> bool:
    """Whether a rewrite in the same language is sound, of like length, in the same scripts."""
    ratio = len(made) / len(source)
    return (
        MIN_RATIO <= ratio <= MAX_RATIO
        and is_sound(source, made)
        and _scripts(source) == _scripts(made)
    )


def _scripts(text: str) -> set[str]:
    if text.isascii():
        return {"Latin"} if _LETTER.search(text) else set()
    return {name for name, letters in _ALPHABETS.items() if letters.search(text)}


def _loops(source: str, made: str) -> bool:
    times = repetitions(made)
    return times >= LOOP and times > repetitions(source)


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


def calm(text: str) -> str:
    """A sentence all in capitals as an ordinary one, which models know better.

    >>> calm("THE BEST FILM!"), calm("NASA")
    ('The best film!', 'NASA')
    """
    return text.capitalize() if _is_loud(text) else text


def _is_loud(text: str) -> bool:
    return text.isupper() and len(_WORD.findall(text)) > 1


def fitted(source: str, made: str) -> str:
    """The rewrite on one line, with its source's letter case (all capitals, or the first
    letter's), final punctuation, and spacing before punctuation.

    >>> fitted("the film was big", "The film was large.")
    'the film was large'
    """
    made = " ".join(made.split())
    if not _LOOSE.search(source):
        made = _LOOSE.sub("", made)
    theirs, ours = _END.search(made), _END.search(source)
    if ours and not theirs:
        made += ours.group()
    elif theirs and not ours:
        made = made[: theirs.start()].rstrip()
    return made.upper() if _is_loud(source) else _cased(source, made)


def _cased(source: str, made: str) -> str:
    ours, theirs = _LETTER.search(source), _LETTER.search(made)
    if not ours or not theirs:
        return made
    at, letter = int(theirs.start()), str(theirs.group())
    if ours.group().isupper() and letter.islower():
        return made[:at] + letter.upper() + made[at + 1 :]
    word = made[at:].split(None, 1)[0]
    if ours.group().islower() and letter.isupper() and word not in _FIRST_PERSON:
        names = {w for w in source.split() if w[:1].isupper()}
        if word not in names and not word[1:2].isupper():
            return made[:at] + letter.lower() + made[at + 1 :]
    return made


def stretches(source: str, made: str, protected: Sequence[tuple[int, int]]) -> list[Stretch] | None:
    """What changes between the protected spans, so that none of their characters is touched.

    Args:
        source: the sentence.
        made: its rewrite.
        protected: spans of the source in code points, sorted, not overlapping.

    Returns:
        The stretches that differ; None if the rewrite does not hold every protected text as often
        as the source, in the same order, as words of their own and without further digits.
    """
    if not _as_often(source, made, protected):
        return None
    changed: list[Stretch] = []
    digits: Counter[str] = Counter()
    here = there = 0
    for start, stop in (*protected, (len(source), len(source))):
        at = _find(source, made, start, stop, there)
        if at is None:
            return None
        old, new = source[here:start], made[there:at]
        digits.update(filter(str.isdigit, new))
        digits.subtract(filter(str.isdigit, old))
        if old != new:
            changed.append((here, start, new))
        here, there = stop, at + stop - start
    return changed if not protected or max(digits.values(), default=0) <= 0 else None


def _as_often(source: str, made: str, protected: Sequence[tuple[int, int]]) -> bool:
    texts = {source[start:stop] for start, stop in protected}
    return all(source.count(text) == made.count(text) for text in texts)


def _find(source: str, made: str, start: int, stop: int, after: int) -> int | None:
    """Where a protected text stands in the rewrite, bordering on letters only if it did."""
    text = source[start:stop]
    if not text:
        return len(made)
    at = made.find(text, after)
    while at >= 0:
        before_fits = _joined(source, start) or not _joined(made, at)
        if before_fits and (_joined(source, stop) or not _joined(made, at + len(text))):
            return at
        at = made.find(text, at + 1)
    return None


def _joined(text: str, at: int) -> bool:
    """Whether a word goes on across a position."""
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
