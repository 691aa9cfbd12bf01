"""Statistics of a corpus: exact counts that add up in any order, and what is kept of them."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import CorpusStatistics, statistics
from augment.counting import SCHEMA, WordCounts
from augment.errors import StatisticsError
from augment.statistics import frequent, open_statistics

texts = st.lists(
    st.lists(
        st.sampled_from(
            ["the", "The", "cat", "don't", "x2", "ß", "É", "é", "你好", "a_b", "-", ""]
        ),
        max_size=8,
    ).map(" ".join),
    max_size=10,
)
tagged = st.lists(st.tuples(st.sampled_from(["en", "de", "zh-CN"]), texts), max_size=6)


def rows(counts: WordCounts) -> list[tuple[str, str, int, int, int]]:
    return [tuple(row.values()) for row in counts.table.to_pylist()]


def test_counts_words_by_text_in_lower_case() -> None:
    counts = WordCounts.of(["The cat saw the dog", "A cat"], "en-GB")
    assert counts.texts == {"en": 2}
    assert rows(counts) == [
        ("en", "a", 1, 1, 0),
        ("en", "cat", 2, 2, 2),
        ("en", "dog", 1, 1, 1),
        ("en", "saw", 1, 1, 1),
        ("en", "the", 1, 2, 1),
    ]


def test_counts_neither_numbers_nor_what_is_protected() -> None:
    found = CorpusStatistics.of(
        ["b2b 42 snake_case don't well-known http://cat.dog <cat> 'cat'"], min_documents=1
    )
    assert found.table["word"].to_pylist() == ["cat", "don't", "well-known"]
    assert found.table["count"].to_pylist() == [1, 1, 1]


def test_chinese_is_cut_into_words() -> None:
    pytest.importorskip("rjieba")
    counts = WordCounts.of(["他们觉得值得观看。"], "zh")
    assert counts.table["word"].to_pylist() == sorted(["他们", "觉得", "值得", "观看"])


@given(tagged, st.randoms(use_true_random=False))
def test_parts_add_up_to_the_whole_in_any_order_and_grouping(parts, random) -> None:  # type: ignore[no-untyped-def]
    whole = WordCounts.sum([WordCounts.of(part, tag) for tag, part in parts])
    for tag, name in (("en", "en"), ("de", "de"), ("zh-CN", "zh")):
        joined = WordCounts.of([t for other, part in parts for t in part if other == tag], tag)
        own = [row for row in rows(whole) if row[0] == name]
        assert own == rows(joined)
        assert whole.texts.get(name, 0) == joined.texts[name]
    # Other cuts of the same texts, in another order, added in another grouping.
    pieces = [WordCounts.of([text], tag) for tag, part in parts for text in part]
    pieces += [WordCounts.of([], tag) for tag, _ in parts]
    random.shuffle(pieces)
    middle = random.randint(0, len(pieces))
    left, right = WordCounts.sum(pieces[:middle]), WordCounts.sum(pieces[middle:])
    assert left + right == right + left == whole


def test_documents_are_those_of_a_plain_count() -> None:
    random = np.random.default_rng(3)
    words = np.array(["alpha", "beta", "gamma", "delta", "epsilon"])
    some = [" ".join(words[random.integers(0, 5, random.integers(0, 9))]) for _ in range(300)]
    counts = {word: (df, n) for _, word, df, n, _ in rows(WordCounts.of(some))}
    for word in words:
        held = [text.split().count(word) for text in some]
        assert counts[word] == (sum(map(bool, held)), sum(held))


def test_keeps_words_of_enough_texts_the_most_frequent_first() -> None:
    found = CorpusStatistics.of(["b a once", "b a a", "b c", "c"])
    assert found.table["word"].to_pylist() == ["b", "a", "c"]
    assert found.language("en_US") is found.language("en")
    assert found.language("fr") is None


def test_a_bound_keeps_the_same_words_of_the_whole_and_of_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statistics, "MOST_WORDS", 2)
    table = WordCounts.of(["b a d", "b a d e", "b e", "c"]).table
    tie = frequent(table, 1)
    assert tie["word"].to_pylist() == ["b", "a"]
    halves = [frequent(table.take([0, 2, 4]), 1), frequent(table.take([1, 3]), 1)]
    assert frequent(pa.concat_tables(halves), 1).equals(tie)


def test_the_bound_is_of_each_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST_WORDS", 1)
    both = WordCounts.of(["a b", "a"], "en") + WordCounts.of(["x"], "fr")
    assert frequent(both.table, 1)["word"].to_pylist() == ["a", "x"]


def test_idf_of_a_word_that_is_not_kept_is_that_of_a_single_text() -> None:
    words = CorpusStatistics.of(["a b", "a b", "a", "c"]).language("en")
    assert words is not None
    found = words.find(pa.array(["A", "b", "c"]))
    assert words.idf[found] == pytest.approx(np.log([4 / 3, 4 / 2, 4 / 1]))


class TestFile:
    def test_comes_back_as_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "words.arrow"
        for made in (CorpusStatistics.of(["a b", "a b"]), CorpusStatistics.of([])):
            made.save(path)
            again = CorpusStatistics.load(path)
            assert again == made
            assert (again.texts, again.table.schema) == (made.texts, SCHEMA)
        assert [p.name for p in tmp_path.iterdir()] == ["words.arrow"]

    def test_the_same_words_give_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            CorpusStatistics.of(["a b", "a b"]).save(tmp_path / name)
        assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()

    def test_what_is_missing_foreign_or_damaged_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "words.arrow"
        with pytest.raises(StatisticsError, match=r"no statistics '.*words.arrow'"):
            CorpusStatistics.load(path)
        path.write_bytes(b"something else")
        with pytest.raises(StatisticsError, match="can't be read as statistics"):
            CorpusStatistics.load(path)
        with pa.ipc.new_file(path, pa.schema([("a", pa.int8())])):
            pass
        with pytest.raises(StatisticsError, match="holds no statistics"):
            CorpusStatistics.load(path)
        CorpusStatistics.of(["plot", "plot"]).save(path)
        path.write_bytes(path.read_bytes().replace(b"plot", b"plop"))
        with pytest.raises(StatisticsError, match="damaged"):
            CorpusStatistics.load(path)

    def test_a_file_that_was_replaced_is_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "words.arrow"
        CorpusStatistics.of(["a", "a"]).save(path)
        first = open_statistics(str(path))
        assert open_statistics(str(path)) is first
        CorpusStatistics.of(["b", "b"]).save(path)
        assert open_statistics(str(path)) != first
