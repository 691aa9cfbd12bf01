"""Stand-ins: what is hidden, and that it comes back byte for byte or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.text.stand_ins import mask

PIECES = st.sampled_from(
    ["{name}", "@me", "f()", "a_b", "X1", "q1", "word", " ", ".", "7", "é", "`"]
)


@pytest.mark.parametrize(
    ("text", "spans", "sent"),
    [
        ("Dear {name}, hello", [(5, 11)], "Dear X1, hello"),
        ("a{x}b", [(1, 4)], "a X1 b"),
        ("{a}{b}", [(0, 3), (3, 6)], "X1 X2"),
        ("It took 3.5 days in New York", [(8, 11), (20, 28)], "It took 3.5 days in New York"),
        ("See https://x.org/a now", [(4, 19)], "See X1 now"),
        ("X1 saw @me", [(7, 10)], "X1 saw Z1"),
        ("Call init_db() or os.path, e.g. `rm -r`", [], "Call X1 or X2, e.g. X3"),
        ("U.S. e.g. 3.5 _you_ a.b", [], "U.S. e.g. 3.5 _you_ a.b"),
    ],
)
def test_what_is_hidden(text: str, spans: list[tuple[int, int]], sent: str) -> None:
    masked = mask(text, spans)
    assert masked.text == sent
    assert masked.restored(sent) == text


def test_what_is_lost_or_doubled_does_not_come_back() -> None:
    masked = mask("Dear {name}, see {b}", [(5, 11), (17, 20)])
    assert masked.restored("Look at X2, dear X1") == "Look at {b}, dear {name}"
    for made in ("Dear X1", "X1 X2 X1", "X12 X1", "x1 X2", ""):
        assert masked.restored(made) is None


@given(st.lists(PIECES, max_size=14).map("".join), st.data())
def test_any_text_comes_back(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)))
    masked = mask(text, list(zip(cuts[::2], cuts[1::2], strict=False)))
    assert masked.restored(masked.text) == text
