"""Blanking, case noise and spacing noise; and which words are negations."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from augment import Blanking, CaseNoise, SpacingNoise, TextBatch
from augment.errors import ParameterError
from augment.text.columns import Utf8
from augment.text.languages import language
from augment.text.negations import WORDS, negations

LETTERS = st.text("abc ABC éÉßİ'ÀßΣσς不是👩🏽\u0301\u200d", max_size=30)


def test_blanks_replace_words_and_are_not_blanked_again() -> None:
    assert Blanking(rate=1.0)("Not a word, is it?") == "_ _ _, _ _?"
    assert Blanking(rate=1.0)("_ _ _") == "_ _ _"
    assert Blanking(rate=1.0, blank="[MASK]")("我们去。", language="zh") == "[MASK][MASK]。"


def test_blank_is_not_empty() -> None:
    with pytest.raises(ParameterError, match="blank"):
        Blanking(blank="")


@pytest.mark.parametrize(
    ("case", "made"),
    [
        ("lower", "he saw nasa's iphone 3rd école"),
        ("upper", "HE SAW NASA'S IPHONE 3rd ÉCOLE"),
        ("title", "He Saw Nasa's Iphone 3rd École"),
    ],
)
def test_case_is_the_one_asked_for(case: str, made: str) -> None:
    step = CaseNoise(rate=1.0, case=case)  # type: ignore[arg-type]
    assert step("He saw NASA's iPhone 3rd école") == made


def test_any_case_gives_every_word_one_that_it_has_not() -> None:
    made = {v.text for v in CaseNoise().variants("Word", 300)}
    assert {"word", "WORD"} < made
    assert "Word" not in made
    assert any(text not in ("word", "WORD") for text in made)


def test_only_words_that_change_are_counted() -> None:
    out = CaseNoise(rate=0.5, case="lower").apply(TextBatch.of(["The BIG dog and the Cat ran"]))
    assert [edit["text"] for edit in out.edits.to_pylist()[0]] in (
        [["the", "big"], ["the", "cat"], ["big", "cat"]]
    )


@given(LETTERS)
def test_case_noise_changes_case_alone(text: str) -> None:
    made = CaseNoise(rate=1.0, case="random")(text)
    assert len(made) == len(text)
    assert all(
        a == b or a.lower()[0] == b.lower()[0] or a.upper() == b.upper()
        for a, b in zip(made, text, strict=True)
    )


@given(LETTERS, st.sampled_from([0.0, 0.5, 1.0]))
def test_spacing_noise_moves_spaces_alone_and_splits_no_grapheme(text: str, join: float) -> None:
    made = SpacingNoise(rate=1.0, join=join)(text)
    assert made.replace(" ", "") == text.replace(" ", "")
    clusters = set(regex.findall(r"\X", text))
    if join == 0.0:
        assert {cluster for cluster in regex.findall(r"\X", made) if cluster != " "} <= clusters


def test_spaces_are_dropped_between_words_alone() -> None:
    step = SpacingNoise(rate=1.0, join=1.0)
    assert step("We like, in\nthe  end, - it. So") == "Welike, in\ntheend, - it. So"
    assert step("in 2019 we") == "in 2019 we"


def test_words_are_split_anywhere_inside() -> None:
    made = {v.text for v in SpacingNoise(join=0.0).variants("abcd", 100)}
    assert made == {"a bcd", "ab cd", "abc d"}
    assert SpacingNoise(join=0.0)("a 👍🏽 e\u0301") == "a 👍🏽 e\u0301"


@pytest.mark.parametrize(
    ("tag", "text", "expected"),
    [
        ("en", "I do NOT know, it isn't and can’t; noted t", ["NOT", "isn't", "can’t"]),
        ("en", "without notes nor knots Dont", ["without", "nor", "Dont"]),
        ("de", "Das ist nicht kein Problem not", ["nicht", "kein"]),
        ("ru", "НЕ надо, никогда", ["НЕ", "никогда"]),
        ("zh", "我不喜欢，没有人未来not", ["不", "没有", "未来", "not"]),
        ("und", "nicht not jamais não", ["nicht", "not", "jamais", "não"]),
    ],
)
def test_negations(tag: str, text: str, expected: list[str]) -> None:
    segments = language(tag).segment(Utf8.of(TextBatch.of([text]).text))
    found = negations(segments, tag)
    assert [w for w, hit in zip(segments.pieces.to_pylist(), found, strict=True) if hit] == expected


@pytest.mark.parametrize("tag", WORDS)
def test_every_listed_negation_is_found_in_every_case(tag: str) -> None:
    listed = [w for word in WORDS[tag].split() for w in (word, word.capitalize(), word.upper())]
    segments = language(tag).segment(Utf8.of(TextBatch.of([" ".join(listed)]).text))
    assert (negations(segments, tag) == segments.is_word).all()
