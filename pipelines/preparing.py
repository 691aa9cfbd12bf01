"""From what a user gives to a plan and its input, checked against each other."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from augment.errors import Problem
from augment.models import classifier_training
from augment.models.classifier import open_classifier
from augment.statistics import open_statistics
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.corpus import Corpus, open_corpus
from pipelines.errors import RecipeError
from pipelines.layouts import layout
from pipelines.plan import Plan
from pipelines.recipe import Recipe
from pipelines.store.opening import check_format

Given = Recipe | Mapping[str, Any] | str | Path
"""A recipe, its plain values, its file, or the name of a bundled one."""


def as_recipe(recipe: Given, overrides: Iterable[str] = ()) -> Recipe:
    """The recipe that is meant by any way to give one; only a file's values are overridden."""
    if isinstance(recipe, Recipe):
        return recipe
    if isinstance(recipe, Mapping):
        return recipes.parse(recipe)
    return recipes.load(recipe, overrides)


def checked(recipe: Recipe) -> Plan:
    """The plan of a recipe, whose files of statistics and classifiers can be read, or be made.

    Raises:
        RecipeError, InputMissingError: see :mod:`pipelines.errors`.
        StatisticsError: a step's file of statistics can't be read.
        ModelError: a filter's classifier can't be read.
        MissingExtraError: a classifier is to be trained, which needs scikit-learn.
    """
    plan = planning.build(recipe)
    for path in sorted(plan.statistics):
        open_statistics(path)
    for path in sorted(plan.learned("classifier")):
        open_classifier(path)
    if plan.lacking("classifier"):
        classifier_training.require()
    return plan


def opened(plan: Plan, limit: int | None, cache: Path) -> Corpus:
    """A plan's input, checked against it.

    Args:
        plan: of a run.
        limit: only so many rows, the first ones; None for all.
        cache: where files that are no Parquet are converted to.

    Raises:
        RecipeError, InputMissingError, DataError: see :mod:`pipelines.errors`.
    """
    recipe = plan.recipe
    corpus = open_corpus(recipe.input, format=recipe.input_format, text=recipe.text, cache=cache)
    _check_apart(recipe, corpus)
    folders = corpus.shards[0].partition
    written = layout(plan, corpus.schema, folders).schema()
    for name in folders:
        written = written.append(corpus.schema.field(name))
    check_format(recipe.format, written)
    return corpus if limit is None else corpus.head(limit)


def _check_apart(recipe: Recipe, corpus: Corpus) -> None:
    """A run must not read what it writes, nor replace what it reads."""
    if "://" in recipe.input + recipe.output:
        return
    source, output = Path(recipe.input).resolve(), Path(recipe.output).resolve()
    read = {Path(file.name).resolve() for file in corpus.sources}
    if source in output.parents or any(output in (p, *p.parents) for p in read):
        message = f"{recipe.output!r} and the input {recipe.input!r} lie inside each other"
        raise RecipeError([Problem("output", message)])
