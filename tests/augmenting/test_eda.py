"""The operations of EDA, and AEDA: what moves, goes and comes, and what is left alone."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import (
    PunctuationInsertion,
    RandomDeletion,
    RandomInsertion,
    RandomSwap,
    SynonymReplacement,
    TextBatch,
)
from augment.batch import spans_of

words = st.sampled_from(["a", "Big", "dog", "not", "ran", "home", "and", "slept", "don't"])
marks = st.sampled_from([" ", " ", " ", "  ", ", ", ". ", " (", ") ", "\n", ' "', '" ', " - "])


@st.composite
def prose(draw: st.DrawFn) -> str:
    count = draw(st.integers(0, 10))
    return "".join(draw(words) + draw(marks) for _ in range(count)) + draw(words)


def lengths(step: object, texts: list[str], language: str = "en") -> list[int]:
    out = step.apply(TextBatch.of(texts, language=language))  # type: ignore[attr-defined]
    return [len(edits or ()) for edits in out.edits.to_pylist()]


class TestRandomSwap:
    def test_moves_the_share_in_whole_pairs(self) -> None:
        texts = [" ".join(f"w{i}" for i in range(n)) for n in (40, 30, 10, 2, 1)]
        assert lengths(RandomSwap(rate=0.1), texts) == [4, 2, 2, 2, 0]
        assert lengths(RandomSwap(rate=0.5, max_edits=3), texts) == [6, 6, 4, 2, 0]
        assert lengths(RandomSwap(rate=0.1, min_edits=0), texts) == [4, 2, 0, 0, 0]

    @given(prose())
    def test_words_stay_the_same_words_and_gaps_stay_in_place(self, text: str) -> None:
        made = RandomSwap(rate=1.0)(text)
        assert Counter(made.lower()) == Counter(text.lower())
        kept = str.maketrans(dict.fromkeys("abcdefghijklmnopqrstuvwxyz'BADNRHS", ""))
        assert made.translate(kept) == text.translate(kept)

    def test_a_sentence_keeps_its_capital_and_a_name_its_own(self) -> None:
        seen = {v.text for v in RandomSwap(rate=1.0).variants("The dog met Anna.", 100)}
        assert "Met Anna the dog." in seen
        assert not any("The" in text[1:] or "anna" in text for text in seen)
        assert RandomSwap(rate=1.0)("I ran") == "Ran I"

    def test_words_beside_a_protected_span_stay(self) -> None:
        made = {v.text for v in RandomSwap(rate=1.0).variants("one two in 2019 May six ten", 30)}
        assert len(made) > 1
        assert all(" in 2019 May " in text for text in made)

    def test_equal_words_are_no_swap(self) -> None:
        assert RandomSwap(rate=1.0).variants("good good good good", 5).items == ()

    def test_every_pair_is_equally_likely(self) -> None:
        made = Counter(v.text for v in RandomSwap(rate=0.5).variants("a b c d", 6000))
        assert len(made) == 6
        assert max(made.values()) - min(made.values()) < 200


class TestRandomDeletion:
    @pytest.mark.parametrize(
        ("source", "made"),
        [
            ("big dog", {"big", "dog"}),
            ("a big, red dog.", {"big, red dog.", "a, red dog.", "a big, dog.", "a big, red."}),
            ("stay (big dog) stay", {"stay (dog) stay", "stay (big) stay"}),
            ("it\nran home", {"it\nhome", "it\nran"}),
            ("it  was  not", {"it  not", "was  not"}),
            ('"Fine," he said', {'"Fine," said', '"Fine," he'}),
        ],
    )
    def test_closes_the_gap(self, source: str, made: set[str]) -> None:
        assert {v.text for v in RandomDeletion().variants(source, 50)} == made

    @pytest.mark.parametrize(
        "source",
        ["", "word", "(word)", "one\ntwo", "not never", "isn't won’t", "没有 不是", "DON'T"],
    )
    def test_leaves_alone(self, source: str) -> None:
        language = "zh" if "不" in source else "en"
        assert RandomDeletion(rate=1.0)(source, language=language) == source

    @given(prose(), st.sampled_from([0.2, 0.6, 1.0]))
    def test_what_is_left_is_tidy(self, text: str, rate: float) -> None:
        made = RandomDeletion(rate=rate)(text)
        for mess in ("  ", " ,", " .", " )", "( ", "()", "\n ", " \n", ",,", '""'):
            assert made.count(mess) <= text.count(mess), mess
        for kept in ("not", "don't", "\n", ",", ".", "(", '"', "-"):
            assert made.count(kept) == text.count(kept)
        assert any(c.isalpha() for c in made)

    def test_budget_is_exact(self) -> None:
        texts = ["word " * 20, "word " * 5]
        assert lengths(RandomDeletion(rate=0.3), texts) == [6, 2]
        assert lengths(RandomDeletion(rate=0.3, max_edits=1), texts) == [1, 1]

    def test_chinese_words_close_up_and_latin_ones_stay_apart(self) -> None:
        for variant in RandomDeletion(rate=1.0).variants("他bought了PC今天不去", 20, language="zh"):
            assert "boughtPC" not in variant.text
            assert "不" in variant.text


class TestRandomInsertion:
    def test_inserts_a_synonym_of_a_word_of_the_row_behind_a_word(self) -> None:
        synonyms = {v.text for v in SynonymReplacement(rate=1.0).variants("movie", 200)}
        made = {v.text for v in RandomInsertion(rate=0.1).variants("The movie, it was", 500)}
        assert {f"The {w} movie, it was" for w in synonyms} <= made
        assert {f"The movie {w}, it was" for w in synonyms} <= made
        assert len(made) == 4 * len(synonyms)  # behind each of the four words

    def test_inserts_a_word_per_share_of_the_words(self) -> None:
        texts = ["movie the the the the", "movie " * 40, "the of and"]
        assert lengths(RandomInsertion(rate=0.2), texts) == [1, 8, 0]

    def test_chinese_needs_no_space(self) -> None:
        made = RandomInsertion(rate=0.5)("我们观看电影。", language="zh")
        assert len(made) > len("我们观看电影。")
        assert " " not in made

    def test_capitals_follow_capitals(self) -> None:
        assert RandomInsertion(rate=0.5)("BUY").isupper()
        assert RandomInsertion(rate=0.5)("Buy").split()[1].islower()

    def test_a_language_without_a_lexicon_is_declined(self) -> None:
        assert RandomInsertion()("Das Haus ist groß", language="de") == "Das Haus ist groß"


class TestPunctuationInsertion:
    def test_words_stay_and_marks_are_the_six(self) -> None:
        text = " ".join(f"w{i}" for i in range(30))
        for variant in PunctuationInsertion().variants(text, 50):
            found = variant.text.split()
            assert [word for word in found if word[0] == "w"] == text.split()
            assert {word for word in found if word[0] != "w"} <= set(".;?:!,")

    def test_any_number_up_to_a_third_is_equally_likely(self) -> None:
        texts = [" ".join(f"w{i}" for i in range(18))] * 12_000
        keys = np.arange(12_000, dtype=np.uint64)
        batch = TextBatch(TextBatch.of(texts).text, keys, "en", spans_of([[]] * 12_000))
        out = PunctuationInsertion().apply(batch).edits.to_pylist()
        counts = Counter(len(edits) for edits in out)
        assert sorted(counts) == [1, 2, 3, 4, 5, 6]
        assert all(1800 < count < 2200 for count in counts.values())
        drawn = Counter(edit["text"] for edits in out for edit in edits)
        assert len(drawn) == 6
        assert max(drawn.values()) < 1.05 * min(drawn.values())

    def test_bounds(self) -> None:
        texts = ["w " * 30] * 20
        assert set(lengths(PunctuationInsertion(min_edits=4, max_edits=4), texts)) == {4}
        assert set(lengths(PunctuationInsertion(rate=0.0), texts)) == {0}
        assert lengths(PunctuationInsertion(), ["one"]) == [1]

    def test_chinese_gets_full_width_marks(self) -> None:
        text = "我们今天一起去公园看电影"
        for variant in PunctuationInsertion().variants(text, 20, language="zh"):
            assert variant.text.translate(str.maketrans("", "", "。；？：！，")) == text
