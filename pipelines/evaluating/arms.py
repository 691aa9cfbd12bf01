"""What is compared: the whole recipe, and each of its methods alone."""

from collections.abc import Iterator
from dataclasses import replace

from augment.augmenter import Augmenter
from augment.compose import Chain
from pipelines.plan import Plan

RECIPE = "recipe"
"""The arm of the whole recipe."""


def arms_of(plan: Plan, *, methods: bool = True) -> dict[str, Plan]:
    """Plans by name: the recipe's own, then one for each method in it.

    A method alone keeps its parameters, the copies of the views that it stands in, and the
    filters. Methods inside ``one_of`` and the like count as methods; equal ones are one.

    Args:
        plan: of the recipe.
        methods: also the methods, if there are at least two.
    """
    found: dict[Augmenter, None] = {}
    for view in plan.views:
        for step in view.chain.steps:
            found.update(dict.fromkeys(_leaves(step)))
    arms = {RECIPE: plan}
    if methods and len(found) > 1:
        for method in found:
            arms[_free(method.name, arms)] = _alone(plan, method)
    return arms


def _leaves(step: Augmenter) -> Iterator[Augmenter]:
    inner = [part for part in step.parts if isinstance(part, Augmenter)]
    if not inner:
        yield step
    for part in inner:
        yield from _leaves(part)


def _alone(plan: Plan, method: Augmenter) -> Plan:
    views = tuple(
        replace(view, chain=Chain(steps=(method,)))
        for view in plan.views
        if any(method in _leaves(step) for step in view.chain.steps)
    )
    return Plan(plan.recipe, views, plan.filters)


def _free(name: str, taken: dict[str, Plan]) -> str:
    """The name, numbered from its second use on."""
    number = 1
    while (wanted := name if number == 1 else f"{name} {number}") in taken:
        number += 1
    return wanted
