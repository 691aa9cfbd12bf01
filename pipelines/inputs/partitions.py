"""Columns that are told by the names of folders: ``lang=en/year=2024``."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines.errors import DataError
from pipelines.inputs.footers import InputFile


def partition_types(files: Sequence[InputFile], columns: pa.Schema) -> dict[str, pa.DataType]:
    """The partition columns, but for those that the files have themselves.

    Raises:
        DataError: the files lie under different keys, or a key is a column of some of them only.
    """
    first = files[0]
    keys = [*first.found.partition]
    for file in files[1:]:
        if [*file.found.partition] != keys:
            raise DataError(
                f"{file.source.name} and {first.source.name} lie under different partition keys"
            )
    for key in keys:
        lacking = [file for file in files if file.group_rows and key not in file.schema.names]
        if key in columns.names and lacking:
            raise DataError(
                f"the partition key {key!r} is also a column of some files, but not of "
                f"{lacking[0].source.name}"
            )
    return {
        key: _type([file.found.partition[key] for file in files])
        for key in keys
        if key not in columns.names
    }


def partition_values(file: InputFile, types: Mapping[str, pa.DataType]) -> dict[str, Any]:
    """A file's values of the partition columns."""
    given = file.found.partition
    return {key: _typed(given[key], kind) for key, kind in types.items()}


def _type(values: Sequence[str | None]) -> pa.DataType:
    """Integers if all values are written as integers are, so that no leading zero is lost."""
    given = [value for value in values if value is not None]
    whole = given and all(re.fullmatch(r"0|-?[1-9]\d{0,17}", value) for value in given)
    return pa.int64() if whole else pa.string()


def _typed(value: str | None, kind: pa.DataType) -> Any:
    return int(value) if value is not None and pa.types.is_integer(kind) else value
