"""One batch of rows through views, copies, steps and filters: pure, no input or output."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import STEPS, TextBatch, Variants
from augment.filter import Filter
from augment.randomness import derive, hash_strings, row_keys
from augment.text.spans import broken, united
from pipelines.isolate import Failure, attempt, gathered
from pipelines.plan import Plan, PlannedView
from pipelines.recipe import Recipe
from pipelines.rejects import FAILED, Rejection, rejects_of
from pipelines.rows import Expanded, Made
from pipelines.sift import Sifted, as_strings, sift
from pipelines.stats import Stats, ViewStats, tally

_REJECTED = " rejected"
"""The note in which a rejected variant's reason travels; no score can have this name."""

_BROKEN = "spans: broken"
"""The reason of a variant in which an edit broke a labelled span."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A batch, expanded.

    Attributes:
        rows: the usable rows and their variants.
        rejects: rows that could not be used or failed (see :mod:`pipelines.rejects`).
        stats: counts of both.
    """

    rows: Expanded
    rejects: pa.RecordBatch
    stats: Stats


def expand(plan: Plan, batch: pa.RecordBatch) -> Expansion:
    """All variants of a batch whose columns have been checked (see :mod:`pipelines.layouts`).

    Raises:
        AugmillError: a model or an optional package is missing; errors of single rows become
            rejects instead.
    """
    sifted = sift(plan.recipe, batch)
    made, failed, views = _make_all(plan, sifted)
    reasons = tally(sifted.rejects.column("aug_reason"))
    if failed:
        reasons[FAILED] = len({rejection.row for rejection in failed})
    return Expansion(
        Expanded(sifted.source, sifted.text, sifted.ids, tuple(made)),
        pa.concat_batches([sifted.rejects, rejects_of(sifted.source, failed)]),
        Stats(batch.num_rows, reasons, views),
    )


def _make_all(
    plan: Plan, sifted: Sifted
) -> tuple[list[Made], list[Rejection], dict[str, ViewStats]]:
    """Every view and copy of the usable rows."""
    spans = plan.recipe.spans
    entities = None if spans is None else sifted.source.column(spans.column)
    protected = plan.protection.find(sifted.text)
    if spans is not None and spans.protect:
        protected = united(protected, entities)
    seeds = hash_strings(sifted.ids)
    languages = by_language(plan.recipe, sifted.source)
    made: list[Made] = []
    failed: list[Rejection] = []
    views = {view.name: ViewStats() for view in plan.views}
    for view in plan.views:
        shared = row_keys(plan.recipe.seed, seeds, view.name)
        for copy in range(view.copies):
            keys = derive(shared, copy)
            rows = TextBatch(sifted.text, keys, "und", protected, copy, shared)
            variants, failures, stats = _make(view, plan.filters, rows, languages, entities)
            made.append(Made(view.name, copy, variants))
            failed += [_rejection(f, sifted.ids, view.name, copy) for f in failures]
            views[view.name] += stats
    return made, failed, views


def by_language(recipe: Recipe, source: pa.RecordBatch) -> list[tuple[str, np.ndarray]]:
    """Each language with the places of its rows."""
    if isinstance(recipe.language, str):
        return [(recipe.language, np.arange(source.num_rows))]
    column = as_strings(source.column(recipe.language.column))
    tags = pc.fill_null(column, "und").dictionary_encode()
    codes = tags.indices.to_numpy()
    return [(tag, np.flatnonzero(codes == i)) for i, tag in enumerate(tags.dictionary.to_pylist())]


def _rejection(failure: Failure, ids: pa.StringArray, view: str, copy: int) -> Rejection:
    parent = ids[failure.row].as_py()
    return Rejection(failure.row, FAILED, parent, view, copy, failure.step or None, failure.message)


def _make(
    view: PlannedView,
    filters: Sequence[Filter],
    rows: TextBatch,
    languages: Sequence[tuple[str, np.ndarray]],
    entities: pa.Array | None,
) -> tuple[Variants, list[Failure], ViewStats]:
    """One variant per row, language by language."""
    begun = time.perf_counter()
    parts: list[tuple[np.ndarray, Variants]] = []
    failures: list[Failure] = []
    for language, places in languages:
        batch = replace(rows if len(places) == len(rows) else rows.take(places), language=language)
        variants, failed = attempt(lambda b: _judged(b, view, filters), batch)
        parts.append((places, variants))
        failures += [replace(f, row=int(places[f.row])) for f in failed]
    variants = gathered(parts, len(rows))
    notes = dict(variants.notes)
    reasons = notes.pop(_REJECTED, pa.nulls(len(rows), pa.string()))
    variants = replace(variants, notes=notes)
    if entities is not None:
        lost = broken(entities, variants.edits)
        if lost.any():
            variants = variants.take(pa.array(np.arange(len(rows)), mask=lost))
            reasons = pc.if_else(pa.array(lost), _BROKEN, reasons)
    stats = _counted(variants, reasons, len(failures), time.perf_counter() - begun)
    return variants, failures, stats


def _judged(batch: TextBatch, view: PlannedView, filters: Sequence[Filter]) -> Variants:
    """The chain's variants with those nulled that a filter rejects; notes are steps and scores."""
    out = view.chain.apply(batch)
    scores = {
        name: note.cast(pa.int32() if pa.types.is_integer(note.type) else pa.float32())
        for name, note in out.notes.items()
        if pa.types.is_floating(note.type) or pa.types.is_integer(note.type)
    }
    steps = {STEPS: out.notes[STEPS]} if STEPS in out.notes else {}
    reasons = pa.nulls(len(batch), pa.string())
    for judge in filters:
        verdicts = judge.judge(batch, out)
        scores[judge.name] = pa.array(verdicts.score, pa.float32(), mask=np.isnan(verdicts.score))
        given = out.text.is_valid()
        why = pc.binary_join_element_wise(judge.name, verdicts.reason.cast(pa.string()), ": ")
        dropped = pc.and_(given, pa.array(~verdicts.keep))
        reasons = pc.if_else(dropped, pc.coalesce(why, judge.name), reasons)
        out = out.take(pc.if_else(dropped, None, pa.array(np.arange(len(batch)))))
    return replace(out, notes={**steps, **scores, _REJECTED: reasons})


def _counted(variants: Variants, reasons: pa.StringArray, failed: int, seconds: float) -> ViewStats:
    asked, made = len(variants), len(variants) - variants.text.null_count
    rejected = tally(reasons)
    there = variants.text.is_valid()
    steps = variants.notes.get(STEPS)
    return ViewStats(
        asked=asked,
        made=made,
        declined=asked - made - failed - sum(rejected.values()),
        failed=failed,
        rejected=rejected,
        steps={} if steps is None else tally(steps.filter(there).flatten()),
        counts={
            name: count
            for name, note in variants.notes.items()
            if pa.types.is_integer(note.type) and (count := pc.sum(note).as_py())
        },
        seconds=seconds,
    )
