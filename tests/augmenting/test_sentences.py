"""Sentences of a column: lossless, separators apart, nothing over-long."""

import pyarrow as pa
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from augment.text.sentences import MAX_CHARS, MAX_WORDS, Sentences, cut_point, split_sentences

SHORT = ["Hello.", "Is it?", "Dr. No", "{x. y}", "中文。", "שלום", "e\u0301", "😀", "👩\u200d👧"]
ITEM = regex.compile(r"(?:^|\s)\(?(?:\p{Nd}{1,3}[.)]|\p{L}\)|[ivx]{1,5}\)|\[x\])(?=\s)", regex.I)
GAPS = [" ", "\n", "\n\n", "<br />", "<br /><br />", "</p>", ", ", "…", "\x00", "\u2028"]
PIECES = st.sampled_from([*SHORT, *GAPS, "a" * 900, "word " * 120])
TEXTS = st.one_of(st.text(), st.lists(PIECES, max_size=12).map("".join))


def split(*texts: str, language: str = "en") -> Sentences:
    return split_sentences(pa.array(texts, pa.string()), language)


def sentences(text: str, language: str = "en") -> list[str]:
    return split(text, language=language).text.to_pylist()


@given(st.lists(TEXTS, max_size=4), st.sampled_from(["en", "und", "zh", "pt-BR", "tlh"]))
def test_sentences_and_separators_make_up_the_text(texts: list[str], language: str) -> None:
    found = split(*texts, language=language)
    rebuilt = [""] * len(texts)
    cursors = [0] * len(texts)
    for row, start, stop, piece in zip(
        found.rows, found.starts, found.stops, found.text.to_pylist(), strict=True
    ):
        assert cursors[row] <= start < stop
        assert piece == texts[row][start:stop] == piece.strip()
        rebuilt[row] += texts[row][cursors[row] : start] + piece
        cursors[row] = stop
    assert [r + t[c:] for r, t, c in zip(rebuilt, texts, cursors, strict=True)] == texts


@given(TEXTS)
def test_no_sentence_is_over_long(text: str) -> None:
    for piece in sentences(text):
        assert len(piece) <= MAX_CHARS + 32
        assert len(piece.split()) <= 1.5 * MAX_WORDS


@given(TEXTS)
def test_what_is_not_in_a_sentence_has_no_letters_outside_markup(text: str) -> None:
    found = split(text)
    outside, cursor = [], 0
    for start, stop in zip(found.starts, found.stops, strict=True):
        outside.append(text[cursor:start])
        cursor = stop
    outside.append(text[cursor:])
    for gap in outside:
        bare = gap.replace("<br />", "").replace("</p>", "")
        assert not any(c.isalnum() for c in ITEM.sub(" ", bare))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n ", []),
        ("One.", ["One."]),
        ("Dr. Smith left.  He's gone!\tWhy?", ["Dr. Smith left.", "He's gone!", "Why?"]),
        ("Bad film.<br /><br />Truly bad.", ["Bad film.", "Truly bad."]),
        ("<p class='x'>In a block</p>\n\n- item", ["In a block", "item"]),
        ("A <b>bold</b> word", ["A <b>bold</b> word"]),
        ("I love it 😀👍🏽 so much 👩‍👩‍👧", ["I love it", "so much"]),
        ("没有。什么!", ["没有。", "什么!"]),
        ("مرحبا. كيف الحال؟ بخير", ["مرحبا.", "كيف الحال؟", "بخير"]),
        ("a\x00b", ["a", "b"]),
        ('"All of it??" ...I was young. No.', ['"All of it??" ...I was young.', "No."]),
        ("7 © 2020™ #1", ["7 © 2020™ #1"]),
        (
            "1. One.\n2) Two\n- a\n* [x] b\n(c) d\n## E\n> f",
            ["One.", "Two", "a", "b", "d", "E", "f"],
        ),
        ("A - b; 2) c", ["A - b; 2) c"]),
        ('"No. Not I! Oh! how odd?" he said.', ["No.", "Not I!", "Oh!", 'how odd?" he said.']),
        ('"Good," she said. “Why not?”', ['"Good," she said.', "Why not?"]),
        ("(It is long.) (Or not (at all).)", ["It is long.", "Or not (at all)."]),
        ('in pain; "she limped on"; of it', ["in pain", "she limped on", "of it"]),
        ("f(a; b c); Yes; I know", ["f(a; b c)", "Yes; I know"]),
        ("Use `x y; y z` here", ["Use `x y; y z` here"]),
    ],
)
def test_borders(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_positions_are_code_points_of_the_row() -> None:
    found = split("", "é😀 Über. Ja.", "x")
    assert found.rows.tolist() == [1, 1, 1, 2]
    assert list(zip(found.starts.tolist(), found.stops.tolist(), strict=True)) == [
        (0, 1), (3, 8), (9, 12), (0, 1)
    ]  # fmt: skip


def test_a_slice_of_a_column_is_split_like_its_own_column() -> None:
    column = pa.array(["no", "Yes. No.", "é."], pa.string()).slice(1)
    assert split_sentences(column).text.to_pylist() == ["Yes.", "No.", "é."]


def test_an_over_long_sentence_is_cut_into_about_equal_parts_at_commas() -> None:
    clause = "and then the quick brown fox jumps, "
    parts = sentences(clause * 40)
    assert len(parts) == 3
    assert all(part.endswith("jumps") for part in parts)
    assert max(map(len, parts)) < 1.3 * min(map(len, parts))


def test_five_thousand_words_without_punctuation() -> None:
    parts = sentences("word " * 5000)
    assert sum(len(p.split()) for p in parts) == 5000
    assert 50 <= len(parts) <= 60


def test_a_megabyte_without_a_border_takes_linear_time() -> None:
    assert sum(map(len, sentences("x" * 1_000_000))) == 1_000_000


def test_cut_keeps_characters_whole() -> None:
    assert cut_point("e\u0301" * 10, 5) == 4
    assert cut_point("one, two three", 7) == 4
    assert cut_point("onetwo", 1) == 1
