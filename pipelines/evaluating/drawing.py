"""Which text stands for each source when its turn comes, for models that learn in steps."""

from collections.abc import Iterator

import numpy as np

from augment.text.columns import Ints
from pipelines.evaluating.variants import Training


def epoch(training: Training, random: np.random.Generator) -> Ints:
    """``(n,)`` places in the training's columns: one of each source, in random order.

    A source is stood for by its original or a variant, drawn by weight. So every source is seen
    once, whatever the number of its variants: more of them are no more steps.
    """
    order = np.argsort(training.sources, kind="stable")
    weights = np.cumsum(training.weights[order])
    ends = np.cumsum(np.bincount(training.sources)) - 1
    below = np.append(0.0, weights[ends[:-1]])
    drawn = below + random.random(len(ends)) * (weights[ends] - below)
    place = np.minimum(np.searchsorted(weights, drawn, side="right"), ends)
    return random.permutation(order[place])


def batches(training: Training, size: int, random: np.random.Generator) -> Iterator[Ints]:
    """Places of ``size`` sources after another (fewer at the end of an epoch), without end."""
    while True:
        drawn = epoch(training, random)
        for start in range(0, len(drawn), size):
            yield drawn[start : start + size]
