"""Noise in sources: what moves, what stays, and that nothing but the key decides."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.methods.source_noise import noised
from augment.randomness import hash_strings, row_keys

TEXT = "the old man did not walk quickly through the very quiet village to Paris with his X1 dog"
WORDS = st.sampled_from([*TEXT.split(), "never", "3", "über", "我", ",", "don't", "\n"])


def noise(texts: list[str], seed: int = 0, rate: float = 0.3, tag: str = "en") -> list[str]:
    return noised(texts, row_keys(seed, hash_strings(texts)), rate, tag)


def test_small_words_go_and_neighbours_change_places() -> None:
    made = {noise([TEXT], seed, 0.1)[0] for seed in range(40)}
    assert TEXT not in made
    assert TEXT.replace("the old man", "the man old") in made
    assert TEXT.replace("very ", "") in made
    assert len(made) > 4


@given(st.lists(st.lists(WORDS, max_size=12).map(" ".join), max_size=4), st.integers(0, 9))
def test_what_decides_stays_in_its_place(texts: list[str], seed: int) -> None:
    for source, made in zip(texts, noise(texts, seed), strict=True):
        kept = {"not", "never", "Paris", "X1", "3", "don't", "did", "his", "with"}
        assert [w for w in made.split() if w in kept] == [w for w in source.split() if w in kept]
        assert not set(made.split()) - set(source.split())


@given(st.lists(st.lists(WORDS, max_size=12).map(" ".join), min_size=1, max_size=4))
def test_the_key_alone_decides(texts: list[str]) -> None:
    assert noise(texts) == [noise([text])[0] for text in texts]


@pytest.mark.parametrize(
    ("text", "tag"),
    [("l'ami de la maison est très bon", "fr"), ("mannen gick till ett hus", "sv"),
     ("我喜欢这部电影非常好看", "zh")],
)  # fmt: skip
def test_other_languages_are_noised_too(text: str, tag: str) -> None:
    made = {noise([text], seed, tag=tag)[0] for seed in range(10)}
    assert len(made) > 1
    assert all(set(m) <= set(text) for m in made)


def test_nothing_to_move() -> None:
    texts = ["", "Paris", "3 4", "He is not."]
    assert noise(texts) == texts
    assert noised([], np.zeros(0, np.uint64), 0.1, "en") == []
    assert noise([TEXT], rate=0.0) == [TEXT]
