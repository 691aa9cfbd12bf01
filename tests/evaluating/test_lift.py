"""The table: what it says of variants that teach, of none, and of those that mislead."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from augment import augmenter
from augment.compose import Chain
from pipelines.cli import app
from pipelines.errors import RecipeError
from pipelines.evaluating.arms import arms_of
from pipelines.evaluating.comparing import compared, paired
from pipelines.evaluating.labelled import read_labelled
from pipelines.evaluating.lift import evaluate
from pipelines.evaluating.models.choice import NAMES, model_named
from pipelines.evaluating.models.linear import TfidfModel
from pipelines.evaluating.study import BASELINE, Design, Outcome, study
from pipelines.evaluating.table import aligned, markdown
from pipelines.plan import Plan, PlannedView


def of(plan, step):
    return Plan(plan.recipe, (PlannedView("augmented", 4, Chain(steps=(step,))),), ())


@pytest.fixture
def rows(corpus, reviews):
    return corpus(reviews(300))


def test_variants_that_teach_lift_and_those_that_mislead_lower(rows, plan_of, telling, misleading):
    plan = plan_of(rows)
    data = read_labelled(plan, "label")
    arms = {"teach": of(plan, telling), "mislead": of(plan, misleading)}
    design = Design((8,), 8, 200, ("fixed",))
    baseline, teach, mislead = compared(study(data, arms, TfidfModel(), design, "en"))
    assert baseline.lift is None
    assert teach.lift > 3
    assert teach.t_p < 0.05
    assert teach.accuracy == pytest.approx(baseline.accuracy + teach.lift)
    assert 1 < teach.variants <= 4
    assert mislead.lift < -3
    assert mislead.t_p < 0.05


def test_more_copies_of_the_source_are_no_lift(rows, plan_of):
    """What only repeats the source changes nothing, as its weight is that of the source."""

    @augmenter("spaced")
    def spaced(text, rng):
        return text.replace(" ", "  ", 1)

    plan = plan_of(rows)
    data = read_labelled(plan, "label")
    design = Design((20,), 3, 300)
    outcomes = study(data, {"same": of(plan, spaced())}, TfidfModel(), design, "en")
    lines = [line for line in compared(outcomes) if line.arm == "same"]
    assert [(line.lift, line.t_p, line.wins) for line in lines] == [(0.0, 1.0, 1.5)] * 2


def test_outcomes_are_the_same_every_time(rows, plan_of):
    plan = plan_of(rows, {"use": "synonym", "rate": 0.3})
    data = read_labelled(plan, "label")

    def run():
        return list(study(data, {"one": plan}, TfidfModel(), Design((10, 30), 2, 100), "en"))

    assert run() == run()


def test_methods_inside_others_are_arms_and_equal_ones_are_one(rows, plan_of):
    swap = {"use": "random_swap", "rate": 0.2}
    deletion = {"use": "random_deletion", "rate": 0.1}
    strong = {"use": "random_deletion", "rate": 0.4}
    steps = [{"use": "one_of", "options": [swap, deletion]}, strong, swap]
    arms = arms_of(plan_of(rows, *steps))
    assert [*arms] == ["recipe", "random_swap", "random_deletion", "random_deletion 2"]
    assert arms["random_deletion 2"].views[0].chain.steps[0].rate == 0.4
    assert [*arms_of(plan_of(rows, swap))] == ["recipe"]


def test_paired_tests_are_those_of_scipy_and_survive_no_difference():
    from scipy.stats import ttest_rel, wilcoxon

    random = np.random.default_rng(0)
    first, second = random.normal(70, 2, 20), random.normal(71, 2, 20)
    mean, error, wins, t_p, w_p = paired(second - first)
    assert t_p == pytest.approx(ttest_rel(second, first).pvalue)
    assert w_p == pytest.approx(wilcoxon(second, first).pvalue)
    assert mean / error == pytest.approx(ttest_rel(second, first).statistic)
    assert wins == np.count_nonzero(second > first)
    assert paired(np.zeros(5)) == (0.0, 0.0, 2.5, 1.0, 1.0)


def test_a_significant_lift_is_bold_in_markdown():
    outcomes = [
        Outcome(arm, 50, seed, "fixed", 1.0, 0.6 + seed / 100 + lift, 0.5, 100)
        for arm, lift in ((BASELINE, 0.0), ("up", 0.02), ("down", -0.02))
        for seed in range(6)
    ]
    outcomes[6] = Outcome("up", 50, 0, "fixed", 1.0, 0.61, 0.5, 100)
    up, down = list(markdown(compared(outcomes)))[-2:]
    assert "| **+1.83 ± 0.17** | 6/6 | < .001 |" in up
    assert "| -2.00 ± 0.00 | 0/6 |" in down
    assert len({len(line) for line in aligned(compared(outcomes))}) <= 3


def test_the_command_prints_the_table_and_writes_every_outcome(rows, tmp_path):
    recipe, told = tmp_path / "r.yaml", tmp_path / "told.json"
    recipe.write_text(
        f"input: nowhere.parquet\noutput: {tmp_path / 'out'}\nsteps:\n"
        "  - {use: synonym, rate: 0.3}\n  - {use: random_swap, rate: 0.2}\n"
    )
    options = ["--data", rows, "--label", "label", "--train-sizes", "9,18", "--seeds", "2"]
    files = ["--json", str(told), "--tensorboard", str(tmp_path / "log")]
    result = CliRunner().invoke(app, ["evaluate", str(recipe), *options, *files])
    assert result.exit_code == 0, result.output
    assert "300 rows of 2 classes; tfidf, 2 seeds" in result.output
    values = json.loads(told.read_text())
    assert len(values["outcomes"]) == 4 * 2 * 2 * 2
    arms = ["originals", "recipe", "synonym", "random_swap"]
    assert [line["arm"] for line in values["lines"]] == arms * 4
    assert {path.name for path in (tmp_path / "log").iterdir()} == set(arms)


def test_a_search_is_on_rows_that_the_table_leaves_out(rows):
    values = {"input": rows, "output": "unused", "label": "label"}
    recipe = {**values, "steps": [{"use": "synonym", "rate": 0.1}], "copies": 1}
    design = Design((10, 40), 3, 200, ("fixed",))
    found = [evaluate(recipe, search=3, design=design) for _ in range(2)]
    assert found[0] == found[1]
    suggestion = found[0].suggestion
    assert {*suggestion.values} == {"views.augmented.copies", "views.augmented.steps[0].rate"}
    assert suggestion.assignments()[0].startswith("copies=")
    assert suggestion.trials == 3
    assert 150 < found[0].rows < 250
    assert [line.arm for line in found[0].lines[:3]] == ["originals", "recipe", "suggested"]


def test_names_of_models_are_checked():
    assert NAMES == ("tfidf", "encoder", "cnn")
    with pytest.raises(LookupError, match="unknown model 'tfid', did you mean 'tfidf'"):
        model_named("tfid")


def test_labels_must_be_named_somewhere(rows):
    recipe = {"input": rows, "output": "unused", "steps": [{"use": "random_swap"}]}
    with pytest.raises(RecipeError, match="say which one holds the labels, here or with --label"):
        evaluate(recipe)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--train-sizes", "50,many", "is no list of whole numbers"),
        ("--variant-share", "1.5", "is not between 0 and 1"),
    ],
)
def test_options_that_mean_nothing_are_refused(option, value, message):
    result = CliRunner().invoke(app, ["evaluate", "demo", option, value])
    assert result.exit_code != 0
    assert message in result.output
