"""A rewritten sentence against its source: letter case, typography, protected stretches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.rewrites import calm, fitted, stretches, with_articles


@pytest.mark.parametrize(
    ("source", "made", "expected"),
    [
        ("good film", "Nice movie.", "nice movie"),
        ("I think so.", "i believe so.", "I believe so."),
        ("so I think", "I think so", "I think so"),
        ("we saw Paris", "Paris is what we saw", "Paris is what we saw"),
        ("it aired on tv", "TV showed it", "TV showed it"),
        ("Really?!", "Truly", "Truly?!"),
        ("WHAT A FILM!", "What a movie!", "WHAT A MOVIE!"),
        ("A, b", "A , b\nc", "A, b c"),
        ("A , b", "A , b", "A , b"),
        ("NASA", "Nasa", "NASA"),
        ("It was fun!", "It was funny.", "It was funny!"),
        ("Was it fun?", "It was funny.", "It was funny."),
        ("It was fun.", "Was it funny?", "Was it funny?"),
        ("It is a French film.", "It is a french movie.", "It is a French movie."),
        ("data in tables", "Tables with Data", "tables with data"),
        ("See the API docs.", "See the Api manual.", "See the API manual."),
        ("He said “no” to her.", 'He told her "no".', "He told her “no”."),
        ("I don’t know.", "I can't know.", "I can’t know."),
        ("beings--which is good", "beings - which is nice", "beings--which is nice"),
        (
            "It ended. However, we left.",
            "It ended.However, we went.",
            "It ended. However, we went.",
        ),
        ('He said: "What is it?"', 'He said: " What is this?"', 'He said: "What is this?"'),
    ],
)
def test_case_and_end_follow_the_source(source: str, made: str, expected: str) -> None:
    assert fitted(source, made) == expected


def test_a_loud_sentence_is_calmed() -> None:
    assert calm("I AM CURIOUS") == "I am curious"
    assert calm("I am NASA") == "I am NASA"


def test_calm_keeps_the_places_of_characters() -> None:
    assert calm("STRAßE İST GUT") == "STRAßE İST GUT"


def test_articles_follow_the_new_word() -> None:
    assert with_articles("A Mac-like editor", "A editor and a hour") == "An editor and an hour"
    assert with_articles("A union", "a union, an union") == "a union, a union"
    assert with_articles("a editor", "a editor") == "a editor"


def spans(source: str, *texts: str) -> list[tuple[int, int]]:
    return sorted((source.index(t), source.index(t) + len(t)) for t in texts)


def test_changes_lie_between_the_protected_spans() -> None:
    source = "Hello {name}, see 10 films"
    protected = spans(source, "{name}", "10")
    assert stretches(source, "Hi {name}, watch 10 movies", protected) == [
        (0, 6, "Hi "),
        (12, 18, ", watch "),
        (20, 26, " movies"),
    ]


@pytest.mark.parametrize(
    "made",
    ["Hello, see 10 films", "Hello {name} {name}, see 10 films", "See 10 films, {name}",
     "Hello {name}, see 100 films", "Hello {name}, see 10 films in 1999", "Hello {name}, see 10a"],
)  # fmt: skip
def test_a_protected_text_lost_doubled_moved_or_grown_falls_back(made: str) -> None:
    source = "Hello {name}, see 10 films"
    assert stretches(source, made, spans(source, "{name}", "10")) is None


def test_a_word_around_a_protected_entity_falls_back() -> None:
    source = "Ann is here"
    assert stretches(source, "Annie is here", [(0, 3)]) is None
    assert stretches(source, "Here is Ann", [(0, 3)]) == [(0, 0, "Here is "), (3, 11, "")]


@given(st.data(), st.text("ab1 .", min_size=1, max_size=12), st.text("ab1 .", max_size=12))
def test_stretches_replay_and_keep_protected(data: st.DataObject, source: str, made: str) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(source)), max_size=4)))
    protected = list(zip(cuts[::2], cuts[1::2], strict=False))
    found = stretches(source, made, protected)
    if found is None:
        return
    out = source
    for start, stop, text in reversed(found):
        assert not any(a < stop and start < b for a, b in protected)
        out = out[:start] + text + out[stop:]
    assert out == made
