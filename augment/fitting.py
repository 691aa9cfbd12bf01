"""Which components still need statistics of a corpus, however deep they are nested, and theirs."""

import dataclasses
from typing import Any, TypeVar

from augment.component import Component

T = TypeVar("T", bound=Component)


def unfitted(instance: Component) -> tuple[str, ...]:
    """Names of the components in this one, itself included, that lack their statistics."""
    own = (instance.name,) if _lacks(instance) else ()
    return own + tuple(name for part in _parts(instance) for name in unfitted(part))


def fitted(instance: T, path: str) -> T:
    """The component, with the path of the statistics wherever it or a nested one lacks them."""
    if not unfitted(instance):
        return instance
    changed: dict[str, Any] = {instance.fits: path} if _lacks(instance) else {}
    for name in instance.nested:
        held = getattr(instance, name)
        many = isinstance(held, tuple)
        changed[name] = tuple(fitted(h, path) for h in held) if many else fitted(held, path)
    return dataclasses.replace(instance, **changed)


def _lacks(instance: Component) -> bool:
    return bool(instance.fits) and getattr(instance, instance.fits) is None


def _parts(instance: Component) -> tuple[Component, ...]:
    held = (getattr(instance, name) for name in instance.nested)
    return tuple(part for h in held for part in (h if isinstance(h, tuple) else (h,)))
