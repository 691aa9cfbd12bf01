"""Recipes: every mistake at once, under its path; what is dumped builds the same plan."""

import pickle

import pytest
import yaml

from augment.text.protect import DEFAULT_KINDS
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.errors import InputMissingError, RecipeError
from pipelines.recipe_source import bundled

STEP = {"use": "synonym", "rate": 0.2}
BASE = {"input": "a.parquet", "output": "out", "steps": [STEP]}


def problems(data, **options):
    with pytest.raises(RecipeError) as caught:
        recipes.parse(data, **options)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_all_mistakes_are_reported_with_path_and_nearest_name():
    found = problems(
        {
            "input": "a",
            "output": "b",
            "txt": "body",
            "views": {
                "strong": {
                    "copys": 2,
                    "steps": [
                        {"use": "synonim"},
                        {"use": "one_of", "options": [STEP, {"use": "synonym", "raet": 1}]},
                        {"use": "synonym", "rate": 2},
                        "synonym",
                    ],
                },
                "original": {"steps": [STEP]},
                "two words": {"steps": [STEP]},
            },
            "filters": [{"use": "length_ratio", "mix": 2}],
            "protect": ["url"],
            "layout": "tall",
        }
    )
    assert "did you mean 'text'" in found["txt"]
    assert "did you mean 'copies'" in found["views.strong.copys"]
    assert "did you mean 'synonym'" in found["views.strong.steps[0].use"]
    assert "did you mean 'rate'" in found["views.strong.steps[1].options[1].raet"]
    assert "less than or equal to 1" in found["views.strong.steps[2].rate"]
    assert "key 'use'" in found["views.strong.steps[3]"]
    assert "source rows" in found["views.original"]
    assert "letters" in found["views.two words"]
    assert "did you mean 'm" in found["filters[0].mix"]
    assert "did you mean 'urls'" in found["protect"]
    assert "'long', 'wide' or 'pairs'" in found["layout"]
    assert len(found) == 11


def test_message_has_one_line_per_problem_and_names_the_file(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("input: a\noutput: b\nsteps: [{use: synonym, rate: 7}]\nseed: x\n")
    with pytest.raises(RecipeError) as caught:
        recipes.load(path)
    head, *lines = str(caught.value).splitlines()
    assert head == f"{path}: 2 problems"
    assert [line.split(":")[0].strip() for line in lines] == [
        "seed",
        "steps[0].rate",
    ]
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_top_level_steps_are_one_view_named_augmented():
    recipe = recipes.parse({**BASE, "copies": 3})
    assert {name: view.copies for name, view in recipe.views.items()} == {"augmented": 3}


def test_steps_beside_views_are_refused():
    assert problems({**BASE, "views": {"weak": {"steps": [STEP]}}}).keys() == {"steps"}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("input: [a\noutput: b\n", "line 2, column 7", "is no YAML"),
        ("input: a\noutput: b\ninput: c\n", "line 3, column 1", "'input' is written twice"),
        ("- a\n", "", "is a mapping"),
    ],
)
def test_a_file_that_is_no_recipe(tmp_path, text, place, message):
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(RecipeError) as caught:
        recipes.load(path)
    [problem] = caught.value.problems
    assert problem.path == place
    assert message in problem.message


def test_a_missing_file_hints_at_bundled_recipes():
    with pytest.raises(InputMissingError, match="did you mean 'demo'"):
        recipes.load("demmo")


def test_variables_are_expanded_and_undefined_ones_named(monkeypatch):
    monkeypatch.setenv("CORPUS", "/data/x")
    monkeypatch.delenv("NOWHERE", raising=False)
    good = recipes.parse({**BASE, "input": "${CORPUS}/a$$b", "output": "$CORPUS.out"})
    assert (good.input, good.output) == ("/data/x/a$b", "/data/x.out")
    found = problems({**BASE, "views": {"v": {"steps": [{"use": "$NOWHERE"}]}}, "steps": [STEP]})
    assert "$NOWHERE is not set" in found["views.v.steps[0].use"]


def test_overrides_reach_into_lists_and_take_yaml_values():
    recipe = recipes.parse(
        {"input": "a", "output": "b", "views": {"weak": {"steps": [STEP, STEP]}}},
        overrides=["views.weak.steps[1].rate=0.5", "views.weak.copies=4", "max_chars=null"],
    )
    assert recipe.views["weak"].copies == 4
    assert [step["rate"] for step in recipe.views["weak"].steps] == [0.2, 0.5]


@pytest.mark.parametrize("text", ["a.b.c=1", "views", "steps[9].rate=1", "steps[=1", "seed=[1"])
def test_an_override_that_fits_nowhere_is_a_problem(text):
    assert f"--set {text}" in problems(BASE, overrides=[text])


def test_overriding_does_not_change_the_callers_values():
    data = {**BASE, "steps": [dict(STEP)]}
    recipes.parse(data, overrides=["steps[0].rate=0.9"])
    assert data["steps"] == [STEP]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"language": {"column": "lang"}, "layout": "wide", "max_chars": 10, "id": "n"},
        {"protect": {"kinds": ["urls"], "patterns": [r"\$HOME", r"a$$", "x$"]}},
        {
            "steps": [
                {"use": "one_of", "options": [STEP, {"use": "chain", "steps": [STEP]}], "p": 0.5}
            ],
            "filters": [{"use": "length_ratio", "max": 3}],
        },
    ],
)
def test_a_dumped_plan_builds_the_same_plan(values):
    plan = planning.build(recipes.parse({**BASE, **values}))
    text = yaml.safe_dump(plan.recipe_dict())
    again = planning.build(recipes.parse(yaml.safe_load(text)))
    assert again == plan
    assert again.fingerprint == plan.fingerprint


def test_a_dump_leaves_nothing_to_defaults():
    dumped = planning.build(recipes.parse(BASE)).recipe_dict()
    assert dumped["views"]["augmented"]["steps"][0]["min_edits"] == 1
    assert dumped["batch_rows"] is None


@pytest.mark.parametrize("name", bundled())
def test_bundled_recipes_are_whole(name):
    planning.build(recipes.load(name))


def test_a_layout_without_originals_only_makes_sense_when_long():
    assert "keep_original" in problems({**BASE, "layout": "wide", "keep_original": False})


def test_norwegian_is_no_boolean():
    assert "quote it" in problems({**BASE, **yaml.safe_load("language: no")})["language"]


def test_values_that_end_the_parser_are_problems(tmp_path):
    path = tmp_path / "r.yaml"
    for text in (
        "seed: 2024-13-45\n",
        "steps: &a [{use: one_of, options: *a}]\n",
        "input: a\noutput: b\nviews: [{steps: [{use: synonym}]}]\n",
        "input: a\noutput: b\nsteps: [{use: synonym}]\nlanguage: klingonish!!\n",
    ):
        path.write_text(text)
        with pytest.raises(RecipeError):
            recipes.load(path)
    with pytest.raises(RecipeError, match="no YAML value"):
        recipes.parse(BASE, overrides=["seed=2024-99-99"])


def test_everything_is_protected_unless_told():
    assert recipes.parse(BASE).protect.kinds == DEFAULT_KINDS
