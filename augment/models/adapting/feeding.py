"""Which blocks a training sees in which order, how they are masked, and how fast it learns."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from augment.models.adapting.blocks import Blocks
from augment.models.adapting.measuring import as_tensors
from augment.models.adapting.settings import Settings
from augment.randomness import derive, generator

_WARM_UP = 0.05


@dataclass
class Order:
    """The blocks of an epoch, shuffled; a number stands for an epoch and a block of it."""

    blocks: int
    seed: int
    epoch: int = 0

    def set_epoch(self, epoch: int) -> None:
        """Told by the Trainer."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.blocks

    def __iter__(self) -> Iterator[int]:
        key = derive(derive(np.uint64(0), self.seed), self.epoch)
        first = self.epoch * self.blocks
        yield from (first + generator(int(key)).permutation(self.blocks)).tolist()


@dataclass(frozen=True)
class Numbers:
    """The dataset: block numbers, made into masked blocks batch by batch."""

    blocks: Blocks
    settings: Settings
    mask_id: int

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, number: int) -> int:
        return number

    def collated(self, numbers: list[int]) -> dict[str, Any]:
        """A batch; the masks of a block differ from epoch to epoch."""
        drawn = np.array(numbers, np.uint64)
        keys = derive(derive(drawn, self.settings.seed), "training")
        rows = (drawn % np.uint64(len(self.blocks))).astype(np.int64)
        masked = self.blocks.masked(rows, keys, self.settings.mask_rate, self.mask_id)
        return as_tensors(masked, "cpu")


def schedule(done: float) -> float:
    """The factor of the learning rate at a share of the training: warm-up, then cosine decay."""
    return min(1.0, done / _WARM_UP + 1e-3) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
