"""Batches of about equal length, codes of languages, and parts that are put together again."""

from hypothesis import given
from hypothesis import strategies as st

from augment.models.translators.batching import Part, allowed, batches, halves, joined
from augment.models.translators.bergamot import _parts
from augment.models.translators.codes import ISO_639_3, flores, names

LENGTHS = st.lists(st.integers(1, 200), max_size=60)


@given(LENGTHS, st.integers(1, 2000), st.integers(1, 5))
def test_every_sequence_is_in_one_batch_within_the_budget(lengths, budget, beams) -> None:
    made = list(batches(lengths, lengths, beams=beams, budget=budget, most=512))
    assert sorted(i for batch in made for i in batch.numbers) == list(range(len(lengths)))
    for batch in made:
        own = [lengths[i] for i in batch.numbers]
        assert own == sorted(own, reverse=True)
        assert len(own) == 1 or own[0] * len(own) * beams <= budget


@given(LENGTHS, st.integers(1, 2000))
def test_the_longest_output_depends_on_the_sequence_alone(lengths, budget) -> None:
    for batch in batches(lengths, lengths, beams=1, budget=budget, most=300):
        assert {allowed(lengths[i], 300) for i in batch.numbers} == {batch.limit}


@given(st.permutations(range(40)))
def test_batches_do_not_depend_on_the_order(order) -> None:
    texts = [f"{i:02}" * (1 + i % 4) for i in order]
    made = batches([len(t) for t in texts], texts, beams=1, budget=20, most=99)
    again = batches([len(t) for t in sorted(texts)], sorted(texts), beams=1, budget=20, most=99)
    assert [[texts[i] for i in batch.numbers] for batch in made] == [
        [sorted(texts)[i] for i in batch.numbers] for batch in again
    ]


@given(st.text(alphabet="a ,\u0301", min_size=2))
def test_halves_get_shorter_whatever_the_text(text: str) -> None:
    first, _, rest = halves(text)
    assert len(rest) < len(text)
    assert len(first) < len(text)
    assert (first + rest).replace(" ", "") == text.replace(" ", "")


def test_an_endless_grapheme_is_cut() -> None:
    text = "e" + "\u0301" * 999
    parts = _parts(0, text)
    assert max(len(part.text) for part in parts) <= 300
    assert "".join(part.text for part in parts) == text
    assert [part.text for part in _parts(0, " " * 400 + "a")] == ["a"]


@given(st.text(alphabet="ab ,.", min_size=2).map(lambda t: t.strip()).filter(lambda t: len(t) > 1))
def test_halves_lose_nothing_but_white_space(text: str) -> None:
    first, joint, rest = halves(text)
    assert first
    assert (first + joint + rest).split() == text.split() or joint == ""
    assert (first + rest).replace(" ", "") == text.replace(" ", "")


def test_the_best_of_parts_make_the_best_of_the_whole() -> None:
    parts = [Part(0, 0, "a", " "), Part(0, 1, "b", ""), Part(1, 0, "c", ""), Part(2, 0, "d", "")]
    made = [["A", "a"], ["B"], ["C", "C"], []]
    assert joined(parts, made, 4) == [["A B", "a B"], ["C"], [], []]


def test_a_language_has_several_names() -> None:
    assert names("en-GB") == ("en", "eng")
    assert names("nb") == ("nb", "no", "nob", "nor")
    assert names("xx") == ("xx",)


def test_flores_codes_follow_language_and_script() -> None:
    known = ["arb_Arab", "eng_Latn", "nob_Latn", "por_Latn", "srp_Cyrl", "zho_Hans", "zho_Hant"]
    found = {
        tag: flores(tag, known)
        for tag in (
            "ar",
            "en",
            "no",
            "pt_BR",
            "sr",
            "zh",
            "zh-Hant",
            "zh-HK",
            "por_Latn",
            "por",
            "de",
        )
    }
    assert found == {
        "ar": "arb_Arab", "en": "eng_Latn", "no": "nob_Latn", "pt_BR": "por_Latn",
        "sr": "srp_Cyrl", "zh": "zho_Hans", "zh-Hant": "zho_Hant", "zh-HK": "zho_Hant",
        "por_Latn": "por_Latn", "por": "por_Latn", "de": None,
    }  # fmt: skip


def test_every_language_of_two_letters_has_its_own_of_three() -> None:
    assert all(len(two) == 2 and len(three) == 3 for two, three in ISO_639_3.items())
    assert len(set(ISO_639_3.values())) == len(ISO_639_3)
