"""Word vectors as a source of synonyms: which neighbours are found, and how vectors are read."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import SynonymReplacement
from augment.errors import LexiconError
from augment.lexicons import neighbours as module
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.neighbours import neighbours, read_vectors
from augment.lexicons.sources import load_lexicon


def entries(lexicon: Lexicon) -> dict[str, list[tuple[str, float]]]:
    """Candidates and weights by word."""
    pairs = zip(lexicon.candidates.to_pylist(), lexicon.weights.tolist(), strict=True)
    flat = [(word, round(weight, 5)) for word, weight in pairs]
    bounds = zip(lexicon.offsets, lexicon.offsets[1:], strict=False)
    found = [flat[start:stop] for start, stop in bounds]
    return dict(zip(lexicon.words.to_pylist(), found, strict=True))


def table(vectors: dict[str, list[float]], **options: Any) -> dict[str, list[tuple[str, float]]]:
    words = pa.array(list(vectors), pa.string())
    return entries(neighbours(words, np.array(list(vectors.values()), np.float32), **options))


FOUR = {"good": [1.0, 0.0], "fine": [4.0, 3.0], "great": [0.96, 0.28], "bad": [-1.0, 0.0]}


def test_neighbours_are_the_nearest_by_cosine_and_weigh_as_much() -> None:
    assert table(FOUR) == {
        "good": [("great", 0.96), ("fine", 0.8)],
        "fine": [("great", 0.936), ("good", 0.8)],
        "great": [("good", 0.96), ("fine", 0.936)],
    }


def test_bounds_on_number_and_cosine() -> None:
    assert table(FOUR, count=1)["good"] == [("great", 0.96)]
    assert table(FOUR, min_cosine=0.95) == {"good": [("great", 0.96)], "great": [("good", 0.96)]}


def test_equal_cosines_go_by_the_order_of_the_words() -> None:
    same = {word: [1.0, 1.0] for word in ("b", "c", "a")}
    assert table(same, count=1) == {"b": [("c", 1.0)], "c": [("b", 1.0)], "a": [("b", 1.0)]}


def test_what_is_no_word_takes_no_part() -> None:
    odd = ["</s>", "2000", ",", "New_York", "a1", "-", "", "x y"]
    plain = ["don't", "well-known", "naïve", "слово", "词语"]
    made = table({word: [1.0, 1.0] for word in [*odd, *plain]}, count=20)
    assert set(made) == set(plain)
    assert {word for found in made.values() for word, _ in found} == set(plain)


def test_of_spellings_in_other_case_the_first_stays() -> None:
    made = table({"Haus": [1.0, 0.1], "haus": [0.0, 1.0], "Heim": [1.0, 0.0], "heim": [1.0, 0.0]})
    assert {word: [c for c, _ in found] for word, found in made.items()} == {
        "haus": ["Heim"],
        "heim": ["Haus"],
    }


def test_a_vector_of_length_zero_is_near_nothing() -> None:
    assert table({"a": [0.0, 0.0], "b": [1.0, 0.0], "c": [1.0, 0.0]}).keys() == {"b", "c"}


@pytest.mark.parametrize("options", [{"count": 0}, {"min_cosine": 0.0}, {"min_cosine": 1.5}])
def test_bounds_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="count is at least 1 and min_cosine in"):
        table(FOUR, **options)


@given(st.integers(0, 40), st.integers(1, 60), st.integers(1, 5), st.floats(0.05, 0.9))
def test_blocks_agree_with_the_definition(n: int, block: int, count: int, least: float) -> None:
    vectors = np.random.default_rng(n).normal(size=(n, 3)).astype(np.float32)
    words = ["".join(chr(97 + int(d)) for d in f"{i:03d}") for i in range(n)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BLOCK", block)
        made = entries(
            neighbours(pa.array(words, pa.string()), vectors, count=count, min_cosine=least)
        )
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = np.round((unit @ unit.T).astype(np.float64), 5)
    for i, word in enumerate(words):
        order = sorted((j for j in range(n) if j != i), key=lambda j: -cosines[i, j])
        expected = [words[j] for j in order if cosines[i, j] >= least][:count]
        assert [w for w, _ in made.get(word, [])] == expected


class TestReading:
    @pytest.mark.parametrize("head", ["", "3 2\n"])
    def test_text_with_and_without_the_first_line(self, tmp_path: Path, head: str) -> None:
        path = tmp_path / "v.vec"
        path.write_text(head + "big 1 0.5 \nlarge 1e0 .5\n. . 0 -1\n")
        words, vectors = read_vectors(path)
        assert words.to_pylist() == ["big", "large", ". ."]
        assert vectors.tolist() == [[1.0, 0.5], [1.0, 0.5], [0.0, -1.0]]
        assert vectors.dtype == np.float32

    @pytest.mark.parametrize("head", ["", "3 2\n"])
    def test_only_the_first_words_are_read(self, tmp_path: Path, head: str) -> None:
        path = tmp_path / "v.vec"
        path.write_text(head + "a 1 0\nb 0 1\nthis is never read")
        assert read_vectors(path, most=2)[0].to_pylist() == ["a", "b"]

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("a 1 2\nb 1\n", "line 2: expected a word and 2 numbers, not 'b 1'"),
            ("a 1 2\nb 1 x\n", "line 2: expected a word and 2 numbers, not 'b 1 x'"),
            ("a 1\n", "line 1: expected a word and at least two numbers"),
            ("\n", "line 1: expected a word and at least two numbers"),
            ("a 1 2\n\nb 1 2\n", "line 2: expected a word and 2 numbers"),
            ("a 1 nan\n", "line 1: the vector of 'a' is not finite"),
        ],
    )
    def test_a_bad_line_is_named(self, tmp_path: Path, content: str, message: str) -> None:
        (tmp_path / "v.vec").write_text(content)
        with pytest.raises(LexiconError, match=rf"v\.vec, {message}"):
            load_lexicon(str(tmp_path / "v.vec"))

    def test_a_file_without_vectors_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "v.vec").write_text("0 300\n")
        with pytest.raises(LexiconError, match="holds no vectors"):
            load_lexicon(str(tmp_path / "v.vec"))

    @pytest.mark.parametrize(
        "kind", [pa.list_(pa.float32()), pa.list_(pa.float64(), 2), pa.large_list(pa.float16())]
    )
    def test_tables(self, tmp_path: Path, kind: pa.DataType) -> None:
        vectors = pa.array([np.array(v, np.float16) for v in FOUR.values()]).cast(kind)
        pq.write_table(pa.table({"word": list(FOUR), "vector": vectors}), tmp_path / "v.parquet")
        found = entries(load_lexicon(str(tmp_path / "v.parquet")))
        assert [word for word, _ in found["good"]] == ["great", "fine"]

    @pytest.mark.parametrize(
        ("vectors", "message"),
        [
            (["x", "y"], "the column 'vector' holds lists of numbers, not string"),
            ([[1.0, 2.0], [1.0]], "all of one length"),
            ([[1.0, 2.0], None], "all of one length"),
            ([[1.0, 2.0], [1.0, float("inf")]], "not finite"),
        ],
    )
    def test_a_bad_table_is_explained(
        self, tmp_path: Path, vectors: list[Any], message: str
    ) -> None:
        path = tmp_path / "v.parquet"
        pq.write_table(pa.table({"word": ["a", "b"], "vector": vectors}), path)
        with pytest.raises(LexiconError, match=rf"v\.parquet: .*{message}"):
            load_lexicon(str(path))


def test_vectors_are_a_lexicon_of_the_synonym_step(tmp_path: Path) -> None:
    path = tmp_path / "v.vec"
    path.write_text("4 2\nquick 1 0\nfast 1 0.1\nslow -1 0\nfox 0 1\n")
    assert SynonymReplacement(rate=1.0, lexicon=str(path))("Quick fox, slow") == "Fast fox, slow"
