"""The article before a replaced word agrees with how the new one begins."""

import pyarrow as pa
import pytest

from augment import SynonymReplacement, TextBatch
from augment.batch import spans_of
from augment.text.articles import wants_an


@pytest.fixture
def pairs(tmp_path):  # type: ignore[no-untyped-def]
    path = tmp_path / "pairs.tsv"
    path.write_text("attempt\teffort\ncar\tautomobile\numpire\tjudge\n")
    return SynonymReplacement(rate=1.0, lexicon=str(path))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a car", "an automobile"),
        ("A car", "An automobile"),
        ("A CAR", "AN AUTOMOBILE"),
        ("an umpire", "a judge"),
        ("An umpire", "A judge"),
        ("AN UMPIRE", "A JUDGE"),
        ("an attempt", "an effort"),
        ("a  \n car", "an  \n automobile"),
        ("a new car", "a new automobile"),
        ("a, car", "a, automobile"),
        ("the car", "the automobile"),
        ("vitamin-a car", "vitamin-a automobile"),
        ("a", "a"),
        ("car", "automobile"),
    ],
)
def test_a_and_an(pairs: SynonymReplacement, source: str, expected: str) -> None:
    assert pairs(source) == expected


def test_the_article_is_an_edit_of_its_own(pairs: SynonymReplacement) -> None:
    (made,) = pairs.variants("buy a car")
    assert [(e.start, e.stop, e.text) for e in made.edits] == [(4, 5, "an"), (6, 9, "automobile")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [("a car", None), ("buy a car, an attempt", "buy a car, an effort"), ("a umpire", "a judge")],
)
def test_a_protected_article_keeps_its_word(
    pairs: SynonymReplacement, source: str, expected: str | None
) -> None:
    start = source.index("a ")
    spans = spans_of([[(start, start + 1)]])
    batch = TextBatch.of([source], language="en", protected=spans)
    assert pairs.apply(batch).text.to_pylist() == [expected]


def test_the_article_of_the_row_before_is_another_rows(pairs: SynonymReplacement) -> None:
    batch = TextBatch.of(pa.array(["what a", " car"]), language="en")
    assert pairs.apply(batch).text.to_pylist() == [None, " automobile"]


def test_only_english_has_these_articles(pairs: SynonymReplacement) -> None:
    assert pairs("a car", language="pt") == "a automobile"


def test_the_sound_decides_not_the_letter() -> None:
    an = [
        "hour",
        "honest",
        "heir",
        "umpire",
        "uninteresting",
        "urban",
        "usher",
        "onerous",
        "effort",
    ]
    a = ["house", "unit", "unique", "unanimous", "user", "European", "one", "ubiquitous", "utopia"]
    assert wants_an(pa.array(an)).all()
    assert not wants_an(pa.array(a)).any()
