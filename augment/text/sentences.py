"""Sentences of a column, lossless: what is not in a sentence is the separator around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import regex

from augment.text.borders import Span, bare, pieces
from augment.text.columns import Flat, Ints
from augment.text.languages import primary

MAX_WORDS = 100
"""A longer sentence is cut, at clause punctuation if it can be: models have a maximum length."""
MAX_CHARS = 800
"""The same for text without spaces, in code points."""
_WINDOW = 16 * MAX_CHARS
"""How far ahead an over-long sentence is looked at when the next cut is chosen."""

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}"
_WORD = regex.compile(rf"(?V1)[{_UNSPACED}]|[[\w'’\-]--[{_UNSPACED}]]+")
_CLAUSE = regex.compile(r"[,;:)\]—–](?=\s)|[，、；：）】。]")
_SPACE = regex.compile(r"\s(?=\S)")
_GRAPHEME = regex.compile(r"\X")


@dataclass(frozen=True)
class Sentences:
    """The sentences of a column, in order.

    Attributes:
        rows: ``(m,)`` int64, each sentence's row.
        starts, stops: ``(m,)`` int64, code points [start, stop) of its row.
        text: ``(m,)`` string; never empty, no white space or lone quotation mark
            at either end.
    """

    rows: Ints
    starts: Ints
    stops: Ints
    text: pa.StringArray

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: Sequence[int]) -> "Sentences":
        """These sentences, in this order."""
        index = np.array(chosen, np.int64)
        text = self.text.take(pa.array(index))
        return Sentences(self.rows[index], self.starts[index], self.stops[index], text)

    def clipped(self, spans: pa.ListArray) -> list[list[Span]]:
        """Per sentence the part of its row's spans that lies in it, counted from its start.

        Args:
            spans: ``(n,)`` list<struct<start, stop>> in code points of the rows.
        """
        found: list[list[Span]] = [[] for _ in range(len(self))]
        flat = Flat.of(spans)
        if not len(flat.rows) or not len(self):
            return found
        stride = int(max(self.stops.max(), flat.fields["stop"].max())) + 1
        starts, stops = self.rows * stride + self.starts, self.rows * stride + self.stops
        begin = flat.rows * stride + flat.fields["start"]
        end = flat.rows * stride + flat.fields["stop"]
        first = np.searchsorted(stops, begin, side="right").tolist()
        last = np.searchsorted(starts, end, side="left").tolist()
        for span, (low, high) in enumerate(zip(first, last, strict=True)):
            for i in range(low, high):
                inner = max(begin[span], starts[i]), min(end[span], stops[i])
                found[i].append((int(inner[0] - starts[i]), int(inner[1] - starts[i])))
        return found


def split_sentences(text: pa.StringArray, language: str = "en") -> Sentences:
    """Find the sentences of every row.

    Args:
        text: ``(n,)`` string without nulls.
        language: BCP 47 tag; what ``sentencex`` does not know is split as English.
    """
    code = primary(language)
    found: list[tuple[int, int, int]] = []
    texts: list[str] = []
    for row, value in enumerate(text.to_pylist()):
        for start, stop in _spans(value, "en" if code == "und" else code):
            found.append((row, start, stop))
            texts.append(value[start:stop])
    rows, starts, stops = np.array(found, np.int64).reshape(-1, 3).T
    return Sentences(rows, starts, stops, pa.array(texts, pa.string()))


def _spans(text: str, language: str) -> Iterator[Span]:
    for start, stop in pieces(text, language):
        for begin, end in _short_enough(text, start, stop):
            a, b = bare(text, begin, end)
            if a < b:
                yield a, b


def _short_enough(text: str, start: int, stop: int) -> Iterator[Span]:
    """The range cut into about equal parts, none of them over-long."""
    while (parts := _parts_needed(window := text[start : min(stop, start + _WINDOW)])) > 1:
        cut = start + cut_point(window, -(-len(window) // parts))
        yield start, cut
        start = cut
    yield start, stop


def _parts_needed(text: str) -> int:
    if len(text) <= MAX_WORDS:
        return 1
    words = sum(1 for _ in _WORD.finditer(text))
    return max(-(-words // MAX_WORDS), -(-len(text) // MAX_CHARS))


def cut_point(text: str, limit: int) -> int:
    """Where to cut a text so that its first part has at most ``limit`` code points, or one
    grapheme: behind clause punctuation, else behind white space, else between characters.

    >>> cut_point("first a clause, then another", 20)
    15
    """
    for pattern, least in ((_CLAUSE, limit // 2), (_SPACE, 0)):
        ends = [int(m.end()) for m in pattern.finditer(text, least, min(limit + 1, len(text)))]
        if fitting := [end for end in ends if 0 < end <= limit]:
            return fitting[-1]
    cut = 1
    for match in _GRAPHEME.finditer(text, 0, min(len(text), limit + 32)):
        if match.end() > limit and match.start():
            break
        cut = int(match.end())
    return cut
