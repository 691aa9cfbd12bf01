"""What a run computes, what it reuses, and the reasons that it gives."""

import pyarrow as pa
import pytest

from pipelines import corpus as corpora
from pipelines import run
from pipelines.errors import DataError, RunError
from pipelines.forecast import forecast
from pipelines.schedule import changes

DRAFT = {"steps": [{"use": "random_swap", "rate": 0.2}]}


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 20)


def table(texts, count=60, first=0):
    return pa.table({"text": texts(count), "n": pa.array(range(first, first + count))})


def test_only_what_changed_is_computed_and_the_reason_is_told(mill, texts):
    mill.write(table(texts), row_group_size=20)
    assert mill.run(id="n").computed == {"new input": 3}
    again = mill.run(id="n")
    assert (again.computed, again.reused, again.changed, again.version) == ({}, 3, False, 1)
    mill.write(table(texts, 70), row_group_size=20)
    grown = mill.run(id="n")
    assert (grown.computed, grown.reused, grown.version) == ({"changed input": 1}, 3, 2)


def test_a_changed_parameter_is_named_and_changing_it_back_is_free(mill, texts):
    mill.write(table(texts), row_group_size=20)
    rate = {"steps": [{"use": "random_swap", "rate": 0.4}]}
    first = mill.run(**DRAFT)
    other = mill.run(**rate)
    reason = "changed recipe: views.augmented.steps[0].rate 0.2 → 0.4"
    assert other.computed == {reason: 3}
    back = mill.run(**DRAFT)
    assert (back.computed, back.reused, back.changed) == ({}, 3, True)
    assert back.fingerprint == first.fingerprint


def test_equal_shards_are_computed_once(mill, texts):
    mill.write(pa.table({"text": texts(20) * 3}), row_group_size=20)
    summary = mill.run()
    assert (summary.computed, summary.reused) == ({"new input": 1}, 2)
    assert summary.stats.rows == 60
    assert mill.read().num_rows == summary.rows


def test_a_file_of_a_step_is_named(mill, texts, tmp_path):
    words = tmp_path / "words.tsv"
    steps = {"steps": [{"use": "synonym", "lexicon": str(words), "rate": 0.5}]}
    words.write_text("movie\tfilm\n", "utf-8")
    mill.run(table(texts), **steps)
    words.write_text("movie\tpicture\n", "utf-8")
    (reason,) = mill.run(**steps).computed
    assert reason.startswith("changed file of views.augmented.steps[0]: ")


def test_what_is_not_the_recipes_is_named_too():
    old = {"program": {"pyarrow": "1"}, "views": {"a": {"copies": 1, "steps": [{"rate": 1}]}}}
    new = {"program": {"pyarrow": "2"}, "views": {"a": {"copies": 1, "steps": []}}, "seed": 1}
    assert list(changes(old, new)) == [
        "changed program: pyarrow 1 → 2",
        "changed recipe: views.a.steps[0].rate 1 → –",
        "changed recipe: seed – → 1",
    ]


def test_a_forecast_tells_the_same_and_writes_nothing(mill, texts):
    mill.write(table(texts), row_group_size=20)
    recipe = mill.recipe(id="n")
    before = forecast(recipe)
    assert before.schedule.why == {"new input": 3}
    assert (before.rows, before.missing) == (60, 60)
    assert before.seconds > 0
    assert [path.name for path in mill.folder.iterdir()] == ["in.parquet"]
    run(recipe)
    held = sorted(mill.folder.rglob("*"))
    after = forecast(recipe)
    assert (after.schedule.missing, after.seconds) == ([], 0.0)
    assert sorted(mill.folder.rglob("*")) == held


def test_a_forecast_before_the_words_are_counted_says_so(mill, texts):
    mill.write(table(texts), row_group_size=20)
    recipe = mill.recipe(steps=[{"use": "tfidf", "rate": 0.3}])
    assert forecast(recipe).schedule is None
    run(recipe)
    assert forecast(recipe).schedule.missing == []


