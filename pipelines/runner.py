"""A whole run: plan, cut the input into shards, work them off, publish."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from augment import __version__
from augment.errors import Problem
from augment.statistics import open_statistics
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines import row_cache
from pipelines.corpus import Corpus, open_corpus, with_contents
from pipelines.duplicates import check_ids
from pipelines.errors import RecipeError, RejectsError, RunError
from pipelines.executors.choice import Engine, executor
from pipelines.executors.protocol import Done, Executor
from pipelines.expand import Expansion, expand
from pipelines.fitting import fit, sweep
from pipelines.layouts import layout
from pipelines.logs import tell, warn
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.recipe import Recipe
from pipelines.recording import Recorder
from pipelines.records import RunRecord
from pipelines.schedule import Schedule, schedule
from pipelines.shard import Receipt, Task, run_shard
from pipelines.stats import Stats
from pipelines.store.entry import Entry, Part
from pipelines.store.opening import check_format, open_store
from pipelines.store.protocol import Store

Progress = Callable[[int, int], None]
"""Called with the rows done and the rows in all; every pass over the input counts its rows."""

SAMPLED_ROWS = 10_000
"""Rows whose words are counted for a sample."""

FEW_ROWS = 10
"""A shard of so many rows fails the run if it rejects them all, whatever the recipe accepts."""

CONTENTS = "contents"
"""What the digests of the input's files are remembered in, in the store's cache."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes:
        output: the published dataset.
        version: of it.
        changed: whether the run published it; an unchanged one stays as it is.
        rows: in it.
        size: of its files, in bytes.
        stats: counts of rows read and variants made for it, reused shards included; seconds and
            hits of the cache are those of this run.
        computed: shards that were computed, by the reason why.
        reused: shards whose object was there.
        seconds: from the first look at the input to the publication.
        fingerprint: the plan's.
        warnings: what the user should look at.
    """

    output: str
    version: int
    changed: bool
    rows: int
    size: int
    stats: Stats
    computed: Mapping[str, int]
    reused: int
    seconds: float
    fingerprint: str
    warnings: tuple[str, ...] = ()


def run(
    recipe: Recipe | Mapping[str, Any] | str | Path,
    *,
    overrides: Iterable[str] = (),
    workers: int = 1,
    engine: Engine = "local",
    limit: int | None = None,
    progress: Progress | None = None,
    report: Callable[[RunRecord], None] | None = None,
) -> Summary:
    """Augment a corpus and publish the result, or raise and leave everything as it was.

    Only shards whose rows or whose plan changed since an earlier run are computed; what a run
    that was stopped had finished is used.

    Args:
        recipe: a recipe, its plain values, its file, or the name of a bundled one.
        overrides: values to put in place of a file's, see :func:`pipelines.recipe.load`.
        workers: processes. The output does not depend on it. With more than one, a script that
            calls this needs the usual ``if __name__ == "__main__":``.
        engine: ``local``, or ``ray``: the recipe's ``ray`` says where and how many workers.
        limit: only so many rows, the first ones.
        progress: told how far the run is.
        report: told what the run did, whether it succeeded or not.

    Raises:
        RecipeError, InputMissingError, DataError, RejectsError, OutputError, LockedError,
        InputChangedError, RunError: see :mod:`pipelines.errors`; and what :class:`AugmillError`
            lists for models.
        OSError: the output can't be written; what was published before still is.
    """
    named = str(recipe) if isinstance(recipe, str | Path) else "recipe"
    with Recorder(named, then=report, engine=engine, workers=workers) as recorder:
        begun = time.perf_counter()
        plan = checked(as_recipe(recipe, overrides))
        recorder.note(output=plan.recipe.output)
        store = open_store(plan.recipe.output, plan.recipe.format)
        recorder.keep_in(store.cache.with_name("runs"))
        corpus = opened(plan, limit, store.cache)
        for warning in corpus.warnings:
            warn("input", warning)
        with store, executor(engine, workers, plan.recipe) as pool:
            recorder.settle()
            summary = _run(plan, corpus, store, pool, _Meter(progress))
        summary = replace(summary, seconds=time.perf_counter() - begun, warnings=corpus.warnings)
        recorder.note(**{name: getattr(summary, name) for name in _RECORDED})
    return summary


_RECORDED = (
    "version", "fingerprint", "computed", "reused", "stats", "rows", "size", "warnings",
)  # fmt: skip


def _run(plan: Plan, corpus: Corpus, store: Store, pool: Executor, meter: "_Meter") -> Summary:
    """Compute what is missing and publish; the store is locked."""
    begun = time.perf_counter()
    corpus = with_contents(corpus, store.cache / CONTENTS)
    plan = fit(plan, corpus, store.cache, store.scratch, pool, meter)
    last = store.last()
    work = schedule(plan, corpus, store.objects, last)
    if work.missing and plan.recipe.id is not None and plan.recipe.duplicate_ids == "error":
        check_ids(corpus, plan.recipe.id)
    tell("scheduled", shards=len(work.tasks), computed=work.why)
    made = _compute(plan, work, store, pool, meter)
    parts = _parts(work, made)
    stats = sum((Stats.of_told(part.stored.stats) for part in parts), Stats())
    _check_rejects(stats, parts, plan.recipe.max_reject_fraction, store)
    for source in corpus.sources:
        source.check_unchanged()
    seconds = time.perf_counter() - begun
    entry = _entry(plan, parts, stats, last, seconds)
    changed = last is None or entry.digest != last.digest
    if changed:
        store.publish(entry)
    elif made:
        store.ensure()
    store.retain(plan.recipe.keep_versions)
    sweep(store.cache, plan)
    return Summary(
        output=plan.recipe.output,
        version=entry.version if last is None or changed else last.version,
        changed=changed,
        rows=entry.rows,
        size=sum(part.stored.size for part in parts),
        stats=_spent(stats, made),
        computed=work.why,
        reused=len(work.tasks) - len(work.missing),
        seconds=seconds,
        fingerprint=plan.fingerprint,
    )


def _compute(
    plan: Plan, work: Schedule, store: Store, pool: Executor, meter: "_Meter"
) -> dict[str, Receipt]:
    """Compute what is missing; one shard that can't be done does not keep the others from it.

    Raises:
        RunError: naming every shard whose workers died; the others are done and kept.
    """
    rows_kept = store.cache / row_cache.NAME
    row_cache.prepare(rows_kept, plan.recipe.row_cache)
    missing = work.missing
    meter.expect(sum(task.shard.rows for task in missing))
    job = partial(run_shard, plan, store.objects, cache=rows_kept)
    made: dict[str, Receipt] = {}
    lost: list[str] = []
    for outcome in pool.map(job, missing, meter.tick):
        if isinstance(outcome, Done):
            made[outcome.item.key] = outcome.value
        else:
            lost.append(str(outcome.error))
    if lost:
        kept = f"; the other {len(made):,} are kept for the next run" if made else ""
        raise RunError("\n  ".join([f"{len(lost)} of {len(missing):,} shards failed{kept}", *lost]))
    return made


def _parts(work: Schedule, made: Mapping[str, Receipt]) -> tuple[Part, ...]:
    """The files of the output, numbered in the order of the input."""
    stored = {**work.found, **{key: receipt.stored for key, receipt in made.items()}}
    return tuple(
        Part(
            name=part_name(task),
            stored=stored[task.key],
            source=task.shard.source.name,
            content=task.shard.content,
        )
        for task in work.tasks
    )


def part_name(task: Task) -> str:
    """The file of a shard's rows, below the output; its folders are those of the input."""
    name = f"part-{task.shard.number:05d}.parquet"
    return f"{task.shard.folder}/{name}" if task.shard.folder else name


