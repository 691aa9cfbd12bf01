"""The pass that learns a corpus's labels before a run: of what, when, and the same anywhere."""

import shutil

import numpy as np
import pyarrow as pa
import pytest

from augment.errors import MissingExtraError
from augment.models import classifier_training
from augment.models.classifier import LabelClassifier
from augment.models.classifier_training import train
from pipelines import classifying, draws, preparing, sampling
from pipelines import corpus as corpora
from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.classifying import TrainFold
from pipelines.describe import needs
from pipelines.draws import SCHEMA, Draw
from pipelines.errors import DataError, RecipeError
from pipelines.forecast import forecast
from pipelines.terminal import forecast_text

GOOD = ["bright", "warm", "clever", "lovely", "fresh", "honest"]
BAD = ["dull", "cold", "stupid", "ugly", "stale", "fake"]
PLAIN = ["the", "film", "is", "a", "story", "of", "two", "men", "and", "their", "town", "sea"]
JUDGE = {"use": "label_agreement"}
TURN = [{"use": "turn"}]


def review(number, words):
    drawn = np.random.Generator(np.random.Philox(key=number))
    chosen = [*drawn.choice(PLAIN, 6), *drawn.choice(words, 2)]
    return " ".join(drawn.permutation(chosen)) + f" n{number}"


