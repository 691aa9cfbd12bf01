"""Items over the nodes of a Ray cluster, by actors that are kept with what they loaded."""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from augment.errors import MissingExtraError
from pipelines.errors import RunError
from pipelines.executors.actor import ActorWorker
from pipelines.executors.crew import worked_off
from pipelines.executors.protocol import Done, Lost, Tick

T = TypeVar("T")
R = TypeVar("R")

_SECONDS_BETWEEN_LOOKS = 0.25

_SECONDS_TO_ANSWER = 20.0

_PATIENCE = 300.0
"""Seconds without a single worker after which a run is given up."""


class Ray:
    """Actors, as many as the cluster holds.

    Args:
        address: of the cluster; without it that of ``RAY_ADDRESS``, or else one on this machine,
            which is started if there is none. A program that is connected already stays so.
        num_cpus, num_gpus: that each worker takes.
        workers: at the most; as many as fit if None.
        timeout: seconds that an item may take; None: no limit.
        retries: how often an item is tried again whose worker or node died, or which took too
            long.

    Raises:
        MissingExtraError: Ray is not installed.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        num_cpus: float = 1.0,
        num_gpus: float = 0.0,
        workers: int | None = None,
        timeout: float | None = None,
        retries: int = 2,
    ) -> None:
        if find_spec("ray") is None:
            raise MissingExtraError("the engine 'ray'", "ray", "ray")
        self._address, self._most = address, workers
        self._needs = {"CPU": num_cpus, "GPU": num_gpus}
        self._timeout, self._retries = timeout, retries
        self._workers: list[ActorWorker[Any]] = []
        self._ours = False
        self._alone_since = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        if self._ours:
            import ray

            ray.shutdown()
            self._ours = False

    def expect(self) -> None:
        """Nothing: a cluster is asked for actors when there are items."""

    def map(
        self, job: Callable[[T, Tick], R], items: Sequence[T], tick: Tick
    ) -> Iterator[Done[T, R] | Lost[T]]:
        """See :meth:`pipelines.executors.protocol.Executor.map`.

        Raises:
            RunError: the cluster can't be reached, or no worker can be started there.
        """
        if not items:
            return
        self._connect()
        self._hire(len(items))
        self._alone_since = time.monotonic()
        yield from worked_off(
            self._workers, job, items, tick, retries=self._retries, wait=self._wait
        )

    def _connect(self) -> None:
        import ray

        if ray.is_initialized():
            return
        address = self._address or os.environ.get("RAY_ADDRESS", "")
        try:
            _check_answers(address)
            with _own_signals():
                ray.init(
                    self._address,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except Exception as error:
            place = f" at {address!r}" if address else ""
            told = " ".join(str(error).split())
            raise RunError(f"the Ray cluster{place} can't be reached: {told}") from error
        self._ours = True

    def _hire(self, items: int) -> None:
        room = self._room() if self._most is None else self._most
        if room < 1:
            needs = ", ".join(f"{count:g} {name}" for name, count in self._needs.items() if count)
            raise RunError(f"no node of the Ray cluster holds a worker, which needs {needs}")
        takes = self._needs["CPU"], self._needs["GPU"]
        for _ in range(min(room, items) - len(self._workers)):
            self._workers.append(ActorWorker(*takes, self._timeout, self._retries))
        for worker in self._workers:
            worker.start()

    def _room(self) -> int:
        """How many workers fit the cluster if it is empty."""
        import ray

        needs = {name: count for name, count in self._needs.items() if count}
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        return sum(
            min((int(node.get(name, 0) // count) for name, count in needs.items()), default=1)
            for node in nodes
        )

    def _wait(self, answers: list[Any]) -> None:
        import ray

        starting = [worker.starting for worker in self._workers if worker.starting is not None]
        ray.wait([*answers, *starting], timeout=_SECONDS_BETWEEN_LOOKS)
        now = time.monotonic()
        if answers or any(worker.warm for worker in self._workers):
            self._alone_since = now
        elif now - self._alone_since > _PATIENCE:
            raise RunError(f"the Ray cluster had room for no worker in {_PATIENCE:g} s")


def _check_answers(address: str) -> None:
    """See that somebody listens there; Ray itself would try for minutes."""
    place = urlsplit(address if "://" in address else f"//{address}")
    if place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), _SECONDS_TO_ANSWER).close()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep what the program does when it is told to stop; Ray would have its own way."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
