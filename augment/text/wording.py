"""Guards that count small words in a source and its rewrite: degrees, modals, prepositions.

For rewrites of which little is to be trusted, such as round trips by a small translator; stricter
than :mod:`augment.text.guards`. A language without lists is not asked.
"""

from collections import Counter
from collections.abc import Callable, Mapping

import regex

from augment.text.small_words import CONNECTIVES, DEGREES, MODALS, SMALL, TITLES, Classes

_POSSESSIVE = regex.compile(r"(?<!\p{L})(\p{L}+)'s\b|(?<=s)'(?=\s\p{L})")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)*")

_PRESENT, _PAST = frozenset({"is", "are", "am"}), frozenset({"was", "were"})
_SHORT = {"m": "am", "re": "are", "ve": "have", "ll": "will", "d": "would", "t": ""}
_CARRIERS = frozenset({"it", "he", "she", "that", "there", "what", "who", "here", "where", "how"})
"""Behind these, *'s* is a verb."""


def spoken(text: str) -> list[str]:
    """The words of a text in lower case, contractions taken apart.

    >>> spoken("I'm sure it's Ann's; we can't go.")
    ['i', 'am', 'sure', 'it', 'is', 'ann', 'we', 'can', 'go']
    """
    found = []
    for match in _WORD.finditer(text.replace("’", "'")):
        word, _, end = match.group().lower().partition("'")
        if end == "t":
            word = {"can": "can", "won": "will", "shan": "shall"}.get(word, word.removesuffix("n"))
        found.append("can" if word == "cannot" else word)
        if end == "s" and word in _CARRIERS:
            found.append("is")
        elif _SHORT.get(end):
            found.append(_SHORT[end])
    return found


def counts(text: str, classes: Mapping[str, str]) -> Counter[str]:
    """How often words of each class stand in a text; of two words in a row, both count as one."""
    words = spoken(text)
    found: Counter[str] = Counter()
    at = 0
    while at < len(words):
        pair = classes.get(" ".join(words[at : at + 2])) if at + 1 < len(words) else None
        name = pair or classes.get(words[at])
        if name:
            found[name] += 1
        at += 2 if pair else 1
    return found


def _changes(source: str, made: str, tag: str, classes: Classes) -> bool:
    known = classes.get(tag)
    return known is not None and counts(source, known) != counts(made, known)


def changes_degree(source: str, made: str, tag: str) -> bool:
    """An adverb of degree or stance is gone or new, without another of its class."""
    return _changes(source, made, tag, DEGREES)


def changes_connectives(source: str, made: str, tag: str) -> bool:
    """More or fewer relative and question words, or conjunctions of a kind."""
    known = CONNECTIVES.get(tag, {})
    theirs, ours = counts(source, known), counts(made, known)
    # "which" may give way to "that".
    if ours["which"] < theirs["which"]:
        ours["which"] = theirs["which"]
    return theirs != ours


def changes_small_words(source: str, made: str, tag: str) -> bool:
    """An auxiliary (*be*, *have*), a pronoun, a preposition or a genitive is gone or new."""
    if tag not in SMALL:
        return False
    return _changes(source, made, tag, SMALL) or _genitives(source) != _genitives(made)


def _genitives(text: str) -> int:
    """How often *of* and possessives stand in a text."""
    text = text.lower().replace("’", "'")
    possessives = [m.group(1) for m in _POSSESSIVE.finditer(text)]
    return spoken(text).count("of") + sum(word not in _CARRIERS for word in possessives)


def changes_titles(source: str, made: str, tag: str) -> bool:
    """A title before a name is gone or new."""
    return _changes(source, made, tag, TITLES)


def changes_modals(source: str, made: str, tag: str) -> bool:
    """Another modal verb, or *is* for *was*."""
    if _changes(source, made, tag, MODALS):
        return True
    if tag != "en":
        return False
    now, then = (_tensed(made, words) - _tensed(source, words) for words in (_PRESENT, _PAST))
    return now * then < 0


def _tensed(text: str, words: frozenset[str]) -> int:
    return sum(word in words for word in spoken(text))


def repeats_more(source: str, made: str, tag: str = "") -> bool:  # noqa: ARG001
    """Four words in a row are said again that the source says once, or a word that the source
    says three times and more comes back more or less often.
    """
    theirs, ours = ([w.lower() for w in _WORD.findall(text)] for text in (source, made))
    if _again(ours) and not _again(theirs):
        return True
    often, now = Counter(theirs), Counter(ours)
    return any(
        number >= _OFTEN and len(word) >= _LONG and now[word] not in (0, number)
        for word, number in often.items()
    )


_OFTEN, _LONG, _PHRASE = 3, 4, 4


def _again(words: list[str]) -> bool:
    phrases = Counter(tuple(words[at : at + _PHRASE]) for at in range(len(words) - _PHRASE + 1))
    return any(number > 1 for number in phrases.values())


WORDING: Mapping[str, Callable[[str, str, str], bool]] = {
    "repetition": repeats_more,
    "titles": changes_titles,
    "degree": changes_degree,
    "modals": changes_modals,
    "connectives": changes_connectives,
    "function_words": changes_small_words,
}
"""Name → guard, in the order in which they are asked."""

STRICT = frozenset({"function_words"})
"""Those that refuse many right rewrites, too."""


def reworded(source: str, made: str, tag: str, *, strict: bool = False) -> str | None:
    """The name of the first of these guards that a rewrite fails, None if it passes all.

    >>> reworded("It can be very hard.", "It could be very hard.", "en")
    'modals'
    """
    asked = ((name, fails) for name, fails in WORDING.items() if strict or name not in STRICT)
    return next((name for name, fails in asked if fails(source, made, tag)), None)
