"""A worker process of this machine, replaced when it dies.

Every worker has one of pebble's pools to itself, with a pipe and locks of its own: a process that
is killed at the worst moment, with a lock in its hand, holds up nobody else.
"""

import multiprocessing
import os
import pickle
import sys
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Generic, TypeVar

from augment.models.runtime import set_threads
from pipelines.executors.errand import Errand, died, overdue, perform, received
from pipelines.executors.protocol import Done, Tick

T = TypeVar("T")

_ROW_BITS = 40
"""A worker's meter is one number, so that it is written at once: its errand's, and its rows."""

_NEW, _READY, _REPLACED = 0, 1, -1
"""On the meter: no process has it yet; one has; that one is gone and pebble started another."""


class ProcessWorker(Generic[T]):
    """See :class:`pipelines.executors.crew.Worker`.

    Args:
        threads: that its models and pyarrow may use.
        timeout: seconds for an errand, from when it is begun; None: no limit.
        ending: gets the threads that see to the end of its processes.
    """

    def __init__(self, threads: int, timeout: float | None, ending: list[threading.Thread]) -> None:
        self._threads, self._timeout, self._ending = threads, timeout, ending
        self._pool: Any = None
        self._meter: Any = None
        self._sent = 0
        self._errand: Errand[T] | None = None
        self.answer: Future[bytes] | None = None

    @property
    def free(self) -> bool:
        """Whether it is at nothing."""
        return self.answer is None

    @property
    def warm(self) -> bool:
        """Whether its process was started before."""
        return self._pool is not None

    def send(self, job: bytes, errand: Errand[T]) -> None:
        """Begin an errand."""
        if not self._alive():
            self.stop()
        self._errand, self._sent = errand, self._sent + 1
        args = [self._sent, job, pickle.dumps(errand.item)]
        try:
            if self._pool is None:
                self._start()
            self.answer = self._pool.schedule(_work, args=args, timeout=self._timeout)
        except RuntimeError as error:
            self.answer = Future()
            self.answer.set_exception(error)

    def collect(self, tick: Tick) -> tuple[Errand[T], Done[T, Any] | str] | None:
        """What has become of the errand."""
        errand, answer = self._errand, self.answer
        if errand is None or answer is None:
            return None
        self._tell(errand, tick)
        if not answer.done() and self._alive():
            return None
        self._errand = self.answer = None
        end = self._end(answer)
        if isinstance(end, str):
            self.stop()
            return errand, end
        value, rows = received(end)
        errand.tell(rows, tick)
        return errand, Done(errand.item, value)

    def stop(self) -> None:
        """End the process, whatever it is at."""
        if self._pool is not None:
            # Aside, since pebble first asks, then kills, and waits for both.
            self._ending.append(threading.Thread(target=_end, args=[self._pool], daemon=True))
            self._ending[-1].start()
        self._pool = self._meter = self._errand = self.answer = None

    def _tell(self, errand: Errand[T], tick: Tick) -> None:
        number, rows = divmod(_NEW if self._meter is None else self._meter.value, 1 << _ROW_BITS)
        if number == self._sent:
            errand.tell(rows, tick)

    def _alive(self) -> bool:
        return self.warm and self._pool.active and self._meter.value != _REPLACED

    def _start(self) -> None:
        from pebble import ProcessPool

        context = _context()
        self._meter = context.RawValue("q")
        begun_with = [self._threads, self._meter, dict(os.environ)]
        self._pool = ProcessPool(1, context=context, initializer=_begin, initargs=begun_with)

    def _end(self, future: Future[bytes]) -> bytes | str:
        from pebble import ProcessExpired

        if not future.done():
            # pebble takes no notice of a process that ends as if it had nothing to do.
            return died(0) if self._pool.active else _NEVER_BEGUN
        try:
            return future.result()
        except ProcessExpired as error:
            return died(error.exitcode)
        except TimeoutError:
            return overdue(self._timeout or 0.0)
        except (BrokenProcessPool, RuntimeError):
            return _NEVER_BEGUN


_NEVER_BEGUN = (
    "could not start, or died before it began; a script that starts workers needs "
    "if __name__ == '__main__':, and if memory ran out, use fewer workers"
)


def _context() -> Any:
    """How processes are started: where the system's libraries bear it, forked from a server.

    The server imports what this process has of ours, so a fork has it at once; unlike this
    process it runs no threads, whose locks a fork would copy.
    """
    if sys.platform in ("win32", "darwin") or _deep():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    ours = ("augment.", "pipelines.")
    found = [name for name in [*sys.modules] if name.startswith(ours)]
    context.set_forkserver_preload([*found, _WITH_FIRST_ARRAY])
    return context


_WITH_FIRST_ARRAY = "pandas"
"""What pyarrow imports, where it is installed, as soon as it is given anything to convert."""


_MOST_BYTES = 70
"""Of the path of temporary files: the server's socket lies there, and sockets have short paths."""


def _deep() -> bool:
    return len(os.fsencode(tempfile.gettempdir())) > _MOST_BYTES


def start_server() -> None:
    """Have the server import what it needs while this process goes on."""
    if _context().get_start_method() == "forkserver":
        from multiprocessing import forkserver

        forkserver.ensure_running()


def _end(pool: Any) -> None:
    pool.stop()
    pool.join()


_meter: Any = None
"""In a worker: the number that its parent looks at."""


def _begin(threads: int, meter: Any, environment: Mapping[str, str]) -> None:
    import pyarrow as pa

    global _meter
    _meter = meter
    if meter.value != _NEW:
        # Its predecessor died, and nothing more is sent to this pool.
        meter.value = _REPLACED
        os._exit(1)
    meter.value = _READY
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
