"""Where sentences begin and end within a text, and what at their ends is no part of them.

Line breaks, block-level markup (``<br />``, ``</p>``), control characters and emoji separate
sentences wherever they stand, and so does the mark of a list's item at the head of a line. Within
what is left ``sentencex`` finds the borders; it takes quotations and brackets for one piece, so it
is shown the text without their marks. Semicolons separate too: translators lose the ends of long
chains of clauses.
"""

from collections.abc import Iterator

import regex
import sentencex

Span = tuple[int, int]

_CJK = "\u2e80"
"""First of the scripts that write no spaces between sentences."""

_BLOCKS = "br|p|div|li|[uo]l|d[ltd]|h[1-6]|hr|tr|t[dh]|table|blockquote|pre|section|article"
_EMOJI = (
    r"(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F)"
    r"(?:\p{Emoji_Presentation}|\p{Emoji_Modifier}|\uFE0F|\u200D\p{Extended_Pictographic})*"
)
_BREAK = regex.compile(
    rf"[\p{{Cc}}\u2028\u2029]+|</?(?i:{_BLOCKS})(?:\s[^<>]{{0,200}})?/?>|{_EMOJI}"
)
_ITEM = regex.compile(
    r"(?:\s*(?:[-*+•‣◦▪–—>]+|#{1,6}|\[[ xX]\]|\(?\p{Nd}{1,3}[.)]|\(?(?:\p{L}|[ivxIVX]{1,5})\))"
    r"(?=\s))+"
)
"""Marks of list items, headings and quoted lines, with the spaces before them."""
_MARKS = regex.compile(r"[\"“”„«»()]")
_SEMICOLON = regex.compile(r";(?=\s)|；")
_WORDS = regex.compile(r"\p{L}[\p{L}\p{M}'’\-]*[^\p{L}]+\p{L}")
"""Two words."""
_PAIRS = {"(": ")", "[": "]", "“": "”", "„": "“", "«": "»", '"': '"'}
_TAIL = regex.compile(r"[\s;:,；，、–—-]+$")
_LOWER = regex.compile(r"[^\p{L}\p{N}]*\p{Ll}")


def pieces(text: str, language: str) -> Iterator[Span]:
    """The sentences of a text, without what only sets them apart; some may be empty.

    Args:
        text: any text.
        language: primary subtag that ``sentencex`` is to go by.
    """
    for start, stop in _between_breaks(text):
        for begin, end in _between_borders(text, start, stop, language):
            for a, b in _between_semicolons(text, begin, end):
                yield bare(text, a, b)


def _between_breaks(text: str) -> Iterator[Span]:
    cursor = 0
    for match in _BREAK.finditer(text):
        if match.start() > cursor:
            yield _behind_item(text, cursor), match.start()
        cursor = match.end()
    if cursor < len(text):
        yield _behind_item(text, cursor), len(text)


def _behind_item(text: str, start: int) -> int:
    """The end of a list item's mark, if one stands here at the head of a line."""
    if start and text[start - 1] not in "\n\r\u2028\u2029>":
        return start
    mark = _ITEM.match(text, start)
    return mark.end() if mark else start


def _between_borders(text: str, start: int, stop: int, language: str) -> Iterator[Span]:
    shown, kept = _without_marks(text, start, stop)
    begin = start
    for border in sentencex.get_sentence_boundaries(language, shown):
        at = border["end_index"]
        end = stop if at >= len(kept) else kept[at]
        end = _behind_closing(text, kept[at - 1] + 1 if at else start, end)
        if begin < end and (end == stop or _parts(text, end)):
            yield begin, end
            begin = end
    if begin < stop:
        yield begin, stop


def _without_marks(text: str, start: int, stop: int) -> tuple[str, list[int]]:
    """The text without quotation marks and brackets, and the place of each code point of it."""
    kept: list[int] = []
    cursor = start
    for match in _MARKS.finditer(text, start, stop):
        kept += range(cursor, match.start())
        cursor = match.end()
    kept += range(cursor, stop)
    whole = len(kept) == stop - start
    return (text[start:stop] if whole else "".join([text[i] for i in kept])), kept


def _behind_closing(text: str, here: int, limit: int) -> int:
    """The end of the marks and the space that close what ended here, up to a limit."""
    while here < limit and _MARKS.match(text, here) and _closes(text, here):
        here += 1
    while here < limit and text[here].isspace():
        here += 1
    return here


def _closes(text: str, at: int) -> bool:
    return text[at] in ")”»" or (text[at] in '"“' and not text[at - 1].isspace())


def _parts(text: str, end: int) -> bool:
    """Whether two texts may be put apart here: what goes on after a quotation may not."""
    before = text[end - 1]
    if before >= _CJK or text[end : end + 1] >= _CJK:
        return True
    # Without a space, as in "what?!"...he said, a border is no place to put two texts apart.
    if not before.isspace() and not text[end : end + 1].isspace():
        return False
    last = end - 1
    while last > 0 and text[last].isspace():
        last -= 1
    return text[last] not in '"”“»)' or not _LOWER.match(text, end)


def _between_semicolons(text: str, start: int, stop: int) -> Iterator[Span]:
    begin = start
    for match in _SEMICOLON.finditer(text, start, stop):
        end = match.end()
        level = text.count("(", begin, end) <= text.count(")", begin, end)
        level = level and text.count("`", begin, end) % 2 == 0
        if level and _WORDS.search(text, begin, end) and _WORDS.search(text, end, stop):
            yield begin, end
            begin = end
    yield begin, stop


def bare(text: str, start: int, stop: int) -> Span:
    """A range without white space, lone or enclosing quotation marks and brackets at its ends.

    >>> text = ' "Really?" '
    >>> start, stop = bare(text, 0, len(text))
    >>> text[start:stop]
    'Really?'
    """
    while True:
        before = start, stop
        start, stop = _trimmed(text, start, stop)
        tail = _TAIL.search(text, start, stop)
        stop = tail.start() if tail else stop
        start, stop = _unwrapped(text, start, stop)
        if (start, stop) == before:
            return start, stop


def _trimmed(text: str, start: int, stop: int) -> Span:
    piece = text[start:stop]
    begin = start + len(piece) - len(piece.lstrip())
    return begin, begin + len(piece.strip())


def _partner(text: str, start: int, stop: int, close: str) -> int:
    """Where the mark that stands at ``start`` is closed, −1 if nowhere."""
    depth, at = 1, text.find(close, start + 1, stop)
    opened = start
    while at >= 0 and close != text[start]:
        depth += text.count(text[start], opened + 1, at) - 1
        if not depth:
            break
        opened, at = at, text.find(close, at + 1, stop)
    return at


def _unwrapped(text: str, start: int, stop: int) -> Span:
    """Without an opening mark that nothing inside closes, or a closing one that nothing opens."""
    if stop - start < 2:
        return start, stop
    first, last = text[start], text[stop - 1]
    close = _PAIRS.get(first)
    if close is not None:
        inner = _partner(text, start, stop, close)
        if inner < 0:
            return start + 1, stop
        if inner == stop - 1:
            return start + 1, stop - 1
    opens = [mark for mark, end in _PAIRS.items() if end == last]
    if opens and not any(text.rfind(mark, start, stop - 1) >= 0 for mark in opens):
        return start, stop - 1
    return start, stop
