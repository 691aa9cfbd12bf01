"""Which Arrow types a Delta table holds without losing anything, and what its readers get."""

import re
from collections.abc import Iterator

import pyarrow as pa
from pyarrow import types

from pipelines.errors import DataError

_DIGITS = 38
"""Of a decimal number, at most."""

_UTC = frozenset({"UTC", "Etc/UTC", "Z", "+00:00"})

_NAME = re.compile(r"[ ,;{}()\n\t=]")
"""Characters that no column of a Delta table may have in its name."""

_SAME = (
    types.is_boolean,
    types.is_signed_integer,
    types.is_float32,
    types.is_float64,
    types.is_date32,
    types.is_string,
    types.is_binary,
)


def held(kind: pa.DataType) -> pa.DataType | None:
    """The type that readers of a Delta table get for one of Arrow; None if values may be lost.

    >>> held(pa.dictionary(pa.int32(), pa.large_string()))
    DataType(string)
    >>> held(pa.uint64()) is None
    True
    """
    if any(is_same(kind) for is_same in _SAME):
        return kind
    if types.is_dictionary(kind):
        return held(kind.value_type)
    if types.is_large_string(kind):
        return pa.string()
    if types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return pa.binary()
    if types.is_decimal(kind):
        return pa.decimal128(kind.precision, kind.scale) if kind.precision <= _DIGITS else None
    if types.is_timestamp(kind):
        return _moment(kind)
    return _nested(kind)


def _moment(kind: pa.DataType) -> pa.DataType | None:
    """Of microseconds; another zone than UTC would be forgotten."""
    if kind.unit == "ns" or (kind.tz is not None and kind.tz not in _UTC):
        return None
    return pa.timestamp("us", None if kind.tz is None else "UTC")


def _nested(kind: pa.DataType) -> pa.DataType | None:
    if types.is_struct(kind):
        inner = [_field(kind.field(number)) for number in range(kind.num_fields)]
        return pa.struct(inner) if inner and all(inner) else None
    if types.is_map(kind):
        key, item = _field(kind.key_field), _field(kind.item_field)
        return None if key is None or item is None else pa.map_(key, item)
    if types.is_list(kind) or types.is_large_list(kind):
        value = _field(kind.value_field)
        return None if value is None else pa.list_(value)
    return None


def _field(field: pa.Field) -> pa.Field | None:
    kind = held(field.type)
    return None if kind is None else pa.field(field.name, kind, field.nullable)


def held_schema(schema: pa.Schema) -> pa.Schema:
    """What readers of a Delta table get for a schema.

    Raises:
        DataError: naming every column that can't be held.
    """
    problems = [*_problems(schema)]
    if problems:
        count = f"{len(problems)} column{'s' if len(problems) > 1 else ''}"
        head = f"a Delta table can't hold {count} of the output (format: parquet can)"
        raise DataError("\n  ".join([head, *problems]))
    return pa.schema([_field(field) for field in schema])


def _problems(schema: pa.Schema) -> Iterator[str]:
    seen: dict[str, str] = {}
    for field in schema:
        if held(field.type) is None:
            yield f"{field.name!r}: {field.type}{_advice(field.type)}"
        if _NAME.search(field.name):
            yield f"{field.name!r}: a name with a blank or one of , ; {{ }} ( ) ="
        other = seen.setdefault(field.name.lower(), field.name)
        if other != field.name:
            yield f"{field.name!r}: {other!r} is the same name to Delta"


def _advice(kind: pa.DataType) -> str:
    if types.is_unsigned_integer(kind):
        return "; signed integers can be held"
    if types.is_timestamp(kind) and kind.unit == "ns":
        return "; timestamp[us] can be held"
    if types.is_timestamp(kind):
        return "; timestamp[us, tz=UTC] can be held"
    if types.is_fixed_size_list(kind):
        return f"; list<{kind.value_type}> can be held"
    return ""
