"""Nothing that is tested on is learnt from: no row, no copy of it, nothing of its group."""

import numpy as np
import pytest

from pipelines.errors import DataError
from pipelines.evaluating.labelled import read_labelled
from pipelines.evaluating.splitting import folds, split

SIZES = (10, 40, 100)


def test_copies_of_a_text_are_never_on_both_sides(corpus, plan_of, reviews):
    rows = reviews(60)
    loud = [(text.upper() + " ", label) for text, label in rows]
    data = read_labelled(plan_of(corpus(rows + loud)), "label")
    assert len(np.unique(data.groups)) == 60
    for seed in range(10):
        drawn = split(data, seed, 1000)
        for size in (10, 40, 80):
            learnt, tested = drawn.training(size), drawn.test(size)
            assert len(learnt) == size
            assert not np.intersect1d(data.keys[learnt], data.keys[tested]).size


def test_rows_of_one_value_stay_together_even_through_copies(corpus, plan_of, reviews):
    rows = reviews(90)
    rows[1] = (rows[0][0], "good")
    author = [f"author {i // 3}" for i in range(90)]
    author[0], author[1] = "A", "B"
    data = read_labelled(plan_of(corpus(rows, author=author)), "label", by="author")
    # Row 0 is A's, row 1 B's, and both are the same text.
    assert data.groups[0] == data.groups[1] != data.groups[2]
    for seed in range(10):
        drawn = split(data, seed, 1000)
        learnt, tested = drawn.training(50), drawn.test(50)
        assert not np.intersect1d(data.groups[learnt], data.groups[tested]).size


def test_an_author_who_is_not_known_connects_nothing(corpus, plan_of, reviews):
    file = corpus(reviews(40), author=[None] * 38 + ["A", "A"])
    data = read_labelled(plan_of(file), "label", by="author")
    assert len(np.unique(data.groups)) == 39


def test_larger_trainings_hold_the_smaller_and_every_class_has_its_share(corpus, plan_of, reviews):
    rows = reviews(300)
    rows += [(f"Nobody knows what number {i} is about.", "odd") for i in range(100)]
    data = read_labelled(plan_of(corpus(rows)), "label")
    drawn = split(data, 3, 100)
    trainings = [drawn.training(size) for size in SIZES]
    assert set(trainings[0]) < set(trainings[1]) < set(trainings[2])
    for rows_learnt in (*trainings, drawn.test(100)):
        share = np.bincount(data.labels[rows_learnt]) / len(rows_learnt)
        np.testing.assert_allclose(share, [0.375, 0.375, 0.25], atol=0.1)


def test_a_seed_gives_its_split_and_another_another(corpus, plan_of, reviews):
    data = read_labelled(plan_of(corpus(reviews(100))), "label")
    first, again, other = (split(data, seed, 100).order.tolist() for seed in (1, 1, 2))
    assert first == again != other


def test_every_training_row_is_validated_once_and_its_group_left_out(corpus, plan_of, reviews):
    author = [f"author {i // 4}" for i in range(100)]
    data = read_labelled(plan_of(corpus(reviews(100), author=author)), "label", by="author")
    rows = split(data, 0, 100).training(60)
    held = []
    for learnt, validated in folds(data, rows, 3):
        assert not np.intersect1d(data.groups[learnt], data.groups[validated]).size
        held += validated.tolist()
    assert sorted(held) == sorted(rows.tolist())


def test_too_many_to_learn_from_is_told_with_the_numbers(corpus, plan_of, reviews):
    data = read_labelled(plan_of(corpus(reviews(100))), "label")
    message = r"90 of 100 labelled rows to learn from leave 10 to test on.*lower --train-sizes"
    with pytest.raises(DataError, match=message):
        split(data, 0, 2000).test(90)


def test_rows_without_a_label_are_left_out_and_counted(corpus, plan_of, reviews):
    rows = [(text, label if i % 5 else None) for i, (text, label) in enumerate(reviews(50))]
    data = read_labelled(plan_of(corpus(rows)), "label")
    assert (len(data), data.unlabelled, data.classes) == (40, 10, ("bad", "good"))


def test_a_label_column_that_is_not_there_is_told_with_the_nearest(corpus, plan_of, reviews):
    plan = plan_of(corpus(reviews(10)))
    with pytest.raises(DataError, match=r"no column 'lable' \(--label\), did you mean 'label'"):
        read_labelled(plan, "lable")


@pytest.mark.parametrize(
    ("label", "message"),
    [("good", "one class alone: 'good'"), (None, "no row has both a text and a label")],
)
def test_labels_that_teach_nothing_are_refused(corpus, plan_of, reviews, label, message):
    plan = plan_of(corpus([(text, label) for text, _ in reviews(10)]))
    with pytest.raises(DataError, match=message):
        read_labelled(plan, "label")
