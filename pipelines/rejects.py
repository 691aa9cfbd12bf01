"""Rejects: the rows of the input that could not be used or failed, each with the reason."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass

import pyarrow as pa

NULL_TEXT, INVALID_UTF8, TOO_LONG = "null_text", "invalid_utf8", "too_long"
NULL_ID, INVALID_ID = "null_id", "invalid_id"
INVALID_LANGUAGE, INVALID_SPANS = "invalid_language", "invalid_spans"
"""Reasons for which a row yields nothing."""

FAILED = "error"
"""A step or a filter raised an error on the row; its original and other variants are kept."""

REJECTION = pa.schema(
    [
        ("aug_reason", pa.string()),
        ("aug_parent", pa.string()),
        ("aug_view", pa.string()),
        ("aug_copy", pa.int32()),
        ("aug_step", pa.string()),
        ("aug_message", pa.string()),
    ]
)
"""What the rejects add to the input's columns: the fields of :class:`Rejection`."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row was rejected.

    Attributes:
        row: its place in the batch.
        reason: one of this module's constants.
        parent: its id, if it has one.
        view, copy, step, message: where and how it failed, if it did.
    """

    row: int
    reason: str
    parent: str | None = None
    view: str | None = None
    copy: int | None = None
    step: str | None = None
    message: str | None = None


def rejects_schema(source: pa.Schema) -> pa.Schema:
    """The input's columns and metadata, and :data:`REJECTION`."""
    return pa.schema([*source, *REJECTION], metadata=source.metadata)


def rejects_of(batch: pa.RecordBatch, rejections: Sequence[Rejection]) -> pa.RecordBatch:
    """The rejected rows of a batch, with the reasons beside them."""
    rows, *details = zip(*map(astuple, rejections), strict=True) if rejections else [()] * 7
    columns = batch.take(pa.array(rows, pa.int64())).columns
    columns += [pa.array(d, f.type) for d, f in zip(details, REJECTION, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=rejects_schema(batch.schema))
