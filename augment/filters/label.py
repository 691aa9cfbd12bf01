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
from augment.models.classifier import Floats, folds_of, open_classifier
from augment.text.columns import Ints

_NOTICED = 0.02
"""Probability that must be lost, where the source is asked: of next to none, half is nothing."""

UNTRAINED = "untrained"
"""The asset of a filter that has no classifier yet."""


@component("label_agreement")
class LabelAgreement(Filter):
    """Ask a classifier how probable the source's label still is for the variant.

    A run trains the classifier first, on the labelled rows of its input: logistic regression on
    TF-IDF of words and pairs of words (extra ``classify``), in five folds by a hash of the text, so
    that copies of a text share a fold; a variant is judged by the model that learned from the other
    folds. Its probabilities are calibrated: of texts like the originals that it gives .2, one in
    five has the label. Elsewhere:
    ``augment.models.classifier_training.train(texts, labels).save(path)``.

    What a classifier doubts of the source it doubts of every faithful variant, too. So a variant is
    said to disagree only if its label has also become less probable than it was. Of film reviews,
    with a classifier that is right of 77 in a hundred, this finds 58 of a hundred texts of the
    other label and drops .8 of a hundred synonym variants; of Chinese reviews (85) 75 and .3.
    Without asking the source, ``min: 0.3`` finds 55 and 73, and drops 10 and 8.

    Rows without a label are kept without a score, and so are those of a label that the classifier
    has not seen, or of nothing but such words. Needs ``label:`` in the recipe.

    Args:
        action: ``drop`` variants that disagree; ``reweight`` all: each counts as much as its label
            is probable; ``keep`` all, with their scores.
        min: a variant disagrees if its label is less probable than this,
        of_source: and less probable than so many times what it is for the source; null for not
            asking the source.
        floor: what a variant counts at the least, when they are reweighted.
        classifier: file of a classifier; trained by the run if left out.
    """

    files = ("classifier",)
    fits = "classifier"
    learns = "classifier"
    reads_labels = True

    action: Literal["drop", "reweight", "keep"] = "drop"
    min: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.5
    of_source: Annotated[float, Field(gt=0.0, le=1.0)] | None = 0.5
    floor: Annotated[float, Field(gt=0.0, le=1.0)] = 0.1
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
        score = self._probability(source, variants.text)
        bad = np.zeros(len(score), np.bool_)
        if self.action == "drop":
            bad[self._disagreeing(source, score)] = True
        index = pa.array(np.zeros(len(bad), np.int8), mask=~bad)
        reason = pa.DictionaryArray.from_arrays(index, pa.array(["disagrees"]))
        weight = None
        if self.action == "reweight":
            weight = np.where(np.isnan(score), 1.0, np.maximum(score, self.floor))
            weight = weight.astype(np.float32)
        return Verdicts(~bad, reason, score, weight)

    def _disagreeing(self, source: TextBatch, score: Floats) -> Ints:
        """The rows of which the variant has lost its label."""
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(score < self.min)
        if self.of_source is None or not len(rows):
            return rows
        asked = source.take(rows)
        own = self._probability(asked, asked.text)
        left = np.minimum(own * np.float32(self.of_source), own - np.float32(_NOTICED))
        with np.errstate(invalid="ignore"):
            return np.asarray(rows[score[rows] < left])

    def _probability(self, source: TextBatch, text: pa.StringArray) -> Floats:
        """``(n,)``: how probable the sources' labels are for texts made of them; null is none."""
        score = np.full(len(source), np.nan, np.float32)
        if source.labels is None:
            return score
        if self.classifier is None:
            raise ModelError(
                "label_agreement needs a classifier: augmill run and sample train it; elsewhere "
                "call augment.models.classifier_training.train(texts, labels)"
                '.save("labels.arrow") and then LabelAgreement(classifier="labels.arrow")'
            )
        told = pc.and_(text.is_valid(), source.labels.is_valid())
        rows = np.flatnonzero(told.to_numpy(zero_copy_only=False))
        if len(rows):
            index = pa.array(rows)
            score[rows] = open_classifier(self.classifier).probability(
                text.take(index),
                source.language,
                folds_of(source.text.take(index)),
                source.labels.take(index),
            )
        return score
