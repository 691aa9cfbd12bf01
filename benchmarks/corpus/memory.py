"""The most memory that any process of a run had resident, from /proc."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, wait
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

SECONDS_BETWEEN_LOOKS = 0.25
"""The system keeps the peaks; who looks often takes time from who is watched."""


def watched(future: "Future[T]") -> tuple[T, dict[int, int]]:
    """The result, and the peak memory in bytes of each process below this one meanwhile."""
    peaks: dict[int, int] = {}
    while not wait([future], SECONDS_BETWEEN_LOOKS).done:
        peaks |= {pid: peak for pid in descendants(os.getpid()) if (peak := peak_of(pid))}
    return future.result(), peaks


def descendants(pid: int) -> Iterator[int]:
    """Processes below one."""
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in read(children).split():
            yield int(child)
            yield from descendants(int(child))


def peak_of(pid: int) -> int:
    """The most memory that a process has had resident, in bytes; 0 if it is gone."""
    for line in read(Path(f"/proc/{pid}/status")).splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) << 10
    return 0


def read(path: Path) -> str:
    """A file of /proc, empty if its process has ended."""
    try:
        return path.read_text()
    except OSError:
        return ""
