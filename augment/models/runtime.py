"""How many threads a model may use in this process."""

import os

_threads: int | None = None


def threads() -> int:
    """The number set, or else the number of cores this process may run on."""
    if _threads is not None:
        return _threads
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def set_threads(count: int | None) -> None:
    """Set the number for this process; ``None`` goes back to the default.

    Raises:
        ValueError: the number is less than one.
    """
    global _threads
    if count is not None and count < 1:
        raise ValueError(f"a model needs at least one thread, not {count}")
    _threads = count
