"""Which components still need statistics of a corpus, however deep they are nested, and theirs."""

import dataclasses
from typing import Any, TypeVar

from augment.component import Component

T = TypeVar("T", bound=Component)


def unfitted(instance: Component) -> tuple[str, ...]:
    """Names of the components in this one, itself included, that lack their statistics."""
    own = (instance.name,) if _lacks(instance) else ()
    return own + tuple(name for part in instance.parts for name in unfitted(part))


def statistics_of(instance: Component) -> tuple[str, ...]:
    """Paths of the statistics that the component has, and those nested in it."""
    path = getattr(instance, instance.fits) if instance.fits else None
    nested = tuple(path for part in instance.parts for path in statistics_of(part))
    return nested if path is None else (path, *nested)


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
