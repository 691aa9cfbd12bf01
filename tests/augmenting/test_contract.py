"""Every registered component keeps the contract; a new one needs a line here and in the list."""

import dataclasses
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest

from augment.augmenter import Augmenter, augmenter
from augment.batch import TextBatch, Variants, no_spans
from augment.component import component
from augment.filter import Filter
from augment.fitting import fitted, unfitted
from augment.models.classifier_training import train
from augment.registry import build, names
from augment.statistics import CorpusStatistics
from augment.testing import (
    AUGMENTER_CONTRACT,
    FILTER_CONTRACT,
    HARD_TEXTS,
    SHORT_TEXTS,
    AugmenterCase,
    FilterCase,
    ReplaceText,
    check_augmenter,
)

FEW = {"use": "synonym", "rate": 0.1, "p": 0.8}
MANY = {"use": "synonym", "rate": 0.6}

AUGMENTERS: dict[str, dict[str, Any]] = {
    "aeda": {},
    "back_translation": {},
    "blanking": {"rate": 0.3},
    "case_noise": {"rate": 0.3},
    "chain": {"steps": [MANY, FEW]},
    "character_noise": {"rate": 0.4},
    "chinese_noise": {"rate": 0.3},
    "keyboard_noise": {"rate": 0.4},
    "masked_lm": {"rate": 0.3},
    "nlpaug": {"augmenter": "char.KeyboardAug"},
    "ocr_noise": {"rate": 0.4},
    "one_of": {"options": [MANY, FEW], "weights": [1, 2]},
    "random_deletion": {"rate": 0.3},
    "random_insertion": {"rate": 0.3},
    "random_swap": {"rate": 0.4},
    "some_of": {"steps": [FEW, MANY], "least": 1},
    "sometimes": {"step": MANY, "p": 0.7},
    "spacing_noise": {"rate": 0.3},
    "spelling_noise": {"rate": 0.4},
    "synonym": {"rate": 0.5},
    "tfidf": {"rate": 0.5},
}
FILTERS: dict[str, dict[str, Any]] = {
    "duplicates": {},
    "edit_rate": {"min": 0.05, "max": 0.9},
    "fluency": {},
    "label_agreement": {"action": "reweight"},
    "language": {},
    "length_ratio": {},
    "preserved": {},
    "repetition": {},
    "similarity": {"min": 0.3, "max": 0.99},
}

DETERMINISTIC = {"back_translation"}
LANGUAGES = {"chinese_noise": "zh"}
SLOW = {"back_translation", "masked_lm"}


def parameters() -> list[Any]:
    return [
        # One process per component, so that its outputs are computed once.
        pytest.param(
            name, marks=[pytest.mark.xdist_group(name), *([pytest.mark.slow] * (name in SLOW))]
        )
        for name in names("augmenter")
    ]


@cache
def statistics() -> str:
    path = Path(mkdtemp()) / "words.arrow"
    CorpusStatistics.of(HARD_TEXTS.values(), min_documents=1).save(path)
    return str(path)


@cache
def classifier() -> str:
    """Of labels that words tell, as :class:`FilterCase` puts them beside its texts."""
    path = Path(mkdtemp()) / "labels.arrow"
    texts = [f"a {word} day, number {i}" for word in ("good", "bad") for i in range(30)]
    train(texts, [text.split()[1] for text in texts]).save(path)
    return str(path)


@cache
def case_of(name: str) -> AugmenterCase:
    instance = build({"use": name, **AUGMENTERS[name]})
    assert isinstance(instance, Augmenter)
    instance = fitted(instance, statistics()) if unfitted(instance) else instance
    language = LANGUAGES.get(name, "en")
    return AugmenterCase(instance, HARD_TEXTS, language, stochastic=name not in DETERMINISTIC)


