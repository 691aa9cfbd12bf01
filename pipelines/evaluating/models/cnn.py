"""A small convolutional network over word embeddings, from scratch.

Source: Kim 2014, "Convolutional Neural Networks for Sentence Classification", the variant CNN-rand
(§3.1): filters of several widths, maximum over time, dropout, softmax; trained by AdaDelta there,
by Adam here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from augment.errors import MissingExtraError
from augment.text.columns import Ints
from pipelines.evaluating.models.base import Prepared
from pipelines.evaluating.models.stepping import seeded, stepped
from pipelines.evaluating.models.words import Words
from pipelines.evaluating.variants import Training

if TYPE_CHECKING:
    import torch

_PADDING, _UNKNOWN = 0, 1
_LENGTH_SHARE = 0.95
"""Of the texts that are seen whole, if they are not longer than :attr:`Shape.most_words`."""
_PREDICTED = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large the network is, and how it is trained.

    Attributes:
        embedding: numbers of a word.
        filters: of each width.
        widths: of the filters, in words.
        dropout: before the last layer.
        learning_rate: of Adam.
        batch: sources a step; fewer, if there are not so many.
        most_words: of a text; the first ones.
    """

    embedding: int = 40
    filters: int = 30
    widths: tuple[int, ...] = (3, 4, 5)
    dropout: float = 0.5
    learning_rate: float = 5e-3
    batch: int = 32
    most_words: int = 64


class CnnModel:
    """The network; what is tuned is for how many steps it is trained.

    Each time a source's turn comes, its original or one of its variants is drawn by weight: with
    variants and without, a training has as many steps of as many texts.
    """

    name = "cnn"
    knob = "steps"
    strengths: tuple[float, ...] = (100.0, 200.0, 400.0)
    usual = 200.0

    def __init__(self, shape: Shape | None = None) -> None:
        if find_spec("torch") is None:
            raise MissingExtraError("the model cnn", "torch", "torch")
        self.shape = shape or Shape()

    def prepare(self, texts: pa.StringArray, classes: int, language: str) -> Prepared:
        """Cut all texts into words, once."""
        words = Words.of(texts, language)
        longest = int(np.quantile(words.lengths, _LENGTH_SHARE)) if len(texts) else 1
        width = max(max(self.shape.widths), min(self.shape.most_words, longest))
        return Network(self.shape, _table(words, width), words.size, classes)


def _table(words: Words, width: int) -> Ints:
    """``(n, width)``: the first words of each text, -1 behind its end."""
    place = words.first[:-1, None] + np.arange(width)
    inside = np.arange(width) < words.lengths[:, None]
    codes = np.append(words.codes, 0)[np.minimum(place, len(words.codes))]
    return np.where(inside, codes, -1)


@dataclass(frozen=True, slots=True)
class Network:
    """Texts as numbers of words, and what a network over them is like.

    Attributes:
        shape: of the network.
        table: ``(n, width)`` numbers of words, -1 behind a text's end.
        words: how many different ones there are.
        classes: likewise.
    """

    shape: Shape
    table: Ints
    words: int
    classes: int

    def predict(
        self, training: Training, rows: Ints, strengths: Sequence[float], seed: int
    ) -> Sequence[Ints]:
        """Train once, and predict after each number of steps."""
        import torch

        # One thread: sums in another order would be other last digits.
        with seeded(seed, threads=1):
            numbers, known = self._numbers(training)
            net = _net(self.shape, known, self.classes)
            optimiser = torch.optim.Adam(net.parameters(), self.shape.learning_rate, fused=True)
            learnt = training, torch.from_numpy(training.labels)
            return stepped(
                lambda places: self._step(net, optimiser, numbers, learnt, places),
                lambda: self._predicted(net, numbers, rows),
                training,
                self.shape.batch,
                strengths,
                seed,
            )

    def _step(
        self,
        net: "torch.nn.Module",
        optimiser: "torch.optim.Optimizer",
        numbers: Ints,
        learnt: tuple[Training, "torch.Tensor"],
        places: Ints,
    ) -> None:
        import torch

        training, labels = learnt
        net.train()
        scores = net(torch.from_numpy(numbers[self.table[training.rows[places]]]))
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(scores, labels[torch.from_numpy(places)]).backward()
        optimiser.step()

    def _numbers(self, training: Training) -> tuple[Ints, int]:
        """``(words + 1,)`` what each word is for the network, and how many it has.

        Words of the training rows have a number each, all others share one; -1 finds the padding.
        """
        present = np.unique(self.table[training.rows])
        present = present[present >= 0]
        numbers = np.full(self.words + 1, _UNKNOWN)
        numbers[present] = np.arange(len(present)) + 2
        numbers[-1] = _PADDING
        return numbers, len(present) + 2

    def _predicted(self, net: "torch.nn.Module", numbers: Ints, rows: Ints) -> Ints:
        import torch

        net.eval()
        found = []
        with torch.inference_mode():
            for start in range(0, len(rows), _PREDICTED):
                part = numbers[self.table[rows[start : start + _PREDICTED]]]
                found.append(net(torch.from_numpy(part)).argmax(1).numpy())
        return np.concatenate(found)


def _net(shape: Shape, words: int, classes: int) -> "torch.nn.Module":
    import torch
    from torch import nn

    class Net(nn.Module):  # type: ignore[misc]
        """Texts as numbers ``(b, width)`` to scores ``(b, classes)``."""

        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(words, shape.embedding, padding_idx=_PADDING)
            self.filters = nn.ModuleList(
                nn.Conv1d(shape.embedding, shape.filters, width, padding=width - 1)
                for width in shape.widths
            )
            self.dropout = nn.Dropout(shape.dropout)
            self.last = nn.Linear(shape.filters * len(shape.widths), classes)

        def forward(self, numbers: torch.Tensor) -> torch.Tensor:
            columns = self.words(numbers).transpose(1, 2)
            highest = [torch.relu(layer(columns)).amax(2) for layer in self.filters]
            return self.last(self.dropout(torch.cat(highest, 1)))

    return Net()
