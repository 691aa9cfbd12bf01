"""Noise in letters: keyboard, recognition and spelling errors, slips inside words."""

import unicodedata
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment import CharacterNoise, KeyboardNoise, OcrNoise, SpellingNoise, TextBatch
from augment.augmenter import Augmenter
from augment.batch import spans_of
from augment.errors import MissingExtraError, ParameterError
from augment.lexicons import misspellings
from augment.methods.keyboard_noise import neighbours
from augment.methods.ocr_noise import CONFUSIONS
from augment.text.edits import replay

ALL = {"rate": 1.0, "min_length": 1}
LATIN: list[Augmenter] = [KeyboardNoise(**ALL), OcrNoise(**ALL), CharacterNoise(**ALL)]
EVERY = [*LATIN, CharacterNoise(**ALL, keep_ends=False), SpellingNoise(**ALL)]


def made(augmenter: Augmenter, text: str, count: int = 3000, language: str = "en") -> Counter[str]:
    """How often each variant comes out, of so many copies; declined copies are left out."""
    keys = TextBatch.of([f"{text}{i}" for i in range(count)]).keys
    source = pa.array([text] * count, pa.string())
    batch = TextBatch(source, keys, language, spans_of([[]] * count))
    return Counter(v for v in augmenter.apply(batch).text.to_pylist() if v is not None)


def fair(counts: Counter[str]) -> bool:
    """Whether all outcomes are equally likely: chi-square within four standard deviations."""
    found = np.array(list(counts.values()), float)
    free = len(found) - 1
    statistic = ((found - found.mean()) ** 2 / found.mean()).sum()
    return bool(statistic < free + 4 * np.sqrt(2 * free))


def candidates(letter: str, layout: str = "qwerty") -> set[str]:
    table = neighbours(layout)
    place = table.place[ord(letter)]
    offsets = table.table.offsets
    return set(table.table.candidates[offsets[place] : offsets[place + 1]].to_pylist())


class TestKeyboard:
    def test_neighbours_touch(self) -> None:
        assert candidates("g") == set("ftyhbv")
        assert candidates("a") == set("qwsz")
        assert candidates("P") == set("OL")

    def test_layouts_differ(self) -> None:
        assert candidates("y", "qwertz") == set("asx")
        assert candidates("ü", "qwertz") == set("pöä")
        assert candidates("q", "azerty") == set("azsw")

    def test_neighbours_are_mutual(self) -> None:
        for layout in ("qwerty", "qwertz", "azerty"):
            letters = neighbours(layout).table.words.to_pylist()
            assert all(a in candidates(b, layout) for a in letters for b in candidates(a, layout))

    def test_every_outcome_is_one_neighbour_at_one_place_and_all_occur(self) -> None:
        assert set(made(KeyboardNoise(**ALL), "aG")) == {
            *(c + "G" for c in "qwsz"),
            *("a" + c for c in "FTYHBV"),
        }

    def test_places_and_candidates_are_drawn_fairly(self) -> None:
        assert fair(made(KeyboardNoise(**ALL), "ggg"))

    def test_the_layout_follows_the_language(self) -> None:
        assert set(made(KeyboardNoise(**ALL), "y", language="de")) == set("asx")
        assert set(made(KeyboardNoise(**ALL, layout="qwerty"), "y", language="de")) == set("tugh")

    def test_a_letter_without_a_key_stays(self) -> None:
        assert made(KeyboardNoise(**ALL), "é дом 42") == Counter()

    def test_layout_is_checked(self) -> None:
        with pytest.raises(ParameterError, match="layout"):
            KeyboardNoise(layout="dvorak")


class TestOcr:
    def test_pairs_are_read_as_one_letter(self) -> None:
        assert set(made(OcrNoise(**ALL), "rn")) == {"m", "ru", "rri"}
        assert set(made(OcrNoise(**ALL), "cl")) == {"d", "c1", "cI", "ci"}

    def test_case_is_part_of_the_shape(self) -> None:
        assert set(made(OcrNoise(**ALL), "S")) == {"5", "8"}
        assert set(made(OcrNoise(**ALL), "B")) == {"8", "R"}

    def test_a_pair_does_not_cross_words_or_rows(self) -> None:
        batch = TextBatch.of(["r", "n", "r n"], seed=3, language="en")
        out = OcrNoise(**ALL).apply(batch).text.to_pylist()
        assert out[0] in {"n", "t"}
        assert out[1] in {"u", "ri"}
        assert out[2] in {f"{a} {b}" for a in ("n", "t") for b in ("u", "ri")}

    def test_digits_are_never_misread(self) -> None:
        assert made(OcrNoise(**ALL), "1058") == Counter()
        assert all(v.endswith("10") for v in made(OcrNoise(**ALL), "bo10"))

    def test_letters_of_pairs_are_places_alone_too(self) -> None:
        assert {letter for letters in CONFUSIONS for letter in letters} <= set(CONFUSIONS)

    def test_nothing_is_read_as_itself(self) -> None:
        assert all(letters not in read.split() for letters, read in CONFUSIONS.items())

    def test_candidates_are_drawn_fairly(self) -> None:
        assert fair(made(OcrNoise(**ALL), "l"))


