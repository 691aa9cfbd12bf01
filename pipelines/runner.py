"""A whole run: plan, cut the input into shards, work them off, publish."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from augment.errors import Problem
from augment.statistics import open_statistics
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines import row_cache
from pipelines.corpus import Corpus, open_corpus
from pipelines.errors import RecipeError, RejectsError
from pipelines.executors.local import map_shards
from pipelines.expand import Expansion, expand
from pipelines.fitting import fit, sweep
from pipelines.layouts import layout
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.publish import Staging
from pipelines.recipe import Recipe
from pipelines.shard import run_shard
from pipelines.stats import Stats

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all; every pass over the input counts its rows."""

SAMPLED_ROWS = 10_000
"""Rows whose words are counted for a sample."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes:
        output: the published directory.
        rows: rows published.
        stats: counts of rows read and variants made.
        seconds: from the first look at the input to the publication.
        fingerprint: the plan's.
    """

    output: str
    rows: int
    stats: Stats
    seconds: float
    fingerprint: str


def run(
    recipe: Recipe | Mapping[str, Any] | str | Path,
    *,
    workers: int = 1,
    limit: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Augment a corpus and publish the result, or raise and leave everything as it was.

    Args:
        recipe: a recipe, its plain values, its file, or the name of a bundled one.
        workers: processes. The output does not depend on it. With more than one, a script that
            calls this needs the usual ``if __name__ == "__main__":``.
        limit: only so many rows, the first ones.
        progress: told how far the run is.

    Raises:
        RecipeError, InputMissingError, DataError, RejectsError, OutputError, LockedError,
        RunError: see :mod:`pipelines.errors`; and what :class:`AugmillError` lists for models.
    """
    begun = time.perf_counter()
    plan, corpus = prepare(recipe, limit)
    stats, rows, meter = Stats(), 0, _Meter(progress, corpus.rows)
    with Staging(plan.recipe.output) as staging:
        plan = fit(plan, corpus, staging.cache, staging.path, workers, meter)
        fingerprint = plan.fingerprint
        rows_kept = staging.cache / row_cache.NAME
        row_cache.prepare(rows_kept, plan.recipe.row_cache)
        job = partial(run_shard, plan, staging.path, cache=rows_kept)
        for receipt in map_shards(job, corpus.shards, workers, meter.tick):
            stats += receipt.stats
            rows += receipt.rows
        _check_rejects(stats, plan.recipe.max_reject_fraction, staging)
        staging.publish()
        sweep(staging.cache, plan)
    seconds = time.perf_counter() - begun
    return Summary(plan.recipe.output, rows, stats, seconds, fingerprint)


class _Meter:
    """Tells how far a run is, over all its passes."""

    def __init__(self, progress: Progress | None, rows: int) -> None:
        self._progress, self._rows, self._done = progress, rows, 0

    def expect(self, rows: int) -> None:
        """So many more rows are to be worked off."""
        self._rows += rows

    def tick(self, rows: int) -> None:
        """So many more are done."""
        self._done += rows
        if self._progress is not None:
            self._progress(self._done, self._rows)


def prepare(
    recipe: Recipe | Mapping[str, Any] | str | Path, limit: int | None = None
) -> tuple[Plan, Corpus]:
    """The plan of a run and its input, checked against each other; nothing is written.

    Raises:
        RecipeError, InputMissingError, DataError: as for :func:`run`.
        StatisticsError: a step's file of statistics can't be read.
    """
    plan = planning.build(as_recipe(recipe))
    for path in sorted(plan.statistics):
        open_statistics(path)
    corpus = open_corpus(plan.recipe.input)
    _check_apart(plan.recipe, corpus)
    layout(plan, corpus.schema)
    return plan, corpus if limit is None else corpus.head(limit)


def sample(recipe: Recipe | Mapping[str, Any] | str | Path, rows: int) -> Iterator[Expansion]:
    """The first rows of a corpus, expanded as a run would; nothing is written.

    Steps that need the corpus's statistics get those of its first :data:`SAMPLED_ROWS` rows.
    """
    plan, corpus = prepare(recipe)
    with TemporaryDirectory() as folder:
        counted, meter = corpus.head(max(rows, SAMPLED_ROWS)), _Meter(None, 0)
        plan = fit(plan, counted, Path(folder), Path(folder), 1, meter)
        for shard in corpus.head(rows).shards:
            for batch in read_batches(shard, plan.batch_rows, plan.recipe.text):
                yield expand(plan, batch)


def as_recipe(recipe: Recipe | Mapping[str, Any] | str | Path) -> Recipe:
    """The recipe that is meant by any way to give one."""
    if isinstance(recipe, Recipe):
        return recipe
    if isinstance(recipe, Mapping):
        return recipes.parse(recipe)
    return recipes.load(recipe)


def _check_apart(recipe: Recipe, corpus: Corpus) -> None:
    """A run must not read what it writes, nor replace what it reads."""
    source, output = Path(recipe.input).resolve(), Path(recipe.output).resolve()
    read = {Path(shard.path).resolve() for shard in corpus.shards}
    if source in output.parents or any(output in (p, *p.parents) for p in read):
        message = f"{recipe.output!r} and the input {recipe.input!r} lie inside each other"
        raise RecipeError([Problem("output", message)])


def _check_rejects(stats: Stats, accepted: float, staging: Staging) -> None:
    if stats.rejected_rows <= accepted * stats.rows:
        return
    kept = staging.give_up()
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in stats.rejected.items())
    raise RejectsError(
        f"{stats.rejected_rows:,} of {stats.rows:,} rows were rejected ({reasons}), more than "
        f"max_reject_fraction={accepted:g} accepts; nothing was published. See them in {kept}"
    )
