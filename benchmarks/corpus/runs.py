"""Runs in fresh processes, and the plainest thing that pyarrow can do with the same bytes."""

import multiprocessing
import os
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpus.memory import watched
from benchmarks.data import BUILD

WORKERS = 2
OUTPUT_GROUP_ROWS = 16_384

OUTPUT, PLAIN = BUILD / "augmented", BUILD / "plain"

SYNONYM: Mapping[str, Any] = {"steps": [{"use": "synonym"}], "copies": 1}
"""One variant of each row by synonyms."""

NULL: Mapping[str, Any] = {"steps": [{"use": "synonym", "p": 0.0}], "protect": []}
"""A step that declines every row, and nothing to protect: what is left is the runner."""

NULL_PROTECTED: Mapping[str, Any] = {"steps": [{"use": "synonym", "p": 0.0}]}
"""The same, with the usual spans looked for in every text."""

COMPUTING: Mapping[str, Any] = {"steps": [{"use": "synonym", "rate": 0.3}], "copies": 4}
"""Most of the time goes into the steps."""


@dataclass(frozen=True)
class Spent:
    """What a run took.

    Attributes:
        seconds: from the first look at the input to the publication.
        computed: shards that had to be.
        peaks: the most memory of each process, in bytes.
    """

    seconds: float
    computed: int
    peaks: Mapping[int, int] = field(default_factory=dict)


def clean() -> None:
    """No output and nothing beside it: the next run computes everything."""
    if OUTPUT.is_symlink():
        OUTPUT.unlink()
    shutil.rmtree(OUTPUT, ignore_errors=True)
    shutil.rmtree(OUTPUT.with_name(f"{OUTPUT.name}.aug"), ignore_errors=True)


def augmented(source: Path, recipe: Mapping[str, Any], workers: int = WORKERS) -> Spent:
    """A run in a fresh process; its imports come before the clock, the start of workers after."""
    os.sync()
    with fresh(1) as pool:
        pool.submit(_import).result()
        spent, peaks = watched(pool.submit(_augmented, source, recipe, workers))
    return Spent(spent.seconds, spent.computed, peaks)


def _import() -> None:
    from pipelines import run

    del run


def _augmented(source: Path, recipe: Mapping[str, Any], workers: int) -> Spent:
    from pipelines import run

    places = {"input": str(source), "output": str(OUTPUT), "id": "id"}
    summary = run({**places, **recipe}, workers=workers)
    return Spent(summary.seconds, sum(summary.computed.values()))


def plain(source: Path, workers: int = WORKERS) -> float:
    """Seconds of the slowest of the workers that read the input and write the output again."""
    shutil.rmtree(PLAIN, ignore_errors=True)
    PLAIN.mkdir(parents=True)
    os.sync()
    with fresh(workers) as pool:
        called = time.perf_counter()
        shares = [
            pool.submit(_copied, source, number, workers, called) for number in range(workers)
        ]
        return max(share.result() for share in shares)


def _copied(source: Path, worker: int, workers: int, called: float) -> float:
    """Seconds since the call, of which are left out those that fetch the rows to be written.

    Args:
        source: the input, of which this worker reads its share of the row groups.
        worker: its number; it writes its share of the output's files again.
        workers: how many share the work.
        called: when it was called for; its start counts, as it does in a run.
    """
    spent = time.perf_counter() - called
    pa.set_cpu_count(1)
    begun = time.perf_counter()
    with pq.ParquetFile(source) as file:
        for group in range(worker, file.num_row_groups, workers):
            file.read_row_group(group, use_threads=False)
    spent += time.perf_counter() - begun
    for part in sorted(OUTPUT.iterdir())[worker::workers]:
        with pq.ParquetFile(part) as file:
            table = file.read()
        begun = time.perf_counter()
        pq.write_table(
            table, PLAIN / part.name, compression="zstd", row_group_size=OUTPUT_GROUP_ROWS
        )
        spent += time.perf_counter() - begun
    return spent


def footers(folder: Path) -> float:
    """Seconds that a fresh process takes to read the footers of a folder's files."""
    with fresh(1) as pool:
        pool.submit(_import).result()
        return pool.submit(_footers, folder).result()


def _footers(folder: Path) -> float:
    begun = time.perf_counter()
    for path in sorted(folder.iterdir()):
        with pq.ParquetFile(path) as file:
            file.metadata.num_rows  # noqa: B018 - the footer is read for it
    return time.perf_counter() - begun


def fresh(workers: int) -> ProcessPoolExecutor:
    """New processes that inherit nothing."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
