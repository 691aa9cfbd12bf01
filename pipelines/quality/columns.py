"""Columns of a dataset's tables as single arrays of the types that are measured."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.text.columns import Ints
from pipelines.recipe import Recipe

UNKNOWN = "und"
"""The language of rows of which the output does not tell it, as the layout pairs does not."""


def tags(recipe: Recipe, rows: pa.Table) -> Any:
    """``(n,)`` object: the language of each row."""
    spoken = recipe.language
    if isinstance(spoken, str) or spoken.column not in rows.schema.names:
        tag = spoken if isinstance(spoken, str) else UNKNOWN
        return np.full(rows.num_rows, tag, object)
    tags = pc.fill_null(strings(rows[spoken.column]), UNKNOWN)
    return tags.to_numpy(zero_copy_only=False).astype(object)


def places(wanted: pa.StringArray, window: pa.Table | None) -> Ints:
    """Where each one's source stands in a window; -1 if it does not."""
    if window is None:
        return np.full(len(wanted), -1, np.int64)
    found = pc.index_in(wanted, value_set=strings(window["aug_parent"]))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int64)


def plain(kind: pa.DataType) -> bool:
    """Whether a column's values can be written as short strings."""
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    nested = pa.types.is_nested(kind)
    return not nested and not pa.types.is_binary(kind) and not pa.types.is_large_binary(kind)


def array(column: pa.ChunkedArray) -> pa.Array:
    """As one array."""
    chunks = column.chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], column.type)


def strings(column: pa.ChunkedArray) -> pa.StringArray:
    """As one array of strings, whatever the type."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return array(column.cast(pa.string()))


def stacked(parts: list[pa.StringArray]) -> pa.StringArray:
    """One below the other."""
    return pa.concat_arrays([pa.array([], pa.string()), *parts])
