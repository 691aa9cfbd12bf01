"""Variants of rows whose sentences went on round trips: edits, the pivot text and the counts."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment import tracing
from augment.batch import TextBatch, Variants
from augment.methods.round_trip_guards import REASONS, Guards, Verdict, judged
from augment.methods.round_trips import Trip
from augment.methods.sent_sentences import Sent
from augment.text.columns import Ints, Utf8
from augment.text.edits import splice, variants_of_edits
from augment.text.rewrites import Stretch
from augment.text.sentences import Sentences
from augment.tracing import Alternative, Considered


def variants_of_trips(
    batch: TextBatch, sent: Sent, trips: list[Trip], tag: str, rank: int = 0, *, guards: Guards
) -> Variants:
    """One variant per row of what became of its sentences.

    Args:
        batch: n rows.
        sent: m sentences of them.
        trips: m, what came back of each.
        tag: primary subtag of their language.
        rank: which of its usable round trips each sentence takes, its last if it has fewer; a row
            none of whose sentences has so many declines.
        guards: see :func:`augment.methods.round_trip_guards.judged`.
    """
    sentences = sent.sentences
    columns = zip(sentences.text.to_pylist(), sent.protected, sent.masked, trips, strict=True)
    verdicts = [judged(*all_, tag, guards=guards) for all_ in columns]
    enough = np.array([len(verdict.changes) > rank for verdict in verdicts], np.bool_)
    fresh = np.zeros(len(batch), np.bool_)
    fresh[sentences.rows[enough]] = True
    taken = [
        verdict.changes[min(rank, len(verdict.changes) - 1)] if verdict.changes and new else []
        for verdict, new in zip(verdicts, fresh[sentences.rows], strict=True)
    ]
    frame = tracing.current()
    if frame is not None:
        frame.considered += _considered(sent, trips, verdicts, taken, tag, guards)
    counts = np.array([len(changes) for changes in taken], np.int64)
    flat = [stretch for changes in taken for stretch in changes]
    text = Utf8.of(batch.text)
    base = np.repeat(_base(text, sentences), counts)
    starts = text.to_bytes(base + np.array([start for start, _, _ in flat], np.int64))
    stops = text.to_bytes(base + np.array([stop for _, stop, _ in flat], np.int64))
    new = pa.array([made for _, _, made in flat], pa.string())
    made = variants_of_edits(text, np.repeat(sentences.rows, counts), starts, stops, new)
    there = [m.restored(t.pivot) or t.pivot for m, t in zip(sent.masked, trips, strict=True)]
    pivot = pc.if_else(made.text.is_valid(), _pivot(text, sentences, there), None)
    return Variants(
        made.text, made.edits, {"pivot": pivot, **_counts(len(batch), sentences, verdicts)}
    )


def _considered(
    sent: Sent,
    trips: list[Trip],
    verdicts: list[Verdict],
    taken: list[list[Stretch]],
    tag: str,
    guards: Guards,
) -> Iterator[Considered]:
    """Of one row: every sentence's way, all that came back of it, and what the guards said."""
    sentences = sent.sentences
    starts, stops = sentences.starts.tolist(), sentences.stops.tolist()
    columns = zip(sentences.text.to_pylist(), sent.protected, sent.masked, trips, strict=True)
    for i, (source, protected, masked, trip) in enumerate(columns):
        alternatives = []
        for made in trip.made:
            alone = replace(trip, made=(made,))
            verdict = judged(source, protected, masked, alone, tag, guards=guards)
            told = f"refused: {verdict.reason}" if verdict.reason else ""
            alternatives.append(Alternative(masked.restored(made) or made, None, told))
        pivot = masked.restored(trip.pivot) or trip.pivot
        fell = verdicts[i].reason
        why = f"; fell back to the source: {fell}" if fell else ""
        if not fell and not taken[i]:
            why = "; no further translation for this copy"
        yield Considered(
            starts[i],
            stops[i],
            _applied(source, taken[i]) if taken[i] else None,
            alternatives=tuple(alternatives),
            note=f"by way of: {pivot}{why}",
        )


def _applied(source: str, changes: list[Stretch]) -> str:
    """A sentence with its changes."""
    for start, stop, made in reversed(changes):
        source = source[:start] + made + source[stop:]
    return source


def _counts(count: int, sentences: Sentences, verdicts: list[Verdict]) -> dict[str, pa.Array]:
    """Per row, how many sentences were sent, and how many fell back for each reason."""
    reasons = np.array([REASONS.index(v.reason) if v.reason else -1 for v in verdicts], np.int64)
    rows = {"sentences": sentences.rows}
    rows |= {f"fallback_{name}": sentences.rows[reasons == i] for i, name in enumerate(REASONS)}
    return {
        name: pa.array(np.bincount(of, minlength=count).astype(np.int32))
        for name, of in rows.items()
    }


def _pivot(text: Utf8, sentences: Sentences, pivots: list[str]) -> pa.StringArray:
    """The rows in the pivot language; what was not sent, and the separators, as in the source."""
    base = _base(text, sentences)
    starts = text.to_bytes(base)
    stops = text.to_bytes(base + sentences.stops - sentences.starts)
    return splice(text, sentences.rows, starts, stops, pa.array(pivots, pa.string()))


def _base(text: Utf8, sentences: Sentences) -> Ints:
    """Where each sentence starts, in code points of the whole column."""
    return np.asarray(text.char_offsets[sentences.rows] + sentences.starts)
