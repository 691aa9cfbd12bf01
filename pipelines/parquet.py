"""Rows of a shard in, parts of the output out; in bounded memory."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

from pipelines.corpus import Shard
from pipelines.errors import DataError
from pipelines.store.footer import PAGES

ROW_GROUP_ROWS = 16_384
"""Rows of each row group of the output."""

COMPRESSION = "zstd"
"""Of the output."""

ROW_GROUP_BYTES = 64 << 20
"""A row group of long rows is closed when they take this much memory."""

TEXT_BYTES = 2 << 20
"""Text that a step sees at once, whatever the number of rows. Depends on the input alone."""

READ_BYTES = 32 << 20
"""Decoded rows that are held at once, by the footer's word on their mean size."""


def read_batches(shard: Shard, batch_rows: int, text: str | None) -> Iterator[pa.RecordBatch]:
    """The rows of a shard, in order, in its schema; long texts come in smaller batches.

    Only the columns of the schema are read, which may be fewer than the file's; those that the
    file lacks are null.

    Raises:
        DataError: the file can't be decoded.
        InputChangedError: it was removed.
    """
    left = shard.rows
    try:
        with shard.source.opened() as file:
            names = [name for name in file.schema_arrow.names if name in shard.schema.names]
            rows = min(batch_rows, _readable_rows(file.metadata, shard.row_groups))
            for groups in _together(file.schema_arrow, shard.row_groups):
                for batch in file.iter_batches(rows, groups, names):
                    if left <= 0:
                        return
                    whole = _whole(batch.slice(0, left), shard)
                    yield from (whole,) if text is None else _by_bytes(whole, text)
                    left -= batch.num_rows
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        # Damaged pages are an OSError too, but one of no system call.
        if getattr(error, "errno", None) is not None:
            raise
        raise DataError(f"{shard.path} can't be read: {error}") from None


def _together(schema: pa.Schema, groups: Sequence[int]) -> list[list[int]]:
    """Row groups whose rows may share a batch: no two, if pyarrow can't join their columns."""
    if any(_codes_within(field.type) for field in schema):
        return [[group] for group in groups]
    return [[*groups]]


def _codes_within(kind: pa.DataType) -> bool:
    """Whether a type has a dictionary inside a list or struct."""
    parts = [kind.field(i).type for i in range(kind.num_fields)]
    return any(pa.types.is_dictionary(part) or _codes_within(part) for part in parts)


def _readable_rows(footer: pq.FileMetaData, groups: Sequence[int]) -> int:
    """How many rows of the mean size fit into :data:`READ_BYTES`; at least one."""
    found = [footer.row_group(number) for number in groups]
    size: int = sum(group.total_byte_size for group in found)
    rows: int = sum(group.num_rows for group in found)
    return max(1, READ_BYTES * rows // max(size, 1))


def _by_bytes(batch: pa.RecordBatch, text: str) -> Iterator[pa.RecordBatch]:
    """Halves of a batch, and halves of these, until each holds little enough text."""
    size = pc.sum(pc.binary_length(batch.column(text).cast(pa.large_string()))).as_py() or 0
    if size <= TEXT_BYTES or batch.num_rows == 1:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from _by_bytes(batch.slice(0, middle), text)
    yield from _by_bytes(batch.slice(middle), text)


def _whole(batch: pa.RecordBatch, shard: Shard) -> pa.RecordBatch:
    columns = [_column(batch, field, shard.partition) for field in shard.schema]
    return pa.RecordBatch.from_arrays(columns, schema=shard.schema)


def _column(batch: pa.RecordBatch, field: pa.Field, partition: Mapping[str, Any]) -> pa.Array:
    if field.name in partition:
        return pa.repeat(pa.scalar(partition[field.name], field.type), batch.num_rows)
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(field.name)
    # Types differ only where this file has nothing but nulls.
    return column if column.type.equals(field.type) else column.cast(field.type)


class PartWriter:
    """Writes a Parquet file; row groups have a fixed number of rows, however the rows come in."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = 0
        self._path, self._schema = path, schema
        self._held: list[pa.RecordBatch] = []
        self._writer = pq.ParquetWriter(path, schema, compression=COMPRESSION)

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        self.rows += batch.num_rows
        self._held.append(batch)
        while sum(held.num_rows for held in self._held) >= ROW_GROUP_ROWS:
            self._flush(ROW_GROUP_ROWS)
        if sum(held.nbytes for held in self._held) >= ROW_GROUP_BYTES:
            self._flush(ROW_GROUP_ROWS)

    def _flush(self, rows: int) -> None:
        """Write a row group of the rows that came first."""
        table = pa.Table.from_batches(self._held, self._schema)
        if table.num_rows:
            self._writer.write_table(table.slice(0, rows), row_group_size=rows)
        self._held = table.slice(rows).to_batches()

    def finish(self, told: Mapping[str, str]) -> None:
        """Write what is held, and a footer that tells so, besides the digest of all before it."""
        self._flush(ROW_GROUP_ROWS)
        with self._path.open("rb") as file:
            pages = hashlib.file_digest(file, xxhash.xxh3_128).hexdigest()
        self._writer.add_key_value_metadata({**told, PAGES: pages})
        self._writer.close()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            # The disk may be full; the file is thrown away in any case.
            with suppress(OSError):
                self._writer.close()
