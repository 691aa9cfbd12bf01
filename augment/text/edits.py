"""Edits: splice them, replay them, compose them, find them; all in columns.

An edit replaces the source's code points [start, stop) by a text. A row's edits are sorted and
do not overlap, so replaying them is one pass, and every character outside them is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import regex
from rapidfuzz.distance import Levenshtein

from augment.batch import EDIT, EDITS, SPAN, Variants
from augment.text.columns import Bools, Flat, Ints, Utf8, first_of_rows

_TOKENS = regex.compile(r"(?V1)\p{Han}|[\w--\p{Han}]+|\s+|.", regex.DOTALL)


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
        grown = _char_lengths(edits.fields["text"]) - (stop - start)
        # Growth before an edit within its row, which the exclusive sum over all rows contains.
        total = np.cumsum(grown) - grown
        first = first_of_rows(edits.rows, len(before))[edits.rows]
        shift = total - total[first] if len(total) else total
        new_start = after.char_offsets[edits.rows] + edits.fields["start"] + shift
        return cls(edits.rows, start, stop, new_start, new_start + (stop - start) + grown)


def _char_lengths(texts: pa.StringArray) -> Ints:
    return np.asarray(pc.utf8_length(texts).to_numpy(zero_copy_only=False), np.int64)


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


def shift_spans(spans: pa.ListArray, edits: pa.ListArray) -> pa.ListArray:
    """Move spans to where they stand after the edits, none of which overlaps a span."""
    kept, made = Flat.of(spans), Flat.of(edits)
    if not len(made.rows) or not len(kept.rows):
        return spans
    grown = _char_lengths(made.fields["text"]) - (made.fields["stop"] - made.fields["start"])
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


def edits_between(sources: Sequence[str], targets: Sequence[str | None]) -> pa.ListArray:
    """Edits found by a word-wise diff; null where the target is null or equal.

    For methods that return whole texts. Words, runs of white space, single Han characters and
    single other characters are the units (Levenshtein alignment).
    """
    rows = [_diff(s, t) for s, t in zip(sources, targets, strict=True)]
    return pa.array(rows, EDITS)


def _diff(source: str, target: str | None) -> list[dict[str, int | str]] | None:
    if target is None or source == target:
        return None
    old, new = _TOKENS.findall(source), _TOKENS.findall(target)
    numbers = {token: i for i, token in enumerate(dict.fromkeys(old + new))}
    coded = [numbers[t] for t in old], [numbers[t] for t in new]
    at = np.append(0, np.cumsum([len(t) for t in old], dtype=np.int64))
    edits: list[dict[str, int | str]] = []
    for code in Levenshtein.opcodes(*coded):
        if code.tag == "equal":
            continue
        text = "".join(new[code.dest_start : code.dest_end])
        start, stop = int(at[code.src_start]), int(at[code.src_end])
        if edits and edits[-1]["stop"] == start:
            edits[-1]["stop"], edits[-1]["text"] = stop, f"{edits[-1]['text']}{text}"
        else:
            edits.append({"start": start, "stop": stop, "text": text})
    return edits
