"""TF-IDF replacement: keywords stay, words that tell little go, both by the paper's formulas."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment import CorpusStatistics, TextBatch, TfidfReplacement, fingerprint
from augment.errors import ParameterError, StatisticsError
from augment.testing import check_augmenter
from augment.text.edits import replay
from augment.text.protect import Protection

CORPUS = [
    *(f"the film was {word}" for word in ["a hit", "a bore", "fine", "long", "a hit", "fine"]),
    *(f"and it was the {word}" for word in ["same", "end", "same", "end", "actor", "actor"]),
    *["the violin and the orchestra", "an orchestra of a film", "not a violin, and it was not"],
]


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("tfidf") / "words.arrow"
    CorpusStatistics.of(CORPUS).save(path)
    return str(path)


def edits(step: TfidfReplacement, text: str, n: int = 300) -> Counter[tuple[str, str]]:
    """How often each word of the text is replaced by each other one."""
    return Counter(
        (text[e.start : e.stop], e.text) for v in step.variants(text, n) for e in v.edits
    )


def replaced(step: TfidfReplacement, text: str, n: int = 300) -> set[str]:
    return {old for old, _ in edits(step, text, n)}


def test_words_that_tell_little_go_and_keywords_stay(words: str) -> None:
    text = "it was the orchestra and the violin"
    step = TfidfReplacement(rate=1.0, statistics=words)
    # The two keywords stand in as many texts: both are at the top.
    assert replaced(step, text) == {"it", "was", "the", "and"}


def test_a_word_that_the_corpus_does_not_know_is_a_keyword(words: str) -> None:
    step = TfidfReplacement(rate=1.0, statistics=words)
    assert "zither" not in replaced(step, "it was the zither of the film")


def test_a_word_often_in_the_text_tells_more_of_it(words: str) -> None:
    step = TfidfReplacement(rate=1.0, statistics=words)
    assert replaced(step, "film film film orchestra the") == {"orchestra", "the"}


@pytest.mark.parametrize(
    "untouched",
    [
        "orchestra",  # the only word is the text's keyword
        "orchestra violin actor",  # all tell as much
        "zither not never don't",  # negations
        "zither Zither The Film",  # capitals inside a sentence are names
        "zither w4s iT",  # digits, mixed case
        "zither #the @film <it>",  # protected
        "",
        "  ",
    ],
)
def test_leaves_alone(words: str, untouched: str) -> None:
    step = TfidfReplacement(rate=1.0, statistics=words)
    assert replaced(step, untouched, 20) == set()


def test_keeps_the_case_of_the_word(words: str) -> None:
    step = TfidfReplacement(rate=1.0, statistics=words)
    for variant in step.variants("The zither. THE zither. the zither", 50):
        first, second, third = (e.text for e in variant.edits)
        assert first.istitle()
        assert second.isupper()
        assert third.islower()


def test_budget_is_exact_and_of_the_words_below_the_top(words: str) -> None:
    column = pa.array(["it was the orchestra " * 4, "it was the orchestra", "orchestra"])
    batch = TextBatch.of(column, language="en")
    out = TfidfReplacement(rate=0.5, max_edits=5, statistics=words).apply(batch)
    # In the first text all four words stand four times: twelve lie below the top.
    assert [len(row or ()) for row in out.edits.to_pylist()] == [5, 2, 0]
    out = TfidfReplacement(rate=0.5, statistics=words).apply(batch)
    assert [len(row or ()) for row in out.edits.to_pylist()] == [6, 2, 0]


def test_the_chance_to_be_replaced_falls_in_a_line_with_tf_idf(words: str) -> None:
    text, count = "film and the orchestra", 20_000
    vocabulary = CorpusStatistics.load(words).language("en")
    assert vocabulary is not None
    idf = vocabulary.idf[vocabulary.find(pa.array(text.split()))]
    weights = idf.max() - idf
    step = TfidfReplacement(rate=0.1, min_edits=1, statistics=words)
    batch = TextBatch(
        pa.array([text] * count), np.arange(count).astype(np.uint64), "en", _none(count)
    )
    starts = [row[0]["start"] for row in step.apply(batch).edits.to_pylist()]
    seen = np.array([starts.count(text.index(word)) for word in text.split()])
    expected = weights / weights.sum() * count
    assert seen[3] == expected[3] == 0
    squares = ((seen - expected)[:3] ** 2 / expected[:3]).sum()
    assert squares < 18.4  # chi-square, 2 degrees of freedom, p = 0.0001


def _none(count: int) -> pa.ListArray:
    return Protection(kinds=()).find(pa.array([""] * count))


def test_the_chance_to_be_drawn_falls_in_a_line_with_frequency_times_idf(words: str) -> None:
    count = 20_000
    vocabulary = CorpusStatistics.load(words).language("en")
    assert vocabulary is not None
    score = vocabulary.counts * vocabulary.idf[:-1]
    names = vocabulary.words.to_pylist()
    drawable = {w: s for w, s in zip(names, score, strict=True) if w != "not"}
    weights = {w: max(drawable.values()) - s for w, s in drawable.items()}
    weights = {w: weight for w, weight in weights.items() if weight > 0 and w != "the"}
    total = sum(weights.values())
    step = TfidfReplacement(rate=1.0, statistics=words)
    batch = TextBatch(
        pa.array(["the zither"] * count), np.arange(count).astype(np.uint64), "en", _none(count)
    )
    seen = Counter(row[0]["text"] for row in step.apply(batch).edits.to_pylist())
    assert set(seen) == set(weights)
    expected = {w: count * weight / total for w, weight in weights.items()}
    squares = sum((seen[w] - e) ** 2 / e for w, e in expected.items())
    assert len(weights) == 11
    assert squares < 35.6  # chi-square, 10 degrees of freedom, p = 0.0001


def test_draws_no_names_no_numbers_and_from_the_frequent_words_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "words.arrow")
    texts = ["we saw Paris in 1999 and it's not rare"] * 2 + ["we saw Paris in may and so on"] * 3
    CorpusStatistics.of(texts).save(path)
    step = TfidfReplacement(rate=1.0, statistics=path)
    drawn = {new for _, new in edits(step, "so we zither")}
    assert drawn <= {"we", "saw", "in", "and", "so", "on", "may", "rare"}
    assert "may" in drawn
    few = TfidfReplacement(rate=1.0, statistics=path, vocabulary=5)
    assert {new for _, new in edits(few, "so we zither")} <= {"we", "saw", "in", "and"}


def test_unfitted_says_what_to_do() -> None:
    with pytest.raises(StatisticsError, match=r"CorpusStatistics\.of\(texts.*\.save\("):
        TfidfReplacement()("some text")


def test_a_language_without_statistics_is_declined(words: str) -> None:
    step = TfidfReplacement(rate=1.0, statistics=words)
    assert step("it was the orchestra", language="fr") == "it was the orchestra"
    assert step("it was the orchestra", language="en_GB") != "it was the orchestra"


def test_statistics_without_words_to_draw_decline(tmp_path: Path) -> None:
    path = str(tmp_path / "words.arrow")
    CorpusStatistics.of(["one", "two"]).save(path)
    assert TfidfReplacement(rate=1.0, statistics=path)("one one two") == "one one two"


def test_other_words_are_another_fingerprint_and_another_path_is_not(tmp_path: Path) -> None:
    paths = [str(tmp_path / f"{name}.arrow") for name in "abc"]
    for path, texts in zip(paths, (["a b"] * 2, ["a b"] * 2, ["a c"] * 2), strict=True):
        CorpusStatistics.of(texts).save(path)
    a, b, c = (fingerprint(TfidfReplacement(statistics=path)) for path in paths)
    assert a == b != c
    assert fingerprint(TfidfReplacement()) not in {a, c}


def test_a_vocabulary_of_one_word_is_refused() -> None:
    with pytest.raises(ParameterError, match="vocabulary"):
        TfidfReplacement(vocabulary=1)


def test_chinese_keeps_the_contract(tmp_path: Path) -> None:
    pytest.importorskip("rjieba")
    path = str(tmp_path / "words.arrow")
    texts = [
        "他们觉得电影值得观看。",
        "我们觉得这部电影很好看！",
        "他们不喜欢这部电影",
        "我们喜欢观看VS Code",
    ]
    CorpusStatistics.of(texts, "zh").save(path)
    step = TfidfReplacement(rate=0.5, statistics=path)
    assert any(step(text, language="zh") != text for text in texts)
    check_augmenter(step, texts, ["zh"], stochastic=False)


some = st.lists(
    st.sampled_from(
        ["the", "Film", "AND", "it", "not", "https://x.org/the", "é", "你好", "👩‍👩‍👧", "\n"]
    ),
    max_size=12,
).map(" ".join)


@settings(deadline=None)
@given(st.lists(some, min_size=1, max_size=8), st.integers(1, 7))
def test_any_cut_gives_the_same_and_edits_replay(words: str, rows: list[str], size: int) -> None:
    column = pa.array(rows, pa.string())
    whole = TextBatch.of(column, language="en", protected=Protection().find(column))
    step = TfidfReplacement(rate=0.5, statistics=words)
    out = step.apply(whole)
    cuts = [step.apply(whole.slice(i, min(i + size, len(rows)))) for i in range(0, len(rows), size)]
    assert pa.concat_arrays([c.text for c in cuts]).equals(out.text)
    assert replay(whole.text, out.edits).equals(out.text)
