"""The barrier after all shards are made: find what repeats, and make the objects without it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import xxhash

from augment.atomic import whole_file
from augment.component import fingerprint
from pipelines.deduplicating.choosing import Drops, drops
from pipelines.deduplicating.sketching import Made, Sketching, bands
from pipelines.deduplicating.thinning import Thinned, Thinning
from pipelines.executors.protocol import Executor, Lost
from pipelines.logs import tell
from pipelines.meter import Meter
from pipelines.plan import Plan
from pipelines.store.entry import Entry, Stored
from pipelines.store.protocol import Store

FOLDER = "duplicates"
"""In the store's cache: a file of sketches for each object, and the last outcome."""

_VERSION = 1
"""Of sketches and of the way to choose, for the names of their files."""

_OUTCOME = pa.schema([("file", pa.int32()), ("place", pa.int32()), ("reason", pa.uint8())])


@dataclass(frozen=True, slots=True)
class Deduplicated:
    """What became of a dataset.

    Attributes:
        objects: the second ones, by the numbers of their shards.
        made: how many of them this run made.
    """

    objects: Mapping[int, Stored]
    made: int = 0


def deduplicated(
    plan: Plan, made: Sequence[Made], last: Entry | None, store: Store, pool: Executor, meter: Meter
) -> Deduplicated:
    """Leave out what repeats, if the plan has a filter that judges the whole dataset.

    Args:
        plan: of the run.
        made: all shards with their objects.
        last: the published version, if any.
        store: whose objects and cache are used.
        pool: reads the objects, and makes the second ones.
        meter: told of the rows.

    Raises:
        RunError: a worker died.
        OSError: files can't be written.
    """
    judge = plan.dataset_filter
    if judge is None:
        return Deduplicated({})
    # The order of the input must not decide; shards of one content follow each other.
    ordered = sorted(made, key=lambda one: (one.task.key, one.task.shard.number))
    folder = store.cache / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    ending = f"-{fingerprint(judge)[:8]}-{_VERSION}.arrow"
    files = [folder / f"{one.task.key}{ending}" for one in ordered]
    _sketch(Sketching(plan, store.objects, judge), ordered, files, pool, meter)
    outcome = folder / f"outcome-{_digest(files)}.arrow"
    found = _read(outcome, len(files))
    if found is None:
        found = drops(files, judge.near, bands(judge.near)[0])
        _write(outcome, found)
    items = [
        Thinned(one.task, one.stored, lost)
        for one, lost in zip(ordered, found, strict=True)
        if len(lost)
    ]
    objects, count = _thin(Thinning(plan, store.objects), items, last, pool, meter)
    for path in {*folder.iterdir()} - {*files, outcome}:
        path.unlink()
    tell("deduplicated", variants=sum(map(len, found)), shards=len(items), computed=count)
    return Deduplicated(objects, count)


def _sketch(
    job: Sketching, made: Sequence[Made], files: Sequence[Path], pool: Executor, meter: Meter
) -> None:
    """Make the files of sketches that are not there."""
    missing = {path: one for path, one in zip(files, made, strict=True) if not _is_whole(path)}
    paths = {one.task.key: path for path, one in missing.items()}
    meter.expect(sum(one.task.shard.rows for one in missing.values()))
    for outcome in pool.map(job, [*missing.values()], meter.tick):
        if isinstance(outcome, Lost):
            raise outcome.error
        with whole_file(paths[outcome.item.task.key]) as path:
            path.write_bytes(outcome.value)


def _thin(
    job: Thinning, items: Sequence[Thinned], last: Entry | None, pool: Executor, meter: Meter
) -> tuple[dict[int, Stored], int]:
    """The second objects by their shards' numbers, and how many had to be made."""
    known = {} if last is None else {part.stored.key: part.stored for part in last.parts}
    keys = {item.task.shard.number: item.key for item in items}
    found = job.objects.find(keys.values(), known)
    missing = {item.key: item for item in items if item.key not in found}
    meter.expect(sum(item.task.shard.rows for item in missing.values()))
    for outcome in pool.map(job, [*missing.values()], meter.tick):
        if isinstance(outcome, Lost):
            raise outcome.error
        found[outcome.item.key] = outcome.value
    return {number: found[key] for number, key in keys.items()}, len(missing)


def _digest(files: Sequence[Path]) -> str:
    return xxhash.xxh3_128_hexdigest("\n".join(path.name for path in files).encode())


def _is_whole(path: Path) -> bool:
    with suppress(OSError, pa.ArrowInvalid), pa.memory_map(str(path)) as source:
        return bool(pa.ipc.open_file(source).num_record_batches == 1)
    return False


def _write(path: Path, found: Sequence[Drops]) -> None:
    lengths = [len(lost) for lost in found]
    columns = [
        pa.array(np.repeat(np.arange(len(found), dtype=np.int32), lengths)),
        pa.array(np.concatenate([np.zeros(0, np.int32), *(lost.place for lost in found)])),
        pa.array(np.concatenate([np.zeros(0, np.uint8), *(lost.reason for lost in found)])),
    ]
    batch = pa.RecordBatch.from_arrays(columns, schema=_OUTCOME)
    with whole_file(path) as unfinished, pa.ipc.new_file(str(unfinished), _OUTCOME) as writer:
        writer.write_batch(batch)


def _read(path: Path, count: int) -> list[Drops] | None:
    if not _is_whole(path):
        return None
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
        file, place, reason = (np.array(table[name]) for name in _OUTCOME.names)
    bounds = np.searchsorted(file, np.arange(count + 1))
    return [*_cut(bounds, place, reason)]


def _cut(bounds: np.ndarray, place: np.ndarray, reason: np.ndarray) -> Iterator[Drops]:
    for start, stop in pairwise(bounds):
        yield Drops(place[start:stop], reason[start:stop])
