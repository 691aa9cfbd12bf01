"""Repetitions of the source and of other variants, exact but for small things, and near."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.augmenter import variants_of_texts
from augment.batch import TextBatch
from augment.filters.duplicates import Duplicates
from augment.testing.filters import check_filter
from augment.text.folding import folded
from augment.text.sketches import resemblance, sketches

TEXT = "the huge movie about a beautiful house was rapidly a success"


def judged(instance, variants, source=TEXT, siblings=()):
    batch = TextBatch.of([source] * len(variants))
    columns = tuple(pa.array([text] * len(variants), pa.string()) for text in siblings)
    batch = dataclasses.replace(batch, siblings=columns)
    return instance.judge(batch, variants_of_texts(batch, variants))


@pytest.mark.parametrize(
    "instance",
    [
        Duplicates(),
        Duplicates(near=0.8),
        Duplicates(against="dataset", near=0.9, unit="word", size=2, fold=("case",)),
    ],
)
def test_contract(instance):
    check_filter(instance)


@pytest.mark.parametrize("copy", [f" {TEXT}!", TEXT.upper(), TEXT.replace(" ", "  "), f"«{TEXT}»"])
def test_a_copy_of_the_source_is_exact_whatever_its_case_and_punctuation(copy):
    found = judged(Duplicates(), [copy, "something else"])
    assert found.reason.to_pylist() == ["exact", None]
    assert found.score[0] == 1
    assert np.isnan(found.score[1])


def test_a_sibling_that_is_there_already_is_not_made_again():
    found = judged(Duplicates(), ["One.", "Two.", None], siblings=["one", None])
    assert found.reason.to_pylist() == ["exact", None, None]


def test_what_is_not_folded_makes_a_difference():
    folds = {"case": TEXT.upper(), "punctuation": f"{TEXT}!"}
    for left_out, variant in folds.items():
        fold = tuple({"case", "space", "punctuation"} - {left_out})
        assert judged(Duplicates(fold=fold), [variant]).keep.all()


def test_texts_of_punctuation_alone_differ_by_it():
    assert judged(Duplicates(), ["?!"], source="...").keep.all()
    assert not judged(Duplicates(), ["..."], source="...").keep.all()


def test_near_is_a_share_of_common_shingles():
    variant = TEXT.replace("rapidly", "quickly")
    assert judged(Duplicates(near=0.9), [variant]).keep.all()
    found = judged(Duplicates(near=0.6), [variant, "nothing in common"])
    assert found.reason.to_pylist() == ["near", None]
    assert found.score[0] == pytest.approx(0.72, abs=0.1)


def _shingles(text, size):
    return {text[i : i + size] for i in range(max(1, len(text) - size + 1))}


@given(st.lists(st.text("abc de", max_size=60), min_size=2, max_size=6), st.integers(1, 6))
def test_sketches_estimate_the_jaccard_similarity(texts, size):
    made = sketches(pa.array(texts, pa.string()), "character", size)
    first = _shingles(texts[0], size)
    for i, text in enumerate(texts):
        other = _shingles(text, size)
        expected = len(first & other) / len(first | other)
        assert resemblance(made[:1], made[i : i + 1])[0] == pytest.approx(expected, abs=0.26)


@given(st.lists(st.text(max_size=20), max_size=8))
def test_folding_is_the_same_for_any_cut(texts):
    column = pa.array(texts, pa.string())
    assert folded(column).to_pylist() == [
        folded(column.slice(i, 1))[0].as_py() for i in range(len(texts))
    ]
