"""Stand-ins: codes that a translator leaves as they are, for what it would garble.

A placeholder, a handle, a tag, a name of code or a short quotation goes through a model as ``X1``,
``X2`` …, which reads like a name to it, and is put back behind; who gets it back not once is told
so. Models are known to copy such codes (cf. Post et al. 2019, "An exploration of placeholding in
neural machine translation").
"""

from collections.abc import Sequence
from dataclasses import dataclass

import regex

from augment.text.borders import Span

_PLAIN = regex.compile(r"[\p{L}\p{M}\p{N}\s.,:'’%‰°\p{Sc}+-]*")
"""What models copy by themselves, or may inflect: numbers, entities of plain words."""
_CODE = regex.compile(
    r"`[^`\n]{1,200}`"
    r"|(?<![\w.])(?!_[^\W_]+_(?!\w))(?:\w*[^\W\d_]\w*_[\w.]*\w|_[\w.]*\w|\w{2,}(?:\.\w{2,})+)(?:\(\))?(?!\w)"
    r"|\b[^\W\d]\w*\(\)"
)
"""Names of code: with an underscore, an inner full stop, empty brackets, or between backticks."""
_QUOTED = regex.compile(r"\"[^\"\n]{1,80}\"|“[^“”\n]{1,80}”|(?<![\w’])‘[^‘’\n]{1,80}’(?!\w)")
"""A stretch between quotation marks: a title, a term, somebody's very words."""
_QUOTED_WORDS = 6
"""Words that a quoted stretch has at most that is not translated."""
_WORD = regex.compile(r"\w")
_LETTERS = "XZQKJ"


@dataclass(frozen=True, slots=True)
class Masked:
    """A sentence with stand-ins.

    Attributes:
        text: the sentence.
        held: code → what it stands for, and whether a space was put before and behind it.
    """

    text: str
    held: dict[str, tuple[str, bool, bool]]

    def restored(self, made: str) -> str | None:
        """A rewrite with what the codes stand for; None if one is not there exactly once."""
        for code, (kept, before, behind) in self.held.items():
            found = [match.span() for match in regex.finditer(rf"(?<!\w){code}(?!\w)", made)]
            if len(found) != 1:
                return None
            start, stop = found[0]
            start -= before and made[start - 1 : start] == " "
            stop += behind and made[stop : stop + 1] == " "
            made = made[:start] + kept + made[stop:]
        return made


def mask(text: str, protected: Sequence[Span]) -> Masked:
    """Put stand-ins for protected spans that are not plain words or numbers, for names of code, and
    for short quotations.

    >>> mask("Dear {name}, call init_db()", [(5, 11)]).text
    'Dear X1, call X2'

    Args:
        text: a sentence.
        protected: its protected spans, sorted, not overlapping.
    """
    spans = _hidden(text, protected)
    letter = next((c for c in _LETTERS if not regex.search(rf"(?i){c}\d", text)), None)
    if not spans or letter is None:
        return Masked(text, {})
    held: dict[str, tuple[str, bool, bool]] = {}
    parts: list[str] = []
    cursor = 0
    for number, (start, stop) in enumerate(spans):
        code = f"{letter}{number + 1}"
        before = bool(_WORD.match(text, start - 1)) if start > cursor else start > 0
        behind = bool(_WORD.match(text, stop))
        held[code] = text[start:stop], before, behind
        parts += [text[cursor:start], " " * before, code, " " * behind]
        cursor = stop
    return Masked("".join([*parts, text[cursor:]]), held)


def _hidden(text: str, protected: Sequence[Span]) -> list[Span]:
    """The spans that stand-ins take the place of; a name of code that touches others gives way."""
    spans = [
        (start, stop)
        for start, stop in protected
        if "//" in text[start:stop] or not _PLAIN.fullmatch(text, start, stop)
    ]
    taken = list(protected)
    for match in (*_quoted(text), *_CODE.finditer(text)):
        start, stop = match.span()
        if all(stop <= a or b <= start for a, b in taken):
            spans.append((start, stop))
            taken.append((start, stop))
    return sorted(spans)


def _quoted(text: str) -> "list[regex.Match[str]]":
    """Short quoted stretches, of a sentence that is more than these."""
    found = list(_QUOTED.finditer(text))
    short = [match for match in found if len(match.group().split()) <= _QUOTED_WORDS]
    quoted = sum(len(match.group()) for match in short)
    return short if 2 * quoted < len(text) else []
