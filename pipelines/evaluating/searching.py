"""Suggest a recipe's rates and copies by a small search, on rows that no table is made of.

Source: the tree-structured Parzen estimator, Bergstra et al. 2011, "Algorithms for Hyper-Parameter
Optimization", §4, by Optuna.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from augment.errors import MissingExtraError
from pipelines.evaluating.arms import RECIPE
from pipelines.evaluating.comparing import standard_error
from pipelines.evaluating.labelled import Labelled
from pipelines.evaluating.models.base import Model
from pipelines.evaluating.study import BASELINE, Design, outcomes_of
from pipelines.plan import Plan, build
from pipelines.recipe import parse
from pipelines.recipe_source import override

SHARE = 3
"""One of so many rows is searched on, by the hash of its group's first text."""

_RATES, _STEP, _COPIES = (0.05, 1.0), 0.05, (1, 8)
_SEEDS = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a search found.

    Attributes:
        values: of the recipe, by their paths (``views.strong.steps[0].rate``).
        size: originals learnt from in the search.
        trials: settings tried.
        lift: mean difference of accuracy to no variants, in points, on the rows searched on: the
            best of many, and therefore too good; see the table for what it is worth.
        lift_se: its standard error over the draws.
    """

    values: Mapping[str, float | int]
    size: int
    trials: int
    lift: float
    lift_se: float

    def assignments(self) -> list[str]:
        """``path=value``, as ``--set`` takes them for a file.

        What is of the one view ``augmented`` alone is taken to be written at the top level.
        """
        one = {path.split(".")[1] for path in self.values} == {"augmented"}
        cut = "views.augmented." if one else ""
        return [f"{path.removeprefix(cut)}={value}" for path, value in self.values.items()]


def apart(data: Labelled) -> tuple[Labelled, Labelled]:
    """The rows to search on, and those for the table; whole groups, the same for any seed."""
    _, first, group = np.unique(data.groups, return_index=True, return_inverse=True)
    searched = data.keys[first][group] % np.uint64(SHARE) == 0
    return data.take(np.flatnonzero(searched)), data.take(np.flatnonzero(~searched))


def suggest(
    plan: Plan, data: Labelled, model: Model, design: Design, language: str, trials: int
) -> Suggestion:
    """The best of some settings, by accuracy on held-out rows of those searched on.

    Every step's ``rate`` and every view's ``copies`` is drawn; the sampler's seed is the recipe's.

    Args:
        plan: of the recipe.
        data: the rows to search on, see :func:`apart`.
        model: the classifier, with its usual strength.
        design: of the table; the search learns from its middle size, or as many as there are.
        language: BCP 47 tag of the texts, ``und`` for several.
        trials: settings to try; the recipe's own is the first.

    Raises:
        MissingExtraError: Optuna is not installed.
        DataError: there are too few rows.
    """
    if find_spec("optuna") is None:
        raise MissingExtraError("--search", "Optuna", "evaluate")
    import optuna

    size = min(sorted(design.sizes)[len(design.sizes) // 2], len(data) * 2 // 3)
    small = Design((size,), _SEEDS, design.tested, ("fixed",), design.variant_share)
    baseline = _accuracies(None, data, model, small, language)
    knobs = dict(_knobs(plan))

    def objective(trial: "optuna.Trial") -> float:
        values = {path: _drawn(trial, path) for path in knobs}
        accuracies = _accuracies(with_values(plan, values), data, model, small, language)
        differences = accuracies - baseline
        trial.set_user_attr("se", standard_error(differences))
        return float(differences.mean())

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(seed=plan.recipe.seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.enqueue_trial({path: _inside(path, value) for path, value in knobs.items()})
    study.optimize(objective, n_trials=trials)
    best = study.best_trial
    values = {path: _rounded(value) for path, value in best.params.items()}
    return Suggestion(values, size, trials, float(best.value or 0.0), best.user_attrs["se"])


def _accuracies(
    plan: Plan | None, data: Labelled, model: Model, design: Design, language: str
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    name = BASELINE if plan is None else RECIPE
    splits = design.splits(data)
    found = outcomes_of(name, plan, data, splits, model, design, language)
    return np.array([100 * outcome.accuracy for outcome in found])


def _drawn(trial: Any, path: str) -> float | int:
    if path.endswith("copies"):
        return int(trial.suggest_int(path, *_COPIES))
    return _rounded(trial.suggest_float(path, *_RATES, step=_STEP))


def _inside(path: str, value: float | int) -> float | int:
    """The nearest value that can be drawn."""
    if path.endswith("copies"):
        return int(np.clip(value, *_COPIES))
    return _rounded(np.clip(round(value / _STEP) * _STEP, *_RATES))


def _rounded(value: float) -> float | int:
    """Without what binary fractions add to a sum of steps."""
    return value if isinstance(value, int) else round(float(value), 2)


def _knobs(plan: Plan) -> Iterator[tuple[str, float | int]]:
    """Paths of what can be searched, with the values that the recipe has."""
    for name, view in plan.recipe.views.items():
        yield f"views.{name}.copies", view.copies
        for i, step in enumerate(view.steps):
            yield from _rates(step, f"views.{name}.steps[{i}]")


def _rates(spec: Mapping[str, Any], path: str) -> Iterator[tuple[str, float]]:
    for key, value in spec.items():
        if key == "rate" and isinstance(value, float | int):
            yield f"{path}.rate", float(value)
        elif key in {"steps", "options"} and isinstance(value, Sequence):
            for i, inner in enumerate(value):
                yield from _rates(inner, f"{path}.{key}[{i}]")
        elif key == "step" and isinstance(value, Mapping):
            yield from _rates(value, f"{path}.{key}")


def with_values(plan: Plan, values: Mapping[str, float | int]) -> Plan:
    """The plan of the recipe with other values at some paths."""
    dumped = plan.recipe.dump()
    override(dumped, [f"{path}={value}" for path, value in values.items()])
    return build(parse(dumped))
