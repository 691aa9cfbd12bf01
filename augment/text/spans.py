"""Labelled spans of a text, such as a corpus of named entities has, carried through edits.

A spans column is a list or large_list of structs with the integers ``start`` and ``stop`` (or
``end``, as Hugging Face and spaCy write it), in code points, half-open. The other fields are
carried along. A row's spans may overlap, be nested, empty, or in any order.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Bools, Flat, Ints, first_of_rows, parents
from augment.text.edits import char_lengths
from augment.text.protect import merged


def bound_names(kind: pa.DataType) -> tuple[str, str] | None:
    """The fields that bound a span in a column of this type; None if it is no spans column."""
    if not (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        return None
    if not pa.types.is_struct(kind.value_type):
        return None
    # A name that two fields share is neither's.
    whole = {
        field.name
        for field in kind.value_type
        if pa.types.is_integer(field.type) and kind.value_type.get_field_index(field.name) >= 0
    }
    stop = next((name for name in ("stop", "end") if name in whole), None)
    return None if stop is None or "start" not in whole else ("start", stop)


@dataclass(frozen=True, slots=True)
class Spans:
    """A spans column taken apart; null lists hold nothing.

    Attributes:
        kind: the column's type.
        rows: ``(m,)`` int64, the row of each span, sorted.
        start: ``(m,)`` int64.
        stop: ``(m,)`` int64; a bound that is null is −1.
        fields: ``(m,)`` each, the columns of the struct in their order.
    """

    kind: pa.DataType
    rows: Ints
    start: Ints
    stop: Ints
    fields: list[pa.Array]

    @classmethod
    def of(cls, column: pa.Array) -> "Spans":
        """Of a list or large_list column.

        Raises:
            ValueError: it is no spans column.
        """
        start, stop = _bounds(column.type)
        fields = column.flatten().flatten()
        return cls(
            column.type, parents(column), _whole(fields[start]), _whole(fields[stop]), fields
        )

    @property
    def most(self) -> int:
        """The greatest position that both bounds can hold."""
        types = [self.kind.value_type.field(place).type for place in _bounds(self.kind)]
        return min(int(np.iinfo(t.to_pandas_dtype()).max) for t in (*types, pa.int64()))

    def column(self, start: Ints, stop: Ints, absent: Bools) -> pa.Array:
        """The same column with other bounds; rows that are ``absent`` become null.

        Args:
            start: ``(m,)``.
            stop: ``(m,)``.
            absent: ``(n,)``.
        """
        fields = list(self.fields)
        for place, bound in zip(_bounds(self.kind), (start, stop), strict=True):
            fields[place] = pa.array(bound).cast(fields[place].type)
        values = pa.StructArray.from_arrays(fields, fields=list(self.kind.value_type))
        kept = ~absent[self.rows]
        if not kept.all():
            values = values.filter(pa.array(kept))
        large = pa.types.is_large_list(self.kind)
        of_lists, width = (pa.LargeListArray, pa.int64()) if large else (pa.ListArray, pa.int32())
        offsets = pa.array(first_of_rows(self.rows[kept], len(absent)), width)
        mask = pa.array(absent) if absent.any() else None
        return of_lists.from_arrays(offsets, values, type=self.kind, mask=mask)


def _bounds(kind: pa.DataType) -> tuple[int, int]:
    names = bound_names(kind)
    if names is None:
        raise ValueError(f"spans are lists of struct with start and stop, not {kind}")
    first, last = (kind.value_type.get_field_index(name) for name in names)
    return first, last


def _whole(bounds: pa.Array) -> Ints:
    filled = pc.fill_null(bounds, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    if bounds.null_count:
        filled[bounds.is_null().to_numpy(zero_copy_only=False)] = -1
    return np.asarray(filled)


def invalid(column: pa.Array, lengths: npt.NDArray[np.integer]) -> Bools:
    """``(n,)``: which rows have a span that is none of their text's.

    That is one with a null bound, a negative start, a stop before its start or behind the text.

    Args:
        column: ``(n,)`` spans.
        lengths: ``(n,)`` code points of each row's text.
    """
    spans = Spans.of(column)
    bad = (spans.start < 0) | (spans.stop < spans.start) | (spans.stop > lengths[spans.rows])
    return _rows_of(spans, bad, len(column))


def united(protected: pa.ListArray, column: pa.Array) -> pa.ListArray:
    """``(n,)`` protected spans with those of a spans column among them.

    Empty spans protect nothing, for they have no characters.

    Args:
        protected: ``(n,)`` sorted and not overlapping, as a batch has them.
        column: ``(n,)`` valid spans.
    """
    spans = Spans.of(column)
    full = spans.stop > spans.start
    if not full.any():
        return protected
    old = Flat.of(protected)
    triples = (
        [old.rows, spans.rows[full]],
        [old.fields["start"], spans.start[full]],
        [old.fields["stop"], spans.stop[full]],
    )
    return merged(np.stack([np.concatenate(part) for part in triples], axis=1), len(column))


def carry(column: pa.Array, edits: pa.ListArray) -> pa.Array:
    """Move spans to where they stand after the edits.

    An edit inside a span stretches it; text inserted at its border stays outside. A row is null
    if an edit breaks one of its spans: reaches over the border, or leaves nothing of its text.

    Args:
        column: ``(n,)`` valid spans (see :func:`invalid`).
        edits: ``(n,)`` in code points of the same text; a null row is unchanged.

    Returns:
        ``(n,)`` of the column's type.

    >>> spans = pa.array([[{"start": 9, "end": 13, "label": "LOC"}]])
    >>> edits = pa.array([[{"start": 2, "stop": 5, "text": "large"}]])
    >>> carry(spans, edits).to_pylist()
    [[{'start': 11, 'end': 15, 'label': 'LOC'}]]
    """
    spans = Spans.of(column)
    start, stop, bad = _moved(spans, Flat.of(edits))
    absent = column.is_null().to_numpy(zero_copy_only=False)
    return spans.column(start, stop, absent | _rows_of(spans, bad, len(column)))


def broken(column: pa.Array, edits: pa.ListArray) -> Bools:
    """``(n,)``: in which rows an edit breaks a span, as :func:`carry` tells it."""
    spans = Spans.of(column)
    _, _, bad = _moved(spans, Flat.of(edits))
    return _rows_of(spans, bad, len(column))


def _rows_of(spans: Spans, chosen: Bools, count: int) -> Bools:
    hit = np.zeros(count, np.bool_)
    hit[spans.rows[chosen]] = True
    return hit


def _moved(spans: Spans, edits: Flat) -> tuple[Ints, Ints, Bools]:
    """The bounds after the edits (0 where broken), and which spans are broken."""
    if not len(edits.rows) or not len(spans.rows):
        return spans.start, spans.stop, np.zeros(len(spans.rows), np.bool_)
    grown = char_lengths(edits.fields["text"]) - (edits.fields["stop"] - edits.fields["start"])
    sums = np.append(0, np.cumsum(grown))
    # Rows apart by more than any position: one sorted axis for all of them.
    stride = int(max(spans.stop.max(), edits.fields["stop"].max())) + 1
    begins = edits.rows * stride + edits.fields["start"]
    ends = edits.rows * stride + edits.fields["stop"]
    here, there = (spans.rows * stride + bound for bound in (spans.start, spans.stop))
    before = np.searchsorted(ends, here, side="right")
    until = np.searchsorted(begins, there, side="left")
    base = sums[np.searchsorted(edits.rows, spans.rows)]
    empty = spans.start == spans.stop
    start = spans.start + sums[before] - base
    stop = np.where(empty, start, spans.stop + sums[until] - base)
    # The first edit that ends behind the start, and the last that begins before the stop.
    bad = np.append(begins, np.iinfo(np.int64).max)[before] < here
    bad |= np.append(-1, ends)[until] > there
    bad |= ~empty & (stop <= start)
    bad |= stop > spans.most
    return np.where(bad, 0, start), np.where(bad, 0, stop), bad
