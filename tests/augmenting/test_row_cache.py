"""The row cache: the same columns, whether a row is computed or was kept."""

import dataclasses
import itertools

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.augmenter import Augmenter
from augment.batch import EDITS, TextBatch, Variants, spans_of
from augment.component import component
from augment.randomness import uniform
from augment.row_cache import MemoryStore, _variants, active, caching
from augment.text.diff import edits_between

asked = []
"""Texts of all calls of the model."""


@component("fake_model")
class FakeModel(Augmenter):
    """Doubles the first word of texts with an even draw; notes what models note."""

    model_cost = True

    tag: str = "a"

    def rewrite(self, batch):
        texts = batch.text.to_pylist()
        asked.extend(texts)
        drawn = uniform(batch.keys, "fake")
        made = [
            f"{t.split()[0]} {t}" if u < 0.5 and t.split() else None
            for t, u in zip(texts, drawn, strict=True)
        ]
        if not any(t.split() for t in texts):
            return Variants.declined(len(batch))
        out = Variants(pa.array(made, pa.string()), edits_between(texts, made))
        odd = [len(t) % 2 if t.split() else None for t in texts]
        notes = {
            "score": pa.array(drawn.astype(np.float32), mask=drawn >= 0.5),
            "fallbacks": pa.array(odd, pa.int32()),
            "pivot": pa.array([t[::-1] if t.split() else None for t in texts], pa.string()),
        }
        return dataclasses.replace(out, notes=notes)


@component("fake_greedy")
class FakeGreedy(FakeModel):
    """The same of everyone: draws nothing."""

    def draws(self, copy):
        return False

    def rewrite(self, batch):
        """The keys are not looked at."""
        return FakeModel.rewrite(self, dataclasses.replace(batch, keys=np.zeros_like(batch.keys)))


@component("fake_drifting")
class FakeDrifting(FakeModel):
    """Depends on its batch."""

    batch_invariant = False


@pytest.fixture(autouse=True)
def forgotten():
    asked.clear()


def same(first, second):
    """Whether two are the same; a note that is not there is a note of nulls."""
    assert first.text.equals(second.text)
    assert first.edits.equals(second.edits)
    for name in {*first.notes, *second.notes}:
        columns = [v.notes.get(name, pa.nulls(len(v))) for v in (first, second)]
        assert columns[0].to_pylist() == columns[1].to_pylist()
        if all(c.type != pa.null() for c in columns):
            assert columns[0].type == columns[1].type
    return True


TEXTS = ["one two", "", "three", "four five six", "séven\nmäny 大家", "eight 8"] * 3
BATCH = TextBatch.of([f"{t}{i // 6}" for i, t in enumerate(TEXTS)], seed=3, language="en")


def test_rows_that_were_kept_are_not_computed_again():
    plain = FakeModel().apply(BATCH)
    store = MemoryStore()
    with caching(store):
        first = FakeModel().apply(BATCH)
        asked.clear()
        second = FakeModel().apply(BATCH)
        assert asked == []
        more = TextBatch.of([*BATCH.text.to_pylist(), "new"], seed=3, language="en")
        third = FakeModel().apply(more)
        assert asked == ["new"]
    assert active() is None
    assert same(first, plain)
    assert same(second, plain)
    assert list(second.notes) == list(plain.notes)
    assert same(third, FakeModel().apply(more))
    assert store.counts == {"hits": 2 * len(BATCH), "misses": len(BATCH) + 1}


@settings(max_examples=25)
@given(
    st.lists(st.lists(st.integers(0, len(TEXTS) - 1), min_size=1, max_size=8), max_size=5),
    st.permutations(range(len(TEXTS))),
)
def test_whatever_was_kept_before_the_columns_are_the_same(earlier, order):
    store = MemoryStore()
    wanted = BATCH.take(np.array(order))
    with caching(store):
        for rows in earlier:
            FakeModel().apply(BATCH.take(np.array(rows)))
        assert same(FakeModel().apply(wanted), FakeModel()._made(wanted))


def test_everything_that_a_row_depends_on_is_in_its_key():
    changes = [
        {"keys": BATCH.keys + np.uint64(1)},
        {"shared": BATCH.keys + np.uint64(1)},
        {"copy": 1},
        {"language": "de"},
        {"protected": spans_of([[(0, 1)]] * len(BATCH))},
    ]
    with caching(MemoryStore()):
        FakeModel().apply(BATCH)
        for change in changes:
            asked.clear()
            FakeModel().apply(dataclasses.replace(BATCH, **change))
            assert len(asked) == len(BATCH), change
        asked.clear()
        FakeModel(tag="b").apply(BATCH)
        assert len(asked) == len(BATCH)


def test_another_version_of_augmill_finds_nothing(monkeypatch):
    with caching(MemoryStore()):
        FakeModel().apply(BATCH)
        monkeypatch.setattr("augment.__version__", "another")
        asked.clear()
        FakeModel().apply(BATCH)
    assert len(asked) == len(BATCH)


def test_the_order_of_notes_does_not_depend_on_the_rows():
    """As many notes in either kind of row: neither's order is that of a row with all notes."""
    notes = ["first", "second", "third"]
    rows = [
        pa.RecordBatch.from_pydict(
            {"text": pa.array(["a"]), "edits": pa.nulls(1, EDITS), f"note:{name}": pa.array([1])}
        )
        for name in notes
    ]
    for order in itertools.permutations(rows):
        assert list(_variants(order).notes) == notes


def test_a_step_that_draws_nothing_is_found_under_other_keys():
    other = TextBatch.of(BATCH.text, seed=99, language="en")
    with caching(MemoryStore()):
        first = FakeGreedy().apply(BATCH)
        asked.clear()
        assert same(FakeGreedy().apply(other), first)
        assert asked == []
        FakeGreedy().apply(dataclasses.replace(other, copy=2))
        assert len(asked) == len(BATCH)


def test_only_exact_steps_with_a_model_are_kept():
    store = MemoryStore()
    with caching(store):
        FakeDrifting().apply(BATCH)
        FakeDrifting().apply(BATCH)
    assert len(asked) == 2 * len(BATCH)
    assert not store.rows


def test_a_value_without_its_schema_is_computed_again():
    store = MemoryStore()
    with caching(store):
        first = FakeModel().apply(BATCH)
        sizes = {key: len(value) for key, value in store.rows.items()}
        kept = [key for key in sizes if store.rows[key][:16] in store.rows]
        store.rows = {key: store.rows[key] for key in kept}
        asked.clear()
        assert same(FakeModel().apply(BATCH), first)
    assert len(asked) == len(BATCH)


def test_a_real_model_fills_the_same_words_beside_rows_that_were_kept(wordpiece_checkpoint):
    from augment import MaskedLMFill

    words = ["movie", "actor", "car", "house", "river", "boats", "story", "question", "people"]
    texts = [" ".join([*words[i % 5 : 3 + i % 5 + i % 4], str(i)]) for i in range(60)]
    batch = TextBatch.of(texts, seed=1, language="en")
    fill = MaskedLMFill(
        model=str(wordpiece_checkpoint), backend="onnx", dtype="float32", rate=0.6, device="cpu",
        agreement=False, min_probability=0.0,
    )  # fmt: skip
    assert fill.exact
    plain = fill.apply(batch)
    assert plain.text.null_count < len(batch)
    store = MemoryStore()
    with caching(store):
        fill.apply(batch.take(np.arange(0, 60, 3)))
        assert same(fill.apply(batch), plain)
    assert store.counts == {"hits": 20, "misses": 60}
