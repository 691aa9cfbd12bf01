"""The plan: a recipe with its components built; small, immutable, and the same everywhere."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import xxhash

from augment import __version__
from augment.augmenter import Augmenter
from augment.component import Component, Learned, identity, spec_of, text_versions
from augment.compose import Chain
from augment.errors import ParameterError, Problem
from augment.filter import Filter
from augment.filters.duplicates import Duplicates
from augment.fitting import fitted, learned_by, unfitted
from augment.registry import Kind
from augment.registry import build as build_component
from augment.text.protect import Protection
from pipelines.errors import RecipeError
from pipelines.recipe import Recipe, Spec, View

LEXICAL_BATCH_ROWS, MODEL_BATCH_ROWS = 16_384, 1024
"""Rows that steps see at once: what is done per batch is little for many rows; but progress is
told per batch, and models take their time."""

_DECIDING = (
    *("text", "id", "label", "language", "seed", "protect", "spans"),
    *("keep_original", "layout", "max_chars", "retry", "split"),
)
"""Keys of a recipe that decide what is made of a row, besides views and filters."""


@dataclass(frozen=True, slots=True)
class PlannedView:
    """A view's name, its number of copies, and its steps in one chain."""

    name: str
    copies: int
    chain: Chain


@dataclass(frozen=True)
class Plan:
    """Everything that decides the output, apart from the input.

    Attributes:
        recipe: the validated recipe.
        views: in the recipe's order.
        filters: in the recipe's order.
    """

    recipe: Recipe
    views: tuple[PlannedView, ...]
    filters: tuple[Filter, ...] = ()

    @property
    def protection(self) -> Protection:
        """What no step may edit."""
        return self.recipe.protect

    @property
    def batch_invariant(self) -> bool:
        """Whether the output is the same for any cut of the rows into batches."""
        return all(view.chain.batch_invariant for view in self.views) and all(
            judge.batch_invariant for judge in self.filters
        )

    @property
    def batch_rows(self) -> int:
        """Rows that a step sees at once."""
        usual = LEXICAL_BATCH_ROWS if self.batch_invariant else MODEL_BATCH_ROWS
        return self.recipe.batch_rows or usual

    @property
    def dataset_filter(self) -> Duplicates | None:
        """The filter that judges all rows' variants together, once they are made."""
        found = (judge for judge in self.filters if judge.scope == "dataset")
        return next((judge for judge in found if isinstance(judge, Duplicates)), None)

    @property
    def unfitted(self) -> tuple[str, ...]:
        """Names of the components that lack something that is learned of the corpus."""
        return self.lacking(None)

    def lacking(self, what: Learned | None) -> tuple[str, ...]:
        """Names of the components that lack the statistics, or the classifier, of the corpus."""
        return tuple(dict.fromkeys(name for part in self._parts for name in unfitted(part, what)))

    @property
    def statistics(self) -> frozenset[str]:
        """Paths of the statistics that its components use."""
        return self.learned("statistics")

    def learned(self, what: Learned) -> frozenset[str]:
        """Paths of the statistics, or the classifiers, that its components use."""
        return frozenset(path for part in self._parts for path in learned_by(part, what))

    def fitted(self, path: str, what: Learned = "statistics") -> "Plan":
        """The plan whose components have what was learned; the recipe stays as it is."""
        views = tuple(replace(view, chain=fitted(view.chain, path, what)) for view in self.views)
        filters = tuple(fitted(judge, path, what) for judge in self.filters)
        return Plan(self.recipe, views, filters)

    @property
    def _parts(self) -> tuple[Component, ...]:
        return (*(view.chain for view in self.views), *self.filters)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that decides what is made of a row, as JSON-able values."""
        recipe = self.recipe.model_dump(mode="json", include=set(_DECIDING))
        return {
            **recipe,
            "program": {"augmill": __version__, **text_versions()},
            "batch_rows": None if self.batch_invariant else self.batch_rows,
            "views": {v.name: {"copies": v.copies, **identity(v.chain)} for v in self.views},
            "filters": [identity(judge) for judge in self.filters],
        }

    @cached_property
    def fingerprint(self) -> str:
        """32 hex digits that change whenever the output of the same input may."""
        # Views are written in their order, which is that of a row's variants.
        ordered = [
            json.dumps(self.identity, sort_keys=True, ensure_ascii=False),
            *self.recipe.views,
        ]
        return xxhash.xxh3_128_hexdigest("\n".join(ordered).encode())

    def recipe_dict(self) -> dict[str, Any]:
        """The recipe with every parameter written out; it builds this same plan."""
        return self.recipe.dump()


def build(recipe: Recipe) -> Plan:
    """Build a recipe's components; its step entries are replaced by complete ones.

    Raises:
        RecipeError: with every component that can't be built.
    """
    problems: list[Problem] = []
    views = tuple(
        PlannedView(name, view.copies, Chain(steps=steps))
        for name, view in recipe.views.items()
        if (steps := _built(view.steps, f"views.{name}.steps", "augmenter", problems))
    )
    filters = _built(recipe.filters, "filters", "filter", problems)
    if recipe.row_cache is not None:
        for view in views:
            for i, step in enumerate(view.chain.steps):
                problems += _uncacheable(step, f"views.{view.name}.steps[{i}]")
    problems += _unlabelled(recipe, filters)
    problems += _dataset_wide(filters)
    if problems:
        raise RecipeError(problems)
    return Plan(_complete(recipe, views, filters), views, filters)


def _built(entries: list[Spec], path: str, kind: Kind, problems: list[Problem]) -> tuple[Any, ...]:
    built: list[Component] = []
    for i, entry in enumerate(entries):
        try:
            built.append(build_component(entry, kind).resolved())
        except ParameterError as error:
            problems += [problem.under(f"{path}[{i}]") for problem in error.problems]
    return tuple(built)


def _unlabelled(recipe: Recipe, filters: tuple[Filter, ...]) -> Iterator[Problem]:
    """Filters that judge by labels, in a recipe that says nowhere where the labels are."""
    names = [judge.name for judge in filters if judge.reads_labels]
    if names and recipe.label is None:
        yield Problem("label", f"{names[0]} needs the column of the labels: label: NAME")


def _dataset_wide(filters: tuple[Filter, ...]) -> Iterator[Problem]:
    """Filters of the whole dataset that a run can't judge by."""
    first, *others = [i for i, judge in enumerate(filters) if judge.scope == "dataset"] or [-1]
    if first >= 0 and not isinstance(filters[first], Duplicates):
        message = f"{filters[first].name} judges the whole dataset, which only duplicates may"
        yield Problem(f"filters[{first}]", message)
    for i in others:
        message = f"one filter may judge the whole dataset, and filters[{first}] does so already"
        yield Problem(f"filters[{i}]", message)


def _uncacheable(step: Component, path: str) -> Iterator[Problem]:
    """A row that depends on its batch can't be kept for another."""
    if isinstance(step, Augmenter) and step.model_cost and not step.exact:
        engine = " ".join(str(getattr(step, name, "")) for name in ("backend", "dtype")).strip()
        good = ", ".join(name for name, share in step.drift.items() if not share) or "none"
        message = (
            f"row_cache needs steps whose rows are the same in any batch, which {step.name} "
            f"({engine}) is not; it is exact with: {good}"
        )
        yield Problem(path, message)
    for name in step.nested:
        held = getattr(step, name)
        if isinstance(held, tuple):
            for i, part in enumerate(held):
                yield from _uncacheable(part, f"{path}.{name}[{i}]")
        else:
            yield from _uncacheable(held, f"{path}.{name}")


def _complete(
    recipe: Recipe, views: tuple[PlannedView, ...], filters: tuple[Filter, ...]
) -> Recipe:
    """The recipe with every component's parameters, so that a dump leaves nothing to defaults."""
    entries = {
        view.name: View(copies=view.copies, steps=[spec_of(step) for step in view.chain.steps])
        for view in views
    }
    return recipe.model_copy(update={"views": entries, "filters": [spec_of(f) for f in filters]})
