"""Training of the classifier of labels: one linear model a fold, and what all of them share.

Steps of a pass over many processes: :meth:`TrainingSet.of` the labelled texts, :func:`trained_fold`
for every fold, then :func:`assembled`; :func:`train` does all of them here. Only this needs
scikit-learn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import MissingExtraError, ModelError
from augment.models.classifier import FOLDS, Floats, LabelClassifier, folds_of
from augment.models.text_features import Features, tfidf
from augment.randomness import Keys
from augment.text.columns import Ints, first_of_rows

STRENGTH = 10.0
"""Inverse of the regularisation, scikit-learn's ``C``."""

TOLERANCE, ROUNDS = 1e-4, 200
"""When the optimiser stops: at so small a gradient, or after so many steps."""

MIN_TEXTS = 2
"""Texts that a feature must stand in to be kept."""

MOST_FEATURES, MOST_NUMBERS = 200_000, 20_000_000
"""Features that are kept at the most, those of most texts; fewer if labels are many, so that
features × folds × labels stay below the second number."""


@dataclass(frozen=True, eq=False)
class TrainingSet:
    """n distinct labelled texts as numbers.

    Attributes:
        labels: the c labels, sorted.
        codes: ``(n,)`` int64, the label of each text.
        folds: ``(n,)`` int64, the fold of each text.
        names: ``(f,)`` uint64, ascending: the features that are kept.
        idf: ``(f,)`` float32: 1 + log((1 + n) ÷ (1 + texts that have it)).
        first: ``(n + 1,)`` int64, where each text's values begin.
        places: ``(m,)`` int32, the feature of each value.
        values: ``(m,)`` float32.
    """

    labels: tuple[str, ...]
    codes: Ints
    folds: Ints
    names: Keys
    idf: Floats
    first: Ints
    places: npt.NDArray[np.int32]
    values: Floats

    @classmethod
    def of(
        cls, texts: pa.StringArray, labels: pa.StringArray, tags: Sequence[str] | pa.StringArray
    ) -> "TrainingSet":
        """Weigh the features of texts; the vocabulary and its weights don't look at labels.

        Args:
            texts: ``(n,)``, no nulls; which of them are equal in text and label does not matter,
                but each counts.
            labels: ``(n,)``, no nulls.
            tags: ``(n,)`` BCP 47 tag of each text.

        Raises:
            ModelError: there are fewer than two labels.
        """
        known = sorted(labels.unique().to_pylist())
        if len(known) < 2:
            raise ModelError(f"a classifier needs texts of two labels or more, not {_told(known)}")
        folds, codes = folds_of(texts), _codes(labels, known)
        found = _features(texts, tags)
        names, documents = np.unique(found.names, return_counts=True)
        kept = _kept(documents, len(known))
        names = names[kept]
        if not len(names):
            raise ModelError(f"no word stands in {MIN_TEXTS} of the {len(texts):,} labelled texts")
        idf = (1.0 + np.log((1 + len(texts)) / (1 + documents[kept]))).astype(np.float32)
        at = np.minimum(np.searchsorted(names, found.names), len(names) - 1)
        there = np.flatnonzero(names[at] == found.names)
        at, rows = at[there], found.rows[there]
        values = tfidf(rows, found.counts[there], idf[at].astype(np.float64), len(texts))
        return cls(
            tuple(known), codes, folds, names, idf, first_of_rows(rows, len(texts)),
            at.astype(np.int32), values.astype(np.float32),
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write what :func:`trained_fold` needs."""
        np.savez(
            path, codes=self.codes, folds=self.folds, first=self.first, places=self.places,
            values=self.values, labels=self.labels, names=self.names, idf=self.idf,
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> "TrainingSet":
        """Read what :meth:`save` wrote."""
        with np.load(path) as held:
            parts = {name: held[name] for name in held.files}
        return cls(labels=tuple(map(str, parts.pop("labels"))), **parts)


@dataclass(frozen=True, eq=False)
class TrainedFold:
    """The model that judges a fold's texts.

    Attributes:
        weights: ``(f, c)`` float32.
        bias: ``(c,)`` float32, −inf for labels that no text outside the fold has.
        scores: ``(n in the fold, c)`` float64 of the fold's own texts.
    """

    weights: Floats
    bias: Floats
    scores: npt.NDArray[np.float64]


def require() -> None:
    """Make sure that scikit-learn is there.

    Raises:
        MissingExtraError: it is not.
    """
    if find_spec("sklearn") is None:
        raise MissingExtraError("training a classifier of labels", "scikit-learn", "classify")


def trained_fold(data: TrainingSet, fold: int) -> TrainedFold:
    """Logistic regression on the texts of all folds but one; the same on any number of threads.

    Raises:
        ModelError: these have fewer than two labels.
        MissingExtraError: scikit-learn is not installed.
    """
    require()
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    shape = len(data.codes), len(data.names)
    matrix = csr_matrix((data.values, data.places, data.first), shape=shape)
    own = np.flatnonzero(data.folds == fold)
    others = np.flatnonzero(data.folds != fold)
    seen = np.unique(data.codes[others])
    if len(seen) < 2:
        raise ModelError(
            f"{len(data.codes):,} labelled texts are too few to train a classifier: a fifth of "
            "them held out, no two labels are left"
        )
    with threadpool_limits(1):
        model = LogisticRegression(C=STRENGTH, max_iter=ROUNDS, tol=TOLERANCE)
        model.fit(matrix[others], data.codes[others])
    weights = np.zeros((shape[1], len(data.labels)), np.float32)
    bias = np.full(len(data.labels), -np.inf, np.float32)
    # Of two labels scikit-learn gives the weights of the second alone.
    weights[:, seen[-len(model.coef_) :]] = model.coef_.T
    bias[seen] = 0.0
    bias[seen[-len(model.intercept_) :]] = model.intercept_
    return TrainedFold(weights, bias, matrix[own].astype(np.float64) @ weights + bias)


def assembled(data: TrainingSet, folds: Sequence[TrainedFold]) -> LabelClassifier:
    """One classifier of the folds' models, in the order of the folds.

    Its probabilities are calibrated by one temperature (Guo, Pleiss, Sun & Weinberger 2017, "On
    Calibration of Modern Neural Networks", §4.2), the likeliest by what the models say of texts
    that they did not learn from.
    """
    scores = np.zeros((len(data.codes), len(data.labels)))
    for number, fold in enumerate(folds):
        scores[data.folds == number] = fold.scores
    return LabelClassifier(
        labels=data.labels,
        names=data.names,
        idf=data.idf,
        weights=np.stack([fold.weights for fold in folds], axis=1),
        bias=np.stack([fold.bias for fold in folds]),
        temperature=_temperature(scores, data.codes),
        texts=len(data.codes),
        accuracy=round(float((scores.argmax(axis=1) == data.codes).mean()), 4),
    )


def train(
    texts: Iterable[str] | pa.StringArray,
    labels: Iterable[str] | pa.StringArray,
    language: str = "en",
) -> LabelClassifier:
    """A classifier of labelled texts.

    Args:
        texts: ``(n,)``, no nulls.
        labels: ``(n,)``, no nulls.
        language: BCP 47 tag of the texts.

    Raises:
        ModelError: fewer than two labels are left when a fold is held out.
        MissingExtraError: scikit-learn is not installed.
    """
    require()
    column = texts if isinstance(texts, pa.Array) else pa.array(list(texts), pa.string())
    told = labels if isinstance(labels, pa.Array) else pa.array(list(labels), pa.string())
    data = TrainingSet.of(column, told, [language] * len(column))
    return assembled(data, [trained_fold(data, fold) for fold in range(FOLDS)])


def _codes(labels: pa.StringArray, known: Sequence[str]) -> Ints:
    return np.asarray(pc.index_in(labels, pa.array(known, pa.string())).to_numpy().astype(np.int64))


def _features(texts: pa.StringArray, tags: Sequence[str] | pa.StringArray) -> Features:
    """Of texts of several languages, in the order of the texts."""
    coded = pa.array(tags, pa.string()).dictionary_encode()
    codes = coded.indices.to_numpy()
    parts = []
    for number, tag in enumerate(coded.dictionary.to_pylist()):
        places = np.flatnonzero(codes == number)
        found = Features.of(texts.take(pa.array(places)), tag)
        parts.append(Features(places[found.rows], found.names, found.counts))
    rows = np.concatenate([part.rows for part in parts])
    order = np.argsort(rows, kind="stable")
    return Features(
        rows[order],
        np.concatenate([part.names for part in parts])[order],
        np.concatenate([part.counts for part in parts])[order],
    )


def _kept(documents: Ints, labels: int) -> Ints:
    """Places of the features of most texts, ascending."""
    most = min(MOST_FEATURES, MOST_NUMBERS // (FOLDS * labels))
    order = np.argsort(-documents, kind="stable")[:most]
    return np.sort(order[documents[order] >= MIN_TEXTS])


def _temperature(scores: npt.NDArray[np.float64], codes: Ints) -> float:
    from scipy.optimize import minimize_scalar

    own = scores[np.arange(len(codes)), codes]
    told = np.isfinite(own)
    scores, own = scores[told], own[told]

    def loss(log_temperature: float) -> float:
        divided = scores / np.exp(log_temperature)
        highest = divided.max(axis=1)
        total = np.log(np.exp(divided - highest[:, None]).sum(axis=1)) + highest
        return float((total - own / np.exp(log_temperature)).mean())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return round(float(np.exp(found.x)), 4)


def _told(labels: Sequence[str]) -> str:
    return f"only {labels[0]!r}" if labels else "none"
