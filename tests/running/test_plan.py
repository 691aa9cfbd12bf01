"""Plans: small, and with a fingerprint that changes with the output and with nothing else."""

import pickle

import pytest

from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.errors import RecipeError
from pipelines.recipe import Recipe

BASE = {"input": "a", "output": "b", "steps": [{"use": "synonym", "rate": 0.2}]}


def plan(**values):
    return planning.build(recipes.parse({**BASE, **values}))


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"steps": [{"use": "synonym", "rate": 0.3}]},
        {"copies": 2},
        {"text": "body"},
        {"id": "n"},
        {"language": "fr"},
        {"protect": ["urls"]},
        {"filters": [{"use": "length_ratio"}]},
        {"layout": "pairs"},
        {"max_chars": 5},
    ],
)
def test_fingerprint_changes_with_what_decides_the_output(change):
    assert plan(**change).fingerprint != plan().fingerprint


@pytest.mark.parametrize(
    "change", [{"input": "x"}, {"output": "y"}, {"batch_rows": 7}, {"max_reject_fraction": 0.5}]
)
def test_fingerprint_ignores_what_does_not(change):
    assert plan(**change).fingerprint == plan().fingerprint


def test_batches_count_for_steps_that_depend_on_them():
    steps = [{"use": "masked_lm"}]
    a, b = (plan(steps=steps, batch_rows=rows) for rows in (8, 16))
    assert not a.batch_invariant
    assert a.fingerprint != b.fingerprint


def test_pickles_small_and_whole():
    one = plan()
    assert pickle.loads(pickle.dumps(one)) == one
    assert len(pickle.dumps(one)) < 4096


def test_a_recipe_made_in_python_is_checked_when_it_is_planned():
    recipe = Recipe(input="a", output="b", views={"v": {"steps": [{"use": "nothing"}]}})
    with pytest.raises(RecipeError, match=r"views\.v\.steps\[0\]\.use: unknown augmenter"):
        planning.build(recipe)