def table(count=120):
    texts = [review(i, (GOOD, BAD)[i % 2]) for i in range(count)]
    return pa.table({"text": texts, "n": range(count), "mood": ["good", "bad"] * (count // 2)})


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(corpora, "SHARD_ROWS", 20)


@pytest.fixture
def trained(monkeypatch):
    """The folds that are trained, as they are."""
    seen = []

    class Watched(TrainFold):
        __slots__ = ()

        def __call__(self, fold, tick):
            seen.append(fold)
            return super().__call__(fold, tick)

    monkeypatch.setattr(classifying, "TrainFold", Watched)
    return seen


def cached(mill):
    return sorted((mill.folder / "out.aug" / "cache").glob("*.classifier"))


def files(folder):
    return [(part.name, part.read_bytes()) for part in sorted(folder.iterdir())]


def recipe(**values):
    return {"label": "mood", "filters": [JUDGE], "id": "n", **values}


def test_flipped_variants_are_rejected_and_faithful_ones_kept(mill, plugins):
    """A step that says the opposite of half of the texts."""
    mill.write(table(), row_group_size=10)
    summary = mill.run(**recipe(steps=TURN, keep_original=False))
    assert summary.stats.variants.rejected == {"label_agreement: disagrees": 60}
    assert set(mill.read()["n"].to_pylist()) == {n for n in range(120) if n % 4 < 2}


def test_one_worker_and_two_give_the_same_bytes(mill):
    mill.write(table(), row_group_size=10)
    made = []
    for workers in (1, 2):
        shutil.rmtree(mill.folder / "out.aug", ignore_errors=True)
        mill.output.unlink(missing_ok=True)
        summary = mill.run(workers=workers, **recipe())
        made.append((files(mill.output), cached(mill)[0].read_bytes(), summary.fingerprint))
    assert made[0] == made[1]


def test_the_order_of_the_rows_does_not_matter_to_what_is_learned(mill):
    found = []
    for rows in (table(), table().take(np.arange(119, -1, -1))):
        mill.write(rows, row_group_size=10)
        mill.run(**recipe())
        found.append(LabelClassifier.load(cached(mill)[0]).digest)
    assert found[0] == found[1]


def test_it_learns_from_labelled_rows_once_for_each_text(mill):
    rows = table()
    texts, moods = rows["text"].to_pylist(), rows["mood"].to_pylist()
    more = pa.table(
        {
            "text": [*texts, *["a text of no label"] * 10, None, *texts[:20]],
            "n": range(151),
            "mood": [*moods, *[None] * 10, "good", *moods[:20]],
        }
    )
    mill.run(more, **recipe(max_reject_fraction=1))
    assert LabelClassifier.load(cached(mill)[0]).texts == 120


def test_the_same_labels_are_not_learned_again(mill, trained):
    mill.write(table(), row_group_size=10)
    first = mill.run(**recipe())
    assert trained == [0, 1, 2, 3, 4]
    before = files(mill.output)
    again = mill.run(**recipe())
    assert (again.fingerprint, files(mill.output)) == (first.fingerprint, before)
    mill.write(table().append_column("more", pa.array(range(120))), row_group_size=10)
    mill.run(**recipe(filters=[{**JUDGE, "min": 0.1}]))
    assert len(trained) == 5
    (old,) = cached(mill)
    labels = table()["mood"].to_pylist()
    labels[7] = "good"
    mill.write(table().set_column(2, "mood", pa.array(labels)), row_group_size=10)
    second = mill.run(**recipe())
    assert len(trained) == 10
    assert len(cached(mill)) == 1
    assert cached(mill) != [old]
    assert second.fingerprint != first.fingerprint


def test_a_classifier_of_the_recipe_is_used_and_kept(mill, trained, tmp_path):
    path = tmp_path / "mine.arrow"
    rows = table()
    train(rows["text"].to_pylist(), rows["mood"].to_pylist()).save(path)
    mill.run(rows, **recipe(filters=[{**JUDGE, "classifier": str(path)}]))
    assert not trained
    assert not cached(mill)
    assert path.exists()


def test_steps_that_need_words_and_filters_that_need_labels_are_both_served(mill):
    both = recipe(steps=[{"use": "tfidf", "rate": 0.5}])
    plan = planning.build(recipes.parse(mill.recipe(**both)))
    assert plan.lacking("statistics") == ("tfidf",)
    assert plan.lacking("classifier") == ("label_agreement",)
    assert plan.fitted("w").fitted("c", "classifier").unfitted == ()
    assert plan.fitted("w").learned("classifier") == frozenset()
    summary = mill.run(table(), **both)
    assert summary.stats.variants.made > 0
    assert len(list((mill.folder / "out.aug" / "cache").glob("*.arrow"))) == 1
    assert len(cached(mill)) == 1


def test_weights_are_the_probabilities(mill, plugins):
    weighing = recipe(steps=TURN, filters=[{**JUDGE, "action": "reweight", "floor": 0.1}])
    mill.run(table(), **weighing, keep_original=False)
    rows = mill.read()
    assert len(rows) == 120
    for n, scores in zip(rows["n"].to_pylist(), rows["aug_scores"].to_pylist(), strict=True):
        told = {score["name"]: score["score"] for score in scores}
        assert told["weight"] == pytest.approx(max(0.1, told["label_agreement"]))
        assert (told["weight"] < 0.3) == (n % 4 >= 2)


def test_a_recipe_without_a_label_is_told_so(mill):
    with pytest.raises(RecipeError, match="label: label_agreement needs the column of the labels"):
        mill.run(table(), filters=[JUDGE])


def test_labels_that_cannot_be_learned_are_told(mill):
    rows = table().append_column("one", pa.array(["good"] * 120))
    mill.write(rows.append_column("lists", pa.array([["good"]] * 120)))
    with pytest.raises(DataError, match=r"'one' \(label\): .* two labels or more, not only 'good'"):
        mill.run(**recipe(label="one"))
    with pytest.raises(DataError, match=r"'lists' \(label\) is list<.*which label_agreement can't"):
        mill.run(**recipe(label="lists"))
    assert not mill.output.exists()


def test_without_scikit_learn_a_check_fails_and_a_given_classifier_does_not(
    mill, monkeypatch, tmp_path
):
    rows = table()
    path = tmp_path / "mine.arrow"
    train(rows["text"].to_pylist(), rows["mood"].to_pylist()).save(path)
    mill.write(rows)
    monkeypatch.setattr(classifier_training, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[classify\]"'):
        preparing.checked(recipes.parse(mill.recipe(**recipe())))
    mill.run(**recipe(filters=[{**JUDGE, "classifier": str(path)}]))


def test_a_sample_learns_of_the_first_rows_and_writes_nothing(mill, plugins):
    mill.write(table(), row_group_size=10)
    (batch,) = sampling.sample(mill.recipe(**recipe(steps=TURN)), 4)
    assert batch.stats.variants.rejected == {"label_agreement: disagrees": 2}
    assert [p.name for p in mill.folder.iterdir()] == ["in.parquet"]


def test_a_sample_of_rows_of_one_label_says_that_a_run_learns_of_all(mill, monkeypatch):
    monkeypatch.setattr(sampling, "SAMPLED_ROWS", 40)
    mill.write(table().sort_by("mood"), row_group_size=10)
    with pytest.raises(DataError, match="only 'bad'; a sample learns of the first 40 rows alone"):
        list(sampling.sample(mill.recipe(**recipe()), 3))


def test_a_forecast_trains_nothing_and_knows_what_a_run_trained(mill, trained):
    mill.write(table(), row_group_size=10)
    before = forecast(mill.recipe(**recipe()))
    assert not trained
    assert before.schedule is None
    assert before.missing == 120
    assert "once their labels are learned\n" in forecast_text(before, 1)
    told = "label_agreement needs a classifier of the corpus's labels: "
    assert list(needs(before.plan)) == [f"{told}a run trains it first"]
    assert list(needs(before.plan, 9)) == [
        f"{told}here of the first 9 rows; a run trains it of all"
    ]
    mill.run(**recipe())
    after = forecast(mill.recipe(**recipe()))
    assert after.schedule is not None
    assert after.missing == 0


def draw(rows, monkeypatch, sizes, most=draws.MOST_ROWS, bytes_=draws.MOST_BYTES):
    monkeypatch.setattr(draws, "MOST_ROWS", most)
    monkeypatch.setattr(draws, "MOST_BYTES", bytes_)
    drawing, start = Draw(), 0
    while start < rows.num_rows:
        size = next(sizes)
        drawing.add(rows.slice(start, size))
        start += size
    return drawing.close()


@pytest.mark.parametrize(("most", "bytes_"), [(50, 10**6), (10**6, 1500), (10**6, 10**9)])
def test_what_is_drawn_is_the_same_for_any_cut_and_order(monkeypatch, most, bytes_):
    texts = [review(i % 90, GOOD) for i in range(120)]
    rows = pa.table([["en"] * 120, ["a", "b", "a"] * 40, texts], schema=SCHEMA)
    monkeypatch.setattr(draws, "_SLACK", 1)
    found = []
    for order in (np.arange(120), np.random.default_rng(0).permutation(120)):
        for size in (1, 7, 120):
            cut = rows.take(order)
            found.append(draw(cut, monkeypatch, iter([size] * 120), most, bytes_))
    assert all(one.equals(found[0]) for one in found)
    assert found[0].num_rows == len(set(map(tuple, (r.values() for r in found[0].to_pylist()))))
    assert found[0].num_rows <= most
    assert sum(len(text) for text in found[0]["text"].to_pylist()) <= bytes_
    distinct = len({(r["label"], r["text"]) for r in rows.to_pylist()})
    assert (found[0].num_rows == distinct) == (most == 10**6 and bytes_ == 10**9)


@pytest.mark.parametrize("by", [None, "town"])
def test_what_is_held_out_for_validation_is_not_learned(mill, by):
    rows = table().append_column("town", pa.array([f"town {n // 6}" for n in range(120)]))
    mill.write(rows, row_group_size=10)
    mill.run(**recipe(split={"validation": 0.4, "by": by}))
    made = mill.read()
    originals = made.filter(made["aug_view"].cast(pa.string()).to_numpy() == "original")
    held_out = originals["split"].to_pylist().count("validation")
    assert 20 < held_out < 100
    (path,) = cached(mill)
    assert LabelClassifier.load(path).texts == 120 - held_out
    mill.run(**recipe(split={"validation": 0.1, "by": by}))
    assert cached(mill) != [path]
