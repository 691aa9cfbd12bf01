"""Guards of rewritten sentences: what each lets down, and what it lets pass."""

from unicodedata import normalize

import pytest

from augment.methods.known_words import coins_words
from augment.models.language_id import language_of, left_language
from augment.text.guards import GUARDS, broken, is_unchanged, marked, unsound
from augment.text.repetition import repetitions

SOURCE = "The film was great and the actors were good."


@pytest.mark.parametrize(
    ("source", "made", "name"),
    [
        (SOURCE, "The movie was great and its actors were good.", None),
        (SOURCE, "", "empty"),
        (SOURCE, "- - -", "empty"),
        (SOURCE, "the film was great - and the actors were GOOD!", "unchanged"),
        (SOURCE, "The film.", "length"),
        (SOURCE, "The film was great and the actors " + "were good, " * 8, "length"),
        ("So so good.", "Very very very very good.", "repetition"),
        ("It was good.", "It was was nice.", "repetition"),
        ("wished for or sought", "desired or desired", "repetition"),
        ("from time to time he came", "from time to time he arrived", None),
        ("a hint of a threat", "a threat of a threat and a threat", "repetition"),
        ("We saw fierce, fierce lions.", "We saw savage, savage lions.", None),
        (SOURCE, "The film was great and 演员 were good.", "script"),
        (SOURCE, "Фильм был отличный, а актеры хорошие.", "script"),
        ("He said 你好 to me.", "He told - to me.", "script"),
        ("Café noir, s'il vous plaît", "Un café noir, je vous prie", None),
        ("It took 3 days.", "It took 4 days.", "numbers"),
        ("It took 1.5 days.", "It lasted 1,5 days.", "numbers"),
        ("The # character is bad.", "The character is bad and evil.", "symbols"),
        ("It is “here” now.", 'It is "here" by now.', None),
        ("Are you sure?", "You are very sure.", "question"),
        ("It was not good.", "It was good enough.", "negation"),
        ("I don't see it.", "I do not see it.", None),
        ("I see nothing.", "I don't see anything.", None),
        ("Then Isabella saw Ann.", "Then Isabella met Anna.", "names"),
        ("It was Borland's work.", "It was the work of Borland.", None),
        ("The Section ends.", "The section is over.", None),
        ("His daughters distress him.", "Your daughters distress you.", "persons"),
        ("She lost her bag.", "She lost his bag.", "persons"),
        ("It is possible to see.", "You can see it.", "persons"),
        ("He forced himself to lie.", "He forced to lie.", "persons"),
        ("He finished it early.", "He finished early.", None),
        ("Thanks a lot for that.", "Thank you very much for that.", None),
        ("Use a list, i.e. a row.", "Use a list, that is, a row.", None),
    ],
)
def test_what_is_let_down(source: str, made: str, name: str | None) -> None:
    assert broken(source, made, "en") == name
    assert broken(source, source, "en") == "unchanged"


def test_what_is_known_of_no_language_is_not_asked_in_others() -> None:
    assert broken("Ele não viu a casa.", "Ele viu a casa.", "pt") == "negation"
    assert broken("Nem ele não viu a casa.", "Nem ele viu a casa dela.", "pt") is None
    assert broken("Han så inte huset.", "Han såg huset.", "sv") is None
    assert broken("Das Haus ist alt.", "Das Gebäude ist alt.", "de") is None


def test_sentences_in_capitals_have_no_names() -> None:
    assert broken("THE FILM WAS OLD", "THE MOVIE WAS OLD", "en") is None


def test_a_pivot_is_asked_for_letters_and_loops_alone() -> None:
    assert unsound("no no no no", "não não não não") is None
    assert unsound("no no", "não não não não") == "repetition"
    assert unsound("no no", "...") == "empty"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The Dean saw it. He left: “Go,” said Al.", {"dean", "al"}),
        ("I think I'm right", set()),
        ("iOS and a_b and C3 and don't", {"ios", "a_b", "c3"}),
    ],
)
def test_marked_words(text: str, names: set[str]) -> None:
    assert marked(text) == names


@pytest.mark.parametrize(
    ("text", "times"),
    [("", 0), ("one", 1), ("a b a b a b c", 3), ("a b c", 1), ("好好好", 3), ("No, no. NO!", 3)],
)
def test_repetitions(text: str, times: int) -> None:
    assert repetitions(text) == times


@pytest.mark.parametrize(
    ("source", "made", "coins"),
    [
        ("in an unsmiling way", "in an insuffoted way", True),
        ("in an unsmiling way", "in an unsmiling manner", False),
        ("Isabella promised", "Elizabeth promised", True),
        ("The husband was great", "The husband was grand throughout, hopelessly so", False),
        ("A fine blorf", "A very fine blorf", False),
        ("SO IT WAS", "SO IT CODIMENTED", True),
    ],
)
def test_words_that_nobody_uses(source: str, made: str, coins: bool) -> None:
    assert coins_words(source, made, "en") is coins
    assert not coins_words(source, made, "sv")


def test_language_is_told_of_texts_that_are_long_enough() -> None:
    english, spanish = "the actors were good enough", "los actores eran bastante buenos"
    assert language_of(english) == "en"
    assert language_of("los actores") is None
    assert left_language(english, spanish, "en")
    assert not left_language(spanish, spanish, "en")
    assert not left_language(english, english, "en")
    assert not left_language(english, "los actores", "en")


def test_every_guard_says_what_it_is_for() -> None:
    assert all(guard.__doc__ for guard in GUARDS.values())


def test_the_same_accents_written_otherwise_are_no_change() -> None:
    assert is_unchanged("Um café.", normalize("NFD", "um CAFÉ!"))
    assert is_unchanged("I ❤\ufe0f it", "I ❤ it.")
    assert not is_unchanged("का", "की")
