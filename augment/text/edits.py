"""Edits: splice them, replay them, and carry spans through them; all in columns.

An edit replaces the source's code points [start, stop) by a text. A row's edits are sorted and
do not overlap, so replaying them is one pass, and every character outside them is kept.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import EDIT, EDITS, SPAN, Variants
from augment.text.columns import Bools, Flat, Ints, Utf8, first_of_rows


def splice(
    text: Utf8,
    rows: npt.NDArray[np.integer],
    starts: npt.NDArray[np.integer],
    stops: npt.NDArray[np.integer],
    new: pa.StringArray,
) -> pa.StringArray:
    """Replace byte ranges of a column and cut its rows out again.

    Args:
        text: n rows.
        rows: ``(m,)`` the row of each range, sorted.
        starts: ``(m,)`` bytes of the whole column, sorted.
        stops: ``(m,)`` ends of the ranges, which do not overlap.
        new: ``(m,)`` what takes their place.

    Returns:
        ``(n,)`` string; rows without a range come back as they are.
    """
    count, edits = len(text), len(rows)
    first = first_of_rows(rows, count)
    # Row r holds, in this order: gap, edit, gap, …, edit, gap; 2m + n pieces in all.
    opening = 2 * first[:-1] + np.arange(count)
    replaced = 2 * np.arange(edits) + rows + 1
    bounds = np.empty(2 * edits + count, np.int64)
    bounds[opening] = text.offsets[:-1]
    bounds[replaced] = starts
    bounds[replaced + 1] = stops
    order = np.arange(len(bounds))
    order[replaced] = len(bounds) + np.arange(edits)
    taken = pa.concat_arrays([text.pieces(bounds), new]).take(pa.array(order))
    return _merge(taken, np.append(opening, len(bounds)))


def _merge(pieces: pa.StringArray, first: Ints) -> pa.StringArray:
    """Rows of consecutive pieces: the pieces' bytes are already in place, only offsets change."""
    joined = Utf8.of(pieces)
    offsets = joined.offsets[first].astype(np.int32)
    return pa.StringArray.from_buffers(
        len(first) - 1, pa.py_buffer(offsets), pa.py_buffer(joined.data)
    )


def edits_column(
    count: int,
    rows: npt.NDArray[np.integer],
    starts: npt.NDArray[np.integer],
    stops: npt.NDArray[np.integer],
    new: pa.StringArray,
) -> pa.ListArray:
    """An edits column from flat arrays sorted by row; a row without edits is null.

    Args:
        count: rows of the column.
        rows: ``(m,)`` the row of each edit.
        starts: ``(m,)`` in code points of their row.
        stops: ``(m,)`` in code points of their row.
        new: ``(m,)`` string.
    """
    offsets = first_of_rows(rows, count)
    values = pa.StructArray.from_arrays(
        [pa.array(starts, pa.int32()), pa.array(stops, pa.int32()), new], fields=list(EDIT)
    )
    empty = pa.array(offsets[1:] == offsets[:-1])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=EDITS, mask=empty)


def variants_of_edits(
    text: Utf8,
    rows: npt.NDArray[np.integer],
    starts: npt.NDArray[np.integer],
    stops: npt.NDArray[np.integer],
    new: pa.StringArray,
) -> Variants:
    """Variants from byte ranges (as for :func:`splice`); rows without one decline."""
    base = text.char_offsets[rows]
    edits = edits_column(
        len(text), rows, text.to_chars(starts) - base, text.to_chars(stops) - base, new
    )
    spliced = splice(text, rows, starts, stops, new)
    return Variants(pc.if_else(edits.is_valid(), spliced, None), edits)


def replay(source: pa.StringArray, edits: pa.ListArray) -> pa.StringArray:
    """Apply edits to their sources; null where a row has none.

    >>> source = pa.array(["a cat sat"])
    >>> replay(source, pa.array([[{"start": 2, "stop": 5, "text": "dog"}]], EDITS)).to_pylist()
    ['a dog sat']
    """
    text, flat = Utf8.of(source), Flat.of(edits)
    base = text.char_offsets[flat.rows]
    starts = text.to_bytes(base + flat.fields["start"])
    stops = text.to_bytes(base + flat.fields["stop"])
    spliced = splice(text, flat.rows, starts, stops, flat.fields["text"])
    return pc.if_else(edits.is_valid(), spliced, None)


def shift_spans(spans: pa.ListArray, edits: pa.ListArray) -> pa.ListArray:
    """Move spans to where they stand after the edits, none of which overlaps a span."""
    kept, made = Flat.of(spans), Flat.of(edits)
    if not len(made.rows) or not len(kept.rows):
        return spans
    grown = char_lengths(made.fields["text"]) - (made.fields["stop"] - made.fields["start"])
    sums = np.append(0, np.cumsum(grown))
    # Rows apart by more than any position: one sorted axis for all of them.
    stride = int(max(kept.fields["stop"].max(), made.fields["stop"].max())) + 1
    ends = made.rows * stride + made.fields["stop"]
    before = np.searchsorted(ends, kept.rows * stride + kept.fields["start"], side="right")
    first = np.searchsorted(made.rows, kept.rows)
    shift = sums[np.maximum(before, first)] - sums[first]
    values = pa.StructArray.from_arrays(
        [pa.array(kept.fields[name] + shift, pa.int32()) for name in ("start", "stop")],
        fields=list(SPAN),
    )
    offsets = first_of_rows(kept.rows, len(spans))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=spans.type)


def overlaps(edits: pa.ListArray, spans: pa.ListArray) -> Bools:
    """Per row, whether an edit changes a character of a span or inserts inside one."""
    made, kept = Flat.of(edits), Flat.of(spans)
    hit = np.zeros(len(edits), np.bool_)
    if not len(made.rows) or not len(kept.rows):
        return hit
    stride = int(max(kept.fields["stop"].max(), made.fields["stop"].max())) + 1
    stops = kept.rows * stride + kept.fields["stop"]
    starts = np.append(kept.rows * stride + kept.fields["start"], np.iinfo(np.int64).max)
    begin = made.rows * stride + made.fields["start"]
    end = made.rows * stride + made.fields["stop"]
    # The first span that ends after the edit begins is the only one that can come first in it.
    candidate = np.searchsorted(stops, begin, side="right")
    hit[made.rows[starts[candidate] < end]] = True
    return hit


def char_lengths(texts: pa.StringArray) -> Ints:
    """``(n,)`` lengths in code points."""
    return np.asarray(pc.utf8_length(texts).to_numpy(zero_copy_only=False), np.int64)


def covered(texts: pa.StringArray, spans: pa.ListArray) -> Bools:
    """Per row, whether its spans, which do not overlap, leave no character out."""
    inside = Flat.of(spans)
    sizes = inside.fields["stop"] - inside.fields["start"]
    held = np.bincount(inside.rows, weights=sizes, minlength=len(texts))
    return np.asarray((held > 0) & (held >= char_lengths(texts)))
