"""What a notebook sees: types in and out, variants, diffs."""

import numpy as np
import pandas as pd
import pytest
from IPython.lib.pretty import pretty
from rich.console import Console

from augment import Edit, NlpaugStep, Variant, VariantList, augmenter, explain
from augment.testing import ReplaceText, check_augmenter
from augment.variant import diff

REPLACE = ReplaceText(old="cat", new="dog")


@augmenter("typo_for_notebooks")
def typo(text: str, rng: np.random.Generator) -> str | None:
    place = int(rng.integers(len(text)))
    return text[:place] + "*" + text[place:]


@augmenter("echo_for_notebooks")
def echo(text: str, rng: np.random.Generator) -> str | None:
    words = text.split(" ")
    return " ".join([*words, words[int(rng.integers(len(words)))]])


class TestCall:
    def test_a_string_gives_a_string(self) -> None:
        assert REPLACE("a cat") == "a dog"

    def test_a_declined_text_comes_back(self) -> None:
        assert REPLACE("a cow") == "a cow"
        assert REPLACE("") == ""

    @pytest.mark.parametrize("kind", [list, tuple, iter])
    def test_a_sequence_gives_a_list(self, kind: type) -> None:
        assert REPLACE(kind(["a cat", "a cow"])) == ["a dog", "a cow"]

    def test_nothing_gives_nothing(self) -> None:
        assert REPLACE([]) == []
        assert REPLACE(pd.Series([], dtype="str")).empty

    @pytest.mark.parametrize("dtype", ["object", "string", "str", "category"])
    def test_a_series_keeps_its_index_and_name(self, dtype: str) -> None:
        series = pd.Series(["a cat", "a cow", "cat"], index=[7, 3, 7], name="body", dtype=dtype)
        made = REPLACE(series)
        assert made.tolist() == ["a dog", "a cow", "dog"]
        assert made.index.tolist() == [7, 3, 7]
        assert made.name == "body"
        assert series.tolist() == ["a cat", "a cow", "cat"]

    @pytest.mark.parametrize("texts", [["a", None], ["a", 3], [b"a"], pd.Series(["a", None])])
    def test_what_is_no_text_is_named(self, texts: object) -> None:
        with pytest.raises(TypeError, match="texts are strings, not"):
            REPLACE(texts)  # type: ignore[call-overload]

    @pytest.mark.parametrize("texts", [None, 3])
    def test_what_is_no_sequence_is_refused(self, texts: object) -> None:
        with pytest.raises(TypeError):
            REPLACE(texts)  # type: ignore[call-overload]

    def test_the_output_does_not_depend_on_the_neighbours(self) -> None:
        rows = [f"some text {i}" for i in range(20)]
        assert typo()(rows) == [typo()(row) for row in rows]
        assert typo()(rows[::-1]) == typo()(rows)[::-1]

    def test_seeds_differ_and_repeat(self) -> None:
        text = "a text that is long enough"
        assert typo()(text, seed=1) == typo()(text, seed=1)
        assert len({typo()(text, seed=seed) for seed in range(20)}) > 5

    def test_protected_text_survives(self) -> None:
        assert REPLACE("@cat cat") == "@cat dog"
        assert (
            NlpaugStep(augmenter="char.OcrAug", params={"aug_char_p": 1.0})("12 @good")
            == "12 @good"
        )

    def test_a_function_that_inserts_keeps_the_contract(self) -> None:
        check_augmenter(echo())


class TestVariants:
    def test_fewer_are_a_prefix_of_more(self) -> None:
        some, more = (typo().variants("a text that is long", n) for n in (3, 5))
        assert list(some) == list(more)[:3]

    def test_the_first_is_what_a_call_gives(self) -> None:
        text = "a text that is long"
        assert typo().variants(text, seed=4)[0].text == typo()(text, seed=4)

    def test_edits_are_of_the_source(self) -> None:
        (variant,) = REPLACE.variants("a cat")
        assert variant == Variant("a dog", (Edit(2, 5, "dog"),), {"steps": ["replace_text"]})

    def test_declined_ones_are_left_out(self) -> None:
        assert len(REPLACE.variants("a cow", 3)) == 0
        assert len(REPLACE.variants("a cat", 0)) == 0
        half = ReplaceText(old="cat", new="dog", p=0.5)
        assert 0 < len(half.variants("a cat", 40)) < 40

    def test_they_are_a_sequence(self) -> None:
        made = typo().variants("a text", 4)
        assert len(made[1:3]) == 2
        assert made[-1] in made


class TestDiffs:
    shown = VariantList("1 < 2 & <b>", (Variant("1 > 2 & <b>", (Edit(2, 3, ">"),)),))

    def test_html_is_escaped(self) -> None:
        html = self.shown._repr_html_()
        assert "<p>1 &lt; 2 &amp; &lt;b&gt;</p>" in html
        assert "1 <del>&lt;</del><ins>&gt;</ins> 2 &amp; &lt;b&gt;" in html
        assert "<b>" not in html

    def test_a_terminal_shows_both(self) -> None:
        text = diff("a cat", (Edit(2, 5, "dog"),))
        assert text.plain == "a catdog"
        assert [str(span.style) for span in text.spans if span.style] == ["red strike", "green"]

    def test_without_colours_marks_say_it(self) -> None:
        made = REPLACE.variants("a cat {x}", 1)
        assert str(made) == "a cat {x}\na [-cat-]{+dog+} {x}"

    def test_ipython_in_a_terminal_shows_it_so(self) -> None:
        made = REPLACE.variants("a cat", 1)
        assert pretty(made) == str(made)
        assert pretty(explain(made[0])) == str(explain(made[0]))

    def test_rich_prints_the_list(self) -> None:
        console = Console(width=60, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
        console.print(REPLACE.variants("a cat [red]"))
        assert "a catdog [red]" in console.export_text()

    @pytest.mark.parametrize(
        ("edits", "plain"),
        [
            ((), "abc"),
            ((Edit(0, 0, "x"),), "xabc"),
            ((Edit(3, 3, "x"),), "abcx"),
            ((Edit(0, 3, ""),), "abc"),
        ],
    )
    def test_edges(self, edits: tuple[Edit, ...], plain: str) -> None:
        assert diff("abc", edits).plain == plain