def _entry(
    plan: Plan, parts: tuple[Part, ...], stats: Stats, last: Entry | None, seconds: float
) -> Entry:
    return Entry(
        version=1 if last is None else last.version + 1,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        program=__version__,
        fingerprint=plan.fingerprint,
        identity=plan.identity,
        recipe=plan.recipe_dict(),
        parts=parts,
        stats=stats.told(),
        seconds=round(seconds, 3),
    )


def _spent(stats: Stats, made: Mapping[str, Receipt]) -> Stats:
    """The counts of the dataset with the times and hits of this run."""
    spent = sum((receipt.stats for receipt in made.values()), Stats())
    views = {
        name: replace(view, seconds=spent.views[name].seconds if name in spent.views else 0.0)
        for name, view in stats.views.items()
    }
    return replace(stats, views=views, cached=spent.cached)


class _Meter:
    """Tells how far a run is, over all its passes."""

    def __init__(self, progress: Progress | None = None) -> None:
        self._progress, self._rows, self._done = progress, 0, 0

    def expect(self, rows: int) -> None:
        """So many more rows are to be worked off."""
        self._rows += rows

    def tick(self, rows: int) -> None:
        """So many more are done."""
        self._done += rows
        if self._progress is not None:
            self._progress(self._done, self._rows)


