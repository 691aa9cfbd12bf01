"""Labelled spans go where their text goes, whatever the edits, the types and the order."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.augmenter import Augmenter
from augment.batch import EDITS, TextBatch, spans_of
from augment.component import parameter_names
from augment.fitting import fitted
from augment.methods.synonym import SynonymReplacement
from augment.registry import build, load, names
from augment.statistics import CorpusStatistics
from augment.text.protect import Protection
from augment.text.spans import bound_names, broken, carry, invalid, united
from augment.variant import Edit, Variant

Pair = tuple[int, int]
Edits = list[dict[str, Any]] | None

some_text = st.text(st.sampled_from("ab é你👩\n"), max_size=8)
columns = st.lists(some_text, max_size=5)


def entity(**fields: pa.DataType) -> pa.DataType:
    return pa.list_(pa.struct(list(fields.items())))


PLAIN = entity(start=pa.int32(), stop=pa.int32(), label=pa.string())
KINDS = [
    PLAIN,
    entity(label=pa.dictionary(pa.int8(), pa.string()), end=pa.int64(), start=pa.uint16()),
    pa.large_list(
        pa.field(
            "element",
            pa.struct(
                [
                    pa.field("label", pa.large_string()),
                    pa.field("start", pa.uint64(), nullable=False),
                    pa.field("links", pa.list_(pa.map_(pa.string(), pa.float16()))),
                    pa.field("end", pa.int8(), nullable=False, metadata={"unit": "code points"}),
                ]
            ),
            nullable=False,
        )
    ),
]


def edits_for(draw: Any, text: str) -> Edits:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=6)))
    new = [draw(some_text) for _ in cuts[::2]]
    pairs = zip(cuts[::2], cuts[1::2], new, strict=False)
    return [{"start": a, "stop": b, "text": t} for a, b, t in pairs] or None


def spans_for(draw: Any, text: str) -> list[Pair] | None:
    """In any order, overlapping, nested, empty, twice the same."""
    if draw(st.integers(0, 9)) == 0:
        return None
    ends = st.integers(0, len(text))
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=4))
    return [(min(pair), max(pair)) for pair in pairs]


def column(rows: list[list[Pair] | None], kind: pa.DataType = PLAIN) -> pa.Array:
    _, stop = bound_names(kind) or ("", "")
    number = iter(range(10**6))

    def span(start: int, end: int) -> dict[str, Any]:
        return {"start": start, stop: end, "label": f"L{next(number)}"}

    lists = [None if row is None else [span(*pair) for pair in row] for row in rows]
    return pa.array(lists, kind)


def pairs(spans: pa.Array) -> list[list[Pair] | None]:
    return [
        None if row is None else [(s["start"], s["stop"]) for s in row] for row in spans.to_pylist()
    ]


def sliced(values: pa.Array) -> pa.Array:
    """The same values in an array that starts and ends inside another."""
    if not len(values):
        return values
    ends = values.slice(0, 1), values, values.slice(len(values) - 1, 1)
    return pa.concat_arrays(ends).slice(1, len(values))


def applied(text: str, edits: Edits) -> str:
    out, cursor = "", 0
    for edit in edits or ():
        out += text[cursor : edit["start"]] + edit["text"]
        cursor = edit["stop"]
    return out + text[cursor:]


def touches(edit: dict[str, Any], span: Pair) -> bool:
    """Whether an edit changes a character of a span or inserts inside it."""
    return bool(edit["start"] < span[1] and edit["stop"] > span[0])


def variant(text: str, edits: Edits) -> Variant:
    return Variant(applied(text, edits), tuple(Edit(**edit) for edit in edits or ()))


@settings(max_examples=300)
@given(st.data(), columns)
def test_spans_that_no_edit_touches_cover_the_same_characters(data: Any, texts: list[str]) -> None:
    spans = [spans_for(data.draw, text) for text in texts]
    edits = [
        [e for e in edits_for(data.draw, t) or () if not any(touches(e, s) for s in kept or ())]
        or None
        for t, kept in zip(texts, spans, strict=True)
    ]
    source = column(spans)
    moved = carry(sliced(source), sliced(pa.array(edits, EDITS)))
    moved.validate(full=True)
    assert not broken(source, pa.array(edits, EDITS)).any()
    for text, old, new, made in zip(texts, spans, pairs(moved), edits, strict=True):
        after = applied(text, made)
        assert (old is None) == (new is None)
        assert [text[a:b] for a, b in old or ()] == [after[a:b] for a, b in new or ()]
    labels = [[s["label"] for s in row or ()] for row in moved.to_pylist()]
    assert labels == [[s["label"] for s in row or ()] for row in source.to_pylist()]


@settings(max_examples=300)
@given(st.data(), columns)
def test_columns_are_carried_as_single_spans_are(data: Any, texts: list[str]) -> None:
    spans = [spans_for(data.draw, text) for text in texts]
    edits = [edits_for(data.draw, text) for text in texts]
    want = []
    for text, row, made in zip(texts, spans, edits, strict=True):
        single = [variant(text, made).carry(*span) for span in row or ()]
        want.append(None if row is None or None in single else single)
    made = pa.array(edits, EDITS)
    assert pairs(carry(column(spans), made)) == want
    lost = [w is None and s is not None for w, s in zip(want, spans, strict=True)]
    assert broken(column(spans), made).tolist() == lost


@settings(max_examples=300)
@given(st.data(), some_text)
def test_a_stretched_span_holds_what_became_of_its_text(data: Any, text: str) -> None:
    edits = edits_for(data.draw, text)
    made = variant(text, edits)
    for start, stop in spans_for(data.draw, text) or ():
        moved = made.carry(start, stop)
        inner = [e for e in edits or () if touches(e, (start, stop))]
        crossed = any(e["start"] < start or e["stop"] > stop for e in inner)
        local = [{**e, "start": e["start"] - start, "stop": e["stop"] - start} for e in inner]
        held = "" if crossed else applied(text[start:stop], local)
        if crossed or (stop > start and not held):
            assert moved is None
        else:
            assert moved is not None
            assert 0 <= moved[0] <= moved[1] <= len(made.text)
            assert made.text[slice(*moved)] == held


@pytest.mark.parametrize(
    ("edit", "moved"),
    [
        ((3, 6, "the"), (9, 17)),
        ((0, 3, "Hi"), (8, 16)),
        ((9, 9, "old "), (13, 21)),
        ((17, 17, "er"), (9, 17)),
        ((12, 13, "-"), (9, 17)),
        ((13, 17, "Delhi"), (9, 18)),
        ((12, 12, " big"), (9, 21)),
        ((9, 17, "Rome"), (9, 13)),
        ((9, 17, ""), None),
        ((8, 12, " Old"), None),
        ((13, 18, "Delhi"), None),
        ((4, 20, "x"), None),
    ],
)
def test_borders(edit: tuple[int, int, str], moved: Pair | None) -> None:
    text = "We all   New York  today"
    made = variant(text, [dict(zip(("start", "stop", "text"), edit, strict=True))])
    assert text[9:17] == "New York"
    assert made.carry(9, 17) == moved


def test_an_empty_span_is_a_place_between_characters() -> None:
    made = variant("one two", [{"start": 0, "stop": 3, "text": "1"}])
    assert [made.carry(p, p) for p in (0, 1, 3, 7)] == [(0, 0), None, (1, 1), (5, 5)]
    assert variant("ab", [{"start": 1, "stop": 1, "text": "-"}]).carry(1, 1) == (2, 2)


@pytest.mark.parametrize("kind", KINDS)
def test_the_type_of_the_column_is_kept(kind: pa.DataType) -> None:
    source = column([[(4, 7), (0, 3)], None, []], kind)
    edits = pa.array([[{"start": 0, "stop": 3, "text": "three"}], None, None], EDITS)
    moved = carry(source, edits)
    moved.validate(full=True)
    assert moved.type.equals(kind, check_metadata=True)
    want = source.to_pylist()
    end = "stop" if kind is PLAIN else "end"
    want[0][0].update({"start": 6, end: 9})
    want[0][1].update({"start": 0, end: 5})
    assert moved.to_pylist() == want


def test_what_a_narrow_type_can_not_hold_is_broken() -> None:
    kind = entity(start=pa.int32(), end=pa.int8(), label=pa.string())
    source = column([[(1, 2)], [(1, 2)]], kind)
    edits = [[{"start": 0, "stop": 0, "text": "x" * n}] for n in (125, 126)]
    moved = carry(source, pa.array(edits, EDITS))
    assert [row and (row[0]["start"], row[0]["end"]) for row in moved.to_pylist()] == [
        (126, 127),
        None,
    ]


@given(st.data(), columns)
def test_any_cut_gives_the_same(data: Any, texts: list[str]) -> None:
    spans = column([spans_for(data.draw, text) for text in texts])
    edits = pa.array([edits_for(data.draw, text) for text in texts], EDITS)
    cut = data.draw(st.integers(0, len(texts)))
    parts = [carry(spans[:cut], edits[:cut]), carry(spans[cut:], edits[cut:])]
    assert pa.concat_arrays(parts).equals(carry(spans, edits))


@given(st.data(), columns)
def test_united_spans_cover_what_either_does(data: Any, texts: list[str]) -> None:
    entities = [spans_for(data.draw, text) for text in texts]
    cuts = [sorted(set(data.draw(st.lists(st.integers(0, len(t)), max_size=4)))) for t in texts]
    first = [list(zip(c[::2], c[1::2], strict=False)) for c in cuts]
    both = united(spans_of(first), column(entities))
    TextBatch.of(texts, protected=both)
    for text, row, a, b in zip(texts, both.to_pylist(), first, entities, strict=True):
        found = [(s["start"], s["stop"]) for s in row]
        covered = {i for pair in [*a, *(b or ())] for i in range(*pair)}
        assert {i for pair in found for i in range(*pair)} == covered
        flat = [bound for pair in found for bound in pair]
        assert flat == sorted(flat)
        assert all(0 <= start < stop <= len(text) for start, stop in found)
        for inside in range(len(text)):
            kept = any(start < inside < stop for start, stop in [*a, *(b or ())])
            assert any(start < inside < stop for start, stop in found) == kept


def test_spans_that_are_not_of_the_text_are_invalid() -> None:
    rows = [[(0, 3), (3, 3)], [(0, 4)], [(-1, 2)], [(2, 1)], None, [], [(0, 0)]]
    assert invalid(column(rows), np.full(7, 3)).tolist() == [False, *[True] * 3, *[False] * 3]
    nulls = [[{"start": None, "stop": 1}], [{"start": 0, "stop": None}], [None], [{}]]
    assert invalid(pa.array(nulls, PLAIN), np.full(4, 3)).all()
    huge = entity(start=pa.uint64(), stop=pa.uint64())
    rows = [[{"start": 0, "stop": 2**64 - 1}], [{"start": 2**64 - 1, "stop": 2}]]
    assert invalid(pa.array(rows, huge), np.full(2, 3)).all()


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.list_(pa.int32()),
        entity(start=pa.int32(), label=pa.string()),
        entity(start=pa.float64(), stop=pa.int32()),
        pa.list_(pa.struct([("start", pa.int32()), ("start", pa.int32()), ("stop", pa.int32())])),
        pa.struct([("start", pa.int32()), ("stop", pa.int32())]),
    ],
)
def test_other_columns_are_no_spans(kind: pa.DataType) -> None:
    assert bound_names(kind) is None
    with pytest.raises(ValueError, match="spans are lists of struct"):
        carry(pa.nulls(1, kind), pa.nulls(1, EDITS))


def test_stop_is_the_bound_where_there_is_an_end_too() -> None:
    assert bound_names(entity(start=pa.int8(), end=pa.int8(), stop=pa.int8())) == ("start", "stop")
    assert bound_names(entity(start=pa.int8(), end=pa.int8(), stop=pa.string())) == ("start", "end")


@pytest.mark.parametrize("count", [0, 3])
def test_columns_with_nothing_in_them(count: int) -> None:
    none, empty = pa.nulls(count, PLAIN), pa.array([[]] * count, PLAIN)
    edits = pa.array([[{"start": 0, "stop": 1, "text": "x"}]] * count, EDITS)
    for spans in (none, empty):
        assert carry(spans, edits).equals(spans)
        assert united(spans_of([[]] * count), spans).equals(spans_of([[]] * count))
        assert not broken(spans, edits).any()
        assert not invalid(spans, np.ones(count, int)).any()


TEXT = "The big movie about a hot car was a huge success in New York"


def test_a_notebook_protects_spans_and_carries_them() -> None:
    movie, city = (8, 13), (52, 60)
    assert (TEXT[slice(*movie)], TEXT[slice(*city)]) == ("movie", "New York")
    made = SynonymReplacement(rate=1.0).variants(TEXT, n=4, protected=[city, movie])
    assert len(made) == 4
    for one in made:
        for span in (movie, city):
            moved = one.carry(*span)
            assert moved is not None
            assert one.text[slice(*moved)] == TEXT[slice(*span)]
    free = SynonymReplacement(rate=1.0).variants(TEXT, n=4)
    assert any("movie" not in one.text for one in free)


@pytest.mark.parametrize("span", [(5, 3), (-1, 4), (0, 61)])
def test_a_notebook_refuses_spans_that_are_not_of_the_text(span: Pair) -> None:
    with pytest.raises(ValueError, match=rf"\({span[0]}, {span[1]}\).*60 code points"):
        SynonymReplacement().variants(TEXT, protected=[(0, 3), span])


WORDS = [
    *("the", "big", "movie", "was", "not", "a", "great", "success", "in", "New", "York's"),
    *("small", "houses", "电影", "非常", "高兴", ",", "。", "👍🏽", "é"),
]
wordy = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
    st.lists(st.one_of(st.sampled_from(WORDS), some_text), max_size=12).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)

STEPS = [{"use": "synonym", "rate": 0.8}, {"use": "nlpaug", "augmenter": "char.KeyboardAug"}]
PARAMETERS: dict[str, dict[str, Any]] = {
    "chain": {"steps": STEPS},
    "nlpaug": {"augmenter": "word.RandomWordAug"},
    "one_of": {"options": STEPS},
    "some_of": {"steps": STEPS},
    "sometimes": {"step": STEPS[0]},
}
"""Of augmenters that can't be built without."""

