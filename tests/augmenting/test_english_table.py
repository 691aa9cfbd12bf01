"""The bundled English table: right form, right word, nothing that a reader would mind."""

import time

import numpy as np
import pyarrow as pa
import pytest

from augment.lexicons.lexicon import Lexicon
from augment.lexicons.sources import TABLE, load_lexicon


def offered(word: str, tag: str | None = None, senses: int = 1) -> list[str]:
    table = load_lexicon("wordnet").most_senses(senses)
    place = table.find(pa.array([word]), None if tag is None else pa.array([tag]))[0]
    if place < 0:
        return []
    return table.candidates[table.offsets[place] : table.offsets[place + 1]].to_pylist()


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("bought", "purchased"),
        ("buying", "purchasing"),
        ("houses", "homes"),
        ("wives", "spouses"),
        ("larger", "bigger"),
        ("funniest", None),
        ("selected", "picked"),
        ("began", "started"),
        ("wept", "cried"),
    ],
)
def test_a_candidate_has_the_form_of_the_word(form: str, expected: str | None) -> None:
    assert expected in offered(form) if expected else offered(form) == []


@pytest.mark.parametrize(
    ("form", "tag", "expected"),
    [
        ("bought", "VBD", "purchased"),
        ("begin", "VB", "start"),
        ("fight", "NN", "battle"),
    ],
)
def test_tags_are_looked_up(form: str, tag: str, expected: str) -> None:
    assert expected in offered(form, tag)


@pytest.mark.parametrize(
    "word",
    [
        "not",
        "never",
        "could",
        "have",
        "been",
        "make",
        "take",
        "go",
        "do",
        "get",
        "said",
        "three",
        "many",
        "just",
        "even",
        "well",
        "like",
        "monday",
        "january",
        "good",
        "people",
    ],
)
def test_words_without_a_safe_synonym_are_left_out(word: str) -> None:
    assert offered(word) == []


ANTONYMS = [
    ("good", "bad"), ("hot", "cold"), ("increase", "decrease"), ("buy", "sell"),
    ("love", "hate"), ("rich", "poor"), ("victory", "defeat"), ("always", "never"),
    ("begin", "end"), ("strong", "weak"), ("import", "export"), ("male", "female"),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), ANTONYMS)
def test_no_sense_offers_an_antonym(first: str, second: str) -> None:
    assert second not in offered(first, senses=8)
    assert first not in offered(second, senses=8)


@pytest.mark.parametrize(
    ("first", "second"),
    [("colour", "color"), ("movie", "movies"), ("percent", "per cent"), ("theater", "theatre")],
)
def test_no_sense_offers_the_same_word_spelled_differently(first: str, second: str) -> None:
    assert second not in offered(first, senses=8)
    assert first not in offered(second, senses=8)


def test_profanity_is_never_offered() -> None:
    words = set(load_lexicon("wordnet").candidates.to_pylist())
    assert not words & {"ass", "bastard", "bitch", "cock", "crap", "piss", "shit", "slut", "whore"}


def test_the_table_is_small_and_opens_at_once() -> None:
    assert TABLE.stat().st_size < 6_000_000
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        Lexicon.load(TABLE)
        taken.append(time.perf_counter() - start)
    assert np.median(taken) < 0.05
