"""What is learnt from: a source weighs 1 with its variants, and none is a copy of a test row."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.evaluating.banks import banks
from pipelines.evaluating.drawing import batches, epoch
from pipelines.evaluating.labelled import read_labelled, text_keys
from pipelines.evaluating.splitting import split
from pipelines.evaluating.variants import Bank, Training, texts


@pytest.fixture
def data(corpus, plan_of, reviews):
    return read_labelled(plan_of(corpus(reviews(80))), "label")


def bank(parents, made, weights=None):
    text = pa.array(made, pa.string())
    given = np.ones(len(made)) if weights is None else np.array(weights)
    return Bank(np.array(parents, np.int64), text, text_keys(text), given)


def test_a_source_and_its_variants_weigh_one_together(data):
    made = bank([0, 0, 0, 2], ["a", "b", "c", "d"])
    training = Training.of(data, made, np.array([2, 0, 1]), np.array([5]))
    assert training.rows.tolist() == [2, 0, 1, 80, 81, 82, 83]
    assert training.sources.tolist() == [0, 1, 2, 1, 1, 1, 0]
    assert training.labels.tolist() == data.labels[[2, 0, 1, 0, 0, 0, 2]].tolist()
    np.testing.assert_allclose(training.weights, [0.5, 0.5, 1, 1 / 6, 1 / 6, 1 / 6, 0.5])


def test_what_a_filter_takes_from_a_variant_goes_to_its_source(data):
    made = bank([0, 0], ["a", "b"], [1.0, 0.2])
    training = Training.of(data, made, np.array([0]), np.array([5]), variant_share=0.6)
    np.testing.assert_allclose(training.weights, [0.64, 0.3, 0.06])


def test_a_variant_that_says_what_a_test_row_says_is_left_out(data):
    said = data.text[7].as_py().upper()
    made = bank([0, 1], [said, "another"])
    training = Training.of(data, made, np.array([0, 1]), np.array([7]))
    assert texts(data, made).take(pa.array(training.rows)).to_pylist()[2:] == ["another"]
    assert training.weights.tolist() == [1.0, 0.5, 0.5]


def test_an_epoch_has_every_source_once_by_the_weights(data):
    made = bank([0, 0, 1], ["a", "b", "c"], [1.0, 0.5, 1.0])
    training = Training.of(data, made, np.arange(4), np.array([9]))
    random = np.random.default_rng(0)
    drawn = np.array([np.sort(training.rows[epoch(training, random)]) for _ in range(4000)])
    counts = np.bincount(drawn.ravel(), minlength=83)[[0, 80, 81, 1, 82, 2, 3]] / 4000
    np.testing.assert_allclose(counts, [0.625, 0.25, 0.125, 0.5, 0.5, 1, 1], atol=0.03)
    sources = [training.sources[epoch(training, random)] for _ in range(3)]
    assert all(sorted(order) == [0, 1, 2, 3] for order in sources)


def test_batches_go_on_for_ever_epoch_by_epoch(data):
    training = Training.of(data, Bank.empty(), np.arange(5), np.array([9]))
    drawn = batches(training, 2, np.random.default_rng(0))
    sizes = [len(next(drawn)) for _ in range(7)]
    assert sizes == [2, 2, 1, 2, 2, 1, 2]


def test_one_bank_serves_all_trainings(corpus, plan_of, data, reviews):
    plan = plan_of(corpus(reviews(80)), copies=3)
    splits = [split(data, seed, 100) for seed in (0, 1)]
    ((made, cells),) = banks(plan, data, splits, (10, 30))
    assert cells == [(0, 10), (0, 30), (1, 10), (1, 30)]
    drawn = {*splits[0].training(30), *splits[1].training(30)}
    assert set(made.parents) <= drawn
    assert np.bincount(made.parents).max() == 3
    again = Bank.of(plan, data, np.arange(80))
    alike = dict.fromkeys(zip(again.parents, again.text.to_pylist(), strict=True))
    assert set(zip(made.parents, made.text.to_pylist(), strict=True)) <= set(alike)


def test_what_learns_from_the_corpus_learns_from_the_training_rows_alone(
    corpus, plan_of, data, reviews
):
    step = {"use": "tfidf", "rate": 0.5, "vocabulary": 50}
    plan = plan_of(corpus(reviews(80)), step, copies=2)
    assert plan.unfitted
    drawn = split(data, 0, 100)
    for made, ((_, size),) in banks(plan, data, [drawn], (10, 30)):
        learnt = drawn.training(size)
        assert set(made.parents) == set(learnt)
        assert words_of(made.text) <= words_of(data.text.take(pa.array(learnt)))


def test_a_filter_learns_labels_of_the_training_rows_and_weighs_variants(
    corpus, plan_of, data, reviews
):
    judge = {"use": "label_agreement", "action": "reweight"}
    step = {"use": "synonym", "rate": 1.0}
    plan = plan_of(corpus(reviews(80)), step, copies=1, filters=[judge])
    assert plan.unfitted == ("label_agreement",)
    drawn = split(data, 0, 100)
    ((made, cells),) = banks(plan, data, [drawn], (40,))
    assert cells == [(0, 40)]
    assert set(made.parents) <= set(drawn.training(40))
    assert ((made.weights > 0) & (made.weights < 1)).any()
    training = Training.of(data, made, drawn.training(40), drawn.test(40))
    np.testing.assert_allclose(np.bincount(training.sources, training.weights), 1)


def words_of(text):
    return set(" ".join(text.to_pylist()).lower().replace(".", "").split())