MODELS = {"back_translation", "masked_lm"}
"""Too slow for random texts: tests/running has them."""


@cache
def eager(name: str) -> Augmenter:
    """The augmenter, set to change much."""
    params = {"rate": 0.8} if "rate" in parameter_names(load(name)) else {}
    path = Path(mkdtemp()) / "words.arrow"
    CorpusStatistics.of([" ".join(WORDS)] * 3, min_documents=1).save(path)
    built = build({"use": name, **params, **PARAMETERS.get(name, {})})
    assert isinstance(built, Augmenter)
    return fitted(built, str(path))


@pytest.mark.parametrize("name", sorted({*names("augmenter")} - MODELS))
@settings(max_examples=30)
@given(st.data(), st.lists(wordy, min_size=1, max_size=4), st.sampled_from(["en", "zh"]))
def test_every_method_leaves_entities_their_words(
    name: str, data: Any, texts: list[str], language: str
) -> None:
    rows = [spans_for(data.draw, text) for text in texts]
    protected = united(Protection().find(pa.array(texts)), column(rows))
    out = eager(name).apply(TextBatch.of(texts, language=language, protected=protected))
    full = [None if row is None else [(a, b) for a, b in row if a < b] for row in rows]
    moved = pairs(carry(column(full), out.edits))
    for text, made, old, new in zip(texts, out.text.to_pylist(), full, moved, strict=True):
        after = text if made is None else made
        assert [text[a:b] for a, b in old or ()] == [after[a:b] for a, b in new or ()]
