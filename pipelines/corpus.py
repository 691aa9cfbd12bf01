"""The input: which Parquet files it is, what they hold, and how they are cut into shards."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from glob import has_magic
from itertools import takewhile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import DataError, InputMissingError

SHARD_ROWS = 10_000
"""Rows that a shard holds at the least, if its file has so many. Never depends on the workers:
the same input is cut the same way wherever it is processed."""

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True, slots=True)
class Shard:
    """Consecutive row groups of one file: the unit of work.

    Attributes:
        number: its place in the input, and in the output.
        path: the file.
        row_groups: their numbers; may be empty.
        rows: how many of their rows are wanted, the first ones.
        schema: of all input columns, partition columns last.
        partition: the values of the partition columns.
    """

    number: int
    path: str
    row_groups: tuple[int, ...]
    rows: int
    schema: pa.Schema
    partition: Mapping[str, Any]

    def __str__(self) -> str:
        groups = self.row_groups
        span = f", row groups {groups[0]} to {groups[-1]}" if groups else ""
        return f"shard {self.number} ({self.path}{span})"


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    partition: Mapping[str, str | None]
    schema: pa.Schema
    group_rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Files of one schema.

    Attributes:
        schema: columns of all files, then the partition columns; metadata of the first file.
        shards: in the order of the files' paths; at least one, if only an empty one.
    """

    schema: pa.Schema
    shards: tuple[Shard, ...]

    @property
    def rows(self) -> int:
        """Rows of all shards."""
        return sum(shard.rows for shard in self.shards)

    def head(self, limit: int) -> "Corpus":
        """The first rows only."""
        kept: list[Shard] = []
        for shard in self.shards:
            kept.append(replace(shard, rows=min(shard.rows, limit)))
            limit -= shard.rows
            if limit <= 0:
                break
        return replace(self, shards=tuple(kept))


def open_corpus(place: str) -> Corpus:
    """Find the files of an input and read their footers.

    Args:
        place: a file; a directory, searched to the bottom for ``*.parquet``, whose ``key=value``
            folders become columns; or a glob, likewise.

    Raises:
        InputMissingError: there is no such file.
        DataError: a file is no Parquet, or the files differ in their columns.
    """
    base, paths = _find(place)
    files = [_read_footer(path, _partition(path.relative_to(base))) for path in paths]
    _check_alike(files)
    keys = [key for key in files[0].partition if key not in files[0].schema.names]
    types = {key: _partition_type([file.partition[key] for file in files]) for key in keys}
    schema = files[0].schema
    for key, kind in types.items():
        schema = schema.append(pa.field(key, kind))
    return Corpus(schema, tuple(_shards(files, schema, types)))


def _find(place: str) -> tuple[Path, list[Path]]:
    """The folder below which folder names count as partitions, and the files."""
    path = Path(place)
    if path.is_file():
        return path.parent, [path]
    if path.is_dir():
        found = [p for p in path.rglob("*.parquet") if p.is_file() and _visible(p, path)]
        if not found:
            raise InputMissingError(f"the input directory {place!r} holds no *.parquet file")
        return path, sorted(found)
    if has_magic(place):
        fixed = [*takewhile(lambda part: not has_magic(part), path.parts[:-1])]
        found = [p for p in Path(*fixed).glob(str(path.relative_to(Path(*fixed)))) if p.is_file()]
        if not found:
            raise InputMissingError(f"no file matches the input {place!r}")
        return Path(*fixed), sorted(found)
    raise InputMissingError(f"the input {place!r} does not exist")


def _visible(path: Path, base: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in path.relative_to(base).parts)


def _partition(path: Path) -> dict[str, str | None]:
    pairs = (part.split("=", 1) for part in path.parts[:-1] if "=" in part)
    return {key: None if v == _NULL_PARTITION else unquote(v) for key, v in pairs}


def _read_footer(path: Path, partition: Mapping[str, str | None]) -> _File:
    try:
        with pq.ParquetFile(path) as file:
            meta = file.metadata
            rows = tuple(meta.row_group(i).num_rows for i in range(meta.num_row_groups))
            schema = file.schema_arrow
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} is no Parquet file that can be read: {error}") from None
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise DataError(f"{path} has several columns named {', '.join(twice)}")
    return _File(path, partition, schema, rows)


def _check_alike(files: Sequence[_File]) -> None:
    first = files[0]
    for file in files[1:]:
        here, there = ({f.name: f for f in each.schema} for each in (first, file))
        for name in dict.fromkeys((*here, *there)):
            if name not in here or name not in there:
                have, lack = (first, file) if name in here else (file, first)
                raise DataError(f"{lack.path} has no column {name!r}, which {have.path} has")
            if not here[name].equals(there[name]):
                raise DataError(
                    f"the column {name!r} is {_described(there[name])} in {file.path}, "
                    f"but {_described(here[name])} in {first.path}"
                )
        if [*file.partition] != [*first.partition]:
            raise DataError(f"{file.path} and {first.path} lie under different partition keys")


def _described(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


def _partition_type(values: Sequence[str | None]) -> pa.DataType:
    """Integers if all values are written as integers are, so that no leading zero is lost."""
    given = [value for value in values if value is not None]
    whole = given and all(re.fullmatch(r"0|-?[1-9]\d{0,17}", value) for value in given)
    return pa.int64() if whole else pa.string()


def _shards(
    files: Sequence[_File], schema: pa.Schema, types: Mapping[str, pa.DataType]
) -> Iterator[Shard]:
    number = 0
    for file in files:
        values = {key: _typed(file.partition[key], kind) for key, kind in types.items()}
        for groups in _runs(file.group_rows):
            rows = sum(file.group_rows[g] for g in groups)
            yield Shard(number, str(file.path), groups, rows, schema, values)
            number += 1
    if not number:
        values = dict.fromkeys(types)
        yield Shard(0, str(files[0].path), (), 0, schema, values)


def _typed(value: str | None, kind: pa.DataType) -> Any:
    return int(value) if value is not None and pa.types.is_integer(kind) else value


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
