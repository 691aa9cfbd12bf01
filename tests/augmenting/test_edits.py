"""Edits in columns do what a plain loop over the rows does."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.batch import EDITS, TextBatch, spans_of
from augment.text.columns import Utf8
from augment.text.composition import compose
from augment.text.diff import edits_between
from augment.text.edits import overlaps, replay, shift_spans, splice, variants_of_edits
from augment.text.protect import merged

Edits = list[dict[str, Any]] | None

characters = st.characters(codec="utf-8", categories=["L", "M", "N", "P", "S", "Z", "Cc"])
some_text = st.text(st.one_of(st.sampled_from("ab é你👩"), characters), max_size=8)
columns = st.lists(some_text, max_size=5)


def edits_for(draw: Any, text: str) -> Edits:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    new = [draw(some_text) for _ in cuts[::2]]
    pairs = zip(cuts[::2], cuts[1::2], new, strict=False)
    return [{"start": a, "stop": b, "text": t} for a, b, t in pairs] or None


def spans_for(draw: Any, text: str) -> list[tuple[int, int]]:
    cuts = sorted(set(draw(st.lists(st.integers(0, len(text)), max_size=6))))
    return list(zip(cuts[::2], cuts[1::2], strict=False))


def applied(text: str, edits: Edits) -> str:
    out, cursor = "", 0
    for edit in edits or ():
        out += text[cursor : edit["start"]] + edit["text"]
        cursor = edit["stop"]
    return out + text[cursor:]


def column(rows: list[Edits]) -> pa.ListArray:
    return pa.array(rows, EDITS)


def sliced(values: pa.Array) -> pa.Array:
    """The same values in an array that starts and ends inside another."""
    if not len(values):
        return values
    ends = values.slice(0, 1), values, values.slice(len(values) - 1, 1)
    return pa.concat_arrays(ends).slice(1, len(values))


@given(st.data(), columns)
def test_replay_is_the_plain_loop(data: Any, texts: list[str]) -> None:
    rows = [edits_for(data.draw, text) for text in texts]
    want = [applied(t, e) if e is not None else None for t, e in zip(texts, rows, strict=True)]
    source = pa.array(texts, pa.string())
    assert replay(source, column(rows)).to_pylist() == want
    assert replay(sliced(source), sliced(column(rows))).to_pylist() == want


@settings(max_examples=400)
@given(st.data(), columns)
def test_composed_edits_do_both_steps(data: Any, texts: list[str]) -> None:
    first = [edits_for(data.draw, text) for text in texts]
    middle = [applied(t, e) for t, e in zip(texts, first, strict=True)]
    second = [edits_for(data.draw, text) for text in middle]
    final = [applied(t, e) for t, e in zip(middle, second, strict=True)]
    both = compose(
        *(pa.array(rows, pa.string()) for rows in (texts, middle)), column(first), column(second)
    ).to_pylist()
    assert [applied(t, e) for t, e in zip(texts, both, strict=True)] == final
    for source, end, edits, *steps in zip(texts, final, both, first, second, strict=True):
        assert edits is not None or source == end
        if None in steps:
            assert edits == (steps[0] or steps[1]), "one step's edits are kept as they are"
            continue
        cursor = -1
        for edit in edits or ():
            assert cursor < edit["start"] <= edit["stop"] <= len(source), "they would touch"
            assert source[edit["start"] : edit["stop"]] != edit["text"]
            cursor = edit["stop"]


@given(st.data(), columns)
def test_composing_with_nothing_changes_nothing(data: Any, texts: list[str]) -> None:
    rows = [edits_for(data.draw, text) for text in texts]
    source = pa.array(texts, pa.string())
    middle = pa.array([applied(t, e) for t, e in zip(texts, rows, strict=True)], pa.string())
    for one in (
        compose(source, middle, column(rows), pa.nulls(len(texts), EDITS)),
        compose(source, source, pa.nulls(len(texts), EDITS), column(rows)),
    ):
        found = [applied(t, e) for t, e in zip(texts, one.to_pylist(), strict=True)]
        assert found == middle.to_pylist()


@given(st.data(), columns)
def test_shifted_spans_hold_the_same_text(data: Any, texts: list[str]) -> None:
    spans = [spans_for(data.draw, text) for text in texts]
    made = [edits_for(data.draw, text) for text in texts]
    rows = [
        [e for e in edits or () if all(not _touches(e, s) for s in kept)] or None
        for edits, kept in zip(made, spans, strict=True)
    ]
    moved = shift_spans(spans_of(spans), column(rows)).to_pylist()
    for text, kept, edits, now in zip(texts, spans, rows, moved, strict=True):
        after = applied(text, edits)
        old = [text[a:b] for a, b in kept]
        assert [after[s["start"] : s["stop"]] for s in now] == old


def _touches(edit: dict[str, Any], span: tuple[int, int]) -> bool:
    return bool(edit["start"] < span[1] and edit["stop"] > span[0])


@given(st.data(), columns)
def test_overlaps_are_found(data: Any, texts: list[str]) -> None:
    spans = [spans_for(data.draw, text) for text in texts]
    rows = [edits_for(data.draw, text) for text in texts]
    want = [
        any(_touches(e, s) for e in edits or () for s in kept)
        for edits, kept in zip(rows, spans, strict=True)
    ]
    assert overlaps(column(rows), spans_of(spans)).tolist() == want


@given(columns, columns)
def test_edits_between_lead_from_one_to_the_other(old: list[str], new: list[str]) -> None:
    pairs = list(zip(old, new, strict=False))
    sources, targets = [a for a, _ in pairs], [b for _, b in pairs]
    found = edits_between(sources, targets).to_pylist()
    assert [applied(t, e) for t, e in zip(sources, found, strict=True)] == targets
    assert [e is None for e in found] == [a == b for a, b in pairs]


def test_edits_between_are_words_not_letters() -> None:
    (edits,) = edits_between(["The cat sat down."], ["The cot sat up."]).to_pylist()
    assert edits == [
        {"start": 4, "stop": 7, "text": "cot"},
        {"start": 12, "stop": 16, "text": "up"},
    ]


def test_edits_between_of_chinese_are_characters() -> None:
    (edits,) = edits_between(["我爱你"], ["我恨你"]).to_pylist()
    assert edits == [{"start": 1, "stop": 2, "text": "恨"}]


def test_a_null_target_has_no_edits() -> None:
    assert edits_between(["a", "b"], [None, "b"]).to_pylist() == [None, None]


def test_splice_takes_bytes_and_variants_give_code_points() -> None:
    source = pa.array(["", "héé x", "ab"])
    text = Utf8.of(source)
    place = np.array([1]), np.array([3]), np.array([5])
    assert splice(text, *place, pa.array(["e"])).to_pylist() == ["", "hée x", "ab"]
    made = variants_of_edits(text, *place, pa.array(["e"]))
    assert made.text.to_pylist() == [None, "hée x", None]
    assert made.edits.to_pylist() == [None, [{"start": 2, "stop": 3, "text": "e"}], None]


@pytest.mark.parametrize("count", [0, 3])
def test_columns_without_edits(count: int) -> None:
    source, none = pa.array(["x"] * count, pa.string()), pa.nulls(count, EDITS)
    assert replay(source, none).to_pylist() == [None] * count
    assert compose(source, source, none, none).to_pylist() == [None] * count
    assert edits_between([], []).to_pylist() == []
    assert not overlaps(none, merged(np.zeros((0, 3), np.int64), count)).any()


def test_what_lies_behind_a_null_is_nothing() -> None:
    whole = pa.array([[{"start": 0, "stop": 1, "text": "x"}]] * 3, EDITS)
    mask = pa.array([False, True, False])
    hidden = pa.ListArray.from_arrays(whole.offsets, whole.values, type=EDITS, mask=mask)
    assert replay(pa.array(["abc", "abc", "abc"]), hidden).to_pylist() == ["xbc", None, "xbc"]


def test_spans_must_lie_inside_their_rows() -> None:
    with pytest.raises(ValueError, match="row 0 ends behind"):
        TextBatch.of(["big movie", "huge"], protected=spans_of([[(0, 15)], []]))
