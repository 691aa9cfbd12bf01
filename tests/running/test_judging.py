"""What filters see and say beside yes and no: labels, weights, and what they rejected."""

import dataclasses
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines import plan as planning
from pipelines import recipe as recipes
from pipelines.errors import DataError
from pipelines.expand import expand
from pipelines.labels import labels_of
from pipelines.layouts import layout

SYNONYM = {"use": "synonym", "rate": 0.3}


def recipe(**values):
    base = {"input": "a", "output": "b", "protect": [], "steps": [SYNONYM], "copies": 2}
    return recipes.parse({**base, **values})


def planned(**values):
    return planning.build(recipe(**values))


def batch(texts, **columns):
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.string()), **columns})


def variants(expansion):
    return [made.variants.text.to_pylist() for made in expansion.rows.made]


@pytest.mark.parametrize(
    ("column", "labels"),
    [
        (pa.array(["a", None]), ["a", None]),
        (pa.array(["a", None]).dictionary_encode(), ["a", None]),
        (pa.array([1, None], pa.int8()), ["1", None]),
        (pa.array([1.0, float("nan")]), ["1", None]),
        (pa.array([True, None]), ["true", None]),
        (pa.nulls(2), [None, None]),
    ],
)
def test_labels_are_strings_and_null_where_a_row_has_none(column, labels):
    found = labels_of(recipe(label="y"), batch(["a", "b"], y=column))
    assert found.type == pa.string()
    assert found.to_pylist() == labels


def test_spans_are_no_labels_and_bytes_are_an_error():
    spans = pa.array([[{"start": 0, "stop": 1}]])
    assert labels_of(recipe(label="y"), batch(["a"], y=spans)) is None
    assert labels_of(recipe(), batch(["a"])) is None
    with pytest.raises(DataError, match=r"'y' \(label\) of type binary is no label"):
        labels_of(recipe(label="y"), batch(["a"], y=pa.array([b"\xff"])))


@pytest.mark.usefixtures("plugins")
def test_weights_are_multiplied_and_written_with_the_scores(texts):
    filters = [{"use": "coin", "doubted": "n"}, {"use": "coin", "doubted": "n"}]
    plan = planned(label="y", filters=filters)
    rows = batch(texts(40), y=["p", "n", None, "p"] * 10)
    later = layout(plan, rows.schema).later(expand(plan, rows).rows).to_pylist()
    weights = {(row["y"], dict_of(row["aug_scores"])["weight"]) for row in later}
    assert weights == {("p", 1.0), ("n", 0.25), (None, 1.0)}


def dict_of(scores):
    return {score["name"]: score["score"] for score in scores}


@pytest.mark.usefixtures("plugins")
def test_the_rejected_are_handed_over_with_their_reasons(texts):
    plan, rows = planned(filters=[{"use": "coin"}]), batch(texts(40))
    out = expand(plan, rows, keep_rejected=True)
    everything = expand(planned(), rows)
    for made, unfiltered in zip(out.rows.made, everything.rows.made, strict=True):
        found = made.rejected
        assert pc.coalesce(made.variants.text, found.variants.text) == unfiltered.variants.text
        assert pc.equal(found.reasons.is_valid(), found.variants.text.is_valid()).to_pylist()
        assert {*found.reasons.to_pylist()} == {None, "coin: tails"}
    plain = expand(plan, rows)
    assert variants(plain) == variants(out)
    assert all(made.rejected is None for made in plain.rows.made)


@pytest.mark.usefixtures("plugins")
def test_a_retry_replaces_what_was_rejected_and_nothing_else(texts):
    rows, filters = batch(texts(80)), [{"use": "coin"}]
    once, often = (expand(planned(filters=filters, retry=n), rows) for n in (0, 4))
    for before, after in zip(variants(once), variants(often), strict=True):
        assert all(b == a for b, a in zip(before, after, strict=True) if b is not None)
    first, last = once.stats.variants, often.stats.variants
    assert last.made > first.made + first.rejected["coin: tails"] // 2
    assert last.made == first.made + last.recovered
    assert last.retried >= last.recovered
    for view in (first, last):
        assert view.asked == view.made + view.declined + view.failed + sum(view.rejected.values())


def test_a_sibling_that_repeats_another_is_asked_for_again():
    rows = batch(["the huge movie about a beautiful house", "a rapid success", "a big car"] * 20)
    values = {"copies": 4, "filters": [{"use": "duplicates"}]}
    once, often = (expand(planned(retry=n, **values), rows) for n in (0, 5))
    assert once.stats.variants.rejected["duplicates: exact"] > often.stats.variants.recovered > 0
    for row in zip(*variants(often), strict=True):
        there = [text for text in row if text is not None]
        assert len(set(there)) == len(there)


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("size", [1, 7, 33])
def test_retries_are_the_same_for_any_cut(texts, size):
    plan = planned(filters=[{"use": "coin"}], retry=2)
    rows = batch(texts(40))
    whole = expand(plan, rows)
    parts = [expand(plan, rows.slice(at, size)) for at in range(0, 40, size)]
    assert variants(whole) == [
        [*chain.from_iterable(copy)] for copy in zip(*map(variants, parts), strict=True)
    ]
    total = sum((part.stats.variants for part in parts), type(whole.stats.variants)())
    assert dataclasses.replace(total, seconds=0) == dataclasses.replace(
        whole.stats.variants, seconds=0
    )


@pytest.mark.usefixtures("plugins")
def test_a_language_column_is_kept_apart_when_rows_are_tried_again(texts):
    tags = np.where(np.arange(40) % 3, "en", "de")
    rows = batch(texts(40), tag=pa.array(tags))
    values = {"filters": [{"use": "coin"}], "retry": 3}
    mixed = expand(planned(language={"column": "tag"}, **values), rows)
    alone = expand(planned(**values), rows)
    english = np.flatnonzero(tags == "en")
    for a, b in zip(mixed.rows.made, alone.rows.made, strict=True):
        assert a.variants.text.take(pa.array(english)) == b.variants.text.take(pa.array(english))
