"""Items over the processes of this machine."""

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from typing import Any, Self, TypeVar

from augment.models.runtime import threads
from pipelines.corpus import Shard
from pipelines.executors.errand import Errand, call
from pipelines.executors.protocol import Done, Lost, Tick
from pipelines.executors.worker import Worker

T = TypeVar("T")
R = TypeVar("R")

_SECONDS_BETWEEN_LOOKS = 0.25

_SECONDS_TO_END = 10.0
"""That the end of workers is waited for; they are killed after three."""


class Local:
    """Processes that share the cores of this machine.

    Args:
        workers: how many. One is this process itself, if it has no ``timeout``; more are started
            when they are first needed, and kept.
        timeout: seconds that an item may take; None: no limit.
        retries: how often an item is tried again whose worker died or took too long.
    """

    def __init__(self, workers: int, *, timeout: float | None = None, retries: int = 2) -> None:
        share = max(1, threads() // workers)
        self._retries = retries
        self._inside = workers == 1 and timeout is None
        self._workers: list[Worker[Any]] = [Worker(share, timeout) for _ in range(workers)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def map(
        self, job: Callable[[T, Tick], R], items: Sequence[T], tick: Tick
    ) -> Iterator[Done[T, R] | Lost[T]]:
        """See :meth:`pipelines.executors.protocol.Executor.map`."""
        if self._inside:
            yield from (Done(item, call(job, item, tick)) for item in items)
            return
        waiting = deque(Errand(item) for item in items)
        ended: list[Done[T, R] | Lost[T]] = []
        pickled = pickle.dumps(job)
        try:
            while waiting or any(worker.load for worker in self._workers):
                self._send(pickled, waiting)
                # Handed out only now, while the workers are at something else already.
                yield from ended
                self._wait()
                ended = [*self._collect(waiting, tick)]
            yield from ended
        except BaseException:
            self._stop()
            raise

    def _send(self, job: bytes, waiting: deque[Errand[Any]]) -> None:
        """Give every worker something to do, and something to go on with if there is plenty."""
        while waiting:
            idlest = min(self._workers, key=lambda worker: (worker.load, not worker.warm))
            if idlest.load >= (2 if len(waiting) > len(self._workers) else 1):
                return
            idlest.send(job, waiting.popleft())

    def _wait(self) -> None:
        running = [future for worker in self._workers for future in worker.next]
        wait(running, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)

    def _collect(self, waiting: deque[Errand[T]], tick: Tick) -> Iterator[Done[T, Any] | Lost[T]]:
        for worker in self._workers:
            worker.look(tick)
            for errand, end in worker.collect(tick):
                if isinstance(end, Done):
                    yield end
                    continue
                lost = None if end is None else errand.failed(end, self._retries)
                if lost is None:
                    waiting.append(errand)
                else:
                    yield lost

    def _stop(self) -> None:
        for thread in [worker.stop() for worker in self._workers]:
            thread.join(_SECONDS_TO_END)


def map_shards(
    job: Callable[[Shard, Tick], R], shards: Sequence[Shard], workers: int, tick: Tick
) -> Iterator[R]:
    """Do a job on every shard; its results come in the order of the shards.

    Raises:
        RunError: a worker died; the message names its shard.
        Exception: what the job raised.
    """
    values: dict[int, R] = {}
    with Local(max(1, min(workers, len(shards)))) as executor:
        for end in executor.map(job, shards, tick):
            if isinstance(end, Lost):
                raise end.error
            values[end.item.number] = end.value
    yield from (values[shard.number] for shard in shards)
