"""Training step by step with torch: what the models that do so have in common."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from augment.text.columns import Ints
from pipelines.evaluating.drawing import batches
from pipelines.evaluating.variants import Training


@contextmanager
def seeded(seed: int, threads: int | None = None) -> Iterator[None]:
    """A context in which torch draws from a seed, and computes on so many threads.

    The caller's generators and threads are put back.

    Args:
        seed: of all devices.
        threads: None leaves them as they are.
    """
    import torch

    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)


def stepped(
    step: Callable[[Ints], None],
    predict: Callable[[], Ints],
    training: Training,
    size: int,
    strengths: Sequence[float],
    seed: int,
) -> list[Ints]:
    """Do as many steps as the last strength says, and predict after each strength's number.

    Args:
        step: learns from the training's rows at some places.
        predict: says the classes with what is learnt so far.
        training: what is learnt from.
        size: sources of a step.
        strengths: numbers of steps, rising.
        seed: of the order in which sources come.
    """
    found: list[Ints] = []
    drawn = batches(training, size, np.random.default_rng(seed))
    for done in range(1, round(strengths[-1]) + 1):
        step(next(drawn))
        if done in strengths:
            found.append(predict())
    return found
