"""Words of set phrases stay together; the same words elsewhere may be replaced."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import SynonymReplacement
from augment.lexicons.phrases import Phrases, load_phrases
from augment.text.columns import Utf8
from augment.text.segments import segment

PAIRS = Phrases(pa.array(["heart", "attack", "give"]), pa.array(["attack", "dog", "up"]))


def held(*texts: str) -> list[str]:
    segments = segment(Utf8.of(pa.array(texts, pa.string())))
    words = np.flatnonzero(segments.is_word)
    found = words[PAIRS.holds(segments, words)]
    return segments.pieces.take(pa.array(found)).to_pylist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a heart attack today", ["heart", "attack"]),
        ("Heart ATTACK", ["Heart", "ATTACK"]),
        ("the heart attack dog", ["heart", "attack", "dog"]),
        ("attack heart", []),
        ("heart, attack", []),
        ("heart  attack", []),
        ("heart\nattack", []),
        ("heart", []),
        ("", []),
    ],
)
def test_pairs(text: str, expected: list[str]) -> None:
    assert held(text) == expected


def test_a_pair_does_not_reach_over_rows() -> None:
    assert held("my heart", "attack dog", " attack") == ["attack", "dog"]


@given(st.lists(st.lists(st.sampled_from(["heart", "attack", "give", "up", "x", ","]), max_size=6)))
def test_rows_do_not_matter_to_each_other(rows: list[list[str]]) -> None:
    texts = [" ".join(row) for row in rows]
    assert held(*texts) == [word for text in texts for word in held(text)]


def test_synonyms_leave_phrases_of_wordnet_alone() -> None:
    step = SynonymReplacement(rate=1.0)
    assert step("He bought a movie theater.") == "He purchased a movie theater."
    assert step("He bought a movie.") == "He purchased a film."


def test_other_languages_have_no_phrases() -> None:
    assert load_phrases("de") is None
    assert len(load_phrases("en").first) > 10_000  # type: ignore[union-attr]
