"""The key of what is learned of some columns of a corpus."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import xxhash

from augment import __version__
from augment.component import text_versions
from pipelines.corpus import Corpus, Shard
from pipelines.inputs.digests import remembered_digests
from pipelines.inputs.memory import remembering


def columns_key(
    corpus: Corpus,
    columns: Sequence[str],
    ways: Mapping[str, object],
    memory: Path | None = None,
) -> str:
    """32 hex digits that change whenever what is learned of the columns may.

    Of the files, only what the columns' pages hold counts, not their names or times.

    Args:
        corpus: whose rows are read.
        columns: that are read, none of them nested.
        ways: what else decides the outcome, besides the program and how it finds words.
        memory: a file that remembers the digests of untouched files; all are read if None.

    Raises:
        InputChangedError: a file changed since the corpus was opened.
    """
    used = corpus.used_groups
    with TemporaryDirectory() as folder, remembering(memory or Path(folder) / "columns") as notes:
        groups = {
            source.location: remembered_digests(source, used[source.location], notes, columns)
            for source in corpus.sources
        }
        notes.forget_all_but(used)
    whole = {**ways, "augmill": __version__, **text_versions()}
    state = xxhash.xxh3_128(json.dumps(whole, sort_keys=True).encode())
    for shard in corpus.shards:
        state.update(json.dumps(_place(shard, columns), default=str).encode())
        for group in shard.row_groups:
            state.update(groups[shard.source.location][group])
    return state.hexdigest()


def _place(shard: Shard, columns: Sequence[str]) -> list[object]:
    """What a shard's rows are, apart from the bytes of its columns."""
    types = [str(shard.schema.field(name).type) for name in columns]
    return [shard.rows, types, [shard.partition.get(name) for name in columns]]
