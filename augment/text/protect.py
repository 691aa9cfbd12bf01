"""Spans that no augmenter may edit: URLs, e-mails, numbers, placeholders, handles, hashtags, markup.

Rows are first sifted by one look at their bytes: a row without a character that some wanted kind
needs (``@``, ``<``, a digit …) is never searched.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import regex

from augment.batch import SPAN, SPANS, no_spans
from augment.errors import ParameterError, Problem, UnknownNameError
from augment.text.columns import Flat, Utf8, first_of_rows


@dataclass(frozen=True, slots=True)
class _Kind:
    pattern: str
    needs: bytes
    """Bytes of which a row must hold one to be worth searching."""


_DIGITS = b"0123456789"

KINDS: Mapping[str, _Kind] = {
    "urls": _Kind(
        r"(?i:\b(?:https?|ftp)://|\bwww\.)[^\s<>\"'，。；！？、）】》]+[^\s<>\"'.,;:!?)\]}，。；！？、）】》]",
        b":.",
    ),
    "emails": _Kind(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", b"@"),
    "markup": _Kind(r"</?[A-Za-z][^<>\n]{0,200}>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]\w{1,31});", b"<&"),
    "placeholders": _Kind(
        r"\{\{[^{}\n]{0,80}\}\}|\$?\{[^{}\n]{0,80}\}|<[A-Za-z_][\w .-]{0,40}>"
        r"|\[[A-Z][A-Z0-9_]{1,40}\]|%(?:\(\w+\))?[-+0#]?\d*(?:\.\d+)?[sdifgxr](?![A-Za-z])|\$\w*[A-Za-z]\w*",
        b"{<[%$",
    ),
    "handles": _Kind(r"(?<![\w@])@\w+(?:[.-]\w+)*", b"@"),
    "hashtags": _Kind(r"(?<![\w&#])#\w*[^\W\d]\w*", b"#"),
    "numbers": _Kind(
        r"(?<![A-Za-z_])[+-]?\p{Sc}?\d+(?:[.,:/-]\d+)*(?:\s?%|\s?‰|\p{Sc}|°)?(?:(?:st|nd|rd|th)\b)?", _DIGITS
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
    patterns: Sequence[str] = field(default=())

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
        rows = self._worth_searching(Utf8.of(text))
        found: list[tuple[int, int, int]] = []
        texts = text.take(pa.array(rows)).to_pylist()
        for row, value in zip(rows.tolist(), texts, strict=True):
            for pattern in self._compiled:
                found += [(row, *m.span()) for m in pattern.finditer(value) if m.end() > m.start()]
        return merged(np.array(found, np.int64).reshape(-1, 3), len(text))

    @cached_property
    def _compiled(self) -> tuple["re.Pattern[str]", ...]:
        chosen = [KINDS[kind].pattern for kind in KINDS if kind in self.kinds]
        built_in = [regex.compile("|".join(chosen))] if chosen else []
        return (*built_in, *(regex.compile(p) for p in self.patterns))

    def _worth_searching(self, text: Utf8) -> npt.NDArray[np.int64]:
        if self.patterns:
            return np.arange(len(text))
        wanted = np.zeros(256, np.bool_)
        for kind in self.kinds:
            wanted[list(KINDS[kind].needs)] = True
        if wanted[list(_DIGITS)].any():
            # Digits of other scripts, and currency signs, lie beyond ASCII.
            wanted[0xD9:0xF5] = True
        hits = np.flatnonzero(wanted[text.data])
        return np.unique(text.rows_of(hits))


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
        [pa.array(start[heads], pa.int32()), pa.array(np.maximum.reduceat(stop, heads), pa.int32())],
        fields=list(SPAN),
    )
    offsets = first_of_rows(rows[heads], count)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=SPANS)


def united(first: pa.ListArray, second: pa.ListArray) -> pa.ListArray:
    """Two spans columns in one: what either protects is protected."""
    triples = [
        np.stack([flat.rows, flat.fields["start"], flat.fields["stop"]], axis=1)
        for flat in (Flat.of(first), Flat.of(second))
    ]
    return merged(np.concatenate(triples), len(first))
