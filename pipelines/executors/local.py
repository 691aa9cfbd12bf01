"""Shards over the processes of this machine."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import wait
from typing import Any, TypeVar

from augment.models.runtime import set_threads, threads
from pipelines.corpus import Shard
from pipelines.errors import RunError

T = TypeVar("T")

Tick = Callable[[int], None]

Job = Callable[[Shard, Tick], T]
"""The work on a shard: told what to tick after every batch, with its number of rows."""

_SECONDS_BETWEEN_LOOKS = 0.25
_IN_FLIGHT = 2
"""Shards handed out per worker, so that none waits and a failed run stops soon."""


def map_shards(job: Job[T], shards: Sequence[Shard], workers: int, tick: Tick) -> Iterator[T]:
    """Do a job on every shard; its results come in the order of the shards.

    One worker is this process itself. Several are fresh processes that share the cores: each
    sets the threads of its models to its part of them.

    Args:
        job: what to do; pickled, if there are several workers.
        shards: which rows.
        workers: processes at the most.
        tick: told now and then how many more rows are done.

    Raises:
        RunError: a worker died; the message names its shard.
        AugmillError: a shard could not be done; the others are given up.
    """
    workers = min(workers, len(shards))
    if workers <= 1:
        yield from (job(shard, tick) for shard in shards)
        return
    yield from _over_processes(job, shards, workers, tick)


def _over_processes(job: Job[T], shards: Sequence[Shard], workers: int, tick: Tick) -> Iterator[T]:
    from pebble import ProcessPool

    # Spawned, since a fork would copy the locks of libraries that run threads.
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q")
    share = max(1, threads() // workers)
    pool = ProcessPool(workers, context=context, initializer=_start, initargs=[share, counter])
    waiting = iter(shards)
    flying: deque[tuple[Shard, Any]] = deque()
    try:
        while True:
            for shard in waiting:
                flying.append((shard, pool.schedule(_work, args=[job, shard])))
                if len(flying) >= _IN_FLIGHT * workers:
                    break
            if not flying:
                break
            yield _landed(*flying.popleft(), _Reader(counter, tick))
        pool.close()
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


class _Reader:
    """Tells how far the workers' counter has moved."""

    def __init__(self, counter: Any, tick: Tick) -> None:
        self._counter, self._tick = counter, tick

    def __call__(self) -> None:
        with self._counter.get_lock():
            rows, self._counter.value = self._counter.value, 0
        if rows:
            self._tick(rows)


def _landed(shard: Shard, future: Any, read: Callable[[], None]) -> Any:
    from pebble import ProcessExpired

    while not wait([future], _SECONDS_BETWEEN_LOOKS).done:
        read()
    read()
    try:
        return future.result()
    except ProcessExpired as error:
        raise RunError(
            f"the worker of {shard} died with exit code {error.exitcode}; "
            "if memory ran out, use fewer workers or smaller batch_rows"
        ) from None


_done: Any = None
"""In a worker: the counter of finished rows that it shares with the run."""


def _start(share: int, counter: Any) -> None:
    import pyarrow as pa

    global _done
    _done = counter
    threading.Thread(target=_end_with_parent, daemon=True).start()
    set_threads(share)
    pa.set_cpu_count(share)


def _end_with_parent() -> None:
    """A killed run leaves no worker behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(job: Job[Any], shard: Shard) -> Any:
    return job(shard, _count)


def _count(rows: int) -> None:
    with _done.get_lock():
        _done.value += rows
