"""Spans that no augmenter may edit: URLs, e-mails, numbers, placeholders, handles, tags, markup.

Each kind first sifts the column for a cheap hint (``@``, ``<``, a digit …), which Arrow does at the
speed of memory; only rows that hold it are searched with the kind's own expression.
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
from augment.text.columns import first_of_rows


@dataclass(frozen=True, slots=True)
class _Kind:
    hint: str
    """What every match holds (RE2 syntax)."""
    pattern: str
    """What is protected (syntax of the ``regex`` package)."""


KINDS: Mapping[str, _Kind] = {
    "urls": _Kind(
        r"://|(?i:www\.)",
        r"(?<![A-Za-z0-9_])(?i:(?:https?|ftp)://|www\.)[^\s<>\"'，。；！？、）】》]*[^\s<>\"'.,;:!?)\]}，。；！？、）】》]",
    ),
    "emails": _Kind("@", r"(?<![\w.+-])[\w.+-]++@[\w-]++(?:\.[\w-]++)+"),
    "markup": _Kind(
        "[<&]", r"</?[A-Za-z][^<>\n]{0,200}>|&(?:#\d+|#x[0-9A-Fa-f]+|[A-Za-z]\w{1,31});"
    ),
    "placeholders": _Kind(
        r"[{<\[%$]",
        r"\{\{[^{}\n]{0,80}\}\}|\$?\{[^{}\n]{0,80}\}|<[A-Za-z_][\w .-]{0,40}>"
        r"|\[[A-Z][A-Z0-9_]{1,40}\]|\$\w*[A-Za-z]\w*"
        r"|%(?:\(\w+\))?[-+0#]?\d*(?:\.\d+)?[sdifgxr](?![A-Za-z])",
    ),
    "handles": _Kind("@", r"(?<![\w@])@\w+(?:[.-]\w+)*"),
    "hashtags": _Kind("#", r"(?<![\w&#])#\w*[^\W\d]\w*"),
    "numbers": _Kind(
        r"\p{Nd}",
        r"(?<![\p{Latin}_\d])[+-]?\p{Sc}?\d+(?:[.,:/-]\d+)*(?:\s?[%‰]|\p{Sc}|°)?(?:(?:st|nd|rd|th)\b)?",
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
        found: list[tuple[int, int, int]] = []
        for hint, pattern in self._searches:
            hits = pc.match_substring_regex(text, hint) if hint else pa.repeat(True, len(text))
            rows = np.flatnonzero(hits.to_numpy(zero_copy_only=False))
            for row, value in zip(rows.tolist(), text.filter(hits).to_pylist(), strict=True):
                found += [(row, *m.span()) for m in pattern.finditer(value) if m.end() > m.start()]
        return merged(np.array(found, np.int64).reshape(-1, 3), len(text))

    @property
    def _searches(self) -> Iterator[tuple[str, "regex.Pattern[str]"]]:
        for kind in self.kinds:
            yield KINDS[kind].hint, regex.compile(KINDS[kind].pattern)
        for pattern in self.patterns:
            yield "", regex.compile(pattern)


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