@cache
def filter_case_of(name: str) -> FilterCase:
    instance = build({"use": name, **FILTERS[name]}, "filter")
    assert isinstance(instance, Filter)
    instance = fitted(instance, statistics()) if unfitted(instance, "statistics") else instance
    return FilterCase(fitted(instance, classifier(), "classifier"))


def test_every_registered_name_is_listed() -> None:
    listed = Path(__file__).with_name("registered.txt").read_text().splitlines()
    kinds = ("augmenter", "filter")
    assert [f"{kind} {name}" for kind in kinds for name in names(kind)] == listed


def test_every_registered_component_has_parameters_here() -> None:
    assert sorted(AUGMENTERS) == list(names("augmenter"))
    assert sorted(FILTERS) == list(names("filter"))


@pytest.mark.parametrize("name", parameters())
@pytest.mark.parametrize("clause", AUGMENTER_CONTRACT, ids=lambda clause: clause.__name__)
def test_augmenter(name: str, clause: Callable[[AugmenterCase], None]) -> None:
    clause(case_of(name))


@pytest.mark.parametrize("name", names("filter"))
@pytest.mark.parametrize("clause", FILTER_CONTRACT, ids=lambda clause: clause.__name__)
def test_filter(name: str, clause: Callable[[FilterCase], None]) -> None:
    clause(filter_case_of(name))


def test_other_languages_keep_the_contract() -> None:
    synonym = build({"use": "synonym", "rate": 0.5})
    check_augmenter(synonym, SHORT_TEXTS, ["zh", "und", "th", "en-GB"], stochastic=False)  # type: ignore[arg-type]


def test_a_stand_in_keeps_the_contract() -> None:
    check_augmenter(ReplaceText(old="good", new="bad"), SHORT_TEXTS, stochastic=False)


@augmenter("unfair_dice")
def unfair_dice(text: str, rng: np.random.Generator) -> str | None:
    return text + random.choice("abcdefghijklmnopqrstuvwxyz")


@augmenter("counter")
def counter(text: str, rng: np.random.Generator) -> str | None:
    return f"{text} {next(NUMBERS)}"


@augmenter("constant")
def constant(text: str, rng: np.random.Generator) -> str | None:
    return f"{text}!"


@component("fake")
class Fake(ReplaceText):
    old: str = "good"
    new: str = "bad"


@component("breaks_spans")
class BreaksSpans(Fake):
    def rewrite(self, batch: TextBatch) -> Variants:
        return super().rewrite(dataclasses.replace(batch, protected=no_spans(len(batch))))


@component("other_edits")
class OtherEdits(Fake):
    def rewrite(self, batch: TextBatch) -> Variants:
        other = ReplaceText(old="good", new="worse").rewrite(batch)
        return dataclasses.replace(super().rewrite(batch), edits=other.edits)


@component("long_pickle")
class LongPickle(Fake):
    def rewrite(self, batch: TextBatch) -> Variants:
        object.__setattr__(self, "model", "weights" * 1000)
        return super().rewrite(batch)


@component("forgetful")
class Forgetful(Fake):
    def __post_init__(self) -> None:
        object.__setattr__(self, "new", self.new + "!")


NUMBERS = iter(range(10**9))


@pytest.mark.parametrize(
    ("make", "clause"),
    [
        (unfair_dice, "global_state_kept"),
        (counter, "same_for_any_cut"),
        (constant, "only_keys_decide"),
        (BreaksSpans, "protected_survives"),
        (BreaksSpans, "protected_whole_declines"),
        (LongPickle, "pickles_small"),
        (OtherEdits, "edits_replay"),
        (Forgetful, "parameters_round_trip"),
    ],
)
def test_the_contract_finds(make: Callable[[], Augmenter], clause: str) -> None:
    (check,) = (check for check in AUGMENTER_CONTRACT if check.__name__ == clause)
    with pytest.raises(AssertionError):
        check(AugmenterCase(make(), {"plain": "a good @good day", "nothing": ""}))
