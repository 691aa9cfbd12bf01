"""Loops that the source does not have."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.text.repetition import MAX_PHRASE, repetitions

SAID = "we went to the old market in the morning"

LOOPS = [
    ("it was good", "it was good good good"),
    ("it was good", "it was very good, very good, Very Good!"),
    (SAID, f"{SAID}. {SAID.capitalize()}."),
    ("我喜欢这部电影", "我喜欢喜欢喜欢这部电影"),
    ("今天天气很好，我们去公园散步", "今天天气很好，我们去公园散步，今天天气很好，我们去公园散步"),
]


@pytest.mark.parametrize(("source", "variant"), LOOPS)
def test_a_loop_is_rejected(reason, source, variant):
    language = "zh" if source > "z" else "en"
    assert reason("repetition", source, variant, language) == "loop"


FINE = [
    ("it was good", "it was very very good"),
    ("New York is far", "New York New York is far"),
    ("very, very, very good", "very, very, very nice"),
    ("she said so", "and on and on it went, and on"),
    ("what?", "what??????!!!!!! ......"),
    (f"{SAID}. {SAID}.", f"{SAID}. {SAID}!"),
    ("大家都很高兴", "大家都高高兴兴，哈哈"),
    ("", "a"),
]


@pytest.mark.parametrize(("source", "variant"), FINE)
def test_what_people_say_twice_is_kept(reason, source, variant):
    language = "zh" if source > "z" else "en"
    assert reason("repetition", source, variant, language) is None


def test_one_more_than_in_the_source_is_a_loop(reason):
    assert reason("repetition", "no no no", "no no no no") == "loop"


def test_rows_do_not_run_into_each_other(judged):
    found = judged("repetition", ["so"] * 4, ["so", "so", "so so", "so"])
    assert found.keep.all()
    assert found.score.tolist() == [1, 1, 2, 1]


def test_the_longest_phrase_bounds_what_is_found(reason):
    source, variant = "a b c d e f g h", "a b c d e f g h a b c d e f g h"
    assert reason("repetition", source, variant) == "loop"
    assert reason({"use": "repetition", "phrase": 7}, source, variant) is None


@settings(max_examples=40)
@given(st.text("ab ", max_size=40))
def test_it_counts_as_the_guards_of_round_trips_do(score, text):
    spec = {"use": "repetition", "phrase": MAX_PHRASE, "long": MAX_PHRASE}
    assert score(spec, "", text) == max(1, repetitions(text))
