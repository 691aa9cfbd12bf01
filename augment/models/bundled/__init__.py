"""How the bundled English fill-mask model was made: BERT-tiny, trained on.

Steps, each a command, run in this order in an environment with the packages named in the model card
(``augment/models/weights/bert-tiny-en/README.md``)::

    python -m augment.models.bundled corpus --packages DIR --output corpus.parquet
    python -m augment.models.bundled train --corpus corpus.parquet --output checkpoint
    python -m augment.models.bundled export --checkpoint checkpoint --output bert-tiny-en

``train --start checkpoint`` trains a checkpoint on; ``--widen`` first makes a student of it whose
body is taken from MiniLM, see :mod:`augment.models.bundled.student`.
"""
