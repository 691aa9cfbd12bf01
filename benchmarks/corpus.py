"""A whole corpus end to end: synonyms on two workers beside a plain read and write of the same.

Run from the root: ``python -m benchmarks.corpus [--rows 1000000] [--runs 3]``.
"""

import argparse
import itertools
import multiprocessing
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.data import BUILD, rotten_tomatoes

GROUP_ROWS = 10_000
OUTPUT_GROUP_ROWS = 16_384
WORKERS = 2
SECONDS_BETWEEN_LOOKS = 0.05


def make_input(rows: int) -> Path:
    """Sentences of film reviews, over and over, each row with a number of its own."""
    path = BUILD / f"corpus-{rows}.parquet"
    if path.exists():
        return path
    BUILD.mkdir(parents=True, exist_ok=True)
    texts = itertools.cycle(rotten_tomatoes())
    schema = pa.schema([("id", pa.int64()), ("text", pa.string())])
    unfinished = path.with_suffix(".tmp")
    with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        for start in range(0, rows, GROUP_ROWS):
            stop = min(start + GROUP_ROWS, rows)
            part = list(itertools.islice(texts, stop - start))
            writer.write_table(pa.table([range(start, stop), part], schema=schema))
    return unfinished.rename(path)


def augmented(source: Path, output: Path) -> float:
    """Seconds of a run that makes one variant of each row by synonyms."""
    from pipelines import run

    recipe = {
        "input": str(source),
        "output": str(output),
        "id": "id",
        "steps": [{"use": "synonym"}],
        "copies": 1,
    }
    return run(recipe, workers=WORKERS).seconds


def copied(source: Path, output: Path, target: Path, worker: int, called: float) -> float:
    """Seconds since the call, of which are left out those that fetch the rows to be written.

    Args:
        source: the input, of which this worker reads its share of the row groups.
        output: what the run wrote; this worker writes its share of these files again.
        target: where to.
        worker: its number.
        called: when it was called for; its start counts, as it does in a run.
    """
    spent = time.perf_counter() - called
    pa.set_cpu_count(1)
    begun = time.perf_counter()
    with pq.ParquetFile(source) as file:
        for group in range(worker, file.num_row_groups, WORKERS):
            file.read_row_group(group, use_threads=False)
    spent += time.perf_counter() - begun
    for part in sorted(output.iterdir())[worker::WORKERS]:
        with pq.ParquetFile(part) as file:
            table = file.read()
        begun = time.perf_counter()
        pq.write_table(
            table, target / part.name, compression="zstd", row_group_size=OUTPUT_GROUP_ROWS
        )
        spent += time.perf_counter() - begun
    return spent


def plain(source: Path, output: Path, target: Path) -> float:
    """Seconds of the slower of the two workers."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with fresh(WORKERS) as pool:
        called = time.perf_counter()
        shares = [
            pool.submit(copied, source, output, target, worker, called) for worker in range(WORKERS)
        ]
        return max(share.result() for share in shares)


def fresh(workers: int) -> ProcessPoolExecutor:
    """New processes that inherit nothing."""
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def watched(future: Future[float]) -> tuple[float, dict[int, int]]:
    """The result, and the peak memory in bytes of each process below this one meanwhile."""
    peaks: dict[int, int] = {}
    while not wait([future], SECONDS_BETWEEN_LOOKS).done:
        peaks |= {pid: peak for pid in descendants(os.getpid()) if (peak := peak_of(pid))}
    return future.result(), peaks


def descendants(pid: int) -> Iterator[int]:
    """Processes below one, from /proc."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in read(children).split():
            yield int(child)
            yield from descendants(int(child))


def peak_of(pid: int) -> int:
    """The most memory that a process has had resident, in bytes; 0 if it is gone."""
    for line in read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    return 0


def read(path: Path) -> str:
    """A file of /proc, empty if its process has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


def megabytes(path: Path) -> float:
    """Size of a file, or of the files of a folder."""
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files) / 1e6


def main() -> None:
    """Print the seconds of both, their ratio, and the peak memory of every process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    source = make_input(asked.rows)
    output, target = BUILD / "augmented", BUILD / "plain"
    print(
        f"{asked.rows:,} rows, {WORKERS} workers, medians of {asked.runs} runs in turn", flush=True
    )
    ours, theirs, most = [], [], 0
    for number in range(asked.runs):
        os.sync()
        with fresh(1) as pool:
            seconds, peaks = watched(pool.submit(augmented, source, output))
        ours.append(seconds)
        most = max(most, *peaks.values())
        os.sync()
        theirs.append(plain(source, output, target))
        each = ", ".join(f"{peak / 1e6:.0f}" for peak in peaks.values())
        print(f"run {number + 1}: augmill {ours[-1]:.1f} s, plain {theirs[-1]:.1f} s; MB: {each}")
    fast, slow = statistics.median(theirs), statistics.median(ours)
    print(f"input {megabytes(source):,.1f} MB, output {megabytes(output):,.1f} MB")
    print(f"plain again {megabytes(target):,.1f} MB")
    print(f"augmill synonym: {slow:8.2f} s ({asked.rows / slow:,.0f} rows/s)")
    print(f"plain pyarrow:   {fast:8.2f} s")
    print(f"ratio:           {slow / fast:8.2f}")
    print(f"peak memory of any process: {most / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
