"""Word counts on disk: written shard by shard, and added up in bounded memory.

Every file holds its words in as many record batches as there are buckets, each word in the one
that its hash names. So one bucket of all files is added up at a time, and the outcome is that of
adding up everything: no word stands in two buckets.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from augment.counting import SCHEMA, WordCounts, added
from augment.randomness import hash_strings
from augment.statistics import CorpusStatistics, frequent

_BUCKETS = 16

_MERGE_WORDS, _SPILL_WORDS = 1_000_000, 500_000
"""Counts held before they are added up; different words held before they go to a file."""


class Tally:
    """Adds up word counts, in files once they are many.

    Args:
        stem: what the names of its files begin with.
    """

    def __init__(self, stem: Path) -> None:
        self._stem = stem
        self._held: list[WordCounts] = []
        self._files: list[Path] = []

    def add(self, counts: WordCounts) -> None:
        """Add counts."""
        self._held.append(counts)
        if sum(held.table.num_rows for held in self._held) < _MERGE_WORDS:
            return
        self._held = [WordCounts.sum(self._held)]
        if self._held[0].table.num_rows >= _SPILL_WORDS:
            self._spill()

    def close(self) -> list[Path]:
        """Write what is held; the files with all that was added."""
        if self._held:
            self._spill()
        return self._files

    def _spill(self) -> None:
        path = self._stem.with_name(f"{self._stem.name}-{len(self._files)}.arrow")
        _write(WordCounts.sum(self._held), path)
        self._held = []
        self._files.append(path)


def _write(counts: WordCounts, path: Path) -> None:
    words = counts.table["word"].combine_chunks()
    bucket = hash_strings(words) % np.uint64(_BUCKETS)
    schema = SCHEMA.with_metadata({tag: str(n) for tag, n in counts.texts.items()})
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, schema) as writer:
        for number in range(_BUCKETS):
            part = counts.table.filter(pa.array(bucket == number)).combine_chunks()
            columns = [pa.concat_arrays([pa.array([], c.type), *c.chunks]) for c in part.columns]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def statistics_of(files: Sequence[Path]) -> CorpusStatistics:
    """The statistics of all that was counted into files, whatever their number and order."""
    texts: dict[str, int] = {}
    for path in files:
        with pa.memory_map(str(path)) as source:
            told = pa.ipc.open_file(source).schema.metadata or {}
        for tag, count in told.items():
            texts[tag.decode()] = texts.get(tag.decode(), 0) + int(count)
    kept = SCHEMA.empty_table()
    for number in range(_BUCKETS):
        whole = frequent(added([_bucket(path, number) for path in files]))
        kept = frequent(pa.concat_tables([kept, whole]))
    return CorpusStatistics(dict(sorted(texts.items())), kept)


def _bucket(path: Path, number: int) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        batch = pa.ipc.open_file(source).get_batch(number)
        return pa.Table.from_batches([batch]).replace_schema_metadata(None)
