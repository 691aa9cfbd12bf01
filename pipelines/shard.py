"""The unit of work: one shard in, one object out, with its rejects."""

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from pipelines.corpus import Shard
from pipelines.errors import DataError
from pipelines.expand import Expansion, expand
from pipelines.layouts import Layout, layout, without
from pipelines.parquet import PartWriter, read_batches
from pipelines.plan import Plan
from pipelines.rejects import rejects_schema
from pipelines.row_cache import row_cache
from pipelines.rows import Expanded
from pipelines.spool import Spool
from pipelines.stats import Stats
from pipelines.store.entry import Stored
from pipelines.store.footer import KEY, STATS
from pipelines.store.protocol import Objects


@dataclass(frozen=True, slots=True)
class Task:
    """A shard, and the key of what is to be made of it."""

    key: str
    shard: Shard

    def __str__(self) -> str:
        return str(self.shard)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a shard.

    Attributes:
        stored: the object.
        stats: counts of what happened, with times and hits of the cache.
    """

    stored: Stored
    stats: Stats


def _ignore(rows: int) -> None:
    """For a caller who does not ask for progress."""


def run_shard(
    plan: Plan,
    objects: Objects,
    task: Task,
    tick: Callable[[int], None] = _ignore,
    *,
    cache: Path | None = None,
) -> Receipt:
    """Augment a shard; what was made of it is in the store, whole, when this returns.

    Args:
        plan: what to do.
        objects: where to.
        task: which rows.
        tick: told after every batch how many rows it had.
        cache: the file of the row cache, if the plan wants one.

    Raises:
        AugmillError: the input can't be read or has changed, a step can't run at all, or a row
            was rejected and the recipe says ``on_error: fail``.
        OSError: the files can't be written.
    """
    shard = task.shard
    rows = layout(plan, shard.schema, shard.partition)
    kept = without(shard.schema, shard.partition)
    with objects.draft(task.key) as draft:
        with (
            PartWriter(draft.part, rows.schema()) as part,
            Spool(draft.scratch / "later", rows.schema()) as spool,
            _Rejects(draft.rejects, kept) as rejects,
            row_cache(cache, plan.recipe.row_cache) as cached,
        ):
            stats = Stats()
            for batch in read_batches(shard, plan.batch_rows, plan.recipe.text):
                made = expand(plan, batch)
                if made.rejects.num_rows and plan.recipe.on_error == "fail":
                    raise _rejection(made, shard)
                _write(made, rows, shard.partition, part, spool)
                rejects.write(made.rejects)
                stats += made.stats
                tick(made.stats.rows)
            for late in spool.read():
                part.write(late)
            told = {KEY: task.key, STATS: json.dumps(stats.told(), sort_keys=True)}
            rejects.finish(told)
            part.finish(told)
        # What was read must be what the key stands for.
        shard.source.check_unchanged()
    assert draft.stored is not None, "a draft that ends well is stored"
    return Receipt(draft.stored, stats + Stats(cached=dict(cached)))


def _write(
    made: Expansion, rows: Layout, folders: Collection[str], part: PartWriter, spool: Spool
) -> None:
    source = made.rows.source
    if folders:
        source = source.select([name for name in source.schema.names if name not in folders])
    expanded: Expanded = replace(made.rows, source=source)
    part.write(rows.first(expanded))
    later = rows.later(expanded)
    if later is not None:
        spool.write(later)


def _rejection(made: Expansion, shard: Shard) -> DataError:
    """Of the first row that was rejected."""
    row = made.rejects.slice(0, 1).to_pylist()[0]
    named = f"row {row['aug_parent']!r}" if row["aug_parent"] is not None else "a row without id"
    where = f" in {row['aug_step']} ({row['aug_message']})" if row["aug_step"] else ""
    return DataError(
        f"{named} of {shard.source.name} was rejected: {row['aug_reason']}{where}; with "
        "on_error: quarantine it would go to the rejects"
    )


class _Rejects(ExitStack):
    """A file that is written only if there are rows for it."""

    def __init__(self, path: Path, source: pa.Schema) -> None:
        super().__init__()
        self._path, self._source = path, source
        self._writer: PartWriter | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        if not batch.num_rows:
            return
        schema = rejects_schema(self._source)
        if self._writer is None:
            self._writer = self.enter_context(PartWriter(self._path, schema))
        self._writer.write(batch.select(schema.names))

    def finish(self, told: Mapping[str, str]) -> None:
        """No more rows will come."""
        if self._writer is not None:
            self._writer.finish(told)
