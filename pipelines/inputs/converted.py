"""CSV, JSON Lines and text as Parquet in a cache, so that everything else sees Parquet alone.

A file is converted once for its content and the types of its columns, whatever it is called.
"""

import atexit
import json
import os
import uuid
from collections.abc import Iterable, Iterator, Sequence
from functools import cache as once
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from augment import __version__
from pipelines.errors import InputChangedError
from pipelines.inputs import delimited, json_lines, text_lines
from pipelines.inputs.memory import Memory, now_ns, remembering
from pipelines.inputs.source import File, Source, Stamp

READERS: dict[str, ModuleType] = {"csv": delimited, "jsonl": json_lines, "text": text_lines}

MEMORY = "files.sqlite"

_GROUP_ROWS = 16_384
_GROUP_BYTES = 32 << 20


def converted(files: Sequence[File], format: str, text: str, cache: Path) -> list[Source]:
    """The files as Parquet, in the same order; what was converted before is not read again.

    Args:
        files: of one format.
        format: a key of :data:`READERS`.
        text: the column of the texts, whose type is never guessed; the only one of text files.
        cache: folder of the Parquet files, made if it is not there.

    Raises:
        DataError: a file can't be read; the message names the line, or the column.
        InputChangedError: a file changed while it was read.
    """
    cache.mkdir(parents=True, exist_ok=True)
    reader = READERS[format]
    stamps = [file.stamp() for file in files]
    with remembering(cache / MEMORY) as memory:
        known = [
            _known(file, stamp, reader, memory) for file, stamp in zip(files, stamps, strict=True)
        ]
    schemas = reader.settle(files, [found["look"] for found in known], text)
    sources = []
    for file, stamp, found, schema in zip(files, stamps, known, schemas, strict=True):
        path = cache / f"{_key(found, format, schema)}.parquet"
        if not path.exists():
            _write(path, schema, reader.read(file, schema, found["look"]))
            _check(file, stamp)
        sources.append(Source(file.name, stamp, str(path), original=file, digest=found["digest"]))
    return sources


@once
def scratch_cache() -> Path:
    """A folder that is deleted when the program ends."""
    folder = TemporaryDirectory(prefix="augmill-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def sweep(cache: Path, sources: Iterable[Source]) -> None:
    """Delete what was converted of files that are no longer part of the input."""
    used = {Path(source.location).resolve() for source in sources}
    for path in cache.glob("*.parquet*") if cache.is_dir() else ():
        if path.resolve() not in used:
            path.unlink()


def _known(file: File, stamp: Stamp, reader: ModuleType, memory: Memory) -> dict[str, Any]:
    """A file's digest, and what its format had to find out about it."""
    topic = f"{reader.__name__} {__version__} {pa.__version__}"
    found: dict[str, Any] | None = memory.get(topic, file.name, stamp)
    if found is None:
        begun = now_ns()
        found = {"digest": file.bytes_digest(), "look": reader.look(file), "path": file.path}
        _check(file, stamp)
        memory.put(topic, file.name, stamp, begun, found)
    return found


def _check(file: File, stamp: Stamp) -> None:
    try:
        same = file.stamp() == stamp
    except FileNotFoundError:
        same = False
    if not same:
        raise InputChangedError(f"{file.name} changed while it was read; run again")


def _key(found: dict[str, Any], format: str, schema: pa.Schema) -> str:
    """Of all that decides what a file is converted to."""
    # The suffixes decide, too: of what separates the cells, and of the compression.
    suffixes = Path(found["path"]).suffixes[-2:]
    parts = [found["digest"], found["look"], suffixes, format, __version__, pa.__version__]
    state = xxhash.xxh3_128(json.dumps(parts).encode())
    state.update(schema.serialize().to_pybytes())
    return state.hexdigest()


def _write(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Write a file that appears under its name only when it is whole."""
    temporary = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        with pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for table in _grouped(batches, schema):
                writer.write_table(table, row_group_size=_GROUP_ROWS)
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _grouped(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Row groups of one size, whatever the blocks of the file; fewer rows if they are long."""
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        # Cut first, so that no group takes much more than its share of memory.
        for part in _small(batch):
            held.append(part)
            rows += part.num_rows
            while rows >= _GROUP_ROWS or (rows and sum(b.nbytes for b in held) >= _GROUP_BYTES):
                table = pa.Table.from_batches(held, schema)
                yield table.slice(0, _GROUP_ROWS)
                held = table.slice(_GROUP_ROWS).to_batches()
                rows -= min(rows, _GROUP_ROWS)
    if rows:
        yield pa.Table.from_batches(held, schema)


def _small(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    for start in range(0, batch.num_rows, 1024):
        yield batch.slice(start, 1024)
