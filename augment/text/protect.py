"""Spans that no augmenter may edit: URLs, e-mails, numbers, placeholders, handles, tags, markup.

Each kind first sifts the column's bytes for a cheap hint (``@``, ``<``, a digit …), at the speed of
memory; only passages that hold it are searched with the kind's own expression.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex

from augment.batch import SPAN, SPANS, no_spans
from augment.errors import ParameterError, Problem, UnknownNameError
from augment.text.columns import Bools, Ints, Utf8, first_of_rows
from augment.text.passages import Passages


@dataclass(frozen=True, slots=True)
class _Kind:
    pattern: str
    """What is protected (syntax of the ``regex`` package)."""
    hints: bytes = b""
    """Every match that is all ASCII holds one of these bytes, or a pair: one of some, then one of
    others."""
    pairs: tuple[tuple[bytes, bytes], ...] = ()
    wide_hint: str = ""
    """What every other match holds (RE2 syntax), if it may hold none of them."""
    spaced: bool = False
    """Whether spaces may stand inside a match, other than before its last character."""


KINDS: Mapping[str, _Kind] = {
    "urls": _Kind(
        r"(?<![A-Za-z0-9_])(?i:(?:https?|ftp)://|www\.)[^\s<>\"'，。；！？、）】》]*[^\s<>\"'.,;:!?)\]}，。；！？、）】》]",
        pairs=((b"/", b"/"), (b"wW", b"wW")),
    ),
    "emails": _Kind(r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+", b"@"),
    "markup": _Kind(
        r"</?[A-Za-z][^<>\n]{0,200}>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]\w{1,31});",
        b"<&",
        spaced=True,
    ),
    "placeholders": _Kind(
        r"\{\{[^{}\n]{0,80}\}\}|\$?\{[^{}\n]{0,80}\}|<[A-Za-z_][\w .-]{0,40}>"
        r"|\[[A-Z][A-Z0-9_]{1,40}\]|\$\w*[A-Za-z]\w*"
        r"|%(?:\(\w+\))?[-+0#]?\d*(?:\.\d+)?[sdifgxr](?![A-Za-z])",
        b"{<[%$",
        spaced=True,
    ),
    "handles": _Kind(r"(?<![\w@])@\w+(?:[.-]\w+)*", b"@"),
    "hashtags": _Kind(r"(?<![\w&#])#\w*[^\W\d]\w*", b"#"),
    "numbers": _Kind(
        r"(?<![\p{Latin}_\d])[+-]?\p{Sc}?\d+(?:[.,:/-]\d+)*(?:\s?[%‰]|\p{Sc}|°)?(?:(?:st|nd|rd|th)\b)?",
        b"0123456789",
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
        hints = _hints(column.data) if self.kinds else np.zeros(0, np.int64)
        found = [np.zeros((0, 3), np.int64)]
        for name in self.kinds:
            kind = KINDS[name]
            found.append(_suspects(kind, text, column, hints).search(regex.compile(kind.pattern)))
        for pattern in self.patterns:
            found.append(_matches(text, regex.compile(pattern)))
        return merged(np.concatenate(found), len(text))


def _suspects(kind: _Kind, text: pa.StringArray, column: Utf8, hints: Ints) -> Passages:
    """Where a match may stand, given where a hint of any kind does."""
    places = _places(kind, column.data, hints)
    rows = np.zeros(0, np.int64)
    if kind.wide_hint and not column.is_ascii:
        wide = np.unique(column.rows_of(np.flatnonzero(column.data >= 0x80)))
        found = pc.match_substring_regex(text.take(pa.array(wide)), kind.wide_hint)
        rows = wide[found.to_numpy(zero_copy_only=False)]
    if kind.spaced:
        rows, places = np.unique(column.rows_of(places)), places[:0]
    return Passages.of(column, places, rows)


def _hints(data: npt.NDArray[np.uint8]) -> Ints:
    """Bytes that are a hint of any kind, or the first of a pair: found in one pass."""
    marked = np.frombuffer(bytearray(data).translate(_HINTS.tobytes()), np.bool_)
    return np.flatnonzero(marked)


def _table(wanted: bytes) -> Bools:
    """``(256,)``: which bytes are among these."""
    table = np.zeros(256, np.bool_)
    table[list(wanted)] = True
    return table


_HINTS = _table(
    b"".join(kind.hints + b"".join(first for first, _ in kind.pairs) for kind in KINDS.values())
)


def _places(kind: _Kind, data: npt.NDArray[np.uint8], hints: Ints) -> Ints:
    """Those of the bytes that are a hint of this kind."""
    byte = data[hints]
    found = _table(kind.hints)[byte]
    behind = np.append(data, np.uint8(0))[hints + 1] if kind.pairs else byte
    for first, second in kind.pairs:
        found |= _table(first)[byte] & _table(second)[behind]
    return hints[found]


def _matches(text: pa.StringArray, pattern: "regex.Pattern[str]") -> npt.NDArray[np.int64]:
    """Row, start and stop of the matches of a user's expression, which may match anything."""
    found = [
        (row, *match.span())
        for row, value in enumerate(text.to_pylist())
        for match in pattern.finditer(value)
        if match.end() > match.start()
    ]
    return np.array(found, np.int64).reshape(-1, 3)


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
