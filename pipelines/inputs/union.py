"""One schema for files whose columns differ, as they do when a corpus has grown over the years."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.errors import DataError

Merge = Callable[[pa.DataType, pa.DataType], pa.DataType | None]
"""The type that holds the values of two types; None if there is none."""


@dataclass(frozen=True, slots=True)
class Described:
    """A file's name, its columns, and whether it has rows."""

    name: str
    schema: pa.Schema
    rows: bool = True


def united(files: Sequence[Described]) -> tuple[pa.Schema, tuple[str, ...]]:
    """The columns of all files, in the order in which they first appear, and warnings.

    A column that a file lacks is to be filled with nulls there, and is nullable for that. Metadata
    is that of the first file that has any. Files without rows decide nothing, if others have rows.

    Raises:
        DataError: two files differ in the type of a column; the message names them and it.
    """
    telling = [file for file in files if file.rows] or list(files)
    fields: dict[str, pa.Field] = {}
    first: dict[str, Described] = {}
    for file in telling:
        for field in file.schema:
            held = fields.get(field.name)
            if held is None:
                first[field.name], fields[field.name] = file, field
            elif not held.equals(field, check_metadata=True):
                fields[field.name] = _merged(held, field, first[field.name], file)
    has = [(file.name, set(file.schema.names)) for file in telling]
    lacking = {name: [file for file, names in has if name not in names] for name in fields}
    schema = pa.schema(
        [field.with_nullable(True) if lacking[name] else field for name, field in fields.items()],
        next((file.schema.metadata for file in telling if file.schema.metadata), None),
    )
    return schema, tuple(_warnings(lacking, len(telling)))


def _merged(held: pa.Field, field: pa.Field, before: Described, file: Described) -> pa.Field:
    kind = merged_type(held.type, field.type)
    if kind is None:
        raise DataError(
            f"the column {field.name!r} is {field.type} in {file.name}, but {held.type} in "
            f"{before.name}; give it one type in all files, or leave files out by a glob"
        )
    nullable = held.nullable or field.nullable
    return pa.field(held.name, kind, nullable, held.metadata or field.metadata)


def merged_type(a: pa.DataType, b: pa.DataType) -> pa.DataType | None:
    """The type of which both are, where null, also within lists and structs, is of any type."""
    if a.equals(b) or pa.types.is_null(b):
        return a
    if pa.types.is_null(a):
        return b
    return nested(a, b, merged_type)


def nested(a: pa.DataType, b: pa.DataType, merge: Merge) -> pa.DataType | None:
    """The same for lists of one kind, and structs of the same fields."""
    for is_kind, make in _LISTS:
        if is_kind(a) and is_kind(b):
            item = merge(a.value_type, b.value_type)
            nullable = a.value_field.nullable or b.value_field.nullable
            return None if item is None else make(pa.field(a.value_field.name, item, nullable))
    if pa.types.is_struct(a) and pa.types.is_struct(b):
        if [field.name for field in a] != [field.name for field in b]:
            return None
        kinds = [merge(x.type, y.type) for x, y in zip(a, b, strict=True)]
        if any(kind is None for kind in kinds):
            return None
        return pa.struct(
            [
                pa.field(x.name, kind, x.nullable or y.nullable)
                for x, y, kind in zip(a, b, kinds, strict=True)
            ]
        )
    return None


_LISTS = ((pa.types.is_list, pa.list_), (pa.types.is_large_list, pa.large_list))


def _warnings(lacking: dict[str, list[str]], count: int) -> Iterator[str]:
    for name, files in lacking.items():
        if files:
            more = f" and {len(files) - 1} other files" if len(files) > 2 else ""
            more = f" and {files[1]}" if len(files) == 2 else more
            yield (
                f"the column {name!r} is missing in {files[0]}{more} (of {count} files); "
                "it is null there"
            )
