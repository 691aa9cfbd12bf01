"""Find the rows on which a step fails, by bisection, so that no other row is lost."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
import numpy.typing as npt

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.errors import AugmillError
from augment.filter import Filter
from pipelines.rows import stacked

Rows = npt.NDArray[np.int64]
Work = Callable[[TextBatch], Variants]


@dataclass(frozen=True, slots=True)
class Failure:
    """A row on which a component raised an error.

    Attributes:
        row: its place in the batch.
        step: the name of the innermost component that raised.
        message: type and text of the error.
    """

    row: int
    step: str
    message: str


@dataclass(frozen=True, slots=True)
class _Part:
    rows: Rows
    variants: Variants


def attempt(work: Work, batch: TextBatch) -> tuple[Variants, list[Failure]]:
    """``work`` on a batch; if it raises, on its halves, down to the rows that fail.

    Returns:
        The variants, aligned with the batch, a failed row being declined; and the failures.

    Raises:
        AugmillError: as it comes: a missing model or a wrong parameter fails all rows alike.
        MemoryError: as it comes; smaller batches are the user's to choose.
    """
    failures: list[Failure] = []
    parts = list(_halved(work, batch, np.arange(len(batch)), failures))
    return gathered([(part.rows, part.variants) for part in parts], len(batch)), failures


def _halved(work: Work, batch: TextBatch, rows: Rows, failures: list[Failure]) -> Iterator[_Part]:
    try:
        yield _Part(rows, work(batch))
    except (AugmillError, MemoryError):
        raise
    except Exception as error:
        if len(batch) == 1:
            message = f"{type(error).__name__}: {error}"
            failures.append(Failure(int(rows[0]), _culprit(error.__traceback__), message))
            return
        middle = len(batch) // 2
        yield from _halved(work, batch.slice(0, middle), rows[:middle], failures)
        yield from _halved(work, batch.slice(middle, len(batch)), rows[middle:], failures)


def _culprit(trace: TracebackType | None) -> str:
    """Name of the innermost augmenter or filter on the way to an error."""
    name = ""
    while trace is not None:
        holder = trace.tb_frame.f_locals.get("self")
        if isinstance(holder, Augmenter | Filter):
            name = holder.name
        trace = trace.tb_next
    return name


def gathered(parts: Sequence[tuple[Rows, Variants]], count: int) -> Variants:
    """Put variants of parts of a batch back in place; rows that no part has are declined.

    Args:
        parts: ``(rows, variants)``: the places of the variants in the batch, disjoint.
        count: rows of the batch.
    """
    if not parts:
        return Variants.declined(count)
    if len(parts) == 1:
        rows, variants = parts[0]
        whole = len(rows) == count and bool((rows == np.arange(count)).all())
        return variants if whole else variants.scatter(rows, count)
    joined = stacked([variants for _, variants in parts])
    return joined.scatter(np.concatenate([rows for rows, _ in parts]), count)
