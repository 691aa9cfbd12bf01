"""Articles of a rewrite as its source has them, which languages put by rules of their own."""

from collections import Counter
from collections.abc import Mapping

import regex

ARTICLES: Mapping[str, frozenset[str]] = {"en": frozenset({"a", "an", "the"})}
"""Language → its articles, lower case."""

_WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{M}\p{N}]*(?:['’]\p{L}+)*")


def with_same_articles(source: str, made: str, tag: str) -> str:
    """A rewrite with the source's article, or none, before words that both have just once.

    An article comes or goes only where the word before it is the same too, or both sentences
    begin there.

    >>> with_same_articles("Sales fell in the market.", "The sales fell in a market.", "en")
    'Sales fell in the market.'
    """
    articles = ARTICLES.get(tag)
    if articles is None:
        return made
    theirs, ours = _governed(source, articles), _governed(made, articles)
    edits: list[tuple[int, int, str]] = []
    for word, (article, before, first, there) in theirs.items():
        if word not in ours:
            continue
        own, own_before, start, at = ours[word]
        if own.lower() == article.lower():
            continue
        if own and article:
            edits.append((start, start + len(own), _cased(article, own)))
        elif before and before == own_before:
            edits.append((start, at, f"{article.lower()} " if article else ""))
        elif start == first == 0:
            edits.append((0, at + len(word), source[: there + len(word)]))
    for start, stop, new in sorted(edits, reverse=True):
        made = made[:start] + new + made[stop:]
    return made


def _governed(text: str, articles: frozenset[str]) -> dict[str, tuple[str, str, int, int]]:
    """Word that stands once → its article, the word before that, and where both start."""
    found = list(_WORD.finditer(text))
    words = [match.group().lower() for match in found]
    times = Counter(words)
    governed = {}
    for at, word in enumerate(words):
        if times[word] > 1 or word in articles:
            continue
        has = at > 0 and words[at - 1] in articles and _close(text, found[at - 1], found[at])
        first = at - has
        before = words[first - 1] if first and _close(text, found[first - 1], found[first]) else ""
        article = found[at - 1].group() if has else ""
        governed[word] = article, before, found[first].start(), found[at].start()
    return governed


def _close(text: str, one: "regex.Match[str]", other: "regex.Match[str]") -> bool:
    return text[one.end() : other.start()] == " "


def _cased(article: str, like: str) -> str:
    return article.capitalize() if like[0].isupper() else article.lower()
