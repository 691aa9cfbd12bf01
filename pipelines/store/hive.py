"""Columns whose values stand in folders' names: ``lang=en/part-00000.parquet``."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

import pyarrow as pa

_NULL = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")


def values(name: str) -> dict[str, str | None]:
    """The columns and values in a file's name; None for null."""
    pairs = (folder.split("=", 1) for folder in name.split("/")[:-1] if "=" in folder)
    return {key: None if value == _NULL else unquote(value) for key, value in pairs}


def fields(names: Sequence[str], schema: pa.Schema) -> list[pa.Field]:
    """The columns that a dataset's files lack: integers if all values are written as such are.

    Args:
        names: of the files.
        schema: of what they hold: a column that is there is no folder's.
    """
    found = [values(name) for name in names]
    keys = dict.fromkeys(key for each in found for key in each if key not in schema.names)
    return [pa.field(key, _type(each.get(key) for each in found)) for key in keys]


def scalar(field: pa.Field, value: str | None) -> pa.Scalar:
    """A value as its column has it."""
    typed = int(value) if value is not None and pa.types.is_integer(field.type) else value
    return pa.scalar(typed, field.type)


def _type(found: Iterable[str | None]) -> pa.DataType:
    given = [value for value in found if value is not None]
    # With a leading zero it may be no number.
    whole = bool(given) and all(_WHOLE.fullmatch(value) for value in given)
    return pa.int64() if whole else pa.string()
