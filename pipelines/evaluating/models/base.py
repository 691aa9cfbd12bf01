"""What an evaluation asks of a classifier."""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from augment.text.columns import Ints
from pipelines.evaluating.variants import Training


class Prepared(Protocol):
    """A classifier that has seen the texts once, as far as that does not depend on the labels or
    on which texts are learnt from: tokens, or vectors of a model that is not trained further.
    """

    def predict(
        self, training: Training, rows: Ints, strengths: Sequence[float], seed: int
    ) -> Sequence[Ints]:
        """Train anew, and say the classes of rows.

        Args:
            training: what is learnt from.
            rows: ``(k,)`` places of the texts to classify.
            strengths: some of the model's :attr:`Model.strengths`, in their order.
            seed: decides the initial weights, if there are any.

        Returns:
            ``(k,)`` classes for each strength.
        """


class Model(Protocol):
    """A kind of classifier."""

    name: str
    """As the command line knows it."""

    knob: str
    """What its strength is, such as ``C``."""

    strengths: tuple[float, ...]
    """What is tried when it is tuned, the strongest regularisation first."""

    usual: float
    """The strength when it is not tuned."""

    def prepare(self, texts: pa.StringArray, classes: int, language: str) -> Prepared:
        """Look at all texts, originals and variants.

        Args:
            texts: ``(n,)`` no nulls.
            classes: how many there are.
            language: BCP 47 tag, ``und`` if the texts are of several.
        """
