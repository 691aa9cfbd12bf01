"""What the copies of a row share: a key, and the answers of a model that is asked the same."""

import dataclasses
from typing import ClassVar, Literal, Self

import numpy as np
import pyarrow as pa
import pytest

from augment import Chain, OneOf, Sometimes, TextBatch
from augment.augmenter import Augmenter, variants_of_texts
from augment.batch import Variants
from augment.component import component
from augment.models.latest import Latest
from augment.randomness import derive, hash_strings, row_keys
from pipelines import plan as planning
from pipelines.recipe import Recipe

Seen = list[tuple[int, tuple[int, ...], tuple[int, ...]]]
SEEN: Seen = []


@component("witness")
class Witness(Augmenter):
    """Notes the copy and the keys that it is given."""

    drift: ClassVar = {"engine int8": 0.25}

    engine: Literal["auto", "fast", "plain"] = "auto"

    @property
    def exact(self) -> bool:
        return self.engine == "plain"

    def resolved(self) -> Self:
        return dataclasses.replace(self, engine="fast") if self.engine == "auto" else self

    def rewrite(self, batch: TextBatch) -> Variants:
        SEEN.append((batch.copy, tuple(batch.keys.tolist()), tuple(batch.shared_keys.tolist())))
        return variants_of_texts(batch, [f"{t} {batch.copy}" for t in batch.text.to_pylist()])


@pytest.fixture(autouse=True)
def seen() -> Seen:
    SEEN.clear()
    return SEEN


def test_variants_of_a_text_are_its_copies(seen: Seen) -> None:
    made = [v.text for v in Witness().variants("text", 3)]
    assert made == ["text 0", "text 1", "text 2"]
    assert [copy for copy, _, _ in seen] == [0, 1, 2]
    assert len({keys for _, keys, _ in seen}) == 3
    assert len({shared for _, _, shared in seen}) == 1


@pytest.mark.parametrize(
    "step",
    [
        Chain(steps=[Chain(steps=[Witness()])]),
        OneOf(options=[Witness()]),
        Sometimes(step=Witness(), p=1.0),
    ],
)
def test_steps_within_steps_see_the_copy_and_the_shared_keys(step: Augmenter, seen: Seen) -> None:
    step.variants("text", 2)
    assert [copy for copy, _, _ in seen] == [0, 1]
    assert seen[0][1] != seen[1][1]
    assert seen[0][2] == seen[1][2]


def test_each_step_has_shared_keys_of_its_own(seen: Seen) -> None:
    Chain(steps=[Witness(), Witness()]).variants("text", 1)
    assert seen[0][2] != seen[1][2]


def test_without_copies_the_shared_keys_are_the_keys() -> None:
    batch = TextBatch.of(["a", "b"])
    assert batch.shared_keys is batch.keys


def test_rows_keep_their_shared_keys() -> None:
    text = pa.array(["a", "b", "c"])
    shared = row_keys(0, hash_strings(text))
    batch = dataclasses.replace(TextBatch.of(text), keys=derive(shared, 1), shared=shared)
    assert batch.take(np.array([2, 0])).shared_keys.tolist() == shared[[2, 0]].tolist()
    assert batch.slice(1, 3).shared_keys.tolist() == shared[1:].tolist()
    with pytest.raises(ValueError, match="shared 2"):
        dataclasses.replace(batch, shared=shared[:2])


def test_a_plan_resolves_what_is_automatic_however_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Chain(steps=[OneOf(options=[Sometimes(step=Witness())])])
    inner = step.resolved().steps[0].options[0].step  # type: ignore[attr-defined]
    assert inner == Witness(engine="fast")
    monkeypatch.setattr(planning, "build_component", lambda entry, kind: Witness())
    recipe = Recipe.model_validate(
        {"input": "a", "output": "b", "text": "text", "views": {"v": {"steps": [{"use": "x"}]}}}
    )
    plan = planning.build(recipe)
    assert plan.recipe_dict()["views"]["v"]["steps"][0]["engine"] == "fast"


def test_a_chain_is_exact_if_all_its_parts_are() -> None:
    assert Chain(steps=[Witness(engine="plain")]).exact
    assert not Chain(steps=[Witness(engine="plain"), Witness()]).exact


class TestLatest:
    def test_computes_once_for_the_same_request(self) -> None:
        latest: Latest[int] = Latest()
        answers = iter(range(9))
        asked = [[b"a", b"b"], [b"a", b"b"], [b"ab"], [b"a", b"b"]]
        assert [latest.get(parts, lambda: next(answers)) for parts in asked] == [0, 0, 1, 2]

    def test_forgets_before_it_computes(self) -> None:
        latest: Latest[int] = Latest()
        latest.get([b"a"], lambda: 1)

        def fail() -> int:
            raise RuntimeError

        with pytest.raises(RuntimeError):
            latest.get([b"b"], fail)
        assert latest.get([b"a"], lambda: 2) == 2
