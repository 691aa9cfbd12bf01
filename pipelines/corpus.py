"""The input: which files it is, what they hold, and how they are cut into shards.

Files may lie in folders here or at a URL, be of several formats, and differ in their columns; see
:mod:`pipelines.inputs`. What comes out is Parquet, in shards of one schema.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import xxhash

from pipelines.inputs.content import joint_digest
from pipelines.inputs.digests import digested
from pipelines.inputs.footers import InputFile, input_files
from pipelines.inputs.memory import remembering
from pipelines.inputs.partitions import partition_types, partition_values
from pipelines.inputs.places import find
from pipelines.inputs.source import Source, Stamp
from pipelines.inputs.union import Described, united

__all__ = ["SHARD_ROWS", "Corpus", "Shard", "Source", "Stamp", "open_corpus", "with_contents"]

SHARD_ROWS = 10_000
"""Rows that a shard holds at the least, if its file has so many. Never depends on the workers:
the same input is cut the same way wherever it is processed."""

CONVERTED = "inputs"
"""Folder in the cache of what was converted to Parquet."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Consecutive row groups of one file: the unit of work.

    Attributes:
        number: its place in the input, and in the output.
        source: the file.
        row_groups: their numbers; may be empty.
        rows: how many of their rows are wanted, the first ones.
        schema: of all input columns, partition columns last.
        partition: the values of the partition columns.
        folder: the ``key=value`` folders that say so, such as ``lang=en/year=2024``.
        content: 32 hex digits for what a reader decodes from the rows, and for the values of the
            partition columns; empty as long as nobody asked, see :func:`with_contents`.
    """

    number: int
    source: Source
    row_groups: tuple[int, ...]
    rows: int
    schema: pa.Schema
    partition: Mapping[str, Any]
    folder: str = ""
    content: str = ""

    @property
    def path(self) -> str:
        """The file, as the user knows it."""
        return self.source.name

    def first(self, rows: int) -> "Shard":
        """Only so many rows."""
        if rows >= self.rows:
            return self
        content = self.content and xxhash.xxh3_128_hexdigest(f"{self.content} {rows}".encode())
        return replace(self, rows=rows, content=content)

    def __str__(self) -> str:
        groups = self.row_groups
        span = f", row groups {groups[0]} to {groups[-1]}" if groups else ""
        return f"shard {self.number} ({self.path}{span})"


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files and their common columns.

    Attributes:
        schema: columns of all files, then the partition columns; metadata of the first file that
            has any.
        shards: in the order of the files' paths; at least one, if only an empty one.
        sources: the files, in the same order, also those without rows.
        warnings: what the user should know of the input.
    """

    schema: pa.Schema
    shards: tuple[Shard, ...]
    sources: tuple[Source, ...]
    warnings: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all shards."""
        return sum(shard.rows for shard in self.shards)

    @property
    def used_groups(self) -> dict[str, int]:
        """By the sources' locations, how many row groups are needed, the first ones."""
        used = {source.location: 0 for source in self.sources}
        for shard in self.shards:
            used[shard.source.location] = max((0, *(group + 1 for group in shard.row_groups)))
        return used

    def head(self, limit: int) -> "Corpus":
        """The first rows only."""
        kept: list[Shard] = []
        for shard in self.shards:
            kept.append(shard.first(limit))
            limit -= shard.rows
            if limit <= 0:
                break
        return replace(self, shards=tuple(kept))


def open_corpus(
    place: str, *, format: str = "auto", text: str | None = None, cache: Path | None = None
) -> Corpus:
    """Find the files of an input and read their footers.

    Columns are united over the files: one that a file lacks is null there, with a warning; one that
    is null throughout takes the type that it has elsewhere.

    Args:
        place: a file; a directory, searched to the bottom for files of one format, whose
            ``key=value`` folders become columns; a glob, likewise; or a URL of any of these, see
            :mod:`pipelines.inputs.places` for schemes and credentials.
        format: ``parquet``, ``csv`` (also TSV), ``jsonl``, ``text`` (a line is a row), or
            ``auto``: by the files' suffixes, which may be followed by one of a compression.
        text: the column of the texts, ``text`` if None; of files other than Parquet it is always
            read as text.
        cache: folder for what is converted to Parquet; if None, a temporary one.

    Raises:
        InputMissingError: there is no such file.
        DataError: a file can't be read, or two differ in the type of a column.
        InputChangedError: a file changed while it was read.
        MissingExtraError: the URL needs a package that is not installed.
    """
    found, warnings = find(place, format)
    files = input_files(found, text or "text", None if cache is None else cache / CONVERTED)
    schema, drift = united([Described(f.source.name, f.schema, any(f.group_rows)) for f in files])
    types = partition_types(files, schema)
    for key, kind in types.items():
        schema = schema.append(pa.field(key, kind))
    shards = tuple(_shards(files, schema, types))
    return Corpus(schema, shards, tuple(file.source for file in files), (*warnings, *drift))


def with_contents(corpus: Corpus, memory: Path) -> Corpus:
    """The corpus with the contents of its shards and sources filled in.

    Args:
        corpus: as it was opened.
        memory: a file that remembers the digests of files that nobody has touched since; made if
            it is not there, begun anew if it is damaged.

    Raises:
        InputChangedError: a file changed since the corpus was opened.
        OutputError: the memory can't be written.
    """
    used = corpus.used_groups
    with remembering(memory) as notes:
        done = {
            source.location: digested(source, used[source.location], notes)
            for source in corpus.sources
        }
        notes.forget_all_but(used)
    return replace(
        corpus,
        shards=tuple(_with_content(shard, *done[shard.source.location]) for shard in corpus.shards),
        sources=tuple(done[source.location][0] for source in corpus.sources),
    )


def _with_content(shard: Shard, source: Source, groups: Sequence[bytes]) -> Shard:
    wanted = [shard.rows, sorted(shard.partition.items())]
    content = joint_digest(source.columns, [groups[g] for g in shard.row_groups], wanted)
    return replace(shard, source=source, content=content)


def _shards(
    files: Sequence[InputFile], schema: pa.Schema, types: Mapping[str, pa.DataType]
) -> Iterator[Shard]:
    number = 0
    for file in files:
        values, folder = partition_values(file, types), file.found.folder
        for groups in _runs(file.group_rows):
            rows = sum(file.group_rows[g] for g in groups)
            yield Shard(number, file.source, groups, rows, schema, values, folder)
            number += 1
    if not number:
        values, folder = partition_values(files[0], types), files[0].found.folder
        yield Shard(0, files[0].source, (), 0, schema, values, folder)


def _runs(group_rows: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Numbers of consecutive row groups that together reach :data:`SHARD_ROWS`."""
    run: list[int] = []
    held = 0
    for group, rows in enumerate(group_rows):
        run.append(group)
        held += rows
        if held >= SHARD_ROWS:
            yield tuple(run)
            run, held = [], 0
    if held:
        yield tuple(run)