def checked(recipe: Recipe) -> Plan:
    """The plan of a recipe, whose files of statistics can be read.

    Raises:
        RecipeError, InputMissingError: as for :func:`run`.
        StatisticsError: a step's file of statistics can't be read.
    """
    plan = planning.build(recipe)
    for path in sorted(plan.statistics):
        open_statistics(path)
    return plan


def opened(plan: Plan, limit: int | None, cache: Path) -> Corpus:
    """A plan's input, checked against it.

    Args:
        plan: of a run.
        limit: only so many rows, the first ones; None for all.
        cache: where files that are no Parquet are converted to.

    Raises:
        RecipeError, InputMissingError, DataError: as for :func:`run`.
    """
    recipe = plan.recipe
    corpus = open_corpus(recipe.input, format=recipe.input_format, text=recipe.text, cache=cache)
    _check_apart(recipe, corpus)
    folders = corpus.shards[0].partition
    written = layout(plan, corpus.schema, folders).schema()
    for name in folders:
        written = written.append(corpus.schema.field(name))
    check_format(recipe.format, written)
    return corpus if limit is None else corpus.head(limit)


def sample(recipe: Recipe | Mapping[str, Any] | str | Path, rows: int) -> Iterator[Expansion]:
    """The first rows of a corpus, expanded as a run would; nothing is written.

    Steps that need the corpus's statistics get those of its first :data:`SAMPLED_ROWS` rows.
    """
    plan = checked(as_recipe(recipe))
    with TemporaryDirectory() as name, executor("local", 1, plan.recipe) as pool:
        folder = Path(name)
        corpus = opened(plan, None, folder)
        counted = corpus.head(max(rows, SAMPLED_ROWS))
        plan = fit(plan, counted, folder, folder, pool, _Meter())
        for shard in corpus.head(rows).shards:
            for batch in read_batches(shard, plan.batch_rows, plan.recipe.text):
                yield expand(plan, batch)


def as_recipe(
    recipe: Recipe | Mapping[str, Any] | str | Path, overrides: Iterable[str] = ()
) -> Recipe:
    """The recipe that is meant by any way to give one; only a file's values are overridden."""
    if isinstance(recipe, Recipe):
        return recipe
    if isinstance(recipe, Mapping):
        return recipes.parse(recipe)
    return recipes.load(recipe, overrides)


def _check_apart(recipe: Recipe, corpus: Corpus) -> None:
    """A run must not read what it writes, nor replace what it reads."""
    if "://" in recipe.input + recipe.output:
        return
    source, output = Path(recipe.input).resolve(), Path(recipe.output).resolve()
    read = {Path(file.name).resolve() for file in corpus.sources}
    if source in output.parents or any(output in (p, *p.parents) for p in read):
        message = f"{recipe.output!r} and the input {recipe.input!r} lie inside each other"
        raise RecipeError([Problem("output", message)])


def _check_rejects(stats: Stats, parts: Sequence[Part], accepted: float, store: Store) -> None:
    counts = [(part, Stats.of_told(part.stored.stats)) for part in parts]
    whole = [
        part.source
        for part, count in counts
        if count.rows >= FEW_ROWS and count.rejected_rows == count.rows
    ]
    if whole and accepted < 1:
        kept = store.give_up([part.stored for part in parts])
        raise RejectsError(
            f"every row of a shard of {whole[0]} was rejected ({_reasons(stats)}), as it was in "
            f"{len(whole):,} of {len(parts):,} shards; nothing was published. See them in {kept}"
        )
    if stats.rejected_rows <= accepted * stats.rows:
        return
    kept = store.give_up([part.stored for part in parts])
    raise RejectsError(
        f"{stats.rejected_rows:,} of {stats.rows:,} rows were rejected ({_reasons(stats)}), more "
        f"than max_reject_fraction={accepted:g} accepts; nothing was published. See them in {kept}"
    )


def _reasons(stats: Stats) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in stats.rejected.items())
