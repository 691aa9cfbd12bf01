"""A job on an item as it goes to another process, and what comes back of it."""

import pickle
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from traceback import format_exc
from typing import Any, Generic, TypeVar

from pipelines.errors import RunError
from pipelines.executors.protocol import Job, Lost, Tick

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Errand(Generic[T]):
    """An item on its way.

    Attributes:
        item: the one.
        tries: how often it was begun in vain.
        told: rows of it that the caller was told of.
    """

    item: T
    tries: int = 0
    told: int = 0

    def tell(self, rows: int, tick: Tick) -> None:
        """So many rows are done; those that an earlier try had done are not told again."""
        if rows > self.told:
            tick(rows - self.told)
            self.told = rows

    def failed(self, how: str, retries: int) -> Lost[T] | None:
        """Note that it was begun in vain; None if it is to be tried again.

        Args:
            how: ends the sentence that begins with "the worker of <item>".
            retries: how often an item is tried again.
        """
        self.tries += 1
        if self.tries <= retries:
            return None
        tried = f" (tried {self.tries} times)" if self.tries > 1 else ""
        return Lost(self.item, RunError(f"the worker of {self.item} {how}{tried}"))


def died(code: int) -> str:
    """What there is to say of a worker that ended with an exit code."""
    name = f" ({signal.Signals(-code).name})" if -code in {*signal.Signals} else ""
    return (
        f"died with exit code {code}{name}; "
        "if memory ran out, use fewer workers or smaller batch_rows"
    )


def overdue(seconds: float) -> str:
    """What there is to say of a worker that took too long."""
    return f"was stopped after shard_timeout={seconds:g} s; if it only needs longer, allow more"


def perform(job: bytes, item: bytes, tick: Tick) -> bytes:
    """Do a pickled job on a pickled item; :func:`received` opens the answer.

    Whatever happens is told in bytes that can be opened wherever the job could be: what carries
    them can't confuse an error of the job with one of its own.
    """
    rows = 0

    def count(more: int) -> None:
        nonlocal rows
        rows += more
        tick(rows)

    try:
        value = call(_loaded(job), pickle.loads(item), count)
        return pickle.dumps((value, rows, None))
    except BaseException as error:
        return pickle.dumps((_sendable(error), rows, format_exc()))


def call(job: Job[T, Any], item: T, tick: Tick) -> Any:
    """Do a job; what it raises, ``SystemExit`` too, is an error."""
    try:
        return job(item, tick)
    except SystemExit as error:
        raise RuntimeError(f"a step tried to end the program, with {error.code!r}") from error


def received(answer: bytes) -> tuple[Any, int]:
    """The value that a job returned, and the rows it ticked.

    Raises:
        BaseException: what the job raised; its notes have the worker's traceback.
    """
    value, rows, trace = pickle.loads(answer)
    if trace is None:
        return value, rows
    value.add_note(f"In the worker:\n{trace}")
    raise value


@lru_cache(maxsize=1)
def _loaded(job: bytes) -> Callable[[Any, Tick], Any]:
    loaded: Callable[[Any, Tick], Any] = pickle.loads(job)
    return loaded


def _sendable(error: BaseException) -> BaseException:
    """The error, or if it can't be pickled, one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
