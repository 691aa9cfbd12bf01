"""The synonym tables: what they hold, how they are opened and drawn from."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from augment.errors import UnknownNameError
from augment.lexicons.lexicon import Lexicon
from augment.lexicons.sources import TABLE, load_lexicon
from augment.lexicons.wordnet_en.candidates import Review, Thesaurus
from augment.lexicons.wordnet_en.database import WordNet


@pytest.fixture
def small() -> Lexicon:
    return Lexicon.of(
        {"big": [("large", 0, 3.0), ("great", 0, 1.0), ("adult", 1, 1.0)], "buy": [("get", 1, 1.0)]}
    )


def test_round_trip_through_a_file(small: Lexicon, tmp_path: Path) -> None:
    small.save(tmp_path / "t.arrow")
    again = Lexicon.load(tmp_path / "t.arrow")
    assert again.digest == small.digest
    assert again.candidates.to_pylist() == ["large", "great", "adult", "get"]


def test_find_ignores_case(small: Lexicon) -> None:
    assert small.find(pa.array(["Buy", "none", "BIG"])).tolist() == [1, -1, 0]


def test_most_senses_drops_words_that_are_left_with_nothing(small: Lexicon) -> None:
    first = small.most_senses(1)
    assert first.words.to_pylist() == ["big"]
    assert first.candidates.to_pylist() == ["large", "great"]


def test_draw_follows_the_weights(small: Lexicon) -> None:
    steps = (np.arange(1000) + 0.5) / 1000
    drawn = Counter(small.draw(np.zeros(1000, np.int64), steps).to_pylist())
    assert drawn == {"large": 600, "great": 200, "adult": 200}


def test_draw_stays_within_the_word(small: Lexicon) -> None:
    almost_one = np.array([1 - 2**-53])
    assert small.draw(np.array([0]), almost_one).to_pylist() == ["adult"]
    assert small.draw(np.array([1]), almost_one).to_pylist() == ["get"]


def test_bundled_table_is_wordnet() -> None:
    table = load_lexicon("wordnet")
    assert len(table.words) > 35_000
    place = table.find(pa.array(["movie"]))[0]
    found = table.candidates[table.offsets[place] : table.offsets[place + 1]].to_pylist()
    assert found[0] == "film"
    assert np.all(np.diff(table.offsets) > 0)
    assert (TABLE.parent / "NOTICE.txt").read_text().count("Princeton University") >= 5


def test_bundled_table_never_offers_the_word_itself() -> None:
    table = load_lexicon("wordnet")
    owner = table.words.take(
        pa.array(np.repeat(np.arange(len(table.words)), np.diff(table.offsets)))
    )
    assert not pa.compute.any(pa.compute.equal(owner, table.candidates)).as_py()


def test_bundled_table_offers_no_word_that_wordnet_calls_offensive() -> None:
    offered = set(load_lexicon("wordnet").candidates.to_pylist())
    assert not offered & {"queer", "bastard", "injun", "crap", "spade"}
    assert {"strange", "attack", "awful"} <= offered


def test_cilin_holds_words_that_were_read_only() -> None:
    table = load_lexicon("cilin")
    assert 800 < len(table.words) < 2_000
    assert set(table.senses.tolist()) == {0}
    place = table.find(pa.array(["附近"]))[0]
    found = table.candidates[table.offsets[place] : table.offsets[place + 1]]
    assert "周边" in found.to_pylist()


def test_unknown_lexicon_suggests() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'wordnet'"):
        load_lexicon("wordnt")


LICENCE = "  1 This software and database is being provided to you\n"
FILES = {
    "data.noun": "00000010 03 n 02 film 0 movie 0 000 | a story\n"
    "00000020 03 n 02 Film 0 Reel 0 000 | x\n",
    "data.verb": "00000030 30 v 03 buy 0 purchase 0 pick_up 0 000 | obtain\n",
    "data.adj": "00000040 00 a 03 big(p) 0 large 0 wopping 0 000 | above average\n"
    "00000050 00 a 01 wopping 0 000 | an offensive term for big\n",
    "data.adv": "",
    "index.noun": "film n 2 0 2 1 00000010 00000020\nmovie n 1 0 1 1 00000010\n",
    "index.verb": "buy v 1 0 1 0 00000030\npurchase v 1 0 1 0 00000030\nfilm v 1 0 1 0 00000030\n",
    "index.adj": "big a 1 0 1 0 00000040\nlarge a 1 0 1 0 00000040\n"
    "wopping a 2 0 2 0 00000050 00000040\n",
    "index.adv": "",
    "cntlist.rev": "film%1:06:00:: 1 7\nmovie%1:06:00:: 1 5\n",
}


@pytest.fixture
def thesaurus(tmp_path: Path) -> Thesaurus:
    for name, lines in FILES.items():
        head = "" if name == "cntlist.rev" else LICENCE
        (tmp_path / name).write_text(head + lines)
    review = Review({("large", "adj"): ("huge",), ("movie", "noun"): ()}, frozenset())
    return Thesaurus(WordNet.read(tmp_path), review, lambda word: 4.0, lambda *words: 0.9)


@pytest.mark.parametrize(
    ("lemma", "pos", "expected"),
    [
        ("big", "adj", ["large"]),
        ("film", "noun", ["movie"]),  # "Reel" is a name
        ("buy", "verb", ["purchase"]),
        ("wopping", "adj", []),  # an offensive word
        ("large", "adj", ["huge"]),  # what the reader kept
        ("movie", "noun", []),  # the reader kept none
    ],
)
def test_usual_synonyms_of_a_lemma(
    thesaurus: Thesaurus, lemma: str, pos: str, expected: list[str]
) -> None:
    usual = [word for word, sense, _ in thesaurus.candidates(lemma, pos) if sense == 0]
    assert usual == expected


@pytest.mark.parametrize("count", [1, 30_000])
def test_an_open_table_outlives_another_of_its_name(tmp_path: Path, count: int) -> None:
    path = tmp_path / "table.arrow"
    words = [f"old{i}" for i in range(30_000)]
    Lexicon.of({word: [("older", 0, 1.0)] for word in words}).save(path)
    table = Lexicon.load(path)
    Lexicon.of({f"new{i}": [("newer", 0, 1.0)] for i in range(count)}).save(path)
    assert table.words.to_pylist() == words
    assert len(Lexicon.load(path).words) == count
    assert [file.name for file in tmp_path.iterdir()] == ["table.arrow"]
