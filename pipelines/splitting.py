"""The column that says which rows to train on and which to validate on."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import hash_strings, row_keys, uniform
from augment.text.columns import Bools
from pipelines.errors import DataError
from pipelines.recipe import Recipe
from pipelines.recipe_values import Split
from pipelines.rows import VIEW

TRAIN, VALIDATION = "train", "validation"


def with_split(recipe: Recipe, source: pa.RecordBatch, text: pa.StringArray) -> pa.RecordBatch:
    """The rows with the column that the recipe asks for, if it does.

    Args:
        recipe: whose ``split`` and ``seed`` decide.
        source: ``(n,)`` usable rows of the input, its folders' columns included.
        text: ``(n,)`` their texts.

    Raises:
        DataError: the column of the groups can't be written as text.
    """
    if recipe.split is None:
        return source
    codes = pa.array(validated(recipe, source, text).astype("int32"))
    column = pa.DictionaryArray.from_arrays(codes, pa.array([TRAIN, VALIDATION]))
    schema = source.schema.append(split_field(recipe.split))
    return pa.RecordBatch.from_arrays([*source.columns, column], schema=schema)


def validated(recipe: Recipe, source: pa.RecordBatch, text: pa.StringArray) -> Bools:
    """``(n,)``: which rows are validated on, so that nothing may be learned of them.

    Args:
        recipe, source, text: as there.

    Raises:
        DataError: the column of the groups can't be written as text.
    """
    if recipe.split is None:
        return np.zeros(source.num_rows, np.bool_)
    groups = _groups(recipe.split, source, text)
    drawn = uniform(row_keys(recipe.seed, hash_strings(groups)), "split")
    return drawn < recipe.split.validation


def split_field(split: Split) -> pa.Field:
    """Of the column."""
    return pa.field(split.name, VIEW)


def _groups(split: Split, source: pa.RecordBatch, text: pa.StringArray) -> pa.StringArray:
    """What rows must have in common to stay together: a value, or else the text."""
    if split.by is None:
        return text
    column = source.column(split.by)
    try:
        # A value that is some row's text does not join the two.
        named = pc.binary_join_element_wise("by", column.cast(pa.string()), "\0")
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        message = f"the column {split.by!r} (split.by) of type {column.type} names no groups"
        raise DataError(message) from None
    return pc.coalesce(named, text)
