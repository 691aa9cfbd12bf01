"""What the files of an input hold, by their footers."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from pipelines.errors import DataError, InputChangedError
from pipelines.inputs.content import schema_digest
from pipelines.inputs.converted import READERS, converted, scratch_cache
from pipelines.inputs.places import Found
from pipelines.inputs.source import File, Source

_CONNECTIONS = 16
"""Requests to a remote storage at a time, each of which is mostly waited for."""

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of the input.

    Attributes:
        found: where it lies.
        source: it as Parquet.
        schema: of its own columns.
        group_rows: rows of its row groups.
    """

    found: Found
    source: Source
    schema: pa.Schema
    group_rows: tuple[int, ...]


def input_files(found: Sequence[Found], text: str, cache: Path | None) -> list[InputFile]:
    """The files with what they hold, in the same order; converted, where they are no Parquet.

    Raises:
        DataError: a file can't be read.
        InputChangedError: a file was removed, or changed while it was converted.
    """
    sources = _sources(found, text, cache)
    return _each(_read_footer, list(zip(found, sources, strict=True)))


def _sources(found: Sequence[Found], text: str, cache: Path | None) -> list[Source]:
    made: dict[str, Source] = {}
    for format in dict.fromkeys(each.format for each in found):
        files = [each.file for each in found if each.format == format]
        if format in READERS:
            sources = converted(files, format, text, scratch_cache() if cache is None else cache)
        else:
            sources = _each(_parquet, files)
        made.update(zip((file.path for file in files), sources, strict=True))
    return [made[each.file.path] for each in found]


def _each(work: Callable[[_T], _R], items: Sequence[_T]) -> list[_R]:
    """Work on items, several at a time if that may be worth it."""
    if len(items) < 2 or "://" not in str(items[0]):
        return [*map(work, items)]
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        return [*pool.map(work, items)]


def _parquet(file: File) -> Source:
    try:
        return Source(file.name, file.stamp(), file.path, file.filesystem)
    except FileNotFoundError:
        raise InputChangedError(f"{file.name} was removed while the input was opened") from None


def _read_footer(pair: tuple[Found, Source]) -> InputFile:
    found, source = pair
    try:
        with source.opened() as file:
            meta, schema = file.metadata, file.schema_arrow
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise
        raise DataError(f"{source.name} is no Parquet file that can be read: {error}") from None
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise DataError(f"{source.name} has several columns named {', '.join(twice)}")
    rows = tuple(meta.row_group(i).num_rows for i in range(meta.num_row_groups))
    source = replace(source, columns=schema_digest(schema), rows=meta.num_rows)
    return InputFile(found, source, schema, rows)
