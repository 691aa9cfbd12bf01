"""How errands are shared out among workers that are free, and what is done if one dies."""

import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from pipelines.executors.errand import Errand
from pipelines.executors.protocol import Done, Lost, Tick

T = TypeVar("T")
R = TypeVar("R")


class Worker(Protocol):
    """Does one errand after the other.

    Attributes:
        answer: what to wait for while it is at an errand; None if it is not.
    """

    answer: Any

    @property
    def free(self) -> bool:
        """Whether it can begin an errand."""

    @property
    def warm(self) -> bool:
        """Whether its process is there already."""

    def send(self, job: bytes, errand: Errand[Any]) -> None:
        """Begin an errand."""

    def collect(self, tick: Tick) -> tuple[Errand[Any], Done[Any, Any] | str] | None:
        """The errand and its result, if it has ended; a ``str`` says how the worker ended.

        Raises:
            Exception: what the job raised.
        """

    def stop(self) -> object:
        """End the process, whatever it is at; the next errand gets a new one."""


def worked_off(
    workers: Sequence[Worker],
    job: Callable[[T, Tick], R],
    items: Sequence[T],
    tick: Tick,
    *,
    retries: int,
    wait: Callable[[list[Any]], object],
) -> Iterator[Done[T, R] | Lost[T]]:
    """Do a job on every item, as :meth:`pipelines.executors.protocol.Executor.map` does.

    Args:
        workers: who does it.
        job, items, tick: as there.
        retries: how often an item is begun again.
        wait: given the answers of all who are at something: back when there is one, or soon.
    """
    pickled = pickle.dumps(job)
    waiting = deque(Errand(item) for item in items)
    ended: list[Done[T, R] | Lost[T]] = []
    try:
        while waiting or _answers(workers):
            _send(workers, pickled, waiting)
            # Handed out only now, while the workers are at something else already.
            yield from ended
            wait(_answers(workers))
            ended = [*_collect(workers, waiting, tick, retries)]
        yield from ended
    except BaseException:
        for worker in workers:
            worker.stop()
        raise


def _answers(workers: Sequence[Worker]) -> list[Any]:
    return [worker.answer for worker in workers if worker.answer is not None]


def _send(workers: Sequence[Worker], job: bytes, waiting: deque[Errand[Any]]) -> None:
    """Give something to do to all who are free, first to those who are there already."""
    for worker in sorted(workers, key=lambda worker: not worker.warm):
        if waiting and worker.free:
            worker.send(job, waiting.popleft())


def _collect(
    workers: Sequence[Worker], waiting: deque[Errand[T]], tick: Tick, retries: int
) -> Iterator[Done[T, Any] | Lost[T]]:
    for worker in workers:
        match worker.collect(tick):
            case errand, str(how):
                lost = errand.failed(how, retries)
                if lost is None:
                    waiting.append(errand)
                else:
                    yield lost
            case _, done:
                yield done
