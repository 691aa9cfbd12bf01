"""Timing of several pieces of work in turn, run by run, so that noise hits them alike."""

import os
import statistics
import time
from collections.abc import Callable, Mapping

import pyarrow as pa

Work = Callable[[], object]


_POOLS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")


def pin() -> int:
    """Keep this process on one core, the last that it may use, and every thread pool at one.

    Libraries read the variables when they are loaded: call this before they are.
    """
    os.environ.update(dict.fromkeys(_POOLS, "1"))
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    return core


def interleave(
    works: Mapping[str, Work], runs: int, clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Seconds that each piece of work takes: the median of its runs, after one not counted.

    Args:
        works: what to time; every round runs all of them, in order.
        runs: rounds that count.
        clock: by default the CPU time of the process, all threads together. On a core of one's
            own that is the time on the wall; on a shared machine it leaves the others' out.
    """
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(runs):
        for name, work in works.items():
            begun = clock()
            work()
            seconds[name].append(clock() - begun)
    return {name: statistics.median(times) for name, times in seconds.items()}
