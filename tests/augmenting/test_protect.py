"""What is found to be protected, and how spans are united."""

import numpy as np
import pyarrow as pa
import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from augment.batch import spans_of
from augment.errors import ParameterError, UnknownNameError
from augment.text.protect import DEFAULT_KINDS, KINDS, Protection, merged


def found(text: str, *kinds: str, patterns: tuple[str, ...] = ()) -> list[str]:
    (row,) = Protection(kinds or DEFAULT_KINDS, patterns).find(pa.array([text])).to_pylist()
    return [text[span["start"] : span["stop"]] for span in row]


@pytest.mark.parametrize(
    ("kind", "text", "want"),
    [
        ("urls", "see https://x.org/a?b=1#c, ok", ["https://x.org/a?b=1#c"]),
        ("urls", "(www.example.com).", ["www.example.com"]),
        ("urls", "访问https://例子.cn/好，谢谢", ["https://例子.cn/好"]),
        ("urls", "no url: here. and there", []),
        ("emails", "mail a.b+c@d-e.org now", ["a.b+c@d-e.org"]),
        ("markup", "a <b>c</b> &amp; &#39; 1 < 2 > 0", ["<b>", "</b>", "&amp;", "&#39;"]),
        ("placeholders", "{name} {{x}} ${y} %s %(id)d [MASK] <user> $var", [
            "{name}", "{{x}}", "${y}", "%s", "%(id)d", "[MASK]", "<user>", "$var",
        ]),
        ("placeholders", "100% sure, [see] {", []),
        ("handles", "@me and a@b, hi @you.too!", ["@me", "@you.too"]),
        ("hashtags", "#tag #1 #a1 &#39; x#y", ["#tag", "#a1"]),
        ("numbers", "3.5 and $1,200.50 or 50% at 10:45 on 1st", [
            "3.5", "$1,200.50", "50%", "10:45", "1st",
        ]),
        ("numbers", "x2 and B12", []),
        ("numbers", "٣٤ and €5", ["٣٤", "€5"]),
    ],
)  # fmt: skip
def test_kinds(kind: str, text: str, want: list[str]) -> None:
    assert found(text, kind) == want


def test_all_kinds_are_found_at_once_and_united() -> None:
    assert found("mail a1@b2.com or <a href='http://x.org/1'>2</a>") == [
        "a1@b2.com",
        "<a href='http://x.org/1'>",
        "2",
        "</a>",
    ]


def test_patterns_of_the_user_come_on_top() -> None:
    assert found("Acme Corp sells 3 cats", patterns=(r"\bAcme Corp\b", "cats?")) == [
        "Acme Corp",
        "3",
        "cats",
    ]


def test_no_kinds_protect_nothing() -> None:
    assert Protection(()).find(pa.array(["@a 1 http://x.org"])).to_pylist() == [[]]


def test_mistakes_are_named() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'urls'"):
        Protection(["url"])
    with pytest.raises(ParameterError, match=r"patterns\[1\]"):
        Protection(patterns=["a", "("])


texts = st.lists(st.text("ab1@#<>{}$%&;:/.w é你", max_size=15), max_size=6)


@given(texts)
def test_a_row_is_searched_the_same_alone(rows: list[str]) -> None:
    together = Protection().find(pa.array(rows, pa.string())).to_pylist()
    assert together == [Protection().find(pa.array([row])).to_pylist()[0] for row in rows]


@given(texts)
def test_sifting_loses_no_span(rows: list[str]) -> None:
    """A user's pattern that never matches switches the sieve off."""
    column = pa.array(rows, pa.string())
    assert Protection().find(column).equals(Protection(patterns=["(?!)"]).find(column))


@pytest.mark.parametrize("kind", KINDS)
@given(rows=texts)
def test_sifting_loses_no_span_of_one_kind(kind: str, rows: list[str]) -> None:
    column = pa.array(rows, pa.string())
    assert Protection([kind]).find(column).equals(Protection([kind], ["(?!)"]).find(column))


spans = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9), st.integers(1, 4)), max_size=8)


@given(spans, spans)
def test_merged_spans_cover_what_any_covers(a: list, b: list) -> None:  # type: ignore[type-arg]
    triples = np.array([(r, s, s + n) for r, s, n in a + b], np.int64).reshape(-1, 3)
    both = merged(triples, 3).to_pylist()
    for row in range(3):
        want = {c for r, s, n in a + b if r == row for c in range(s, s + n)}
        assert {c for s in both[row] for c in range(s["start"], s["stop"])} == want
        stops = [-1] + [s["stop"] for s in both[row]]
        assert all(s["start"] >= stop for s, stop in zip(both[row], stops, strict=False))


def test_spans_of_different_rows_stay_apart() -> None:
    assert merged(np.array([[0, 0, 9], [1, 0, 2]]), 2).equals(spans_of([[(0, 9)], [(0, 2)]]))


def test_long_runs_take_linear_time() -> None:
    import time

    begun = time.perf_counter()
    found = Protection().find(pa.array(["a" * 200_000 + " x@y and me.b+c@d-e.co.uk"]))
    assert time.perf_counter() - begun < 20  # quadratic, it took twelve minutes
    assert found.to_pylist() == [[{"start": 200_009, "stop": 200_025}]]


PARTS = st.sampled_from(
    [
        *(
            "5",
            "%",
            " ",
            "  ",
            "\n",
            "\t",
            "\u00a0",
            "\u3000",
            "-",
            "+",
            "$",
            "€",
            "°",
            "‰",
            "1,200.5",
        ),
        *("1st", "x", "B2", "３", "٣", "@me", "a@b.co", "#tag", "http://", "www.", "x.org/a?b"),
        *(
            "{a b}",
            "<i>",
            "好",
            "，",
            ".",
            ",",
            ":",
            "/",
            "%d",
            "[MASK]",
            "&amp;",
            "_",
            "é",
            "\x00",
        ),
        *("http", "w", "^"),
    ]
)


@given(st.lists(st.lists(PARTS, max_size=12).map("".join), max_size=6))
def test_passages_hold_all_that_whole_rows_do(texts: list[str]) -> None:
    for kind in DEFAULT_KINDS:
        spans = [
            [(m.start(), m.end()) for m in regex.finditer(KINDS[kind].pattern, text)]
            for text in texts
        ]
        column = pa.array(texts, pa.string())
        assert Protection((kind,)).find(column).to_pylist() == spans_of(spans).to_pylist()
