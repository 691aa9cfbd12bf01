"""The unit of work: one shard in, one part of the output and one of the rejects out."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.corpus import Shard
from pipelines.expand import Expansion, expand
from pipelines.layouts import Layout, layout
from pipelines.parquet import PartWriter, read_batches
from pipelines.plan import Plan
from pipelines.rejects import rejects_schema
from pipelines.row_cache import row_cache
from pipelines.spool import Spool
from pipelines.stats import Stats

PARTS, REJECTS = "parts", "rejects"
"""Folders of the staging directory."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a shard.

    Attributes:
        number: the shard's.
        rows: rows in its part of the output.
        stats: counts of what happened.
    """

    number: int
    rows: int
    stats: Stats


def _ignore(rows: int) -> None:
    """For a caller who does not ask for progress."""


def part_name(number: int) -> str:
    """The file of a shard's rows, in the output as in the rejects."""
    return f"part-{number:05d}.parquet"


def run_shard(
    plan: Plan,
    staging: Path,
    shard: Shard,
    tick: Callable[[int], None] = _ignore,
    *,
    cache: Path | None = None,
) -> Receipt:
    """Augment a shard; its files are in the staging directory, whole, when this returns.

    Args:
        plan: what to do.
        staging: where to.
        shard: which rows.
        tick: told after every batch how many rows it had.
        cache: the file of the row cache, if the plan wants one.

    Raises:
        AugmillError: the input can't be read, or a step can't run at all.
        OSError: the files can't be written.
    """
    rows = layout(plan, shard.schema)
    batches = (
        expand(plan, batch) for batch in read_batches(shard, plan.batch_rows, plan.recipe.text)
    )
    with (
        PartWriter(staging / PARTS / part_name(shard.number), rows.schema()) as part,
        Spool(staging / f"{part_name(shard.number)}.spool", rows.schema()) as spool,
        _Rejects(staging / REJECTS / part_name(shard.number), shard.schema) as rejects,
        row_cache(cache, plan.recipe.row_cache) as cached,
    ):
        stats = Stats()
        for batch in batches:
            stats += _write(batch, rows, part, spool)
            rejects.write(batch.rejects)
            tick(batch.stats.rows)
        stats += Stats(cached=dict(cached))
        for late in spool.read():
            part.write(late)
    return Receipt(shard.number, part.rows, stats)


def _write(batch: Expansion, rows: Layout, part: PartWriter, spool: Spool) -> Stats:
    part.write(rows.first(batch.rows))
    later = rows.later(batch.rows)
    if later is not None:
        spool.write(later)
    return batch.stats


class _Rejects(ExitStack):
    """A part that is written only if there are rows for it."""

    def __init__(self, path: Path, source: pa.Schema) -> None:
        super().__init__()
        self._path, self._source = path, source
        self._writer: PartWriter | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        if not batch.num_rows:
            return
        if self._writer is None:
            writer = PartWriter(self._path, rejects_schema(self._source))
            self._writer = self.enter_context(writer)
        self._writer.write(batch)
