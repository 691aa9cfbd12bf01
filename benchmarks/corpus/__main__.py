"""A run beside a plain read and write of the same, on one worker beside two, and its memory.

Run from the root: ``python -m benchmarks.corpus [PART …] [--rows 1000000] [--runs 3]``.
"""

import argparse
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

from benchmarks.corpus.inputs import many_files, megabytes, one_file
from benchmarks.corpus.runs import (
    COMPUTING,
    NULL,
    NULL_PROTECTED,
    OUTPUT,
    PLAIN,
    SYNONYM,
    WORKERS,
    Spent,
    augmented,
    clean,
    footers,
    plain,
)


def synonym(rows: int, runs: int) -> None:
    """One variant of each row by synonyms, beside a plain read and write."""
    beside_plain("synonym", SYNONYM, rows, runs)


def null(rows: int, runs: int) -> None:
    """A step that declines every row: what the runner costs."""
    beside_plain("null", NULL, rows, runs)
    beside_plain("null, with protected spans", NULL_PROTECTED, rows, runs)


def beside_plain(name: str, recipe: Mapping[str, Any], rows: int, runs: int) -> None:
    """All in turn; the medians, their ratios, and the peak memory of every process."""
    source = one_file(rows)
    ours: list[Spent] = []
    theirs: dict[int, list[float]] = {1: [], WORKERS: []}
    for _ in range(runs):
        clean()
        ours.append(augmented(source, recipe))
        for workers, found in theirs.items():
            found.append(plain(source, workers))
    slow = median(run.seconds for run in ours)
    sizes = f"{megabytes(source):.1f} MB in, {megabytes(OUTPUT):.1f} MB out"
    print(f"{name}: {rows:,} rows, {sizes}, plain again {megabytes(PLAIN):.1f} MB")
    print(f"  augmill, {WORKERS} workers  {slow:8.2f} s   {each(run.seconds for run in ours)}")
    for workers, found in theirs.items():
        fast = median(found)
        print(f"  plain, {workers} process(es) {fast:8.2f} s   {each(found)}")
        print(f"    ratio {slow / fast:.2f}")
    print(f"  peak memory of any process {peak(ours)}", flush=True)


def scaling(rows: int, runs: int) -> None:
    """The same on one worker and on two: four copies of a fifth of the rows."""
    source = one_file(max(rows // 5, 1))
    spent: dict[int, list[Spent]] = {1: [], 2: []}
    for _ in range(runs):
        for workers, results in spent.items():
            clean()
            results.append(augmented(source, COMPUTING, workers))
    one, two = (median(run.seconds for run in results) for results in spent.values())
    print(f"scaling: {rows // 5:,} rows, four copies by synonyms")
    for workers, results in spent.items():
        print(f"  {workers} workers: {each(run.seconds for run in results)}")
    print(f"  {one:.2f} s → {two:.2f} s: {one / two:.2f} times as fast", flush=True)


def memory(rows: int, _runs: int) -> None:
    """Five times the rows, and a single row group of twice the rows."""
    for name, source in (
        (f"{5 * rows:,} rows", one_file(5 * rows)),
        (f"one row group of {2 * rows:,} rows", one_file(2 * rows, 2 * rows)),
    ):
        clean()
        spent = augmented(source, SYNONYM)
        print(f"memory: {name}: {spent.seconds:.1f} s, peaks {peak([spent])}", flush=True)


def refresh(rows: int, runs: int) -> None:
    """Nothing changed in 200 files: how long a run takes to find out."""
    files = 200
    source = many_files(files, max(rows // 500, 1))
    clean()
    first = augmented(source, SYNONYM)
    again, theirs = [], []
    for _ in range(runs):
        again.append(augmented(source, SYNONYM))
        theirs.append(footers(source))
    assert {run.computed for run in again} == {0}, "nothing changed"
    print(f"refresh: {files} files, {first.computed} shards in {first.seconds:.2f} s")
    print(f"  nothing changed: {median(run.seconds for run in again):.3f} s (at most 3.000)")
    print(f"  reading the footers alone: {median(theirs):.3f} s", flush=True)


def each(seconds: Any) -> str:
    """Of every run."""
    return ", ".join(f"{value:.2f}" for value in seconds)


def peak(runs: list[Spent]) -> str:
    """The most of any process of any run, and of each of the last one."""
    most = max(max(run.peaks.values(), default=0) for run in runs)
    last = ", ".join(f"{size / 1e6:.0f}" for size in runs[-1].peaks.values())
    return f"{most / 1e6:,.0f} MB (last run: {last})"


PARTS: dict[str, Callable[[int, int], None]] = {
    part.__name__: part for part in (synonym, null, scaling, refresh, memory)
}


def main() -> None:
    """Print the figures of the parts that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all if none")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    if unknown := [*{*asked.parts} - {*PARTS}]:
        parser.error(f"no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    print(f"{WORKERS} workers, medians of {asked.runs} runs in turn", flush=True)
    for name in asked.parts or PARTS:
        PARTS[name](asked.rows, asked.runs)


if __name__ == "__main__":
    main()
