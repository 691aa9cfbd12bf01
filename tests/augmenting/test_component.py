"""Parameters are written once: validation, repr, equality, recipe entry, fingerprint."""

import json
import pickle
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import pytest
from pydantic import Field, model_validator

from augment.augmenter import Augmenter
from augment.batch import TextBatch, Variants
from augment.component import (
    Component,
    Count,
    Probability,
    component,
    fingerprint,
    params_of,
    spec_of,
)
from augment.compose import Chain, OneOf, Sometimes
from augment.errors import AugmillError, ParameterError, Problem, UnknownNameError
from augment.fitting import fitted, unfitted
from augment.testing import ReplaceText


@component("kite")
class Kite(Component):
    """A component for these tests."""

    rate: Probability = 0.1
    tails: Count = 2
    colours: tuple[str, ...] = ("red",)
    extra: Mapping[str, Any] = Field(default_factory=dict)


class TestConstruction:
    def test_stores_what_it_is_given(self) -> None:
        kite = Kite(rate=0.5, colours=["red", "blue"])  # type: ignore[arg-type]
        assert (kite.rate, kite.tails, kite.colours) == (0.5, 2, ("red", "blue"))
        assert repr(kite) == "Kite(rate=0.5, tails=2, colours=('red', 'blue'), extra={})"

    def test_is_frozen(self) -> None:
        with pytest.raises(AttributeError):
            Kite().rate = 0.2  # type: ignore[misc]

    def test_equal_parameters_are_equal_components(self) -> None:
        assert Kite(rate=0.5) == Kite(rate=0.5) != Kite(rate=0.6)

    def test_what_use_leaves_on_it_is_not_pickled(self) -> None:
        kite = Kite()
        before = pickle.dumps(kite)
        object.__setattr__(kite, "model", "weights")
        assert pickle.dumps(kite) == before

    def test_pickles(self) -> None:
        assert pickle.loads(pickle.dumps(ReplaceText(old="a", new="b"))) == ReplaceText(
            old="a", new="b"
        )


class TestMistakes:
    def test_an_unknown_parameter_gets_the_nearest_name(self) -> None:
        with pytest.raises(ParameterError, match="rat: unknown parameter, did you mean 'rate'"):
            Kite(rat=0.5)  # type: ignore[call-arg]

    def test_all_are_reported_at_once(self) -> None:
        with pytest.raises(ParameterError) as caught:
            Kite(rate=2, tails=-1, colours=["a", 3])  # type: ignore[arg-type, list-item]
        assert [problem.path for problem in caught.value.problems] == [
            "rate",
            "tails",
            "colours[1]",
        ]
        assert "not 2" in str(caught.value)
        assert str(caught.value).startswith("kite: ")

    def test_positional_arguments_are_refused_with_the_names(self) -> None:
        with pytest.raises(ParameterError, match="by name: rate, tails"):
            Kite(0.5)  # type: ignore[misc]

    @pytest.mark.parametrize("rate", [float("nan"), float("inf"), "much", None])
    def test_no_number_is_no_rate(self, rate: Any) -> None:
        with pytest.raises(ParameterError, match="rate"):
            Kite(rate=rate)

    def test_a_missing_parameter_is_required(self) -> None:
        with pytest.raises(ParameterError, match="new: is required"):
            ReplaceText(old="a")  # type: ignore[call-arg]

    def test_a_check_of_the_whole_quotes_no_arguments(self) -> None:
        step = ReplaceText(old="a", new="b")
        with pytest.raises(ParameterError) as caught:
            OneOf(options=(step,), weights=(1, 2))
        assert "ArgsKwargs" not in str(caught.value)

    def test_a_validator_may_report_several_problems(self) -> None:
        @component("picky")
        class Picky(Component):
            table: Mapping[str, Any]

            @model_validator(mode="after")
            def _check(self) -> "Picky":
                raise ParameterError([Problem("table.a", "is odd"), Problem("table.b", "too")])

        with pytest.raises(ParameterError) as caught:
            Picky(table={})
        assert [str(p) for p in caught.value.problems] == ["table.a: is odd", "table.b: too"]

    def test_it_is_a_value_error_and_one_of_ours(self) -> None:
        assert issubclass(ParameterError, ValueError)
        assert issubclass(ParameterError, AugmillError)

    @pytest.mark.parametrize(
        "error",
        [ParameterError([Problem("a", "b")], "c"), UnknownNameError("kind", "x", ["y"])],
    )
    def test_errors_survive_a_process_border(self, error: Exception) -> None:
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_a_problem_seen_from_outside() -> None:
    assert str(Problem("rate", "x").under("views.a.steps[0]")) == "views.a.steps[0].rate: x"
    assert str(Problem("[1].rate", "x").under("steps")) == "steps[1].rate: x"
    assert str(Problem("", "x").under("steps")) == "steps: x"
    assert str(Problem("rate", "x").under("")) == "rate: x"


