"""Length ratio and edit rate: what they measure, and both bounds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import ParameterError
from augment.filters.surface import EditRate, LengthRatio

SOME = ["the", "a", "dog", "cat", "runs", "sees", "now,", "don't", "3", "ha!", "狗", "跑步"]
WORDS = st.lists(st.sampled_from(SOME), max_size=9)
TEXTS = WORDS.map(" ".join) | st.text(max_size=12)


def test_length_is_told_both_ways(judged):
    found = judged(
        "length_ratio", ["ten chars!"] * 3, ["four", "ten chars, ten chars!", "nine char"]
    )
    assert found.reason.to_pylist() == ["too_short", "too_long", None]
    assert found.score.tolist() == pytest.approx([0.4, 2.1, 0.9])


def test_length_is_in_characters_of_any_script(score):
    assert score("length_ratio", "今天天气很好", "今天好", "zh") == 0.5


def test_of_an_empty_source_any_text_is_long(reason):
    assert reason("length_ratio", "", "three words here") == "too_long"


EDITS = [
    ("the dog runs home", "the cat runs home", "en", 1 / 4),
    ("the dog runs home", "the dog runs", "en", 1 / 4),
    ("the dog runs", "the big dog runs", "en", 1 / 4),
    ("the dog runs", "The dog runs", "en", 1 / 3),
    ("the dog runs", "the  dog\nruns", "en", 0.0),
    ("the dog runs", "the dog, runs", "en", 1 / 4),
    ("don't stop", "do stop", "en", 1 / 2),
    ("我们今天去公园散步", "我们明天去公园散步", "zh", 1 / 5),
    ("我们今天去公园散步", "我们今天去公园跑步", "en", 1 / 9),
    ("我們今天去公園散步", "我們今天去公園跑步", "zh", 1 / 9),
    ("今日は良い天気", "明日は良い天気", "ja", 1 / 7),
    ("วันนี้", "วันนั้น", "th", 2 / 7),
    ("dog", "", "en", 1.0),
    ("😀 ok", "😡 ok", "en", 1 / 2),
]


@pytest.mark.parametrize(("source", "variant", "language", "rate"), EDITS)
def test_words_are_counted_where_there_are_words_and_characters_elsewhere(
    score, source, variant, language, rate
):
    assert score("edit_rate", source, variant, language) == pytest.approx(rate)


def test_characters_can_be_counted_everywhere(score):
    assert score({"use": "edit_rate", "unit": "character"}, "dogs run", "dogs ran") == 1 / 8


def test_too_similar_is_as_bad_as_too_different(judged):
    found = judged(
        {"use": "edit_rate", "min": 0.2, "max": 0.6},
        ["one two three four five"] * 4,
        ["one two three four 5", "one two three four five!", "1 2 3 4 five", None],
    )
    assert found.reason.to_pylist() == [None, "too_similar", "too_different", None]


def test_many_rows_are_compared_in_parts_that_do_not_show(monkeypatch, judged):
    sources = [f"row {i} of some rows that are not alike" for i in range(50)]
    variants = [None if i % 7 == 0 else f"row {i * i} of rows" for i in range(50)]
    whole = judged("edit_rate", sources, variants)
    monkeypatch.setattr("augment.filters.surface._PART", 100)
    parts = judged("edit_rate", sources, variants)
    assert np.array_equal(whole.score, parts.score, equal_nan=True)


@pytest.mark.parametrize("cls", [LengthRatio, EditRate])
def test_bounds_leave_something_between_them(cls):
    with pytest.raises(ParameterError, match=r"min is 0\.9, above max, which is 0\.8"):
        cls(min=0.9, max=0.8)


@settings(max_examples=40)
@given(TEXTS, TEXTS, st.sampled_from(["en", "zh", "ja"]), st.sampled_from(["word", "character"]))
def test_the_rate_is_a_distance(score, one, two, language, unit):
    spec = {"use": "edit_rate", "unit": unit}
    there, back = score(spec, one, two, language), score(spec, two, one, language)
    assert there == back
    assert 0 <= there <= 1
    assert score(spec, one, one, language) == 0


@settings(max_examples=40)
@given(st.lists(st.tuples(TEXTS, TEXTS | st.none()), max_size=5))
def test_rows_do_not_see_each_other(judged, pairs):
    sources, variants = [p[0] for p in pairs], [p[1] for p in pairs]
    together = judged("edit_rate", sources, variants).score
    alone = [judged("edit_rate", [s], [v]).score[0] for s, v in pairs]
    assert np.array_equal(together, np.array(alone, np.float32), equal_nan=True)
