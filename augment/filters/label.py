"""Judge whether variants still have the label of their source, by a classifier of the labels.

As Anaby-Tavor et al. 2020, "Do Not Have Enough Data? Deep Learning to the Rescue!" (LAMBADA), §3,
filter what they generate by a classifier of the original data. Theirs learned from all of it; here
no text's variants are judged by what was learned of that very text, or the classifier would know
the label by heart.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from augment.batch import TextBatch, Variants
from augment.component import component, text_versions
from augment.errors import ModelError
from augment.filter import Filter, Verdicts
from augment.models.classifier import folds_of, open_classifier

UNTRAINED = "untrained"
"""The asset of a filter that has no classifier yet."""


@component("label_agreement")
class LabelAgreement(Filter):
    """Ask a classifier how probable the source's label still is for the variant.

    A run trains the classifier first, on the labelled rows of its input: logistic regression on
    TF-IDF of words and pairs of words (extra ``classify``), in five folds by a hash of the text, so
    that copies of a text share a fold; a variant is judged by the model that learned from the other
    folds. Its probabilities are calibrated, so that of the variants with .2, if they were like the
    originals, one in five would have the label. Elsewhere:
    ``augment.models.classifier_training.train(texts, labels).save(path)``.

    Rows without a label are kept without a score, and so are those of a label, or of nothing but
    words, that the classifier has not seen. Needs ``label:`` in the recipe.

    Args:
        action: ``drop`` variants of which the label is less probable than ``min``; ``reweight``
            them: each counts as much as its label is probable, ``min`` at the least, and all are
            kept; ``keep`` all, with their scores.
        min: see ``action``.
        classifier: file of a classifier; trained by the run if left out.
    """

    files = ("classifier",)
    fits = "classifier"
    learns = "classifier"
    reads_labels = True

    action: Literal["drop", "reweight", "keep"] = "drop"
    min: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.2
    classifier: str | None = None

    def assets(self) -> Mapping[str, str]:
        """The digest of the classifier, and the versions of what finds words."""
        digest = UNTRAINED if self.classifier is None else open_classifier(self.classifier).digest
        return {"classifier": digest, **text_versions()}

    def judge(self, source: TextBatch, variants: Variants) -> Verdicts:
        """The score is the probability of the source's label; the reason is ``disagrees``.

        Raises:
            ModelError: there is no classifier, or it can't be read.
        """
        score = self._score(source, variants)
        with np.errstate(invalid="ignore"):
            low = score < self.min
        bad = low if self.action == "drop" else np.zeros(len(score), np.bool_)
        index = pa.array(np.zeros(len(bad), np.int8), mask=~bad)
        reason = pa.DictionaryArray.from_arrays(index, pa.array(["disagrees"]))
        weight = None
        if self.action == "reweight":
            weight = np.where(np.isnan(score), 1.0, np.maximum(score, self.min)).astype(np.float32)
        return Verdicts(~bad, reason, score, weight)

    def _score(self, source: TextBatch, variants: Variants) -> np.ndarray:
        score = np.full(len(source), np.nan, np.float32)
        if source.labels is None:
            return score
        if self.classifier is None:
            raise ModelError(
                "label_agreement needs a classifier: augmill run and sample train it; elsewhere "
                "call augment.models.classifier_training.train(texts, labels)"
                '.save("labels.arrow") and then LabelAgreement(classifier="labels.arrow")'
            )
        told = pc.and_(variants.text.is_valid(), source.labels.is_valid())
        rows = np.flatnonzero(told.to_numpy(zero_copy_only=False))
        if len(rows):
            index = pa.array(rows)
            score[rows] = open_classifier(self.classifier).probability(
                variants.text.take(index),
                source.language,
                folds_of(source.text.take(index)),
                source.labels.take(index),
            )
        return score
