"""An evaluation from a recipe to its table: the library's side of ``augmill evaluate``."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from augment.errors import Problem
from pipelines.errors import RecipeError
from pipelines.evaluating.arms import arms_of
from pipelines.evaluating.comparing import Line, compared
from pipelines.evaluating.labelled import read_labelled
from pipelines.evaluating.models.choice import check_installed, model_named
from pipelines.evaluating.searching import Suggestion, apart, suggest, with_values
from pipelines.evaluating.study import Design, Outcome, Tell, study
from pipelines.logs import warn
from pipelines.plan import Plan
from pipelines.preparing import Given, as_recipe, checked

SUGGESTED = "suggested"
"""The arm of the recipe with the values that a search found."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What an evaluation found.

    Attributes:
        data: path or URL of the labelled rows.
        model: name of the classifier.
        knob: what its strength of regularisation is.
        rows: labelled rows.
        classes: their labels.
        unlabelled: rows left out, as they have no label.
        design: how it was compared.
        lines: the table.
        outcomes: of every training.
        suggestion: what a search for better values found, if there was one; the table then has
            an arm ``suggested``, and is of the rows that were not searched on.
    """

    data: str
    model: str
    knob: str
    rows: int
    classes: tuple[str, ...]
    unlabelled: int
    design: Design
    lines: tuple[Line, ...]
    outcomes: tuple[Outcome, ...]
    suggestion: Suggestion | None = None

    def values(self) -> dict[str, Any]:
        """As plain values for JSON."""
        return asdict(self)


def evaluate(
    recipe: Given,
    *,
    data: str | None = None,
    label: str | None = None,
    by: str | None = None,
    model: str = "tfidf",
    design: Design | None = None,
    methods: bool = True,
    search: int = 0,
    overrides: Iterable[str] = (),
    tell: Tell | None = None,
) -> Lift:
    """Train with and without a recipe's variants, and compare.

    Args:
        recipe: a recipe, its plain values, a file, or the name of a bundled one.
        data: the labelled rows: whatever a recipe can have as its input; the recipe's if None.
        label: column of the labels; the recipe's if None.
        by: column whose equal values are never both learnt from and tested on.
        model: ``tfidf``, ``encoder``, ``cnn``, or a checkpoint to fine-tune.
        design: sizes, seeds, and so on.
        methods: whether each method of the recipe is also evaluated alone.
        search: so many settings of the recipe's rates and copies are tried on a third of the
            rows, and the best is evaluated on the others with the rest.
        overrides: of the recipe's values, such as ``views.strong.copies=4``.
        tell: told of every training that is done.

    Raises:
        AugmillError: a mistake in the recipe or the data, or something that is not installed.
    """
    check_installed()
    chosen, design = model_named(model), design or Design()
    plan = evaluable(recipe, data, label, overrides)
    if plan.dataset_filter is not None:
        warn("filters", "duplicates across the dataset are left out by a run, but not here")
    rows = read_labelled(plan, str(plan.recipe.label), by)
    language = plan.recipe.language
    tag = language if isinstance(language, str) else "und"
    arms, suggestion = arms_of(plan, methods=methods), None
    if search:
        searched, rows = apart(rows)
        suggestion = suggest(plan, searched, chosen, design, tag, search)
        arms[SUGGESTED] = with_values(plan, suggestion.values)
    outcomes = tuple(study(rows, arms, chosen, design, tag, tell))
    return Lift(
        data=plan.recipe.input,
        model=chosen.name,
        knob=chosen.knob,
        rows=len(rows),
        classes=rows.classes,
        unlabelled=rows.unlabelled,
        design=design,
        lines=tuple(compared(outcomes)),
        outcomes=outcomes,
        suggestion=suggestion,
    )


def evaluable(
    recipe: Given, data: str | None, label: str | None, overrides: Iterable[str] = ()
) -> Plan:
    """The plan of a recipe whose input is the labelled rows.

    Raises:
        RecipeError: the recipe has mistakes, or nothing says which column holds the labels.
    """
    given = as_recipe(recipe, overrides)
    changed = given.model_copy(update={"input": data or given.input, "label": label or given.label})
    if changed.label is None:
        message = "names no column: say which one holds the labels, here or with --label"
        raise RecipeError([Problem("label", message)])
    return checked(changed)
