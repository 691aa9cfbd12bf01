"""CSV and TSV, read by pyarrow; types are taken from all values of a column, not the first ones.

A column is of whole numbers, numbers or truth values only if every value is written as one;
anything else is text as it stands: ``007`` stays ``007``, dates and ``NULL`` stay text. An empty
cell is null in a column of numbers, and an empty string in one of text.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from pipelines.errors import DataError
from pipelines.inputs.source import File

_BLOCK_BYTES, _MOST_BYTES = 8 << 20, 1 << 30

_KINDS: Mapping[str, tuple[str, pa.DataType]] = {
    "int": (r"^(0|-?[1-9][0-9]{0,17})$", pa.int64()),
    "float": (r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?$", pa.float64()),
    "bool": (r"^(true|false|True|False|TRUE|FALSE)$", pa.bool_()),
}
"""What a column may be, the first that fits, and how such values are written."""

_EMPTY = "empty"
"""Noted of a column without values."""


def look(file: File) -> dict[str, Any]:
    """What the columns of a file may be.

    Raises:
        DataError: the file is no CSV; the message names the line.
    """
    block_bytes = _BLOCK_BYTES
    while True:
        try:
            return {"block_bytes": block_bytes, "kinds": _kinds(file, block_bytes)}
        except _TooLongError:
            block_bytes *= 8
            if block_bytes > _MOST_BYTES:
                _fail(file, "a row is longer than a gigabyte; is a quote not closed?")


class _TooLongError(Exception):
    """A row does not fit into a block."""


class _EmptyError(Exception):
    """There are no rows, and perhaps no columns."""


def _kinds(file: File, block_bytes: int) -> dict[str, list[str]]:
    names = _names(file, block_bytes)
    kinds = {name: [*_KINDS, _EMPTY] for name in names}
    for batch in _batches(file, pa.schema([(name, pa.string()) for name in names]), block_bytes):
        for name, column in zip(names, batch.columns, strict=True):
            kinds[name] = _still(kinds[name], column)
    if _count_quotes(file) % 2:
        _check_closed(file)
    return kinds


def _still(kinds: Sequence[str], column: pa.StringArray) -> list[str]:
    """Which kinds a column may be of after more values."""
    if not kinds:
        return []
    given = column.filter(pc.not_equal(column, ""))
    if not len(given):
        return list(kinds)
    return [
        kind
        for kind in kinds
        if kind != _EMPTY
        and pc.all(pc.match_substring_regex(given, _KINDS[kind][0])).as_py() is not False
    ]


def settle(
    _files: Sequence[File], looks: Sequence[Mapping[str, Any]], text: str
) -> list[pa.Schema]:
    """The columns of every file, a column having the same type in all; texts are always text."""
    shared: dict[str, set[str]] = {}
    for found in looks:
        for name, kinds in found["kinds"].items():
            shared[name] = shared.get(name, {*_KINDS, _EMPTY}) & {*kinds}
    # A column of no values anywhere is text; one of no values in this file is what others make it.
    for found in looks:
        for name, kinds in found["kinds"].items():
            if _EMPTY not in kinds:
                shared[name].discard(_EMPTY)
    return [
        pa.schema([(name, _type(name, shared, looks, text)) for name in found["kinds"]])
        for found in looks
    ]


def _type(
    name: str, shared: Mapping[str, set[str]], looks: Sequence[Mapping[str, Any]], text: str
) -> pa.DataType:
    if name == text or all(_EMPTY in found["kinds"].get(name, [_EMPTY]) for found in looks):
        return pa.string()
    return next((kind for key, (_, kind) in _KINDS.items() if key in shared[name]), pa.string())


def read(file: File, schema: pa.Schema, look: Mapping[str, Any]) -> Iterator[pa.RecordBatch]:
    """The rows in order, in the types that were settled on.

    Raises:
        DataError: the file is no CSV; the message names the line.
    """
    if schema.names:
        yield from _batches(file, schema, look["block_bytes"])


def _names(file: File, block_bytes: int) -> list[str]:
    """The columns' names, from the first line."""
    names: list[str]
    try:
        names = _guarded(file, lambda: _reader(file, None, block_bytes).schema.names)
    except _EmptyError:
        # Pyarrow also says so of a single line without an end, which may well name columns.
        names = next((row for _, row in _records(file) if row), [])
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{file.name} has several columns named {', '.join(twice)}")
    return names


