"""Shards over the processes of this machine."""

from collections import deque
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from augment.models.runtime import set_threads, threads
from pipelines.corpus import Shard
from pipelines.errors import RunError
from pipelines.plan import Plan
from pipelines.shard import Receipt, run_shard

_IN_FLIGHT = 2
"""Shards handed out per worker, so that none waits and a failed run stops soon."""


def map_shards(
    plan: Plan, shards: Sequence[Shard], staging: Path, workers: int = 1
) -> Iterator[Receipt]:
    """Run every shard; receipts come in the order of the shards.

    One worker is this process itself. Several are fresh processes that share the cores: each
    sets the threads of its models to its part of them.

    Raises:
        RunError: a worker died; the message names its shard.
        AugmillError: a shard could not be done; the others are given up.
    """
    workers = min(workers, len(shards))
    if workers <= 1:
        yield from (run_shard(plan, shard, staging) for shard in shards)
        return
    yield from _over_processes(plan, shards, staging, workers)


def _over_processes(
    plan: Plan, shards: Sequence[Shard], staging: Path, workers: int
) -> Iterator[Receipt]:
    from pebble import ProcessPool

    share = max(1, threads() // workers)
    # Spawned, since a fork would copy the locks of libraries that run threads.
    pool = ProcessPool(workers, context=get_context("spawn"), initializer=_start, initargs=[share])
    waiting = iter(shards)
    flying: deque[tuple[Shard, Any]] = deque()
    try:
        while True:
            for shard in waiting:
                flying.append((shard, pool.schedule(run_shard, args=[plan, shard, staging])))
                if len(flying) >= _IN_FLIGHT * workers:
                    break
            if not flying:
                break
            yield _landed(*flying.popleft())
        pool.close()
    except BaseException:
        pool.stop()
        raise
    finally:
        pool.join()


def _landed(shard: Shard, future: Any) -> Receipt:
    from pebble import ProcessExpired

    try:
        receipt: Receipt = future.result()
    except ProcessExpired as error:
        raise RunError(
            f"the worker of {shard} died with exit code {error.exitcode}; "
            "if memory ran out, use fewer workers or smaller batch_rows"
        ) from None
    return receipt


def _start(share: int) -> None:
    import pyarrow as pa

    set_threads(share)
    pa.set_cpu_count(share)
