"""The study: every arm learns from the same rows and is tested on the same rows, seed by seed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from augment.text.columns import Ints
from pipelines.evaluating.banks import BankOf, banks
from pipelines.evaluating.labelled import Labelled
from pipelines.evaluating.models.base import Model, Prepared
from pipelines.evaluating.splitting import Split, split
from pipelines.evaluating.tuning import tuned
from pipelines.evaluating.variants import Bank, Training, texts
from pipelines.plan import Plan

BASELINE = "originals"
"""The arm that learns from the originals alone."""

Regularisation = Literal["fixed", "tuned"]

Tell = Callable[[int, int], None]
"""Called with the trainings done and those in all."""


@dataclass(frozen=True, slots=True)
class Design:
    """How arms are compared.

    Attributes:
        sizes: numbers of originals to learn from.
        seeds: how many draws of rows, numbered from 0.
        tested: rows to test on at the most.
        regularisations: with the model's usual strength, or with the one that
            :mod:`pipelines.evaluating.tuning` finds, or both.
        variant_share: what a source's variants weigh together, the source and they being 1.
    """

    sizes: tuple[int, ...] = (50, 500, 2000)
    seeds: int = 20
    tested: int = 2000
    regularisations: tuple[Regularisation, ...] = ("fixed", "tuned")
    variant_share: float = 0.5

    @property
    def trainings(self) -> int:
        """Outcomes of one arm."""
        return self.seeds * len(self.sizes) * len(self.regularisations)

    def splits(self, data: Labelled) -> list[Split]:
        """The rows of every seed.

        Raises:
            DataError: there are too few.
        """
        splits = [split(data, seed, self.tested) for seed in range(self.seeds)]
        for drawn in splits:
            drawn.test(max(self.sizes))
        return splits


@dataclass(frozen=True, slots=True)
class Outcome:
    """One training's.

    Attributes:
        arm: what was learnt from.
        size: originals among it.
        seed: of the draw.
        regularisation: fixed or tuned.
        strength: what that came to.
        accuracy: share of the test rows that were classified right.
        macro_f1: mean F1 of the classes that the test rows have.
        variants: how many were learnt from, beside the originals.
    """

    arm: str
    size: int
    seed: int
    regularisation: Regularisation
    strength: float
    accuracy: float
    macro_f1: float
    variants: int


def study(
    data: Labelled,
    arms: Mapping[str, Plan],
    model: Model,
    design: Design,
    language: str,
    tell: Tell | None = None,
    bank_of: BankOf = Bank.of,
) -> Iterator[Outcome]:
    """Outcomes arm by arm, the baseline's first.

    Args:
        data: the rows.
        arms: recipes by name.
        model: the classifier.
        design: sizes, seeds, and so on.
        language: BCP 47 tag of the texts, ``und`` for several.
        tell: told of every training that is done.
        bank_of: makes the variants.

    Raises:
        DataError: there are too few rows.
        AugmillError: a recipe or the model needs what is not there.
    """
    splits = design.splits(data)
    done, total = 0, (1 + len(arms)) * design.trainings
    for name, plan in {BASELINE: None, **arms}.items():
        for outcome in outcomes_of(name, plan, data, splits, model, design, language, bank_of):
            yield outcome
            done += 1
            if tell is not None:
                tell(done, total)


def outcomes_of(
    name: str,
    plan: Plan | None,
    data: Labelled,
    splits: Sequence[Split],
    model: Model,
    design: Design,
    language: str,
    bank_of: BankOf = Bank.of,
) -> Iterator[Outcome]:
    """Outcomes of one arm; the parameters are those of :func:`study`, and its splits."""
    for bank, cells in banks(plan, data, splits, design.sizes, bank_of):
        prepared = model.prepare(texts(data, bank), len(data.classes), language)
        arm = _Arm(name, data, bank, model, prepared, design)
        for seed, size in cells:
            for regularisation in design.regularisations:
                yield arm.outcome(splits[seed], seed, size, regularisation)


@dataclass(frozen=True, slots=True)
class _Arm:
    name: str
    data: Labelled
    bank: Bank
    model: Model
    prepared: Prepared
    design: Design

    def outcome(
        self, drawn: Split, seed: int, size: int, regularisation: Regularisation
    ) -> Outcome:
        """Train once, and test."""
        rows, share = drawn.training(size), self.design.variant_share
        test = drawn.test(size)
        strength = self.model.usual
        if regularisation == "tuned":
            strength = tuned(self.model, self.prepared, self.data, self.bank, rows, seed, share)
        training = Training.of(self.data, self.bank, rows, test, share)
        (found,) = self.prepared.predict(training, test, (strength,), seed)
        truth = self.data.labels[test]
        return Outcome(
            arm=self.name,
            size=size,
            seed=seed,
            regularisation=regularisation,
            strength=strength,
            accuracy=float(np.mean(found == truth)),
            macro_f1=macro_f1(truth, found),
            variants=len(training.rows) - size,
        )


def macro_f1(truth: Ints, found: Ints) -> float:
    """Mean F1 of the classes in the truth.

    >>> macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]))
    0.6666666666666666
    """
    scores = []
    for label in np.unique(truth):
        right = np.count_nonzero((truth == label) & (found == label))
        both = np.count_nonzero(truth == label) + np.count_nonzero(found == label)
        scores.append(2 * right / both)
    return float(np.mean(scores))
