"""A worker on a Ray cluster, replaced when it or its node dies."""

import os
import pickle
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from augment.models.runtime import set_threads
from pipelines.errors import RunError
from pipelines.executors.errand import Errand, overdue, perform, received
from pipelines.executors.protocol import Done, Tick

T = TypeVar("T")

_SECONDS_BETWEEN_LOOKS = 0.25

_LOOKING = "looking"
"""The concurrency group of the questions how far a worker is: they don't wait for its work."""


class Hand:
    """What runs on the cluster.

    Args:
        threads: that models and pyarrow may use.
        folder: that relative paths are meant from, if this machine has it.
    """

    def __init__(self, threads: int, folder: str) -> None:
        import pyarrow as pa

        if Path(folder).is_dir():
            os.chdir(folder)
        set_threads(threads)
        pa.set_cpu_count(threads)
        self._at = (0, 0)

    def ready(self) -> None:
        """Answers when the process is there."""

    def work(self, number: int, job: bytes, item: bytes) -> bytes:
        """Do an errand."""

        def tell(rows: int) -> None:
            self._at = (number, rows)

        return perform(job, item, tell)

    def at(self) -> tuple[int, int]:
        """The number of the errand, and its rows that are done."""
        return self._at


class ActorWorker(Generic[T]):
    """See :class:`pipelines.executors.crew.Worker`.

    Args:
        num_cpus, num_gpus: that it takes of the cluster.
        timeout: seconds for an errand, from when it is begun; None: no limit.
        retries: how often it is tried to start its process again.
    """

    def __init__(
        self, num_cpus: float, num_gpus: float, timeout: float | None, retries: int
    ) -> None:
        self._resources = {"num_cpus": num_cpus, "num_gpus": num_gpus}
        self._threads = max(1, int(num_cpus))
        self._timeout, self._retries = timeout, retries
        self._handle: Any = None
        self._starting: Any = None
        self._failures = 0
        self._sent = 0
        self._begun = 0.0
        self._errand: Errand[T] | None = None
        self._look: Any = None
        self._looked = 0.0
        self.answer: Any = None

    @property
    def starting(self) -> Any:
        """What to wait for until its process is there; None if it is."""
        return self._starting

    @property
    def free(self) -> bool:
        """Whether its process is there and at nothing.

        Raises:
            RunError: it can't be started.
        """
        if self._starting is not None and _is_there(self._starting):
            self._check_start()
        return self.warm and self.answer is None

    @property
    def warm(self) -> bool:
        """Whether its process is there."""
        return self._handle is not None and self._starting is None

    def start(self) -> None:
        """Ask for its process, if that was not done before."""
        import ray

        if self._handle is not None:
            return
        # Spread, so that a node that dies takes as few of them as can be.
        actor = ray.remote(
            **self._resources,
            max_restarts=0,
            scheduling_strategy="SPREAD",
            concurrency_groups={_LOOKING: 1},
        )(Hand)
        self._handle = actor.remote(self._threads, str(Path.cwd()))
        self._starting = self._handle.ready.remote()

    def send(self, job: bytes, errand: Errand[T]) -> None:
        """Begin an errand."""
        self._errand, self._sent = errand, self._sent + 1
        self._begun = self._looked = time.monotonic()
        self.answer = self._handle.work.remote(self._sent, job, pickle.dumps(errand.item))

    def collect(self, tick: Tick) -> tuple[Errand[T], Done[T, Any] | str] | None:
        """What has become of the errand."""
        errand = self._errand
        if errand is None:
            return None
        if not _is_there(self.answer):
            self._tell(errand, tick)
            if self._timeout is None or time.monotonic() - self._begun < self._timeout:
                return None
            self._replace()
            return errand, overdue(self._timeout)
        end = _fetched(self.answer)
        if isinstance(end, str):
            self._replace()
            return errand, end
        self._errand = self.answer = self._look = None
        value, rows = received(end)
        errand.tell(rows, tick)
        return errand, Done(errand.item, value)

    def stop(self) -> None:
        """End the process, whatever it is at."""
        import ray

        if self._handle is not None:
            with suppress(ray.exceptions.RayError):
                ray.kill(self._handle)
        self._handle = self._starting = self._errand = self.answer = self._look = None

    def _replace(self) -> None:
        self.stop()
        self.start()

    def _check_start(self) -> None:
        end = _fetched(self._starting)
        if not isinstance(end, str):
            self._starting, self._failures = None, 0
            return
        self._failures += 1
        if self._failures > self._retries:
            raise RunError(f"no worker can be started on the Ray cluster: the last one {end}")
        self._replace()

    def _tell(self, errand: Errand[T], tick: Tick) -> None:
        """Tell how far it is, and ask again for the next time."""
        now = time.monotonic()
        if self._look is not None and _is_there(self._look):
            at = _fetched(self._look)
            if not isinstance(at, str) and at[0] == self._sent:
                errand.tell(at[1], tick)
            self._look = None
        if self._look is None and now - self._looked >= _SECONDS_BETWEEN_LOOKS:
            self._looked = now
            self._look = self._handle.at.options(concurrency_group=_LOOKING).remote()


def _is_there(answer: Any) -> bool:
    import ray

    return bool(ray.wait([answer], timeout=0)[0])


def _fetched(answer: Any) -> Any:
    """What an actor answered; a ``str`` if it can't: how it died."""
    import ray

    try:
        return ray.get(answer)
    except ray.exceptions.RayTaskError:
        raise
    except ray.exceptions.RayError as error:
        told = " ".join(str(error).split())
        return f"died: {told}; if memory ran out, use more num_cpus or smaller batch_rows"
