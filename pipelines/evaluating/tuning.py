"""The strength of regularisation, chosen by cross-validation among the training rows' originals."""

import numpy as np

from augment.text.columns import Ints
from pipelines.evaluating.labelled import Labelled
from pipelines.evaluating.models.base import Model, Prepared
from pipelines.evaluating.splitting import folds
from pipelines.evaluating.variants import Bank, Training

FOLDS = 3


def tuned(
    model: Model,
    prepared: Prepared,
    data: Labelled,
    bank: Bank,
    rows: Ints,
    seed: int,
    variant_share: float,
) -> float:
    """The strength that classifies most held-out originals right; of equal ones the strongest.

    A fold's variants are left out with it, and so are the rows of its groups.
    """
    right = dict.fromkeys(model.strengths, 0)
    for learnt, held in folds(data, rows, FOLDS):
        training = Training.of(data, bank, learnt, held, variant_share)
        predicted = prepared.predict(training, held, model.strengths, seed)
        for strength, found in zip(model.strengths, predicted, strict=True):
            right[strength] += int(np.count_nonzero(found == data.labels[held]))
    return max(model.strengths, key=lambda strength: right[strength])
