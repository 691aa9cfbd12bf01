"""What must be known of a shard's texts to find repetitions: a few numbers for each, in a file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.filters.duplicates import Duplicates
from augment.randomness import hash_strings, mix
from augment.text.sketches import PERMUTATIONS
from pipelines.deduplicating.variants import Found, variants_in
from pipelines.executors.protocol import Tick
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.shard import Task
from pipelines.sift import readable
from pipelines.store.entry import Stored
from pipelines.store.protocol import Objects

RECALL = 0.99
"""Of two texts that are just alike enough, the chance that they are compared."""

_BATCH_ROWS = 4096


@dataclass(frozen=True, slots=True)
class Made:
    """A shard with the object that was made of it."""

    task: Task
    stored: Stored

    def __str__(self) -> str:
        return str(self.task)


def bands(near: float | None) -> tuple[int, int]:
    """How many bands of how many hashes a sketch is cut into: texts that agree in one are compared.

    The widest bands with :data:`RECALL`; see Leskovec, Rajaraman & Ullman, "Mining of Massive
    Datasets", section 3.4.

    >>> bands(0.95)
    (8, 16)
    """
    if near is None:
        return 0, 0
    return max(
        ((PERMUTATIONS // wide, wide) for wide in range(1, PERMUTATIONS + 1)
         if 1 - (1 - near**wide) ** (PERMUTATIONS // wide) >= RECALL),
        key=lambda cut: cut[1],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sketching:
    """The job of sketching a shard's originals and its object's variants.

    Attributes:
        plan: of the run.
        objects: the store's.
        judge: says how texts are compared.
    """

    plan: Plan
    objects: Objects
    judge: Duplicates

    def __call__(self, made: Made, tick: Tick) -> bytes:
        """The file of sketches, whose rows are the originals and then the variants.

        Its columns are ``form``, a hash of the folded text; ``rank``, 0 for originals and else a
        hash of id, view and text; ``place`` in the object, -1 for originals; and with ``near`` the
        hashes of the bands, and the sketch of 8 bits per hash.
        """
        batches = [*self._originals(made, tick), *self._variants(made)]
        # What was read must be what the object's key stands for.
        made.task.shard.source.check_unchanged()
        schema = batches[0].schema
        table = pa.Table.from_batches(batches, schema).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, schema) as writer:
            writer.write_table(table, max_chunksize=max(1, table.num_rows))
        return bytes(sink.getvalue())

    def _originals(self, made: Made, tick: Tick) -> Iterator[pa.RecordBatch]:
        recipe, shard = self.plan.recipe, made.task.shard
        tags = [] if isinstance(recipe.language, str) else [recipe.language.column]
        names = dict.fromkeys([recipe.text, *tags])
        narrow = replace(shard, schema=pa.schema([shard.schema.field(name) for name in names]))
        yield self._numbers(pa.array([], pa.string()), None)
        for batch in read_batches(narrow, _BATCH_ROWS, recipe.text):
            yield self._numbers(readable(recipe, batch)[1], None)
            tick(batch.num_rows)

    def _variants(self, made: Made) -> Iterator[pa.RecordBatch]:
        with TemporaryDirectory() as folder:
            path = self.objects.fetched(made.stored, Path(folder)).part
            for found in variants_in(path, self.plan, made.task.shard):
                yield self._numbers(found.text, found)

    def _numbers(self, text: pa.StringArray, found: Found | None) -> pa.RecordBatch:
        form, count = self.judge.form(text), len(text)
        columns = {
            "form": hash_strings(form),
            "rank": np.zeros(count, np.uint64) if found is None else ranks(found),
            "place": np.full(count, -1, np.int32) if found is None else found.place.astype("int32"),
        }
        if self.judge.near is None:
            return pa.RecordBatch.from_pydict({n: pa.array(c) for n, c in columns.items()})
        sketch = self.judge.sketches(form)
        for number, band in enumerate(_banded(sketch, *bands(self.judge.near))):
            columns[f"band{number}"] = band
        arrays = {name: pa.array(column) for name, column in columns.items()}
        short = pa.py_buffer(np.ascontiguousarray(sketch.astype(np.uint8)))
        kind = pa.binary(PERMUTATIONS)
        arrays["sketch"] = pa.FixedSizeBinaryArray.from_buffers(kind, count, [None, short])
        return pa.RecordBatch.from_pydict(arrays)


def ranks(found: Found) -> npt.NDArray[np.uint64]:
    """``(n,)`` uint64 ≥ 1: of variants that repeat each other, the one of the least rank stays."""
    mixed = hash_strings(found.parent)
    for column in (found.view, found.text):
        mixed = mix(mixed ^ hash_strings(column))
    return np.maximum(mixed, np.uint64(1))


def _banded(
    sketch: npt.NDArray[np.uint32], count: int, wide: int
) -> Iterator[npt.NDArray[np.uint64]]:
    """``(n,)`` uint64 for each band: equal where sketches agree in it."""
    for number in range(count):
        hashed = np.full(len(sketch), number, np.uint64)
        for column in range(number * wide, (number + 1) * wide):
            hashed = mix(hashed ^ sketch[:, column].astype(np.uint64))
        yield hashed
