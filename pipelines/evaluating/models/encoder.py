"""Logistic regression on the vectors of a sentence encoder, which is not trained itself."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.text.columns import Ints
from pipelines.evaluating.models.base import Prepared
from pipelines.evaluating.models.linear import LogisticRegression
from pipelines.evaluating.variants import Training

Vectors = npt.NDArray[np.float32]


class EncoderModel:
    """The packaged MiniLM (ONNX, int8; extra ``similarity``) and logistic regression.

    Args:
        model: ``minilm``, or the folder or hub name of a sentence encoder.
    """

    name = "encoder"
    knob = "C"
    strengths: tuple[float, ...] = (0.1, 1.0, 10.0)
    usual = 1.0

    def __init__(self, model: str = "minilm") -> None:
        self.model = model

    def prepare(self, texts: pa.StringArray, classes: int, language: str) -> Prepared:  # noqa: ARG002 - it reads any text
        """Encode all texts, once."""
        from augment.models.encode import load_encoder

        vectors = load_encoder(self.model).encode(texts, remember=True)
        return LogisticRegression(EncodedFeatures(vectors))


@dataclass(frozen=True, slots=True)
class EncodedFeatures:
    """Vectors as features.

    Attributes:
        vectors: ``(n, d)`` of all texts.
    """

    vectors: Vectors

    def of(self, training: Training, rows: Ints) -> tuple[Vectors, Vectors]:
        """Those of the training rows and of others."""
        return self.vectors[training.rows], self.vectors[rows]
