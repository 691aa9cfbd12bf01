"""Logistic regression on TF-IDF, or on a sentence encoder's vectors."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from augment.text.columns import Ints
from pipelines.evaluating.models.base import Prepared
from pipelines.evaluating.models.words import Words
from pipelines.evaluating.variants import Training

_ITERATIONS = 1000


class Features(Protocol):
    """Texts as rows of numbers."""

    def of(self, training: Training, rows: Ints) -> tuple[Any, Any]:
        """``(m, f)`` of the training rows and ``(k, f)`` of others, dense or CSR."""


@dataclass(frozen=True, slots=True)
class LogisticRegression:
    """Multinomial logistic regression with an L2 penalty (scikit-learn, L-BFGS).

    As the weights of a training add up to the number of its sources, the penalty weighs as much
    with variants as without.
    """

    features: Features

    def predict(
        self,
        training: Training,
        rows: Ints,
        strengths: Sequence[float],
        seed: int,  # noqa: ARG002 - convex: there is nothing to draw
    ) -> Sequence[Ints]:
        """Train and predict; see :class:`pipelines.evaluating.models.base.Prepared`."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression as Classifier
        from threadpoolctl import threadpool_limits

        learnt, unseen = self.features.of(training, rows)
        # Each strength begins where the one before it ended: the way is shorter.
        model = Classifier(max_iter=_ITERATIONS, warm_start=True)
        found = []
        # One thread: sums in another order would be other last digits.
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for strength in strengths:
                model.set_params(C=strength)
                model.fit(learnt, training.labels, sample_weight=training.weights)
                found.append(np.asarray(model.predict(unseen), np.int64))
        return found


@dataclass(frozen=True, slots=True)
class TfidfFeatures:
    """TF-IDF of single words, as scikit-learn's ``TfidfVectorizer`` counts by default; vocabulary
    and document frequencies are of the training rows alone, in which a source and its variants
    count as one document.

    Attributes:
        counts: ``(n, words)`` CSR, how often each word stands in each text.
    """

    counts: Any

    def of(self, training: Training, rows: Ints) -> tuple[Any, Any]:
        """Both matrices over the words of the training rows."""
        from scipy.sparse import diags_array
        from sklearn.preprocessing import normalize

        learnt = self.counts[training.rows]
        present = np.flatnonzero(np.bincount(learnt.indices, minlength=learnt.shape[1]))
        learnt, unseen = learnt[:, present], self.counts[rows][:, present]
        documents = np.bincount(
            learnt.indices,
            np.repeat(training.weights, np.diff(learnt.indptr)),
            minlength=len(present),
        )
        idf = np.log((1 + training.weights.sum()) / (1 + documents)) + 1
        scale = diags_array(idf)
        return normalize((learnt @ scale).tocsr()), normalize((unseen @ scale).tocsr())


class TfidfModel:
    """TF-IDF and logistic regression."""

    name = "tfidf"
    knob = "C"
    strengths: tuple[float, ...] = (1.0, 10.0, 100.0)
    usual = 1.0

    def prepare(self, texts: pa.StringArray, classes: int, language: str) -> Prepared:  # noqa: ARG002 - the labels tell them
        """Count the words of all texts."""
        from scipy.sparse import csr_array

        words = Words.of(texts, language)
        shape = (len(texts), words.size)
        counts = csr_array((np.ones(len(words.codes)), words.codes, words.first), shape=shape)
        counts.sum_duplicates()
        return LogisticRegression(TfidfFeatures(counts))