def _batches(file: File, schema: pa.Schema, block_bytes: int) -> Iterator[pa.RecordBatch]:
    if not schema.names:
        return
    try:
        reader = _guarded(file, lambda: _reader(file, schema, block_bytes))
    except _EmptyError:
        return
    with reader:
        while (batch := _guarded(file, lambda: next(reader, None))) is not None:
            yield batch


def _reader(
    file: File, schema: pa.Schema | None, block_bytes: int
) -> pyarrow.csv.CSVStreamingReader:
    return pyarrow.csv.open_csv(
        file.streamed(),
        pyarrow.csv.ReadOptions(use_threads=False, block_size=block_bytes),
        pyarrow.csv.ParseOptions(delimiter=_delimiter(file), newlines_in_values=True),
        pyarrow.csv.ConvertOptions(column_types=schema, null_values=[""]),
    )


def _delimiter(file: File) -> str:
    return "\t" if re.search(r"\.tsv(\.\w+)?$", file.path.lower()) else ","


def _guarded(file: File, work: Callable[[], Any]) -> Any:
    """The result of work with pyarrow's reader, whose errors are told as ours."""
    try:
        return work()
    except pa.ArrowInvalid as error:
        if "straddling" in str(error):
            raise _TooLongError from None
        if "Empty CSV" in str(error):
            raise _EmptyError from None
        told = re.search(r"Row #(\d+): (.*)", str(error), re.DOTALL)
        if told is None:
            _fail(file, str(error))
        _fail(file, told[2], _line_of(file, int(told[1])))
    except OSError as error:
        if error.errno is not None:
            raise
        _fail(file, str(error))


def _fail(file: File, message: str, line: int | None = None) -> NoReturn:
    place = "" if line is None else f", line {line}"
    raise DataError(f"{file.name}{place}: {message}") from None


def _count_quotes(file: File) -> int:
    count = 0
    with file.streamed() as stream:
        while piece := stream.read(_BLOCK_BYTES):
            count += piece.count(b'"')
    return count


def _check_closed(file: File) -> None:
    """An odd number of quotes may be right, since within a cell they mean nothing."""
    for line, row in _records(file):
        if row is None:
            _fail(file, "a quote is opened in this row and never closed", line)


def _line_of(file: File, number: int) -> int:
    """The line on which a row begins; rows are counted with the header and without blank lines."""
    lines = (line for line, row in _records(file) if row != [])
    return next((line for count, line in enumerate(lines, 1) if count == number), number)


def _records(file: File) -> Iterator[tuple[int, list[str] | None]]:
    """Rows with their first lines, as slowly as Python reads; None for one that has no end."""
    limit = csv.field_size_limit(_MOST_BYTES)
    try:
        with pa.transcoding_input_stream(file.streamed(), "latin-1", "utf-8") as stream:
            rows = csv.reader(_text(stream), delimiter=_delimiter(file), strict=True)
            while True:
                start = rows.line_num + 1
                try:
                    row = next(rows, None)
                except csv.Error as error:
                    if "unexpected end of data" in str(error):
                        yield start, None
                        return
                    row = [str(error)]
                if row is None:
                    return
                yield start, row
    finally:
        csv.field_size_limit(limit)


def _text(stream: pa.NativeFile) -> Iterator[str]:
    return iter(io.TextIOWrapper(io.BufferedReader(stream), "utf-8", newline=""))
