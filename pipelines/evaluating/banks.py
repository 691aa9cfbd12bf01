"""Which variants serve which training: one bank for all, unless something is fitted to the rows."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from augment.text.columns import Ints
from pipelines.evaluating.fitting_rows import fitted_to
from pipelines.evaluating.labelled import Labelled
from pipelines.evaluating.splitting import Split
from pipelines.evaluating.variants import Bank
from pipelines.plan import Plan

Cell = tuple[int, int]
"""A seed and a number of originals."""


BankOf = Callable[[Plan, Labelled, Ints], Bank]
"""Makes the variants of the rows at some places: :meth:`Bank.of`, or what remembers its results."""


def banks(
    plan: Plan | None,
    data: Labelled,
    splits: Sequence[Split],
    sizes: Sequence[int],
    bank_of: BankOf = Bank.of,
) -> Iterator[tuple[Bank, list[Cell]]]:
    """Variants, each bank with the trainings that it serves.

    A variant depends on its row and the recipe's seed, so that one bank serves all. But where a
    component learns from the corpus, it learns from one training's originals alone: a bank each.

    Args:
        plan: None makes no variants.
        data: the rows.
        splits: one per seed.
        sizes: of the training sets.
        bank_of: makes the variants.
    """
    cells = [(seed, size) for seed in range(len(splits)) for size in sizes]
    if plan is None:
        yield Bank.empty(), cells
    elif not plan.unfitted:
        drawn = np.concatenate([chosen.training(max(sizes)) for chosen in splits])
        yield bank_of(plan, data, np.unique(drawn)), cells
    else:
        for seed, size in cells:
            rows = np.sort(splits[seed].training(size))
            with fitted_to(plan, data, rows) as fitted:
                bank = bank_of(fitted, data, rows)
            yield bank, [(seed, size)]
