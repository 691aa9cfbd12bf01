"""One worker process, replaced when it dies, and the errands it was sent on.

Every worker has one of pebble's pools to itself, with a pipe and locks of its own: a process that
is killed at the worst moment, with a lock in its hand, holds up nobody else.
"""

import multiprocessing
import os
import pickle
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Generic, TypeVar

from augment.models.runtime import set_threads
from pipelines.executors.errand import Errand, died, overdue, perform, received
from pipelines.executors.protocol import Done, Tick

T = TypeVar("T")

_ROW_BITS = 40
"""A worker's meter is one number, so that it is written at once: its errand's, and its rows."""


class Worker(Generic[T]):
    """A process that does one errand after the other.

    Args:
        threads: that its models and pyarrow may use.
        timeout: seconds for an errand, from when it is begun; None: no limit.
    """

    def __init__(self, threads: int, timeout: float | None) -> None:
        self._threads, self._timeout = threads, timeout
        self._errands: deque[tuple[int, Errand[T], Future[bytes]]] = deque()
        self._sent = 0
        self._pool: Any = None
        self._meter: Any = None

    @property
    def load(self) -> int:
        """How many errands it has."""
        return len(self._errands)

    @property
    def warm(self) -> bool:
        """Whether its process was started before."""
        return self._pool is not None

    @property
    def next(self) -> list[Future[bytes]]:
        """What to wait for: the errand that it is at, if it has one."""
        return [future for _, _, future in self._errands][:1]

    def send(self, job: bytes, errand: Errand[T]) -> None:
        """Put an errand at the end of its line."""
        self._sent += 1
        args = [self._sent, job, pickle.dumps(errand.item)]
        future: Future[bytes]
        try:
            if self._pool is None:
                self._start()
            future = self._pool.schedule(_work, args=args, timeout=self._timeout)
        except RuntimeError as error:
            future = Future()
            future.set_exception(error)
        self._errands.append((self._sent, errand, future))

    def look(self, tick: Tick) -> None:
        """Tell how far it is with the errand it is at."""
        if self._meter is not None:
            at, rows = divmod(self._meter.value, 1 << _ROW_BITS)
            for errand in (errand for number, errand, _ in self._errands if number == at):
                errand.tell(rows, tick)

    def collect(self, tick: Tick) -> Iterator[tuple[Errand[T], Done[T, Any] | str | None]]:
        """The errands that have ended since the last time, and how.

        If the process died or ran out of time, that is a ``str`` that says so, and None for
        errands that it had not begun.

        Raises:
            Exception: what the job raised.
        """
        while self._errands:
            _, errand, future = self._errands[0]
            if not future.done() and self._pool.active:
                return
            self._errands.popleft()
            answer = self._answer(future)
            if isinstance(answer, str):
                yield errand, answer
                yield from ((left, None) for _, left, _ in self._errands)
                self.stop()
                return
            value, rows = received(answer)
            errand.tell(rows, tick)
            yield errand, Done(errand.item, value)

    def stop(self) -> threading.Thread:
        """End the process, whatever it is at, and forget its errands.

        Returns:
            The thread that sees to it, since pebble first asks, then kills, and waits for both.
        """
        thread = threading.Thread(target=_end, args=[self._pool], daemon=True)
        thread.start()
        self._pool = self._meter = None
        self._errands.clear()
        return thread

    def _start(self) -> None:
        from pebble import ProcessPool

        context = _context()
        self._meter = context.RawValue("q")
        begun_with = [self._threads, self._meter, dict(os.environ)]
        self._pool = ProcessPool(1, context=context, initializer=_begin, initargs=begun_with)

    def _answer(self, future: Future[bytes]) -> bytes | str:
        from pebble import ProcessExpired

        try:
            # A future that is not done by now never will be: its pool is broken.
            return future.result(timeout=0)
        except ProcessExpired as error:
            return died(error.exitcode)
        except TimeoutError:
            return overdue(self._timeout) if future.done() and self._timeout else _NEVER_BEGUN
        except (BrokenProcessPool, RuntimeError):
            return _NEVER_BEGUN


_NEVER_BEGUN = "could not start, or died before it began; if memory ran out, use fewer workers"


def _context() -> Any:
    """How processes are started: where the system's libraries bear it, forked from a server.

    The server imports what this process has of ours, so a fork has it at once; unlike this
    process it runs no threads, whose locks a fork would copy.
    """
    if sys.platform in ("win32", "darwin"):
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    ours = ("augment.", "pipelines.")
    context.set_forkserver_preload([name for name in [*sys.modules] if name.startswith(ours)])
    return context


def _end(pool: Any) -> None:
    if pool is not None:
        pool.stop()
        pool.join()


_meter: Any = None
"""In a worker: the number that its parent looks at."""


def _begin(threads: int, meter: Any, environment: Mapping[str, str]) -> None:
    import pyarrow as pa

    global _meter
    _meter = meter
    # The server's is as old as the server.
    os.environ.clear()
    os.environ.update(environment)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    set_threads(threads)
    pa.set_cpu_count(threads)


def _end_with_parent() -> None:
    """A killed run leaves no worker behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(number: int, job: bytes, item: bytes) -> bytes:
    def tell(rows: int) -> None:
        _meter.value = (number << _ROW_BITS) + rows

    return perform(job, item, tell)
