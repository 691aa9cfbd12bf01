"""Sift a batch of input: usable rows with their ids, and rejects with the reason."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.text.spans import invalid
from pipelines.errors import DataError
from pipelines.recipe import Recipe
from pipelines.recipe_values import LanguageColumn
from pipelines.rejects import (
    INVALID_ID,
    INVALID_LANGUAGE,
    INVALID_SPANS,
    INVALID_UTF8,
    NULL_ID,
    NULL_TEXT,
    TOO_LONG,
    Rejection,
    rejects_of,
)


@dataclass(frozen=True, slots=True)
class Sifted:
    """A batch of input, checked.

    Attributes:
        source: ``(n,)`` usable rows.
        text: ``(n,)`` string, no nulls.
        ids: ``(n,)`` string, no nulls.
        rejects: the other rows (see :mod:`pipelines.rejects`).
    """

    source: pa.RecordBatch
    text: pa.StringArray
    ids: pa.StringArray
    rejects: pa.RecordBatch


def sift(recipe: Recipe, batch: pa.RecordBatch) -> Sifted:
    """Check text and id of every row of a batch whose columns have been checked.

    Raises:
        DataError: the id column can't be written as text.
    """
    text = as_strings(batch.column(recipe.text))
    reason = _problems(recipe, batch, text)
    named = None if recipe.id is None else _named(batch.column(recipe.id), recipe.id)
    if named is not None:
        reason = pc.coalesce(reason, pc.if_else(named.is_null(), NULL_ID, None))
        broken = _invalid_utf8(named)
        if broken is not None:
            reason = pc.coalesce(reason, pc.if_else(broken, INVALID_ID, None))
            named = pc.if_else(broken, None, named)
    if recipe.spans is not None:
        unspannable = _invalid_spans(batch.column(recipe.spans.column), text, reason)
        reason = pc.coalesce(reason, pc.if_else(unspannable, INVALID_SPANS, None))
    if reason.null_count < len(reason):
        usable = reason.is_null()
        rejects = rejects_of(batch, _rejections(reason, named))
        batch, text = batch.filter(usable), text.filter(usable)
        named = None if named is None else named.filter(usable)
    else:
        rejects = rejects_of(batch, [])
    ids = text_hashes(text) if named is None else named
    return Sifted(batch, text, ids, rejects)


def readable(recipe: Recipe, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, pa.StringArray]:
    """The rows whose text and language can be used, and their texts."""
    text = as_strings(batch.column(recipe.text))
    usable = _problems(recipe, batch, text).is_null()
    return batch.filter(usable), text.filter(usable)


def _rejections(reason: pa.StringArray, named: pa.StringArray | None) -> list[Rejection]:
    bad = np.flatnonzero(reason.is_valid().to_numpy(zero_copy_only=False)).tolist()
    return [
        Rejection(row, reason[row].as_py(), None if named is None else named[row].as_py())
        for row in bad
    ]


def as_strings(column: pa.Array) -> pa.StringArray:
    """A string, large_string or dictionary<string> column as plain strings."""
    return column.cast(pa.string())


def _named(column: pa.Array, name: str) -> pa.StringArray:
    try:
        return as_strings(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        raise DataError(f"the column {name!r} (id) of type {column.type} is no id") from None


def _problems(recipe: Recipe, batch: pa.RecordBatch, text: pa.StringArray) -> pa.StringArray:
    """Why the text or the language of each row can't be used; null if both can."""
    reason = _text_problems(text, recipe.max_chars)
    if isinstance(recipe.language, LanguageColumn):
        broken = _invalid_utf8(as_strings(batch.column(recipe.language.column)))
        if broken is not None:
            reason = pc.coalesce(reason, pc.if_else(broken, INVALID_LANGUAGE, None))
    return reason


def _text_problems(text: pa.StringArray, max_chars: int | None) -> pa.StringArray:
    reason = pc.if_else(text.is_null(), NULL_TEXT, pa.scalar(None, pa.string()))
    broken = _invalid_utf8(text)
    if broken is not None:
        # Their length in characters is nothing that could be asked for.
        text = pc.if_else(broken, "", text)
        reason = pc.coalesce(reason, pc.if_else(broken, INVALID_UTF8, None))
    if max_chars is not None:
        long = pc.greater(pc.utf8_length(text), max_chars)
        reason = pc.coalesce(reason, pc.if_else(long, TOO_LONG, None))
    return reason


def _invalid_spans(
    spans: pa.Array, text: pa.StringArray, reason: pa.StringArray
) -> pa.BooleanArray:
    # A text that is rejected anyway may have no length that could be asked for.
    lengths = pc.utf8_length(pc.if_else(reason.is_null(), text, ""))
    return pa.array(invalid(spans, lengths.to_numpy(zero_copy_only=False)))


def _invalid_utf8(text: pa.StringArray) -> pa.BooleanArray | None:
    """Which rows are no UTF-8, or None if all are, as nearly always."""
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return pa.array([not _decodes(v) for v in text.cast(pa.binary()).to_pylist()])
    return None


def _decodes(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def text_hashes(text: pa.StringArray) -> pa.StringArray:
    """``(n,)`` 32 hex digits (XXH3-128): the ids of rows that have no other."""
    digest = xxhash.xxh3_128_hexdigest
    return pa.array([digest(t) for t in text.cast(pa.binary()).to_pylist()], pa.string())
