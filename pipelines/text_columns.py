"""The texts of one column of a corpus, a few thousand at a time."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from augment.errors import nearest
from pipelines.corpus import open_corpus
from pipelines.errors import DataError
from pipelines.parquet import read_batches

_BATCH_ROWS = 4096


def texts_of(source: str, column: str, limit: int | None = None) -> Iterator[pa.StringArray]:
    """The column's texts in order; nulls and blank ones are left out.

    Source and column are checked before anything is read.

    Args:
        source: a file, a directory, a glob or a URL, see :func:`pipelines.corpus.open_corpus`.
        column: of strings.
        limit: rows that are read at the most; all if None.

    Raises:
        InputMissingError: there is no such source.
        DataError: it can't be read, or the column is not there or holds no text.
    """
    corpus = open_corpus(source, text=column)
    names = corpus.schema.names
    if column not in names:
        hint = nearest(column, names)
        raise DataError(f"{source} has no column {column!r}{hint}; it has: {', '.join(names)}")
    field = corpus.schema.field(column)
    value = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if not (pa.types.is_string(value) or pa.types.is_large_string(value)):
        raise DataError(f"the column {column!r} holds {field.type}, not text")
    if limit is not None:
        corpus = corpus.head(limit)

    def read() -> Iterator[pa.StringArray]:
        for shard in corpus.shards:
            narrow = replace(shard, schema=pa.schema([field]))
            for batch in read_batches(narrow, _BATCH_ROWS, column):
                texts = batch.column(0).cast(value).cast(pa.string())
                yield texts.filter(pc.match_substring_regex(texts, r"\S"))

    return read()
