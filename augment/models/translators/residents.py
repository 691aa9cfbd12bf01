"""Loaded models of this process: shared by identity, bounded in number, released on request."""

import gc
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import RLock
from typing import Generic, TypeVar, cast

M = TypeVar("M")

LIMIT = 4
"""How many models stay loaded; the one that was not used for longest goes first."""

_loaded: "OrderedDict[Hashable, object]" = OrderedDict()
_lock = RLock()


@dataclass(frozen=True)
class Resident(Generic[M]):
    """A model that is loaded when it is asked for, once per process.

    Attributes:
        identity: all that decides what the model computes, and how.
        build: loads it.
    """

    identity: Hashable
    build: Callable[[], M] = field(compare=False, repr=False)

    def get(self) -> M:
        """The model; loaded if it is not, or no longer."""
        with _lock:
            if self.identity not in _loaded:
                made = self.build()
                while len(_loaded) >= LIMIT:
                    _loaded.popitem(last=False)
                _loaded[self.identity] = made
            _loaded.move_to_end(self.identity)
            return cast(M, _loaded[self.identity])

    def release(self) -> None:
        """Let go of the model; the next :meth:`get` loads it again."""
        with _lock:
            if _loaded.pop(self.identity, None) is not None:
                gc.collect()  # PyTorch's modules refer to each other in circles.


def release_all() -> None:
    """Let go of every model."""
    with _lock:
        _loaded.clear()
    gc.collect()


def identities() -> list[Hashable]:
    """Of the models that are loaded, the one used last at the end."""
    with _lock:
        return list(_loaded)
