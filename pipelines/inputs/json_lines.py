"""JSON Lines, one object a line, read by pyarrow in the types that all lines together ask for.

Strings stay strings, whatever they look like. Whole numbers among broken ones are made broken
ones, as long as no digit is lost. A field that a line lacks is null.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NoReturn, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from pipelines.errors import DataError
from pipelines.inputs.line_blocks import Block, line_blocks
from pipelines.inputs.source import File
from pipelines.inputs.union import nested

_T = TypeVar("_T")

_EXACT = 2**53
"""Whole numbers up to this are doubles without loss."""


def look(file: File) -> str:
    """The types that a file's lines ask for.

    Raises:
        DataError: a line is no object, or a field is of another type than before; the message
            names the line.
    """
    schema = pa.schema([])
    for block in line_blocks(file):
        schema = _located(file, block, partial(_seen, schema))
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def settle(files: Sequence[File], looks: Sequence[str], text: str) -> list[pa.Schema]:
    """The columns of every file, a column having the same type in all.

    Raises:
        DataError: a column can't have, or is of a type that Parquet does not have.
    """
    found = [pa.ipc.read_schema(pa.py_buffer(base64.b64decode(look))) for look in looks]
    shared = pa.schema([])
    for file, schema in zip(files, found, strict=True):
        try:
            shared = _merged(shared, schema)
        except pa.ArrowInvalid as error:
            raise DataError(f"{file.name}: {error}, in the files before") from None
    kinds = {field.name: field.type for field in shared}
    if pa.types.is_null(kinds.get(text, pa.string())):
        kinds[text] = pa.string()
    for name, kind in kinds.items():
        if _hollow(kind):
            holder = next(f for f, s in zip(files, found, strict=True) if name in s.names)
            raise DataError(
                f"the column {name!r} of {holder.name} has objects without fields, {{}}, which "
                "Parquet can't hold; write null instead, or leave the column out"
            )
    return [pa.schema([(name, kinds[name]) for name in schema.names]) for schema in found]


def read(file: File, schema: pa.Schema, _look: Any) -> Iterator[pa.RecordBatch]:
    """The rows in order, in the types that were settled on.

    Raises:
        DataError: a line is not as it was, or has a number that no type of the column keeps.
    """
    broken = {field.name for field in schema if "double" in str(field.type)}
    for block in line_blocks(file):
        table = _located(file, block, lambda data: _parsed(data, schema))
        if any(_large(table[name]) for name in broken):
            _located(file, block, lambda data: _check_exact(data, broken))
        yield from table.to_batches()


def _seen(schema: pa.Schema, data: bytes) -> pa.Schema:
    return _merged(schema, _parsed(data).schema)


def _parsed(data: bytes, schema: pa.Schema | None = None) -> pa.Table:
    if not data.strip():
        return (schema or pa.schema([])).empty_table()
    table = pyarrow.json.read_json(
        pa.BufferReader(data),
        pyarrow.json.ReadOptions(use_threads=False, block_size=len(data) + 1),
        pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
        if schema
        else None,
    )
    return table.select(schema.names) if schema else table


def _located(file: File, block: Block, work: Callable[[bytes], _T]) -> _T:
    """The result of work on a block; if it fails, the first line with which it does is named."""
    try:
        return work(block.data)
    except pa.ArrowInvalid:
        _fail(file, block, work)


def _fail(file: File, block: Block, work: Callable[[bytes], Any]) -> NoReturn:
    lines = block.data.split(b"\n")
    good, bad, message = 0, len(lines), ""
    while bad - good > 0:
        middle = (good + bad) // 2
        try:
            work(b"\n".join(lines[: middle + 1]))
        except pa.ArrowInvalid as error:
            bad, message = middle, str(error)
        else:
            good = middle + 1
    message = re.sub(r"^JSON parse error: | in row \d+$", "", message)
    raise DataError(
        f"{file.name}, line {block.number + bad}: {message}; accepted is one JSON object per line"
    ) from None


def _merged(a: pa.Schema, b: pa.Schema) -> pa.Schema:
    """The fields of both.

    Raises:
        ArrowInvalid: a field can't be of both types.
    """
    kinds = {field.name: field.type for field in a}
    for field in b:
        held, new = kinds.get(field.name, pa.null()), _as_written(field.type)
        both = _merged_type(held, new)
        if both is None:
            raise pa.ArrowInvalid(f"the column {field.name!r} is {new} here, but {held} before")
        kinds[field.name] = both
    return pa.schema(list(kinds.items()))


def _merged_type(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    if a.equals(b) or pa.types.is_null(b):
        return a
    if pa.types.is_null(a):
        return b
    if {a, b} == {pa.int64(), pa.float64()}:
        return pa.float64()
    if pa.types.is_struct(a) and pa.types.is_struct(b):
        try:
            return pa.struct(list(_merged(pa.schema(list(a)), pa.schema(list(b)))))
        except pa.ArrowInvalid:
            return None
    return nested(a, b, _merged_type)


def _as_written(kind: pa.DataType) -> pa.DataType:
    """A type in which strings that look like times are strings."""
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_as_written(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _as_written(field.type)) for field in kind])
    return kind


def _hollow(kind: pa.DataType) -> bool:
    if pa.types.is_struct(kind):
        return kind.num_fields == 0 or any(_hollow(field.type) for field in kind)
    return pa.types.is_list(kind) and _hollow(kind.value_type)


def _large(column: pa.ChunkedArray) -> bool:
    """Whether a column has broken numbers that may have been whole ones with more digits."""
    return any(_large_array(chunk) for chunk in column.chunks)


def _large_array(array: pa.Array) -> bool:
    if pa.types.is_floating(array.type):
        return bool(pc.any(pc.greater_equal(pc.abs(array), float(_EXACT))).as_py())
    if pa.types.is_list(array.type):
        return _large_array(array.flatten())
    if pa.types.is_struct(array.type):
        return any(_large_array(part) for part in array.flatten())
    return False


def _check_exact(data: bytes, names: set[str]) -> None:
    for line in data.split(b"\n"):
        row = json.loads(line) if line.strip() else {}
        for name in names & row.keys():
            if _lossy(row[name]):
                raise pa.ArrowInvalid(
                    f"the column {name!r} has whole numbers that are too large for int64, or for "
                    "float64 beside broken ones; write them as strings"
                )


def _lossy(value: Any) -> bool:
    if isinstance(value, int):
        return int(float(value)) != value
    if isinstance(value, list | dict):
        return any(map(_lossy, value.values() if isinstance(value, dict) else value))
    return False
