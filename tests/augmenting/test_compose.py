"""Augmenters made of augmenters: lineage, protection, shares, bounds."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.augmenter import Augmenter, augmenter
from augment.batch import STEPS, TextBatch, Variants, spans_of
from augment.compose import Chain, OneOf, SomeOf, Sometimes
from augment.errors import ParameterError
from augment.testing import ReplaceText
from augment.text.edits import replay
from augment.text.protect import Protection


def swap(old: str, new: str, p: float = 1.0) -> ReplaceText:
    return ReplaceText(old=old, new=new, p=p)


@augmenter("typo")
def typo(text: str, rng: np.random.Generator) -> str | None:
    """Double one letter."""
    if not text:
        return None
    place = int(rng.integers(len(text)))
    return text[:place] + text[place] + text[place:]


def texts(count: int = 4000) -> TextBatch:
    return TextBatch.of([f"one cat {i}" for i in range(count)])


def same(a: Variants, b: Variants) -> bool:
    return (
        a.text.equals(b.text)
        and a.edits.equals(b.edits)
        and all(a.notes[name].equals(b.notes[name]) for name in a.notes)
    )


class TestChain:
    def test_edits_refer_to_the_original(self) -> None:
        chain = Chain(steps=(swap("a ", "the "), swap("cat", "dog"), swap("dog", "big dog")))
        out = chain.apply(TextBatch.of(["a big cat sat"]))
        assert out.text.to_pylist() == ["the big big dog sat"]
        assert out.edits.to_pylist() == [
            [{"start": 0, "stop": 2, "text": "the "}, {"start": 6, "stop": 9, "text": "big dog"}]
        ]

    def test_steps_that_declined_are_not_noted(self) -> None:
        chain = Chain(steps=(swap("a ", "the "), swap("cow", "dog"), swap("cat", "dog")))
        out = chain.apply(TextBatch.of(["a cat", "cow", "x", "a b"]))
        assert out.notes[STEPS].to_pylist() == [
            ["replace_text", "replace_text"],
            ["replace_text"],
            None,
            ["replace_text"],
        ]

    def test_edits_that_cancel_out_decline(self) -> None:
        out = Chain(steps=(swap("a", "b"), swap("b", "a"))).apply(TextBatch.of(["x a", "x"]))
        assert out.text.to_pylist() == [None, None]
        assert out.edits.to_pylist() == [None, None]
        assert out.notes.get(STEPS, pa.nulls(2)).to_pylist() == [None, None]

    def test_protected_spans_move_with_the_text(self) -> None:
        batch = TextBatch.of(["a cat cat"], protected=spans_of([[(6, 9)]]))
        chain = Chain(steps=(swap("a ", "the big "), swap("the", "every"), swap("cat", "dog")))
        assert chain.apply(batch).text.to_pylist() == ["every big dog cat"]

    def test_no_steps_are_refused(self) -> None:
        with pytest.raises(ParameterError, match="steps"):
            Chain(steps=())

    def test_the_same_step_twice_draws_twice(self) -> None:
        one = typo().apply(texts(50))
        two = Chain(steps=(typo(), typo())).apply(texts(50))
        assert not one.text.equals(two.text)
        pairs = zip(two.text.to_pylist(), texts(50).text.to_pylist(), strict=True)
        assert {len(new) - len(old) for new, old in pairs} == {2}

    def test_notes_of_a_later_step_win(self) -> None:
        class Noting(ReplaceText):
            def rewrite(self, batch: TextBatch) -> Variants:
                out = super().rewrite(batch)
                notes = pa.array(
                    [self.new if ok else None for ok in out.text.is_valid().to_pylist()]
                )
                return Variants(out.text, out.edits, {"by": notes})

        chain = Chain(steps=(Noting(old="a", new="b"), Noting(old="c", new="d")))
        out = chain.apply(TextBatch.of(["a c", "a x", "x c", "x x"]))
        assert out.notes["by"].to_pylist() == ["d", "b", "d", None]


class TestOneOf:
    def test_shares_follow_the_weights(self) -> None:
        options = (swap("cat", "dog"), swap("cat", "cow"), swap("cat", "hen"))
        out = OneOf(options=options, weights=(1, 3, 0)).apply(texts())
        animals = [text.split()[1] for text in out.text.to_pylist()]
        assert abs(animals.count("dog") / len(animals) - 0.25) < 0.03
        assert abs(animals.count("cow") / len(animals) - 0.75) < 0.03
        assert animals.count("hen") == 0

    def test_equal_shares_without_weights(self) -> None:
        out = OneOf(options=(swap("cat", "dog"), swap("cat", "cow"))).apply(texts())
        assert abs(sum("dog" in t for t in out.text.to_pylist()) / 4000 - 0.5) < 0.04

    @pytest.mark.parametrize("weights", [(1,), (0, 0), (-1, 2), (1, float("nan"))])
    def test_weights_are_checked(self, weights: tuple[float, ...]) -> None:
        with pytest.raises(ParameterError, match="weights"):
            OneOf(options=(swap("a", "b"), swap("b", "c")), weights=weights)


class TestSomeOf:
    @pytest.mark.parametrize(("least", "most"), [(0, 3), (1, 2), (2, 2), (3, None)])
    def test_sizes_are_within_bounds_and_equally_likely(self, least: int, most: int | None) -> None:
        steps = (swap("one", "the"), swap("cat", "dog"), swap(" ", "  "))
        out = SomeOf(steps=steps, least=least, most=most).apply(texts())
        sizes = [len(steps or ()) for steps in out.notes[STEPS].to_pylist()]
        allowed = range(least, (3 if most is None else most) + 1)
        assert set(sizes) == set(allowed)
        for size in allowed:
            assert abs(sizes.count(size) / len(sizes) - 1 / len(allowed)) < 0.04

    def test_every_subset_is_equally_likely(self) -> None:
        steps = (swap("one", "the"), swap("cat", "dog"), swap(" ", "  "))
        out = SomeOf(steps=steps, least=2, most=2).apply(texts()).text.to_pylist()
        assert all(abs(n / 4000 - 1 / 3) < 0.04 for n in (
            sum("cat" in t for t in out), sum("one" in t for t in out),
            sum("  " not in t for t in out),
        ))  # fmt: skip

    @pytest.mark.parametrize("bounds", [{"least": 2}, {"most": 3}, {"least": 1, "most": 0}])
    def test_bounds_are_checked(self, bounds: dict[str, int]) -> None:
        with pytest.raises(ParameterError, match="least"):
            SomeOf(steps=(swap("a", "b"),), **bounds)  # type: ignore[arg-type]


class TestSometimes:
    @pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
    def test_the_share_of_rows_is_p(self, p: float) -> None:
        for step in (Sometimes(step=swap("cat", "dog"), p=p), swap("cat", "dog", p=p)):
            assert abs(1 - step.apply(texts()).text.null_count / 4000 - p) < 0.03

    def test_nested_probabilities_are_independent(self) -> None:
        step = Sometimes(step=Sometimes(step=swap("cat", "dog", p=0.5), p=0.5), p=0.5)
        assert abs(1 - step.apply(texts()).text.null_count / 4000 - 0.125) < 0.03


PIECES: tuple[Augmenter, ...] = (
    Chain(steps=(typo(p=0.5), swap("aa", "a"), typo())),
    OneOf(options=(typo(), swap("a", "xyz"), Chain(steps=(typo(), typo())))),
    SomeOf(steps=(typo(), swap("t", ""), typo(p=0.5))),
    Sometimes(step=Chain(steps=(typo(), typo())), p=0.6),
)


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
@settings(max_examples=25)
@given(st.data())
def test_any_cut_and_order_of_the_rows_gives_the_same(
    piece: Augmenter, data: st.DataObject
) -> None:
    rows = data.draw(st.lists(st.text("at é1 @你", max_size=10), min_size=1, max_size=8))
    column = pa.array(rows, pa.string())
    batch = TextBatch.of(column, seed=3, protected=Protection().find(column))
    out = piece.apply(batch)
    assert pa.compute.equal(replay(batch.text, out.edits), out.text).drop_null().to_pylist() == [
        True
    ] * (len(out) - out.text.null_count)
    cut = data.draw(st.integers(0, len(rows)))
    ends = [piece.apply(batch.slice(0, cut)), piece.apply(batch.slice(cut, len(rows)))]
    assert [t for end in ends for t in end.text.to_pylist()] == out.text.to_pylist()
    assert [e for end in ends for e in end.edits.to_pylist()] == out.edits.to_pylist()
    order = np.array(data.draw(st.permutations(range(len(rows)))))
    moved = piece.apply(batch.take(order))
    assert moved.text.to_pylist() == out.take(order).text.to_pylist()


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: piece.name)
def test_protected_text_survives_every_step(piece: Augmenter) -> None:
    column = pa.array([f"at 12 cat {i} tat @cat" for i in range(200)])
    batch = TextBatch.of(column, protected=Protection().find(column))
    for i, text in enumerate(piece.apply(batch).text.to_pylist()):
        assert text is None or text.split("12", 1)[1].endswith("@cat")
        assert (
            text is None or f" {i} " in text.split("12", 1)[1].replace("cc", "c") or str(i) in text
        )
