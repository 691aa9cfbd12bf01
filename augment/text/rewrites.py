"""A rewritten sentence against its source: make it fit, and say what its edits are.

For methods that hand a sentence to a model which promises nothing about what comes back. What may
not be made to fit is refused by :mod:`augment.text.guards`.
"""

from collections import Counter
from collections.abc import Sequence

import pyarrow as pa
import regex

from augment.text.articles import wants_an
from augment.text.guards import marked
from augment.text.typography import typeset

Stretch = tuple[int, int, str]
"""A part of the source, [start, stop) in code points, and what takes its place."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}"
_WORD = regex.compile(rf"(?V1)[{_UNSPACED}]|[\w--[{_UNSPACED}]]+")
_LETTER = regex.compile(r"\p{L}")
_END = regex.compile(r"[.!?…。！？؟]+[\"'”’»)\]]*$")
_ARTICLE = regex.compile(r"\b(?P<article>[Aa]n?) (?=(?P<word>[\p{L}\p{M}]{2,}))")
_ASKS = regex.compile(r"[?？؟]")
_FIRST_PERSON = frozenset({"I", "I'm", "I've", "I'd", "I'll", "I’m", "I’ve", "I’d", "I’ll"})


def calm(text: str) -> str:
    """A sentence all in capitals as an ordinary one, which models know better.

    >>> calm("THE BEST FILM!"), calm("NASA")
    ('The best film!', 'NASA')
    """
    calmed = text.capitalize()
    # Spans of the one must be spans of the other.
    return calmed if _is_loud(text) and len(calmed) == len(text) else text


def _is_loud(text: str) -> bool:
    return text.isupper() and len(_WORD.findall(text)) > 1


def fitted(source: str, made: str) -> str:
    """The rewrite on one line, with its source's letter case (all capitals, the first letter's,
    that of names), final punctuation and typography.

    >>> fitted("the film was big", "The film was large.")
    'the film was large'
    """
    made = typeset(source, " ".join(made.split()))
    theirs, ours = _END.search(made), _END.search(source)
    asked = any(end and _ASKS.search(end.group()) for end in (theirs, ours))
    if theirs and not (ours and asked):
        made = made[: theirs.start()].rstrip()
    if ours and not (theirs and asked):
        made += ours.group()
    return made.upper() if _is_loud(source) else _cased(source, _named(source, made))


def _named(source: str, made: str) -> str:
    """The source's words in its letter case, if it writes them in one alone."""
    names = marked(source)
    spelled: dict[str, str] = {}
    for word in _WORD.findall(source):
        key = word.casefold()
        if key in names or word.islower():
            spelled[key] = word if spelled.get(key, word) == word else ""

    def as_spelled(match: "regex.Match[str]") -> str:
        word: str = match.group()
        # A capital may open a sentence within the sentence.
        kept = match.start() == 0 or word.isupper()
        known = spelled.get(word.casefold(), "")
        return word if not known or (kept and known.islower()) else known

    return str(_WORD.sub(as_spelled, made))


def with_articles(source: str, made: str) -> str:
    """An English rewrite with *a* and *an* as the next word has it, where its source did not say.

    >>> with_articles("A Mac-like editor.", "A editor like the Mac's.")
    "An editor like the Mac's."
    """
    found = [m for m in _ARTICLE.finditer(made) if f"{m['article']} {m['word']}" not in source]
    wants = wants_an(pa.array([match["word"] for match in found], pa.string()))
    for match, an in reversed(list(zip(found, wants, strict=True))):
        article = match["article"][0] + "n" * bool(an)
        start, stop = match.span("article")
        made = made[:start] + article + made[stop:]
    return made


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
