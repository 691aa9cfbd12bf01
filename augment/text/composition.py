"""Composition of edits: two steps' edits as the edits of one step on the original text."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Flat, Ints, Utf8, first_of_rows
from augment.text.edits import char_lengths, edits_column, replay


@dataclass(frozen=True, slots=True)
class _Placed:
    """Edits of one step in column-wide code points: where they stood and where they went."""

    rows: Ints
    start: Ints
    stop: Ints
    new_start: Ints
    new_stop: Ints

    @classmethod
    def of(cls, edits: Flat, before: Utf8, after: Utf8) -> "_Placed":
        start = before.char_offsets[edits.rows] + edits.fields["start"]
        stop = before.char_offsets[edits.rows] + edits.fields["stop"]
        grown = char_lengths(edits.fields["text"]) - (stop - start)
        # Growth before an edit within its row, which the exclusive sum over all rows contains.
        total = np.cumsum(grown) - grown
        first = first_of_rows(edits.rows, len(before))[edits.rows]
        shift = total - total[first] if len(total) else total
        new_start = after.char_offsets[edits.rows] + edits.fields["start"] + shift
        return cls(edits.rows, start, stop, new_start, new_start + (stop - start) + grown)


def compose(
    source: pa.StringArray, middle: pa.StringArray, first: pa.ListArray, second: pa.ListArray
) -> pa.ListArray:
    """Edits that do in one step what ``first`` (source → middle) and then ``second`` do.

    In a row that both changed, edits that touch each other become one, and edits that cancel out
    vanish; a row that one of them changed keeps that step's edits.

    Args:
        source: ``(n,)`` string without nulls.
        middle: ``(n,)`` string without nulls; ``source`` where ``first`` is null.
        first: ``(n,)`` edits column.
        second: ``(n,)`` edits column.
    """
    final = pc.coalesce(replay(middle, second), middle)
    texts = Utf8.of(source), Utf8.of(middle), Utf8.of(final)
    a, b = Flat.of(first), Flat.of(second)
    early = _Placed.of(a, texts[0], texts[1])
    late = _Placed.of(b, texts[1], texts[2])
    rows, start, stop = _clusters(
        np.concatenate([a.rows, b.rows]),
        np.concatenate([early.new_start, late.start]),
        np.concatenate([early.new_stop, late.stop]),
    )
    old = _map(rows, start, stop, texts[1], texts[0], early, backwards=True)
    new = _map(rows, start, stop, texts[1], texts[2], late, backwards=False)
    added = _cut(texts[2], *new)
    changed = pc.not_equal(_cut(texts[0], *old), added).to_numpy(zero_copy_only=False)
    base = texts[0].char_offsets[rows]
    both = edits_column(
        len(source),
        rows[changed],
        (old[0] - base)[changed],
        (old[1] - base)[changed],
        added.filter(pa.array(changed)),
    )
    # What one step alone did to a row stays as that step wrote it, whatever befell other rows.
    return pc.if_else(first.is_null(), second, pc.if_else(second.is_null(), first, both))


def _clusters(rows: Ints, start: Ints, stop: Ints) -> tuple[Ints, Ints, Ints]:
    """Union of ranges that overlap or touch within a row, sorted."""
    if not len(rows):
        return rows, start, stop
    order = np.lexsort((stop, start, rows))
    rows, start, stop = rows[order], start[order], stop[order]
    reach = np.maximum.accumulate(stop)
    opens = np.ones(len(rows), np.bool_)
    opens[1:] = (rows[1:] != rows[:-1]) | (start[1:] > reach[:-1])
    heads = np.flatnonzero(opens)
    return rows[heads], start[heads], np.maximum.reduceat(stop, heads)


def _map(
    rows: Ints, start: Ints, stop: Ints, here: Utf8, there: Utf8, step: _Placed, *, backwards: bool
) -> tuple[Ints, Ints]:
    """Carry ranges of one text to the text before or after a step.

    No edit of the step lies across a range's border, so a position moves by the growth of the
    edits that end before it.
    """
    ends = step.new_stop if backwards else step.stop
    lands = step.stop if backwards else step.new_stop
    starts = (step.new_start if backwards else step.start) + step.rows
    delta = there.char_offsets[rows] - here.char_offsets[rows]

    def carried(position: Ints, before: Ints) -> Ints:
        if not len(ends):
            return position + delta
        last = np.maximum(before - 1, 0)
        in_row = (before > 0) & (step.rows[last] == rows)
        return np.where(in_row, lands[last] + position - ends[last], position + delta)

    # Adding the row keeps the end of one row apart from the start of the next. An edit that
    # touches a range is part of it: the start looks at edits strictly before.
    before_start = np.searchsorted(starts, start + rows, side="left")
    before_stop = np.searchsorted(starts, stop + rows, side="right")
    return carried(start, before_start), carried(stop, before_stop)


def _cut(text: Utf8, start: Ints, stop: Ints) -> pa.StringArray:
    """Substrings by column-wide code points; ranges are sorted and do not overlap."""
    bounds = np.zeros(2 * len(start) + 1, np.int64)
    bounds[1::2], bounds[2::2] = text.to_bytes(start), text.to_bytes(stop)
    return text.pieces(bounds).take(pa.array(np.arange(1, len(bounds), 2)))
