"""The corpora of these benchmarks: sentences of film reviews, over and over, with numbers."""

import itertools
import os
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data import BUILD, rotten_tomatoes

GROUP_ROWS = 10_000

_WRITTEN_ROWS = 100_000
"""Rows that are made at once."""


def one_file(rows: int, group_rows: int = GROUP_ROWS) -> Path:
    """A file of so many rows, in row groups of so many."""
    path = BUILD / f"corpus-{rows}-{group_rows}.parquet"
    if path.exists():
        return path
    BUILD.mkdir(parents=True, exist_ok=True)
    texts = itertools.cycle(rotten_tomatoes())
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    unfinished = path.with_suffix(".tmp")
    held: list[pa.Table] = []
    with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        for start in range(0, rows, _WRITTEN_ROWS):
            stop = min(start + _WRITTEN_ROWS, rows)
            part = list(itertools.islice(texts, stop - start))
            held.append(pa.table([range(start, stop), part], schema=schema))
            if stop % group_rows == 0 or group_rows <= _WRITTEN_ROWS or stop == rows:
                writer.write_table(pa.concat_tables(held), row_group_size=group_rows)
                held = []
    return unfinished.rename(path)


def many_files(files: int, rows: int) -> Path:
    """A folder of so many files of so many rows each, as old as yesterday."""
    folder = BUILD / f"corpus-{files}x{rows}"
    if folder.exists():
        return folder
    texts = itertools.cycle(rotten_tomatoes())
    unfinished = folder.with_suffix(".tmp")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for number in range(files):
        first = number * rows
        part = [range(first, first + rows), list(itertools.islice(texts, rows))]
        path = unfinished / f"f{number:04}.parquet"
        pq.write_table(pa.table(part, names=["id", "text"]), path, compression="zstd")
        yesterday = path.stat().st_mtime - 86_400
        os.utime(path, (yesterday, yesterday))
    return unfinished.rename(folder)


def megabytes(path: Path) -> float:
    """Size of a file, or of the files of a folder."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6