class TestIdentity:
    def test_the_recipe_entry_is_plain_json(self) -> None:
        spec = spec_of(Kite(colours=("a", "b"), extra={"x": (1, 2)}))
        assert spec == json.loads(json.dumps(spec))
        assert spec["use"] == "kite"

    def test_nested_components_are_entries_too(self) -> None:
        chain = Chain(steps=(ReplaceText(old="a", new="b"),))
        assert params_of(chain)["steps"] == [
            {"use": "replace_text", "p": 1.0, "old": "a", "new": "b"}
        ]

    def test_a_fingerprint_is_the_parameters(self) -> None:
        assert fingerprint(Kite()) == fingerprint(Kite(rate=0.1)) != fingerprint(Kite(rate=0.2))
        assert len(fingerprint(Kite())) == 32

    def test_it_does_not_depend_on_the_order_of_keys(self) -> None:
        one, two = Kite(extra={"a": 1, "b": 2}), Kite(extra={"b": 2, "a": 1})
        assert fingerprint(one) == fingerprint(two)

    def test_it_changes_with_version_and_assets(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = fingerprint(Kite())
        monkeypatch.setattr(Kite, "version", 2)
        newer = fingerprint(Kite())
        monkeypatch.setattr(Kite, "assets", lambda self: {"table": "abc"})
        assert len({before, newer, fingerprint(Kite())}) == 3

    @pytest.mark.parametrize("package", ["pyarrow", "regex", "rjieba"])
    def test_it_changes_with_what_finds_words(
        self, monkeypatch: pytest.MonkeyPatch, package: str
    ) -> None:
        module = import_module("augment.component")  # the package has a function of that name
        before, own = fingerprint(Kite()), module.package_version
        monkeypatch.setattr(module, "package_version", lambda n: own(n) + "!" * (n == package))
        assert fingerprint(Kite()) != before

    def test_it_changes_with_a_nested_components_assets(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inner = ReplaceText(old="a", new="b")
        chain = Chain(steps=(Chain(steps=(inner,)),))
        before = fingerprint(chain)
        monkeypatch.setattr(ReplaceText, "assets", lambda self: {"table": "abc"})
        assert fingerprint(chain) != before

    def test_of_a_file_its_digest_counts_and_not_its_path(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, there = Wound(reel="a.arrow"), Wound(reel="b.arrow")
        assert fingerprint(here) == fingerprint(there) != fingerprint(Wound(turns=2))
        assert fingerprint(Chain(steps=(here,))) == fingerprint(Chain(steps=(there,)))
        before = fingerprint(here)
        monkeypatch.setattr(Wound, "assets", lambda self: {"reel": "other"})
        assert fingerprint(here) != before
        assert params_of(here)["reel"] == "a.arrow"


@component("wound")
class Wound(Augmenter):
    """An augmenter that needs a file."""

    files = ("reel",)
    fits = "reel"

    reel: str | None = None
    turns: Count = 1

    def rewrite(self, batch: TextBatch) -> Variants:
        return Variants.declined(len(batch))


class TestFitting:
    def test_finds_what_lacks_a_file_at_any_depth(self) -> None:
        loose, done = Wound(), Wound(reel="mine")
        nest = Chain(steps=(OneOf(options=(loose, done)), Sometimes(step=loose)))
        assert unfitted(nest) == ("wound", "wound")
        assert unfitted(done) == unfitted(ReplaceText(old="a", new="b")) == ()

    def test_gives_the_file_to_those_alone(self) -> None:
        loose, done = Wound(turns=3), Wound(reel="mine")
        nest = Chain(steps=(OneOf(options=(loose, done)), Sometimes(step=loose)))
        given = Wound(reel="theirs", turns=3)
        assert fitted(nest, "theirs") == Chain(
            steps=(OneOf(options=(given, done)), Sometimes(step=given))
        )
        assert fitted(done, "theirs") is done