class TestSpelling:
    def test_writes_what_people_wrote(self) -> None:
        table = misspellings.load()
        (place,) = table.find(pa.array(["because"]))
        wanted = table.candidates[table.offsets[place] : table.offsets[place + 1]].to_pylist()
        assert "becuase" in wanted
        assert set(made(SpellingNoise(**ALL), "because")) == set(wanted)
        assert fair(made(SpellingNoise(**ALL), "because", 10_000))

    @pytest.mark.parametrize("word", ["their", "good", "not", "it's"])
    def test_no_misspelling_is_a_word_of_the_list(self, word: str) -> None:
        table = misspellings.load()
        assert word in table.words.to_pylist()
        assert word not in table.candidates.to_pylist()

    def test_case_is_kept(self) -> None:
        lower = set(made(SpellingNoise(**ALL), "the"))
        assert set(made(SpellingNoise(**ALL), "The")) == {v.capitalize() for v in lower}
        assert set(made(SpellingNoise(**ALL), "THE")) == {v.upper() for v in lower}
        assert made(SpellingNoise(**ALL), "tHe") == Counter()

    def test_an_edit_holds_only_what_changes(self) -> None:
        for variant in SpellingNoise(**ALL).variants("because", 50):
            (edit,) = variant.edits
            assert edit.stop - edit.start < len("because")

    def test_other_languages_decline(self) -> None:
        assert made(SpellingNoise(**ALL), "because", language="de") == Counter()

    @pytest.mark.parametrize("text", ["\u212anow", "\u212aILLS", "boo\u212a \u0130nterest"])
    def test_letters_that_are_ascii_in_lower_case_only_are_left_alone(self, text: str) -> None:
        assert not made(SpellingNoise(**ALL), text, 20)

    def test_the_list_is_in_the_fingerprint(self) -> None:
        assert SpellingNoise().assets() == {"misspellings": misspellings.load().digest}

    def test_without_the_list_the_asset_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(misspellings, "find_spec", lambda name: None)
        misspellings.load.cache_clear()
        with pytest.raises(MissingExtraError, match="nlpaug"):
            misspellings.load()
        assert SpellingNoise().assets() == {"misspellings": "missing"}


def slips(word: str, count: int = 3000, **params: Any) -> Counter[str]:
    return made(CharacterNoise(**ALL, **params), word, count)


class TestCharacter:
    def test_swaps_inner_neighbours(self) -> None:
        assert set(slips("word", operations=["swap"])) == {"wrod"}
        swapped = slips("words", operations=["swap"])
        assert set(swapped) == {"wrods", "wodrs"}
        assert fair(swapped)

    def test_deletes_inserts_and_substitutes_inside(self) -> None:
        letters = [chr(c) for c in range(ord("a"), ord("z") + 1)]
        assert set(slips("abcd", operations=["delete"])) == {"acd", "abd"}
        inserted = {f"a{c}bcd" for c in letters} | {f"ab{c}cd" for c in letters}
        assert set(slips("abcd", operations=["insert"])) == inserted
        replaced = slips("abcd", operations=["substitute"])
        assert set(replaced) == {f"a{c}cd" for c in letters if c != "b"} | {
            f"ab{c}d" for c in letters if c != "c"
        }
        assert fair(replaced)

    def test_operations_are_drawn_fairly(self) -> None:
        counts = slips("word", 8000)
        kinds = Counter(
            "swap" if v == "wrod" else {3: "delete", 4: "substitute", 5: "insert"}[len(v)]
            for v in counts.elements()
        )
        # One substitute in 50 is no swap, but one that gives the same: none here.
        assert fair(kinds)

    def test_equal_letters_are_not_swapped(self) -> None:
        assert slips("eddy", operations=["swap"]) == Counter()
        assert set(slips("eddy", 500, operations=["swap", "delete"])) == {"edy"}

    def test_each_place_keeps_its_case(self) -> None:
        swapped = slips("Abc", operations=["swap"], keep_ends=False)
        assert set(swapped) == {"Bac", "Acb"}
        assert all(v.isupper() for v in slips("WORDS"))

    def test_ends_may_be_edited_too(self) -> None:
        assert set(slips("ab", operations=["delete"], keep_ends=False)) == {"a", "b"}
        assert slips("ab") == Counter()

    def test_letters_beyond_ascii_are_letters(self) -> None:
        assert set(slips("réel", operations=["swap"])) == {"reél"}
        assert set(slips("RÉEL", operations=["swap"])) == {"REÉL"}

    def test_swaps_do_not_cross_rows(self) -> None:
        batch = TextBatch.of(["ab", "cd"], language="en")
        step = CharacterNoise(**ALL, operations=["swap"], keep_ends=False)
        assert step.apply(batch).text.to_pylist() == ["ba", "dc"]

    @pytest.mark.parametrize("operations", [[], ["shuffle"]])
    def test_operations_are_checked(self, operations: list[Any]) -> None:
        with pytest.raises(ParameterError, match="operations"):
            CharacterNoise(operations=operations)


