"""What maps a job over items: what it is given, and what it tells of each."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar

from pipelines.errors import RunError

T = TypeVar("T")
R = TypeVar("R")

Tick = Callable[[int], None]
"""Told how many more rows are done."""

Job = Callable[[T, Tick], R]
"""The work on an item; ticks after every batch. Doing it twice must do no harm."""


@dataclass(frozen=True, slots=True)
class Done(Generic[T, R]):
    """An item, and what the job made of it."""

    item: T
    value: R


@dataclass(frozen=True, slots=True)
class Lost(Generic[T]):
    """An item whose workers died or ran out of time, every time it was tried.

    Attributes:
        item: the one.
        error: names it, says how its last worker ended, and what to do.
    """

    item: T
    error: RunError


class Executor(Protocol):
    """Workers, kept with the models they loaded until the context ends."""

    def __enter__(self) -> Self:
        """Workers are started when they are first needed."""

    def __exit__(self, *_: object) -> None:
        """End all workers."""

    def expect(self) -> None:
        """There will be work: begin, beside the caller, what takes time before it can be done."""

    def map(
        self, job: Callable[[T, Tick], R], items: Sequence[T], tick: Tick
    ) -> Iterator[Done[T, R] | Lost[T]]:
        """Do a job on every item; what became of each comes as soon as it is known.

        Args:
            job: what to do; pickled, if it is done in another process.
            items: small to pickle; their ``str`` is what messages call them.
            tick: told now and then how many more rows are done; no row is told twice, even if
                its item is.

        Raises:
            Exception: what the job raised on an item. The others are given up, their workers
                ended within seconds; so they are if the caller stops asking for results.
        """
