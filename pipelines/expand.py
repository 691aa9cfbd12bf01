"""One batch of rows through views, copies, steps and filters: pure, no input or output."""

import time
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import STEPS, TextBatch
from augment.randomness import derive, hash_strings, row_keys
from augment.text.spans import united
from pipelines.isolate import Failure
from pipelines.judging import Judged
from pipelines.labels import labels_of
from pipelines.plan import Plan
from pipelines.recipe import Recipe
from pipelines.rejects import FAILED, Rejection, rejects_of
from pipelines.retrying import persistently_judged
from pipelines.rows import Expanded, Made, Rejected
from pipelines.sift import Sifted, as_strings, sift
from pipelines.splitting import with_split
from pipelines.stats import Stats, ViewStats, tally


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


def expand(plan: Plan, batch: pa.RecordBatch, *, keep_rejected: bool = False) -> Expansion:
    """All variants of a batch whose columns have been checked (see :mod:`pipelines.layouts`).

    Args:
        plan: what to make.
        batch: ``(n,)`` rows of the input.
        keep_rejected: hand over the rejected variants, too.

    Raises:
        AugmillError: a model or an optional package is missing; errors of single rows become
            rejects instead.
    """
    sifted = sift(plan.recipe, batch)
    made, failed, views = _make_all(plan, sifted, keep_rejected)
    reasons = tally(sifted.rejects.column("aug_reason"))
    if failed:
        reasons[FAILED] = len({rejection.row for rejection in failed})
    return Expansion(
        Expanded(
            with_split(plan.recipe, sifted.source, sifted.text),
            sifted.text,
            sifted.ids,
            tuple(made),
        ),
        pa.concat_batches([sifted.rejects, rejects_of(sifted.source, failed)]),
        Stats(batch.num_rows, reasons, views),
    )


def _make_all(
    plan: Plan, sifted: Sifted, keep_rejected: bool
) -> tuple[list[Made], list[Rejection], dict[str, ViewStats]]:
    """Every view and copy of the usable rows."""
    spans = plan.recipe.spans
    entities = None if spans is None else sifted.source.column(spans.column)
    protected = plan.protection.find(sifted.text)
    if spans is not None and spans.protect:
        protected = united(protected, entities)
    seeds = hash_strings(sifted.ids)
    labels = labels_of(plan.recipe, sifted.source)
    languages = by_language(plan.recipe, sifted.source)
    made: list[Made] = []
    failed: list[Rejection] = []
    views = {view.name: ViewStats() for view in plan.views}
    for view in plan.views:
        shared = row_keys(plan.recipe.seed, seeds, view.name)
        for copy in range(view.copies):
            keys = derive(shared, copy)
            begun = time.perf_counter()
            siblings = tuple(before.variants.text for before in made)
            rows = TextBatch(sifted.text, keys, "und", protected, copy, shared, labels, siblings)
            found = persistently_judged(
                view, plan.filters, rows, languages, entities, plan.recipe.retry
            )
            made.append(_made(found, view.name, copy, keep_rejected))
            failed += [_rejection(f, sifted.ids, view.name, copy) for f in found.failures]
            views[view.name] += _counted(found, time.perf_counter() - begun)
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


def _made(copy: Judged, view: str, number: int, keep_rejected: bool) -> Made:
    rejected = Rejected(copy.rejected, copy.reasons) if keep_rejected else None
    return Made(view, number, copy.kept, rejected)


def _counted(copy: Judged, seconds: float) -> ViewStats:
    variants, failed, rejected = copy.variants, len(copy.failures), tally(copy.reasons)
    there = pc.and_(variants.text.is_valid(), copy.reasons.is_null())
    asked, made = len(variants), pc.sum(there).as_py() or 0
    steps = variants.notes.get(STEPS)
    return ViewStats(
        asked=asked,
        made=made,
        declined=asked - made - failed - sum(rejected.values()),
        failed=failed,
        rejected=rejected,
        steps={} if steps is None else tally(steps.filter(there).flatten()),
        counts={name: count for name, count in copy.counts.items() if count},
        seconds=seconds,
        retried=copy.retried,
        recovered=copy.recovered,
    )
