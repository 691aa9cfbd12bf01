"""What a class pickles as: its name where a module holds it, else the class as it was written.

A class of a notebook or a script lives in ``__main__``, which no other process has. dill, with
which ``datasets`` hashes functions and sends them to workers, pickles such a class whole; what a
decorator added to it may refer to the class itself and to its address, which fails and gives
another hash in each process.
"""

import sys
from types import CellType, FunctionType
from typing import Any, TypeVar

T = TypeVar("T")

_MADE_ANEW = (
    "__dict__",
    "__weakref__",
    "__abstractmethods__",
    "_abc_impl",
    "__firstlineno__",
    "__static_attributes__",
)
"""What a class statement adds to the body, some of it in an order of its own."""

_WRITTEN = "written"


def keep_written(cls: type[T]) -> type[T] | None:
    """A copy of a class before it is decorated, if no module holds it by its name.

    It is meant to be kept under the decorated class, see :func:`hold`.
    """
    if cls.__module__ != "__main__" and "<locals>" not in cls.__qualname__:
        return None
    body = {name: value for name, value in vars(cls).items() if name not in _MADE_ANEW}
    metaclass: Any = type(cls)
    copy: type[T] = metaclass(cls.__name__, cls.__bases__, body)
    own = CellType(copy)
    for name, value in body.items():
        if isinstance(value, FunctionType) and "__class__" in value.__code__.co_freevars:
            setattr(copy, name, _of_class(value, own))
    return copy


def _of_class(method: FunctionType, own: CellType) -> FunctionType:
    """The method with another class behind its ``super()``."""
    names, cells = method.__code__.co_freevars, method.__closure__ or ()
    closure = tuple(
        own if name == "__class__" else cell for name, cell in zip(names, cells, strict=True)
    )
    copy = FunctionType(
        method.__code__, method.__globals__, method.__name__, method.__defaults__, closure
    )
    copy.__kwdefaults__ = method.__kwdefaults__
    copy.__qualname__, copy.__annotations__ = method.__qualname__, method.__annotations__
    return copy


def hold(decorated: type[T], written: type[T] | None) -> None:
    """Keep the class as it was written where pickle finds it by name."""
    if written is not None:
        written.__qualname__ = f"{decorated.__qualname__}.{_WRITTEN}"
        setattr(decorated, _WRITTEN, written)


def portable(decorated: type[T]) -> type[T]:
    """What another process can be sent of a class: itself, or the class as it was written.

    pickle sends either by name, dill and cloudpickle the latter with all that it holds.
    """
    found: type[T] = vars(decorated).get(_WRITTEN, decorated)
    return found


def holder(sent: type[T]) -> type[T] | None:
    """The class of this process that a sent one stands for, None if it came as it was written."""
    if "__dataclass_fields__" in vars(sent):
        return sent
    owner, _, last = sent.__qualname__.rpartition(".")
    if last != _WRITTEN:
        return None
    found: object = sys.modules.get(sent.__module__)
    for part in owner.split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and vars(found).get(_WRITTEN) is sent:
        return found
    # It is decorated again, under its own name.
    sent.__qualname__ = owner
    return None
