"""The labels of a batch of rows, as strings, whatever the type of their column."""

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.errors import DataError
from pipelines.recipe import Recipe


def labels_of(recipe: Recipe, source: pa.RecordBatch) -> pa.StringArray | None:
    """``(n,)`` string, null where a row is unlabelled: null, or not a number.

    Args:
        recipe: names the column, which may be one of the input's folders.
        source: ``(n,)`` rows of the input.

    Returns:
        The labels; None if the recipe names no column, or one that holds no labels but lists or
        structs, such as labelled spans.

    Raises:
        DataError: the column can't be written as text.
    """
    if recipe.label is None:
        return None
    column = source.column(recipe.label)
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_nested(kind):
        return None
    if pa.types.is_floating(kind):
        # How pandas stores a column of numbers some of which are missing.
        column = pc.if_else(pc.is_nan(column.cast(kind)), None, column.cast(kind))
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        raise DataError(
            f"the column {recipe.label!r} (label) of type {column.type} is no label"
        ) from None
