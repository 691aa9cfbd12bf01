"""Outcomes as a table: means, standard errors, and whether a lift is more than chance."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.evaluating.study import BASELINE, Outcome, Regularisation


@dataclass(frozen=True, slots=True)
class Line:
    """An arm at one size and regularisation, over all seeds; all shares are in percent.

    Attributes:
        arm, size, regularisation: which.
        seeds: how many.
        variants: learnt from on average, for each original.
        accuracy, accuracy_se: mean and its standard error.
        macro_f1: mean.
        lift, lift_se: mean difference of accuracy to the baseline of the same seed, in percentage
            points, and its standard error; None of the baseline itself.
        wins: seeds in which the arm was ahead of the baseline, ties counting half.
        t_p: paired t-test, two-sided; None of the baseline, 1 if no seed differs.
        wilcoxon_p: Wilcoxon's signed-rank test, two-sided; likewise.
    """

    arm: str
    size: int
    regularisation: Regularisation
    seeds: int
    variants: float
    accuracy: float
    accuracy_se: float
    macro_f1: float
    lift: float | None
    lift_se: float | None
    wins: float | None
    t_p: float | None
    wilcoxon_p: float | None


def compared(outcomes: Iterable[Outcome]) -> list[Line]:
    """Lines by size, then regularisation, then arm in the order of the outcomes."""
    cells: dict[tuple[int, Regularisation, str], list[Outcome]] = {}
    for outcome in outcomes:
        key = outcome.size, outcome.regularisation, outcome.arm
        cells.setdefault(key, []).append(outcome)
    ranks = {arm: rank for rank, arm in enumerate(dict.fromkeys(arm for _, _, arm in cells))}
    order = sorted(cells, key=lambda cell: (cell[0], cell[1], ranks[cell[2]]))
    return [_line(cells[cell], cells[(cell[0], cell[1], BASELINE)]) for cell in order]


def _line(own: Sequence[Outcome], baseline: Sequence[Outcome]) -> Line:
    first = own[0]
    accuracy = 100 * np.array([outcome.accuracy for outcome in own])
    lift: tuple[float | None, ...] = (None,) * 5
    if first.arm != BASELINE:
        before = {outcome.seed: 100 * outcome.accuracy for outcome in baseline}
        lift = paired(accuracy - np.array([before[outcome.seed] for outcome in own]))
    return Line(
        first.arm,
        first.size,
        first.regularisation,
        len(own),
        float(np.mean([outcome.variants for outcome in own])) / first.size,
        float(accuracy.mean()),
        standard_error(accuracy),
        100 * float(np.mean([outcome.macro_f1 for outcome in own])),
        *lift,
    )


def paired(differences: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> tuple[float, ...]:
    """``(mean, standard error, wins, p of the t-test, p of Wilcoxon's test)`` of differences."""
    from scipy.stats import ttest_1samp, wilcoxon

    mean, error = float(differences.mean()), standard_error(differences)
    wins = float(np.count_nonzero(differences > 0) + np.count_nonzero(differences == 0) / 2)
    if not differences.any():
        return mean, error, wins, 1.0, 1.0
    t_p = float(ttest_1samp(differences, 0.0).pvalue) if error else 0.0
    return mean, error, wins, t_p, float(wilcoxon(differences).pvalue)


def standard_error(values: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> float:
    """Of a mean; 0 of a single value, of which nothing is known.

    >>> standard_error(np.array([1.0, 2.0, 3.0])).__round__(4)
    0.5774
    """
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
