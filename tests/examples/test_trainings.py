"""The trainings run on a little of the real data, and what they print is what they promise."""

import re

import numpy as np
import pandas as pd
import pytest

pytestmark = pytest.mark.slow


def numbers(line, pattern):
    found = re.search(pattern, line)
    assert found, line
    return [float(number) for number in found.groups()]


def test_consistency_training_beats_the_labels_alone(call, tmp_path):
    *_, last = call("consistency_training.py", "--seeds", 3, "--folder", tmp_path)
    pattern = r"100 labels, 3 seeds, .*supervised ([\d.]+) ± .*consistency ([\d.]+) ± "
    alone, consistent = numbers(last, pattern)
    assert 88 < alone < 97
    assert consistent > alone
    gain, error = numbers(last, r"difference (-?[\d.]+) ± ([\d.]+) points")
    assert gain == pytest.approx(consistent - alone, abs=0.02)
    assert error > 0


def test_labels_are_few_and_test_rows_in_no_corpus(load):
    training, packaged = load("consistency_training"), load("packaged")
    news = packaged.bbc_news()
    part = training.split(news, "headline")
    pool = news[part == training.POOL].reset_index(drop=True)
    few = training.few(pool.label, 100, 5)
    assert few.value_counts().to_list() == [20] * 5
    assert few.dropna().equals(pool.label[few.notna()])
    assert few.equals(training.few(pool.label, 100, 5))
    assert not few.equals(training.few(pool.label, 100, 6))
    for other in (training.DEV, training.TEST):
        held = news[part == other]
        assert len(held) > 300
        assert not set(held.text) & set(pool.text)
        assert not set(held.headline) & set(pool.headline)


def test_pretraining_lowers_the_perplexity_of_rows_held_out(call, tmp_path):
    options = ("--rows", 400, "--steps", 40, "--folder", tmp_path)
    *_, last = call("continued_pretraining.py", *options)
    before, after, alone = numbers(
        last, r"before ([\d.]+); after 40 steps .* rows\) ([\d.]+), on its originals alone ([\d.]+)"
    )
    assert after < 0.9 * before
    assert alone < 0.9 * before
    assert {path.parent.name for path in tmp_path.glob("log/*/events*")} == {
        "augmented",
        "originals",
    }


def test_fine_tuning_prints_both_accuracies(call, tmp_path):
    options = ("--rows", 600, "--steps", 60, "--seeds", 1, "--folder", tmp_path)
    *_, last = call("supervised_finetuning.py", *options)
    held, alone, together = numbers(
        last, r"on (\d+) held-out originals, 1 seeds: without variants ([\d.]+)%, with ([\d.]+)%"
    )
    assert 200 < held < 400
    assert alone > 55
    assert together > 55


def test_a_source_weighs_the_same_however_many_variants_it_has(load):
    rows = pd.DataFrame(
        {
            "aug_parent": ["a", "a", "a", "b", "c", "c"],
            "aug_scores": [[], [{"name": "weight", "score": 0.5}], [], [], [], []],
        }
    )
    given = load("supervised_finetuning").weights(rows)
    assert np.allclose(given, [0.4, 0.2, 0.4, 1.0, 0.5, 0.5])
    assert np.allclose(given.groupby(rows.aug_parent).sum(), 1.0)
