"""A second object of a shard: the first one without some of its variants."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from augment.filters import duplicates
from pipelines.deduplicating.choosing import NEAR, Drops
from pipelines.deduplicating.variants import view_columns
from pipelines.executors.protocol import Tick
from pipelines.layouts import layout
from pipelines.parquet import PartWriter
from pipelines.plan import Plan
from pipelines.shard import Task
from pipelines.sift import as_strings
from pipelines.stats import Stats
from pipelines.store.entry import Stored
from pipelines.store.footer import KEY, STATS
from pipelines.store.protocol import Objects

_VERSION = 1
"""Of how second objects are made, for their keys."""


@dataclass(frozen=True, slots=True)
class Thinned:
    """A shard, its first object, and what is to be left out of it.

    Attributes:
        task: the shard's.
        stored: the first object.
        drops: what goes.
    """

    task: Task
    stored: Stored
    drops: Drops

    @property
    def key(self) -> str:
        """Of the second object: 32 hex digits."""
        state = xxhash.xxh3_128(f"{_VERSION} {self.stored.key} ".encode())
        state.update(self.drops.place.tobytes())
        state.update(self.drops.reason.tobytes())
        return state.hexdigest()

    def __str__(self) -> str:
        return str(self.task)


@dataclass(frozen=True, slots=True)
class Thinning:
    """The job of making second objects.

    Attributes:
        plan: of the run.
        objects: the store's.
    """

    plan: Plan
    objects: Objects

    def __call__(self, item: Thinned, tick: Tick) -> Stored:
        """Make one; what was made is in the store, whole, when this returns."""
        shard = item.task.shard
        schema = layout(self.plan, shard.schema, shard.partition).schema()
        with self.objects.draft(item.key) as draft:
            first = self.objects.fetched(item.stored, draft.scratch)
            counts: dict[str, dict[str, int]] = {}
            with PartWriter(draft.part, schema) as part:
                for rows in self._rows(first.part, item.drops, counts):
                    part.write(pa.RecordBatch.from_arrays(rows.columns, schema=schema))
                told = _told(item, counts)
                part.finish(told)
            if item.stored.rejects is not None:
                _copy(first.rejects, draft.rejects, told)
        tick(shard.rows)
        assert draft.stored is not None, "a draft that ends well is stored"
        return draft.stored

    def _rows(
        self, path: Path, drops: Drops, counts: dict[str, dict[str, int]]
    ) -> Iterator[pa.RecordBatch]:
        """What is left of an object; counts what goes, by view and reason."""
        wide = self.plan.recipe.layout == "wide"
        columns = view_columns(self.plan) if wide else []
        width, first = max(1, len(columns)), 0
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group).combine_chunks()
                bounds = [first * width, (first + table.num_rows) * width]
                start, stop = np.searchsorted(drops.place, bounds)
                place = drops.place[start:stop].astype(np.int64) - bounds[0]
                views = [columns[p % width][1] for p in place] if wide else _views(table, place)
                for view, reason in zip(views, drops.reason[start:stop], strict=True):
                    name = duplicates.NEAR if reason == NEAR else duplicates.EXACT
                    found = counts.setdefault(view, {})
                    why = f"{duplicates.Duplicates.name}: {name}"
                    found[why] = found.get(why, 0) + 1
                left = self._emptied(table, place) if wide else _without(table, place)
                yield from left.to_batches()
                first += table.num_rows

    def _emptied(self, table: pa.Table, place: npt.NDArray[np.int64]) -> pa.Table:
        """The rows with these variants null, and the spans that were carried along."""
        names, spans = [name for name, _ in view_columns(self.plan)], self.plan.recipe.spans
        for number, name in enumerate(names):
            rows = place[place % len(names) == number] // len(names)
            if not len(rows):
                continue
            index = np.arange(table.num_rows)
            mask = np.isin(index, rows)
            for column in [name] if spans is None else [name, f"{name}_{spans.column}"]:
                at = table.schema.get_field_index(column)
                kept = table.column(at).take(pa.array(index, mask=mask))
                table = table.set_column(at, table.schema.field(at), kept)
        return table


def _views(table: pa.Table, place: npt.NDArray[np.int64]) -> list[str]:
    """Of rows in the layouts long and pairs."""
    name = "aug_view" if "aug_view" in table.schema.names else "view"
    found: list[str] = as_strings(table[name].combine_chunks().take(pa.array(place))).to_pylist()
    return found


def _without(table: pa.Table, place: npt.NDArray[np.int64]) -> pa.Table:
    left = np.ones(table.num_rows, np.bool_)
    left[place] = False
    return table.take(pa.array(np.flatnonzero(left)))


def _told(item: Thinned, counts: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The footer: variants that go were made, and are rejected now."""
    stats = Stats.of_told(item.stored.stats)
    views = dict(stats.views)
    for name, reasons in counts.items():
        view = views[name]
        rejected = dict(view.rejected)
        for reason, count in reasons.items():
            rejected[reason] = rejected.get(reason, 0) + count
        made = view.made - sum(reasons.values())
        views[name] = replace(view, made=made, rejected=dict(sorted(rejected.items())))
    told = replace(stats, views=views).told()
    return {KEY: item.key, STATS: json.dumps(told, sort_keys=True)}


def _copy(source: Path, target: Path, told: Mapping[str, str]) -> None:
    """The rejects are the same, but belong to another object now."""
    with pq.ParquetFile(source) as file:
        stored = file.schema_arrow
        kept = {k: v for k, v in (stored.metadata or {}).items() if not k.startswith(b"augmill.")}
        schema = stored.with_metadata(kept or None)
        with PartWriter(target, schema) as part:
            for group in range(file.num_row_groups):
                for rows in file.read_row_group(group).to_batches():
                    part.write(pa.RecordBatch.from_arrays(rows.columns, schema=schema))
            part.finish(told)
