"""What is compared on each set: recipes, single methods, and other libraries' augmenters."""

import random
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import cache
from typing import Any

import numpy as np

from augment.augmenter import augmenter
from augment.compose import Chain
from benchmarks.lift.data import SETS
from benchmarks.lift.neighbours import neighbours_file
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.plan import Plan, PlannedView

COPIES = 4
"""Of every row, by every arm."""

BEST = "recipe"

_RATE = 0.3
"""What nlpaug and nlpcda replace by default, and what the single methods are given, too."""


def arms(name: str, file: str, model: str) -> dict[str, Plan]:
    """Plans by the names of the table's rows.

    Args:
        name: of the set.
        file: its rows.
        model: that learns from them; each has the recipe that was chosen for it.
    """
    language = SETS[name].language
    found = {arm: _plan(file, language, steps) for arm, steps in _steps(name, model).items()}
    if language == "zh":
        found["nlpcda Similarword"] = _of_peer(file)
    return found


def _steps(name: str, model: str) -> Mapping[str, tuple[int, list[dict[str, Any]]]]:
    chinese = SETS[name].language == "zh"
    eda = [
        {"use": "synonym", "rate": 0.1},
        {"use": "random_insertion", "rate": 0.1},
        {"use": "random_swap", "rate": 0.1},
        {"use": "random_deletion", "rate": 0.1},
    ]
    found: dict[str, tuple[int, list[dict[str, Any]]]] = {
        BEST: (COPIES, _best(chinese, model)),
        "nlpaug SynonymAug": (
            COPIES,
            [{"use": "nlpaug", "augmenter": "word.SynonymAug", "params": {"aug_src": "wordnet"}}],
        ),
        "synonym": (COPIES, [{"use": "synonym", "rate": _RATE}]),
        "random_deletion": (COPIES, [{"use": "random_deletion", "rate": 0.1}]),
        "EDA's four, one each": (COPIES, [{"use": "one_of", "options": eda}]),
    }
    if name == "rotten":
        found["masked_lm"] = (COPIES, [{"use": "masked_lm", "rate": 0.15}])
    return found


def _best(chinese: bool, model: str) -> list[dict[str, Any]]:
    if chinese:
        return [{"use": "random_insertion", "rate": 0.5, "lexicon": "cilin"}]
    rate = {"tfidf": 1.0, "cnn": 0.3}[model]
    return [{"use": "random_insertion", "rate": rate, "lexicon": str(neighbours_file())}]


def _plan(file: str, language: str, made: tuple[int, list[dict[str, Any]]]) -> Plan:
    copies, steps = made
    values = {"input": file, "output": "unused", "label": "label", "language": language}
    return planning.build(recipes.parse({**values, "copies": copies, "steps": steps}))


def _of_peer(file: str) -> Plan:
    """nlpcda's augmenter in the place of a recipe's steps."""
    plan = _plan(file, "zh", (COPIES, [{"use": "synonym"}]))
    view = PlannedView("augmented", COPIES, Chain(steps=(_similarword()(),)))
    return Plan(plan.recipe, (view,), plan.filters)


@cache
def _similarword() -> type:
    import sys

    with redirect_stdout(sys.stderr):
        from nlpcda import Similarword

        peer = Similarword(create_num=2, change_rate=_RATE)

    @augmenter("nlpcda_similarword")
    def similarword(text: str, rng: np.random.Generator) -> str | None:
        seed = int(rng.integers(1 << 31))
        random.seed(seed)  # noqa: TID251 - nlpcda draws from the globals
        np.random.seed(seed)  # noqa: TID251, NPY002
        made: list[str] = peer.replace(text)
        return made[-1] if len(made) > 1 else None

    return similarword
