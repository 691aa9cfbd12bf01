"""Looking words up in a list finds what Python's own dictionary finds."""

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from augment.text.index import WordIndex

WORDS = st.one_of(st.text(max_size=8), st.text(alphabet="ab", max_size=12))


@given(st.lists(WORDS, unique=True), st.lists(WORDS))
def test_finds_what_a_dictionary_finds(known: list[str], asked: list[str]) -> None:
    asked += known
    found = WordIndex(pa.array(known, pa.string())).find(pa.array(asked, pa.string()))
    places = {word: place for place, word in enumerate(known)}
    assert found.tolist() == [places.get(word, -1) for word in asked]


def test_a_null_is_found_nowhere() -> None:
    index = WordIndex(pa.array(["", "sea"]))
    assert index.find(pa.array([None, "sea", None], pa.string())).tolist() == [-1, 1, -1]
