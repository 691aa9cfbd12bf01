"""Spans that no augmenter may edit: URLs, e-mails, numbers, placeholders, handles, tags, markup.

Each kind first sifts the column's bytes for a cheap hint (``@``, ``<``, a digit …), at the speed of
memory; only rows that hold it are searched with the kind's own expression.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from augment.batch import SPAN, SPANS, no_spans
from augment.errors import ParameterError, Problem, UnknownNameError
from augment.text.columns import Ints, Utf8, first_of_rows


@dataclass(frozen=True, slots=True)
class _Kind:
    hints: tuple[bytes, ...]
    """One or two bytes each, of which every match holds one, if all its characters are ASCII."""
    pattern: str
    """What is protected (syntax of the ``regex`` package)."""
    wide_hint: str = ""
    """What every other match holds (RE2 syntax), if it may hold none of these bytes."""


KINDS: Mapping[str, _Kind] = {
    "urls": _Kind(
        (b"//", b"ww", b"wW", b"Ww", b"WW"),
        r"(?<![A-Za-z0-9_])(?i:(?:https?|ftp)://|www\.)[^\s<>\"'，。；！？、）】》]*[^\s<>\"'.,;:!?)\]}，。；！？、）】》]",
    ),
    "emails": _Kind((b"@",), r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+"),
    "markup": _Kind(
        (b"<", b"&"), r"</?[A-Za-z][^<>\n]{0,200}>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]\w{1,31});"
    ),
    "placeholders": _Kind(
        (b"{", b"<", b"[", b"%", b"$"),
        r"\{\{[^{}\n]{0,80}\}\}|\$?\{[^{}\n]{0,80}\}|<[A-Za-z_][\w .-]{0,40}>"
        r"|\[[A-Z][A-Z0-9_]{1,40}\]|\$\w*[A-Za-z]\w*"
        r"|%(?:\(\w+\))?[-+0#]?\d*(?:\.\d+)?[sdifgxr](?![A-Za-z])",
    ),
    "handles": _Kind((b"@",), r"(?<![\w@])@\w+(?:[.-]\w+)*"),
    "hashtags": _Kind((b"#",), r"(?<![\w&#])#\w*[^\W\d]\w*"),
    "numbers": _Kind(
        tuple(b"%d" % digit for digit in range(10)),
        r"(?<![\p{Latin}_\d])[+-]?\p{Sc}?\d+(?:[.,:/-]\d+)*(?:\s?[%‰]|\p{Sc}|°)?(?:(?:st|nd|rd|th)\b)?",
        wide_hint=r"\p{Nd}",
    ),
}

DEFAULT_KINDS = tuple(KINDS)
"""Everything: what a notebook call protects."""


@dataclass(frozen=True)
class Protection:
    """What to protect in every row.

    Args:
        kinds: names from :data:`KINDS`.
        patterns: further regular expressions (syntax of the ``regex`` package); every match is
            protected.

    Raises:
        UnknownNameError: a kind is not known.
        ParameterError: a pattern does not compile.
    """

    kinds: Sequence[str] = DEFAULT_KINDS
    patterns: Sequence[str] = ()

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in KINDS:
                raise UnknownNameError("kind of protected span", kind, KINDS)
        for i, pattern in enumerate(self.patterns):
            try:
                regex.compile(pattern)
            except regex.error as error:
                message = f"is no regular expression: {error}"
                raise ParameterError([Problem(f"patterns[{i}]", message)]) from None

    def find(self, text: pa.StringArray) -> pa.ListArray:
        """``(n,)`` sorted, non-overlapping spans in code points, overlaps merged."""
        column = Utf8.of(text)
        found: list[tuple[int, int, int]] = []
        for kind in self.kinds:
            found += _matches(text, _rows_with(KINDS[kind], text, column), KINDS[kind].pattern)
        for pattern in self.patterns:
            found += _matches(text, np.arange(len(text)), pattern)
        return merged(np.array(found, np.int64).reshape(-1, 3), len(text))


def _rows_with(kind: _Kind, text: pa.StringArray, column: Utf8) -> Ints:
    """Rows that may hold a match."""
    hit = np.zeros(len(text), np.bool_)
    hit[column.rows_of(_places_of(kind.hints, column.data))] = True
    if kind.wide_hint and not column.is_ascii:
        wide = np.unique(column.rows_of(np.flatnonzero(column.data >= 0x80)))
        found = pc.match_substring_regex(text.take(pa.array(wide)), kind.wide_hint)
        hit[wide[found.to_numpy(zero_copy_only=False)]] = True
    return np.flatnonzero(hit)


def _places_of(hints: Sequence[bytes], data: npt.NDArray[np.uint8]) -> Ints:
    """Bytes at which one of the hints stands."""
    found = np.zeros(len(data), np.bool_)
    for hint in hints:
        if len(hint) == 1:
            found |= data == hint[0]
        else:
            found[:-1] |= (data[:-1] == hint[0]) & (data[1:] == hint[1])
    return np.flatnonzero(found)


def _matches(text: pa.StringArray, rows: Ints, pattern: str) -> Iterator[tuple[int, int, int]]:
    """``(row, start, stop)`` of the matches in these rows, empty ones left out."""
    search = regex.compile(pattern)
    for row, value in zip(rows.tolist(), text.take(pa.array(rows)).to_pylist(), strict=True):
        for match in search.finditer(value):
            start, stop = match.span()
            if stop > start:
                yield row, start, stop


def merged(spans: npt.NDArray[np.int64], count: int) -> pa.ListArray:
    """A spans column from unsorted ``(row, start, stop)`` triples, overlapping ones united.

    Args:
        spans: ``(m, 3)`` int64.
        count: rows of the column.
    """
    if not len(spans):
        return no_spans(count)
    rows, start, stop = spans[np.lexsort((spans[:, 2], spans[:, 1], spans[:, 0]))].T
    stride = int(stop.max()) + 1
    reach = np.maximum.accumulate(rows * stride + stop)
    opens = np.ones(len(rows), np.bool_)
    opens[1:] = (rows * stride + start)[1:] >= reach[:-1]
    heads = np.flatnonzero(opens)
    values = pa.StructArray.from_arrays(
        [
            pa.array(start[heads], pa.int32()),
            pa.array(np.maximum.reduceat(stop, heads), pa.int32()),
        ],
        fields=list(SPAN),
    )
    offsets = first_of_rows(rows[heads], count)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=SPANS)