def test_ids_that_stand_in_two_files_are_an_error_with_examples(mill, texts):
    mill.write(table(texts, 30), "in.parquet/a.parquet")
    mill.write(table(texts, 30, first=29), "in.parquet/b.parquet")
    with pytest.raises(DataError, match=r"1 ids of the column 'n' .*'29' in \S*a\.parquet and in"):
        mill.run(id="n")
    assert not mill.output.exists()
    summary = mill.run(id="n", duplicate_ids="keep")
    assert summary.stats.rows == 60


def test_ids_of_files_that_were_never_together_are_compared_though_nothing_is_computed(mill, texts):
    for name in ("a", "b"):
        mill.write(table(texts, 30).append_column("of", pa.array([name] * 30)), f"{name}.parquet")
        mill.run(id="n", input=str(mill.folder / f"{name}.parquet"))
    with pytest.raises(DataError, match="30 ids of the column 'n'"):
        mill.run(id="n", input=str(mill.folder / "[ab].parquet"))
    both = mill.run(id="n", input=str(mill.folder / "[ab].parquet"), duplicate_ids="keep")
    assert (both.computed, both.version) == ({}, 3)
    with pytest.raises(DataError, match="30 ids of the column 'n'"):
        mill.run(id="n", input=str(mill.folder / "[ab].parquet"))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.uint64(), pa.float64()])
def test_ids_of_any_type_are_compared(mill, texts, kind):
    ids = pa.array([1, 2, 3, 2, None, None]).cast(kind)
    mill.write(pa.table({"text": texts(6), "n": ids}))
    with pytest.raises(DataError, match=r"1 ids of the column 'n'"):
        mill.run(id="n", max_reject_fraction=1)


def test_a_rejected_row_can_end_the_run(mill, plugins):
    data = pa.table({"text": ["fine", "BOOM", "good"], "n": ["a", "b", "c"]})
    steps = [{"use": "fragile"}]
    message = r"row 'b' of \S*in\.parquet was rejected: error in fragile \("
    with pytest.raises(DataError, match=message):
        mill.run(data, steps=steps, id="n", on_error="fail", max_reject_fraction=1)
    assert not mill.output.exists()
    # Nor is what an earlier run rejected accepted.
    mill.run(steps=steps, id="n", max_reject_fraction=1)
    with pytest.raises(DataError, match=r"1 of 3 rows .* on_error: fail accepts none"):
        mill.run(steps=steps, id="n", on_error="fail", max_reject_fraction=1)


def test_a_shard_that_rejects_everything_fails_the_run(mill, texts):
    nothing = pa.array([None] * 20, pa.string())
    mill.write(pa.table({"text": pa.concat_arrays([pa.array(texts(980)), nothing])}),
               row_group_size=20)  # fmt: skip
    with pytest.raises(
        DataError, match=r"every row of a shard of .* was rejected \(null_text 20\)"
    ):
        mill.run(max_reject_fraction=0.5)
    assert mill.rejects("failed").num_rows == 20
    assert mill.run(max_reject_fraction=1).stats.rejected == {"null_text": 20}


def test_an_input_that_changes_during_the_run_publishes_nothing(mill, texts, monkeypatch):
    from pipelines import runner

    path = mill.write(table(texts), row_group_size=20)
    work = runner.run_shard

    def meddled(*arguments, **options):
        mill.write(table(texts, 61), row_group_size=20)
        return work(*arguments, **options)

    monkeypatch.setattr(runner, "run_shard", meddled)
    with pytest.raises(RunError, match=f"{path.name}.* changed"):
        mill.run()
    assert not mill.output.exists()


def test_of_a_component_that_came_or_went_the_name_is_told():
    kept, gone = {"use": "language", "min_letters": 20}, {"use": "duplicates", "near": None}
    old = {"filters": [kept, gone]}
    assert list(changes(old, {"filters": [kept]})) == ["changed recipe: filters[1] duplicates → –"]
    assert list(changes({"filters": [kept]}, old)) == ["changed recipe: filters[1] – → duplicates"]
    other = list(changes(old, {"filters": [gone, gone]}))
    assert other == ["changed recipe: filters[0] language → duplicates"]
