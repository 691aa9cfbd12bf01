"""The answer to the last request, kept for the next: copies of one batch often ask the same.

A request is compared whole. An answer that was put together from parts of earlier ones would
depend on what was asked before, since floating point depends on the batch.
"""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import xxhash

T = TypeVar("T")


class Latest(Generic[T]):
    """Remembers one answer.

    >>> latest: Latest[int] = Latest()
    >>> latest.get([b"question"], lambda: 42), latest.get([b"question"], lambda: 0)
    (42, 42)
    """

    def __init__(self) -> None:
        self._held: tuple[bytes, T] | None = None

    def get(self, request: Iterable[bytes], compute: Callable[[], T]) -> T:
        """The answer to a request, computed unless it is the same as the last one.

        Args:
            request: everything that decides the answer.
            compute: gives the answer; must not change it afterwards.
        """
        state = xxhash.xxh3_128()
        for part in request:
            state.update(len(part).to_bytes(8, "little"))
            state.update(part)
        digest = state.digest()
        if self._held is None or self._held[0] != digest:
            self._held = None
            self._held = digest, compute()
        return self._held[1]
