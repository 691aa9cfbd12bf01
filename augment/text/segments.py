"""Lossless segmentation: every byte of a column belongs to exactly one word or one gap.

A word is a run of letters, marks, digits and underscores, with apostrophes and hyphens inside it
(``don't``, ``well-known``). Bytes are classed through a table; only a column with characters
beyond ASCII looks at code points, and then once per distinct one.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.casing import Patterns, patterns
from augment.text.columns import Bools, Flat, Ints, Utf8, ranges

Segmenter = Callable[[Utf8], "Segments"]

_GAP, _WORD, _JOINER = 0, 1, 2

_ASCII = np.zeros(256, np.uint8)
_ASCII[[ord(c) for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"]] = _WORD
_ASCII[[ord(c) for c in "'-"]] = _JOINER
_TRANSLATION = _ASCII.tobytes()

_JOINERS = frozenset("'-’‐‑·")
_WORD_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No", "Pc"})


@dataclass(frozen=True)
class Segments:
    """The pieces of a column, in order.

    Attributes:
        text: the column.
        starts: ``(pieces,)`` int64, the byte at which each piece starts; it ends where the next
            begins.
        is_word: ``(pieces,)`` bool.
    """

    text: Utf8
    starts: Ints
    is_word: Bools

    @cached_property
    def stops(self) -> Ints:
        """``(pieces,)``: the byte behind each piece."""
        return np.append(self.starts[1:], len(self.text.data))

    @cached_property
    def first(self) -> Ints:
        """``(n + 1,)``: the piece that opens each row, and the number of pieces."""
        return np.searchsorted(self.starts, self.text.offsets)

    @cached_property
    def rows(self) -> Ints:
        """``(pieces,)``: each piece's row."""
        return np.repeat(np.arange(len(self.text)), np.diff(self.first))

    @cached_property
    def pieces(self) -> pa.StringArray:
        """``(pieces,)``: the pieces as strings; a view of the column's bytes."""
        return self.text.pieces(self.starts)

    @cached_property
    def distinct(self) -> pa.DictionaryArray:
        """``(pieces,)``: the pieces, dictionary-encoded; decisions are made per distinct piece."""
        return pc.dictionary_encode(self.pieces)

    @cached_property
    def codes(self) -> npt.NDArray[np.int64]:
        """``(pieces,)``: index of each piece in ``distinct.dictionary``."""
        return np.asarray(self.distinct.indices.to_numpy(), np.int64)

    @cached_property
    def patterns(self) -> Patterns:
        """Pattern of letter case of each entry of ``distinct.dictionary``."""
        return patterns(self.distinct.dictionary)

    def outside(self, spans: pa.ListArray) -> Bools:
        """``(pieces,)``: which pieces share no character with a protected span."""
        flat = Flat.of(spans)
        free = np.ones(len(self.starts), np.bool_)
        if not len(flat.rows):
            return free
        base = self.text.char_offsets[flat.rows]
        begin = self.text.to_bytes(base + flat.fields["start"])
        end = self.text.to_bytes(base + flat.fields["stop"])
        held = begin < end
        first = np.searchsorted(self.starts, begin[held], side="right") - 1
        free[ranges(first, np.searchsorted(self.starts, end[held]))] = False
        return free


def segment(text: Utf8) -> Segments:
    """Words and gaps of languages that write spaces; other scripts' runs are one word each."""
    classes = _classes(text)
    row_starts = text.offsets[:-1][text.offsets[:-1] < text.offsets[1:]]
    _settle_joiners(classes, text)
    return cut(text, classes, row_starts)


def cut(text: Utf8, is_word: npt.NDArray[np.uint8], borders: Ints) -> Segments:
    """Cut where the class of the byte changes and at ``borders`` (rows' starts among them)."""
    if not len(text.data):
        return Segments(text, np.zeros(0, np.int64), np.zeros(0, np.bool_))
    opens = np.empty(len(text.data), np.bool_)
    np.not_equal(is_word[1:], is_word[:-1], out=opens[1:])
    opens[borders] = True
    starts = np.flatnonzero(opens)
    return Segments(text, starts, is_word[starts] == _WORD)


def _classes(text: Utf8) -> npt.NDArray[np.uint8]:
    """``(bytes,)``: gap, word or joiner; all bytes of a character agree."""
    # A translation of bytes is several times faster than an indexed table.
    classes = np.frombuffer(bytearray(text.data).translate(_TRANSLATION), np.uint8)
    if text.is_ascii:
        return classes
    widths, points = wide_characters(text)
    distinct, inverse = np.unique(points, return_inverse=True)
    table = np.array([_class_of(chr(point)) for point in distinct], np.uint8)
    classes[np.flatnonzero(text.data >= 0x80)] = np.repeat(table[inverse], widths)
    return classes


def _class_of(character: str) -> int:
    if character in _JOINERS:
        return _JOINER
    return _WORD if unicodedata.category(character) in _WORD_CATEGORIES else _GAP


def wide_characters(text: Utf8) -> tuple[Ints, Ints]:
    """The characters beyond ASCII: width in bytes and code point of each."""
    leads = np.flatnonzero(text.data >= 0xC0)
    first = text.data[leads].astype(np.int64)
    widths = 2 + (first >= 0xE0) + (first >= 0xF0)
    points = first & np.array([0x1F, 0x0F, 0x07])[widths - 2]
    for i in (1, 2, 3):
        more = widths > i
        points[more] = (points[more] << 6) | (text.data[leads[more] + i] & 0x3F)
    return widths, points


def _settle_joiners(classes: npt.NDArray[np.uint8], text: Utf8) -> None:
    """An apostrophe or hyphen between two word characters of one row is part of the word."""
    starts = np.flatnonzero((classes == _JOINER) & ((text.data & 0xC0) != 0x80))
    if not len(starts):
        return
    lead = text.data[starts]
    stops = starts + 1 + (lead >= 0xC0) + (lead >= 0xE0) + (lead >= 0xF0)
    inner = np.ones(len(text.data) + 1, np.bool_)
    inner[text.offsets] = False
    padded = np.append(classes, np.uint8(_GAP))
    inside = (padded[starts - 1] == _WORD) & (padded[stops] == _WORD) & inner[starts] & inner[stops]
    for i in range(3):
        reach = starts + i < stops
        classes[starts[reach] + i] = np.where(inside[reach], _WORD, _GAP)
