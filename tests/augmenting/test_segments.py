"""Segmentation loses nothing, and words are what one expects."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.batch import spans_of
from augment.text.columns import Utf8
from augment.text.segments import segment, wide_characters

any_text = st.text(st.characters(codec="utf-8"), max_size=20)
texts = st.lists(st.one_of(any_text, st.text("ab'-é’ 你", max_size=12)), max_size=6)


def words_of(text: str) -> list[str]:
    cut = segment(Utf8.of(pa.array([text])))
    return [p for p, word in zip(cut.pieces.to_pylist(), cut.is_word, strict=True) if word]


@given(texts)
def test_pieces_make_the_rows_again(rows: list[str]) -> None:
    cut = segment(Utf8.of(pa.array(rows, pa.string())))
    made = [""] * len(rows)
    for row, piece in zip(cut.rows.tolist(), cut.pieces.to_pylist(), strict=True):
        assert piece
        made[row] += piece
    assert made == rows


@given(texts)
def test_a_row_is_cut_the_same_alone(rows: list[str]) -> None:
    cut = segment(Utf8.of(pa.array(rows, pa.string())))
    pieces = list(zip(cut.rows.tolist(), cut.pieces.to_pylist(), cut.is_word.tolist(), strict=True))
    for i, row in enumerate(rows):
        alone = segment(Utf8.of(pa.array([row])))
        want = list(zip(alone.pieces.to_pylist(), alone.is_word.tolist(), strict=True))
        assert [piece[1:] for piece in pieces if piece[0] == i] == want


@given(texts, st.integers(0, 3), st.integers(0, 3))
def test_a_slice_of_a_column_is_cut_like_a_column(rows: list[str], before: int, after: int) -> None:
    whole = pa.array(["é x"] * before + rows + ["y ü"] * after, pa.string())
    view = segment(Utf8.of(whole.slice(before, len(rows))))
    copy = segment(Utf8.of(pa.array(rows, pa.string())))
    assert view.pieces.equals(copy.pieces)
    assert view.starts.tolist() == copy.starts.tolist()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop.", ["Don't", "stop"]),
        ("the well-known dogs' tail, 'twas", ["the", "well-known", "dogs", "tail", "twas"]),
        ("It’s a state‑of‑the‑art", ["It’s", "a", "state‑of‑the‑art"]),
        ("a--b - c-", ["a", "b", "c"]),
        ("rock 'n' roll", ["rock", "n", "roll"]),
        ("Cafe\u0301 nai\u0308ve", ["Cafe\u0301", "nai\u0308ve"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("snake_case x2 3rd", ["snake_case", "x2", "3rd"]),
        ("👩‍👩‍👧 ok", ["ok"]),
        ("a'", ["a"]),
        ("'", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@given(any_text)
def test_characters_beyond_ascii_are_decoded(text: str) -> None:
    widths, points = wide_characters(Utf8.of(pa.array([text])))
    wide = [c for c in text if ord(c) > 127]
    assert [chr(point) for point in points] == wide
    assert widths.tolist() == [len(c.encode()) for c in wide]


@given(st.data())
def test_pieces_outside_of_spans(data: st.DataObject) -> None:
    rows = data.draw(texts)
    spans = []
    for text in rows:
        cuts = sorted(set(data.draw(st.lists(st.integers(0, len(text)), max_size=4))))
        spans.append(list(zip(cuts[::2], cuts[1::2], strict=False)))
    cut = segment(Utf8.of(pa.array(rows, pa.string())))
    free = cut.outside(spans_of(spans))
    at = np.zeros(len(rows), np.int64)
    found = zip(cut.rows.tolist(), cut.pieces.to_pylist(), free.tolist(), strict=True)
    for row, piece, is_free in found:
        start, stop = at[row], at[row] + len(piece)
        at[row] = stop
        assert is_free == (not any(a < stop and b > start for a, b in spans[row]))


def test_positions_convert_both_ways() -> None:
    text = Utf8.of(pa.array(["aé", "", "你b"]))
    chars = np.arange(5)
    assert text.to_bytes(chars).tolist() == [0, 1, 3, 6, 7]
    assert text.to_chars(text.to_bytes(chars)).tolist() == chars.tolist()
    assert text.char_offsets.tolist() == [0, 2, 2, 4]
