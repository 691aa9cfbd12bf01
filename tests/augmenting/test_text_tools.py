"""Casing, choice, names and Chinese segmentation."""

from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import MissingExtraError
from augment.randomness import hash_strings
from augment.text import han
from augment.text.casing import LOWER, MIXED, TITLE, UPPER, patterns, recase
from augment.text.choice import budgets, draw
from augment.text.columns import Ints, Utf8
from augment.text.han import segment_han
from augment.text.languages import language
from augment.text.names import inner_capitals
from augment.text.segments import Segments, segment


def every(segments: Segments) -> Ints:
    return np.arange(len(segments.starts))


def test_patterns() -> None:
    words = pa.array(["word", "Word", "WORD", "wOrd", "A", "你好", "Éa", "ÉA", "a1", "Don't"])
    assert patterns(words).tolist() == [
        LOWER, TITLE, UPPER, MIXED, TITLE, LOWER, TITLE, UPPER, LOWER, TITLE
    ]  # fmt: skip


def test_recase() -> None:
    wanted = np.array([LOWER, TITLE, UPPER, MIXED], np.uint8)
    assert recase(pa.array(["été"] * 4), wanted).to_pylist() == ["été", "Été", "ÉTÉ", "été"]


def test_budgets() -> None:
    eligible = np.array([0, 1, 4, 10, 100])
    assert budgets(eligible, 0.1, 1, None).tolist() == [0, 1, 1, 1, 10]
    assert budgets(eligible, 0.1, 0, 3).tolist() == [0, 0, 0, 1, 3]
    assert budgets(eligible, 1.0, 0, None).tolist() == eligible.tolist()
    assert budgets(eligible, 0.01, 5, 2).tolist() == [0, 1, 2, 2, 2]


def test_every_place_is_as_likely() -> None:
    keys = hash_strings([str(i) for i in range(4000)])
    rows = np.repeat(np.arange(4000), 5)
    chosen = draw(rows, keys, 0.4, 0, None, "test").reshape(4000, 5)
    assert (chosen.sum(axis=1) == 2).all()
    share = chosen.mean(axis=0)
    assert np.abs(share - 0.4).max() < 4 * np.sqrt(0.24 / 4000)


def test_weighted_places_are_drawn_one_after_the_other_in_proportion() -> None:
    count, weights = 20_000, np.array([1.0, 2.0, 3.0, 4.0])
    rows = np.repeat(np.arange(count), 4)
    keys = hash_strings([str(i) for i in range(count)])
    chosen = draw(rows, keys, 0.5, 0, None, "test", np.tile(weights, count)).reshape(count, 4)
    assert set(chosen.sum(axis=1)) == {2}
    shares = weights / weights.sum()
    squares = 0.0
    for a, b in combinations(range(4), 2):
        # a then b, or b then a.
        share = shares[a] * shares[b] * (1 / (1 - shares[a]) + 1 / (1 - shares[b]))
        seen = int((chosen[:, a] & chosen[:, b]).sum())
        squares += (seen - share * count) ** 2 / (share * count)
    assert squares < 25.7  # chi-square, 5 degrees of freedom, p = 0.0001


def test_names_are_capitals_inside_sentences() -> None:
    text = pa.array(["Big Bob met Ann. Then he left: Off\nHome", '"So," I said', "(Yes) No"])
    segments = segment(Utf8.of(text))
    found = segments.pieces.filter(pa.array(inner_capitals(segments, every(segments)))).to_pylist()
    assert found == ["Bob", "Ann", "No"]


def test_full_width_marks_start_sentences_too() -> None:
    segments = segment(Utf8.of(pa.array(["Oh。Ah，Bob！So：Yes「No」 Ann"])))
    found = segments.pieces.filter(pa.array(inner_capitals(segments, every(segments)))).to_pylist()
    assert found == ["Bob", "Ann"]


def test_chinese_runs_are_cut_into_words() -> None:
    segments = segment_han(Utf8.of(pa.array(["我在北京大学用Python写代码。", "", "ok 北京大学!"])))
    words = segments.pieces.filter(pa.array(segments.is_word)).to_pylist()
    assert words == ["我", "在", "北京大学", "用", "Python", "写", "代码", "ok", "北京大学"]


@given(st.lists(st.text(alphabet="我在北京大学ab 1。，\n👩", max_size=12), max_size=5))
def test_chinese_segmentation_is_lossless(texts: list[str]) -> None:
    segments = segment_han(Utf8.of(pa.array(texts, pa.string())))
    joined = [""] * len(texts)
    for row, piece in zip(segments.rows, segments.pieces.to_pylist(), strict=True):
        joined[row] += piece
    assert joined == texts


def test_missing_segmenter_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    han.cutter.cache_clear()
    monkeypatch.setattr(han, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[zh\]"'):
        segment_han(Utf8.of(pa.array(["北京"])))
    han.cutter.cache_clear()


def test_languages_by_tag() -> None:
    assert language("en-GB").lexicon == "wordnet"
    assert language("zh-Hant").tag == "zh"
    assert language("xx").lexicon is None
    assert "不是" in language("zh").stopwords.to_pylist()
    assert len(language("xx").stopwords) == 0


@given(st.lists(st.one_of(st.text(max_size=6), st.text(alphabet="aAbZz1'-éßǅ", max_size=5))))
def test_patterns_of_bytes_are_those_of_unicode(words: list[str]) -> None:
    def pattern(word: str) -> int:
        column = pa.array([word])
        if word == pc.utf8_lower(column)[0].as_py():
            return LOWER
        if word == pc.utf8_capitalize(column)[0].as_py():
            return TITLE
        return UPPER if word == pc.utf8_upper(column)[0].as_py() else MIXED

    assert patterns(pa.array(words, pa.string())).tolist() == [*map(pattern, words)]


def test_a_rate_of_zero_edits_nothing_whatever_the_bounds() -> None:
    assert budgets(np.array([0, 1, 50]), 0.0, 3, None).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Wolf ate. Wolves ran. The Wolf sat", ["Wolf", "Wolves", "Wolf"]),
        ("The wolf sat. WOLF", []),
        ("Buy it. Never Buy", ["Buy"]),
    ],
)
def test_some_capitals_are_names_at_the_head_of_a_sentence_too(
    source: str, expected: list[str]
) -> None:
    segments = segment(Utf8.of(pa.array([source])))
    found = language("en").names(segments, every(segments))
    assert segments.pieces.filter(pa.array(found)).to_pylist() == expected
