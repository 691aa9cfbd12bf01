"""Typography: a rewrite's marks as its source has them, which models put in their own way."""

from collections import Counter

import regex

_LOOSE = regex.compile(r"\s+(?=[,.;!?](?:\s|$))")
"""White space before punctuation, as rule-based engines and tokenised texts have it."""
_STUCK = regex.compile(r"(?<=\p{Ll}{2}[.!?,;:])(?=\p{L}{2})")
"""A space that is missing behind punctuation."""
_INNER = regex.compile(r"(^|\s)([\"“«(])\s+(?=\w)")
"""White space behind an opening mark."""
_DASH = regex.compile(r"\s*(?:--+|—|–|(?<=\s)-(?=\s))\s*")
_APOSTROPHE = regex.compile(r"(?<=\p{L})['’](?=\p{L})")
_DOUBLE = regex.compile(r"[\"“”„«»]")


def typeset(source: str, made: str) -> str:
    """A rewrite with the source's kinds of dashes, apostrophes and quotation marks, and with its
    spacing around marks.

    >>> typeset("“Oh—I do,” she said.", '"Oh - I must," she said .')
    '“Oh—I must,” she said.'
    """
    if not _LOOSE.search(source):
        made = _LOOSE.sub("", made)
    if not _STUCK.search(source):
        made = _STUCK.sub(" ", made)
    if not _INNER.search(source):
        made = _INNER.sub(r"\1\2", made)
    return _quoted(source, _apostrophised(source, _dashed(source, made)))


def _dashed(source: str, made: str) -> str:
    """All dashes like the source's, if they are of one kind and as many."""
    ours = {match.group() for match in _DASH.finditer(source)}
    if len(ours) != 1 or len(_DASH.findall(source)) != len(_DASH.findall(made)):
        return made
    dash = ours.pop()
    return str(_DASH.sub(lambda _: dash, made))


def _apostrophised(source: str, made: str) -> str:
    marks = Counter(_APOSTROPHE.findall(source))
    return _APOSTROPHE.sub(marks.most_common(1)[0][0], made) if len(marks) == 1 else made


def _quoted(source: str, made: str) -> str:
    """The source's quotation marks in their order, if there are as many."""
    ours = iter(_DOUBLE.findall(source))
    if len(_DOUBLE.findall(source)) != len(_DOUBLE.findall(made)):
        return made
    return str(_DOUBLE.sub(lambda _: next(ours), made))
