"""Rows of the same id, over all files: found before anything is computed."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from augment.randomness import hash_strings
from pipelines.corpus import Corpus, Shard
from pipelines.errors import DataError
from pipelines.parquet import read_batches
from pipelines.sift import as_strings

_EXAMPLES = 3

_BATCH_ROWS = 65_536


def check_ids(corpus: Corpus, column: str) -> None:
    """Make sure that no two rows have the same id; rows without one are rejected elsewhere.

    Memory: 8 bytes a row.

    Raises:
        DataError: two have; the message has examples, and the files where they stand.
    """
    if column in corpus.shards[0].partition:
        return
    parts = [_hashes(ids) for shard in corpus.shards for ids in _ids(shard, column)]
    hashes = np.concatenate([np.zeros(0, np.uint64), *parts])
    hashes.sort()
    again = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if len(again) and (found := _repeated(corpus, column, again)):
        examples = "; ".join(
            f"{name!r} in {' and in '.join(dict.fromkeys(places))}"
            for name, places in [*found.items()][:_EXAMPLES]
        )
        raise DataError(
            f"{len(found):,} ids of the column {column!r} stand in more than one row ({examples}); "
            "make them distinct, or say duplicate_ids: keep to have such rows augmented alike"
        )


def _ids(shard: Shard, column: str) -> Iterator[pa.Array]:
    narrow = replace(shard, schema=pa.schema([shard.schema.field(column)]))
    for batch in read_batches(narrow, _BATCH_ROWS, None):
        yield batch.column(0).drop_null()


def _hashes(ids: pa.Array) -> npt.NDArray[np.uint64]:
    """Equal for equal ids; integers are their own."""
    if pa.types.is_integer(ids.type):
        numbers = ids.cast(pa.int64(), safe=False).to_numpy(zero_copy_only=False)
        return np.asarray(numbers, np.int64).view(np.uint64)
    return hash_strings(as_strings(ids))


def _repeated(
    corpus: Corpus, column: str, suspects: npt.NDArray[np.uint64]
) -> dict[str, list[str]]:
    """The ids that really stand in several rows, with the files of their rows."""
    places: dict[str, list[str]] = defaultdict(list)
    for shard in corpus.shards:
        for ids in _ids(shard, column):
            named = as_strings(ids.filter(pa.array(np.isin(_hashes(ids), suspects))))
            for name in named.cast(pa.binary()).to_pylist():
                places[name.decode(errors="backslashreplace")].append(shard.source.name)
    return {name: found for name, found in places.items() if len(found) > 1}
