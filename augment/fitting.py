"""Which components still lack what is learned of a corpus, however deep they are nested; and it."""

import dataclasses
from typing import Any, TypeVar

from augment.component import Component, Learned

T = TypeVar("T", bound=Component)


def unfitted(instance: Component, what: Learned | None = None) -> tuple[str, ...]:
    """Names of the components in this one, itself included, that lack what they need.

    Args:
        instance: the component.
        what: those alone that need this; None for all.
    """
    own = (instance.name,) if _lacks(instance, what) else ()
    return own + tuple(name for part in instance.parts for name in unfitted(part, what))


def learned_by(instance: Component, what: Learned) -> tuple[str, ...]:
    """Paths of the statistics, or the classifiers, that it has, and those nested in it."""
    own = instance.fits if instance.learns == what else ""
    path = getattr(instance, own) if own else None
    nested = tuple(path for part in instance.parts for path in learned_by(part, what))
    return nested if path is None else (path, *nested)


def fitted(instance: T, path: str, what: Learned = "statistics") -> T:
    """The component, with the path of what was learned wherever it or a nested one lacks that."""
    if not unfitted(instance, what):
        return instance
    changed: dict[str, Any] = {instance.fits: path} if _lacks(instance, what) else {}
    for name in instance.nested:
        held = getattr(instance, name)
        many = isinstance(held, tuple)
        changed[name] = (
            tuple(fitted(h, path, what) for h in held) if many else fitted(held, path, what)
        )
    return dataclasses.replace(instance, **changed)


def _lacks(instance: Component, what: Learned | None) -> bool:
    needed = bool(instance.fits) and what in (None, instance.learns)
    return needed and getattr(instance, instance.fits) is None
