"""How the bundled English fill-mask model was made: BERT-tiny, adapted by continued training.

Three steps, each a command, run in this order in an environment with the packages named in the
model card (``augment/models/weights/bert-tiny-en/README.md``)::

    python -m augment.models.bert_tiny corpus --packages DIR --output corpus.parquet
    python -m augment.models.bert_tiny train --corpus corpus.parquet --output checkpoint
    python -m augment.models.bert_tiny export --checkpoint checkpoint --output bert-tiny-en
"""
