"""Items over the processes of this machine."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as first_of
from threading import Thread
from typing import Any, Self, TypeVar

from augment.models.runtime import threads
from pipelines.executors.crew import worked_off
from pipelines.executors.errand import call
from pipelines.executors.process import ProcessWorker, start_server
from pipelines.executors.protocol import Done, Lost, Tick

T = TypeVar("T")
R = TypeVar("R")

_SECONDS_BETWEEN_LOOKS = 0.25

_SECONDS_TO_END = 10.0
"""That the end of processes is waited for; they are killed after three."""


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
        self._ending: list[Thread] = []
        self._workers: list[ProcessWorker[Any]] = [
            ProcessWorker(share, timeout, self._ending) for _ in range(workers)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._wait_for_the_end()

    def expect(self) -> None:
        """See :meth:`pipelines.executors.protocol.Executor.expect`."""
        if not self._inside:
            start_server()

    def map(
        self, job: Callable[[T, Tick], R], items: Sequence[T], tick: Tick
    ) -> Iterator[Done[T, R] | Lost[T]]:
        """See :meth:`pipelines.executors.protocol.Executor.map`."""
        if self._inside:
            yield from (Done(item, call(job, item, tick)) for item in items)
            return
        try:
            yield from worked_off(
                self._workers, job, items, tick, retries=self._retries, wait=_wait
            )
        finally:
            self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        while self._ending:
            self._ending.pop().join(_SECONDS_TO_END)


def _wait(answers: list[Future[bytes]]) -> None:
    first_of(answers, _SECONDS_BETWEEN_LOOKS, FIRST_COMPLETED)