@pytest.mark.parametrize("step", LATIN, ids=lambda step: type(step).__name__)
class TestLatin:
    def test_other_scripts_decline(self, step: Augmenter) -> None:
        assert step.apply(TextBatch.of(["Это дом", "שלום", "วันนี้"])).text.null_count == 3

    def test_words_of_any_language_are_edited(self, step: Augmenter) -> None:
        text = "Le petit garçon mange"
        out = step.apply(TextBatch.of([text], language="fr"))
        assert len(out.edits[0]) == (3 if isinstance(step, CharacterNoise) else 4)

    def test_digits_and_what_is_protected_stay(self, step: Augmenter) -> None:
        text = "abc123def https://some.site/page me@home.org 2019-12-31 #great"
        for variant in step.variants(text, 50):
            assert variant.text.endswith(text[9:])
            assert [c for c in variant.text if c == "2"] == [c for c in text if c == "2"]

    def test_short_words_are_left_alone(self, step: Augmenter) -> None:
        import dataclasses

        longer = dataclasses.replace(step, min_length=6)
        out = longer.apply(TextBatch.of(["short longest words", "naïve"], language="en"))
        assert [len(edits or ()) for edits in out.edits.to_pylist()] == [1, 0]

    def test_letters_with_marks_are_whole(self, step: Augmenter) -> None:
        text = "ba\u0301b\u0308 be\u0301ce\u0327d"
        marked = [i for i, c in enumerate(text) if unicodedata.combining(c)]
        for variant in step.variants(text, 200):
            for edit in variant.edits:
                touched = range(edit.start, edit.stop)
                assert not any(i in touched or i - 1 in touched for i in marked)
                assert edit.start not in marked


words = st.sampled_from(
    [
        *("because", "The", "WORLD", "don't", "iPhone", "b2b", "42", "rn", "Clean", "x" * 30),
        *("e\u0301te\u0301", "naïve", "дом", "你好word", "👩\u200d👩\u200d👧", "\n"),
        *("ǅ", "İl", "ﬁne", "straße"),
    ]
)
texts = st.one_of(
    st.lists(words, max_size=10).map(" ".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)


@pytest.mark.parametrize("step", EVERY, ids=lambda step: f"{type(step).__name__}")
@given(st.lists(texts, min_size=1, max_size=5), st.data())
def test_only_letters_of_free_words_change(
    step: Augmenter, rows: list[str], data: st.DataObject
) -> None:
    spans = []
    for text in rows:
        bounds = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4, unique=True)))
        spans.append(list(zip(bounds[::2], bounds[1::2], strict=False)))
    batch = TextBatch.of(rows, language="en", protected=spans_of(spans))
    out = step.apply(batch)
    assert replay(batch.text, out.edits).equals(out.text)
    for text, held, edits in zip(rows, spans, out.edits.to_pylist(), strict=True):
        for edit in edits or ():
            start, stop = edit["start"], edit["stop"]
            assert not any(start < b and stop > a for a, b in held if a < b)
            assert all(c.isalpha() or c == "'" for c in text[start:stop])
            assert not unicodedata.category(text[start : start + 1] or " ").startswith("M")
            assert not unicodedata.category(text[stop : stop + 1] or " ").startswith("M")


@pytest.mark.parametrize("step", EVERY, ids=lambda step: f"{type(step).__name__}")
@given(st.lists(texts, min_size=1, max_size=6), st.integers(1, 4))
def test_any_cut_gives_the_same(step: Augmenter, rows: list[str], size: int) -> None:
    whole = TextBatch.of(rows, language="en")
    out = step.apply(whole)
    cuts = [step.apply(whole.slice(i, min(i + size, len(rows)))) for i in range(0, len(rows), size)]
    assert pa.concat_arrays([cut.text for cut in cuts]).equals(out.text)
