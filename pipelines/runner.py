"""A whole run: plan, cut the input into shards, work them off, publish."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from augment import __version__
from pipelines import row_cache
from pipelines.budget import check_rejects
from pipelines.corpus import CONVERTED, Corpus, with_contents
from pipelines.deduplicating.barrier import deduplicated
from pipelines.deduplicating.sketching import Made
from pipelines.duplicates import check_ids
from pipelines.errors import RunError
from pipelines.executors.choice import Engine, executor
from pipelines.executors.protocol import Done, Executor
from pipelines.inputs import converted
from pipelines.learning import learn, sweep
from pipelines.logs import tell, warn
from pipelines.meter import Meter, Progress
from pipelines.plan import Plan
from pipelines.preparing import Given, as_recipe, checked, opened
from pipelines.recipe import Recipe
from pipelines.recording import Recorder
from pipelines.records import RunRecord
from pipelines.schedule import Schedule, schedule
from pipelines.shard import Receipt, Task, run_shard
from pipelines.stats import Stats
from pipelines.store.entry import Entry, Part, Stored
from pipelines.store.opening import open_store
from pipelines.store.protocol import Store

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
    recipe: Given,
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
            last = store.last()
            recorder.note(version_before=None if last is None else last.version)
            summary = _run(plan, corpus, store, pool, Meter(progress))
        summary = replace(summary, seconds=time.perf_counter() - begun, warnings=corpus.warnings)
        recorder.note(**{name: getattr(summary, name) for name in _RECORDED})
    return summary


_RECORDED = (
    "version", "fingerprint", "computed", "reused", "stats", "rows", "size", "warnings",
)  # fmt: skip


def _run(plan: Plan, corpus: Corpus, store: Store, pool: Executor, meter: Meter) -> Summary:
    """Compute what is missing and publish; the store is locked."""
    begun = time.perf_counter()
    last = store.last()
    if last is None or last.fingerprint != plan.fingerprint:
        pool.expect()
    corpus = with_contents(corpus, store.cache / CONTENTS)
    plan = learn(plan, corpus, store.cache, store.scratch, pool, meter)
    work = schedule(plan, corpus, store.objects, last)
    if plan.recipe.id is not None and not _ids_are_known(plan.recipe, work, last):
        check_ids(corpus, plan.recipe.id)
    tell("scheduled", shards=len(work.tasks), computed=work.why)
    made = _compute(plan, work, store, pool, meter)
    parts = _parts(work, made)
    check_rejects(parts, plan.recipe, store)
    shards = [Made(t, p.stored) for t, p in zip(work.tasks, parts, strict=True)]
    second = deduplicated(plan, shards, last, store, pool, meter)
    parts = _parts(work, made, second.objects)
    stats = sum((Stats.of_told(part.stored.stats) for part in parts), Stats())
    for source in corpus.sources:
        source.check_unchanged()
    seconds = time.perf_counter() - begun
    entry = _entry(plan, parts, stats, last, seconds)
    changed = last is None or entry.digest != last.digest
    if changed:
        store.publish(entry)
    elif made or second.made:
        store.ensure()
    store.retain(plan.recipe.keep_versions)
    sweep(store.cache, plan)
    converted.sweep(store.cache / CONVERTED, corpus.sources)
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


def _ids_are_known(recipe: Recipe, work: Schedule, last: Entry | None) -> bool:
    """Whether no two rows may have the same id, or the last version has just these rows."""
    if recipe.duplicate_ids == "keep":
        return True
    if last is None or any(
        last.recipe.get(k) != getattr(recipe, k) for k in ("id", "duplicate_ids")
    ):
        return False
    contents = sorted(task.shard.content for task in work.tasks)
    return contents == sorted(part.content for part in last.parts)


def _compute(
    plan: Plan, work: Schedule, store: Store, pool: Executor, meter: Meter
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


def _parts(
    work: Schedule, made: Mapping[str, Receipt], second: Mapping[int, Stored] | None = None
) -> tuple[Part, ...]:
    """The files of the output, numbered in the order of the input.

    Args:
        work: has the objects that were there.
        made: those that were computed, by key.
        second: those of shards that lost variants to the whole dataset, by number.
    """
    first = {**work.found, **{key: receipt.stored for key, receipt in made.items()}}
    thinned = second or {}
    return tuple(
        _part(task, first[task.key], thinned.get(task.shard.number)) for task in work.tasks
    )


def _part(task: Task, first: Stored, second: Stored | None) -> Part:
    stored = first if second is None else second
    return Part(
        name=part_name(task, stored),
        stored=stored,
        source=task.shard.source.name,
        content=task.shard.content,
        origin=None if second is None else first,
    )


def part_name(task: Task, stored: Stored) -> str:
    """The file of a shard's rows, below the output; its folders are those of the input.

    Other content has another name: who listed the files of one version and opens them when the
    next is out finds one missing, instead of rows of both.
    """
    name = f"part-{task.shard.number:05d}-{stored.digest[:8]}.parquet"
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
