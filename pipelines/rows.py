"""The columns that augmill adds, and the types of those that it keeps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import EDITS, STEPS, Variants
from augment.errors import nearest
from augment.text.spans import bound_names
from pipelines.errors import DataError

VIEW = pa.dictionary(pa.int32(), pa.string())
SCORE = pa.struct([("name", pa.string()), ("score", pa.float32())])
SCORES = pa.list_(SCORE)
"""Not a map, which some readers of Parquet do not know."""
STEP_NAMES = pa.list_(pa.string())

LINEAGE = pa.schema(
    [
        ("aug_id", pa.string()),
        ("aug_parent", pa.string()),
        ("aug_view", VIEW),
        ("aug_copy", pa.int32()),
        ("aug_steps", STEP_NAMES),
        ("aug_edits", EDITS),
        ("aug_scores", SCORES),
    ]
)
"""What the long layout adds to the input's columns."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The variants of one view and copy that were rejected.

    Attributes:
        variants: ``(n,)``; null where none was rejected. Its notes are those of :class:`Made`, as
            far as the filters got.
        reasons: ``(n,)`` string, ``filter: reason``; null where ``variants`` are.
    """

    variants: Variants
    reasons: pa.StringArray


@dataclass(frozen=True, slots=True)
class Made:
    """The variants of one view and copy.

    Attributes:
        view, copy: which.
        variants: ``(n,)``; null where there is none: declined, failed or rejected. Its notes
            are :data:`augment.batch.STEPS`, scores (float32) and counts (int32).
        rejected: those that were rejected, if they were asked for.
    """

    view: str
    copy: int
    variants: Variants
    rejected: Rejected | None = None


@dataclass(frozen=True, slots=True)
class Expanded:
    """The usable rows of a batch and all that was made of them.

    Attributes:
        source: ``(n,)`` rows of the input, with the column that the recipe's ``split`` adds.
        texts: ``(n,)`` string, their texts.
        ids: ``(n,)`` string, the rows' ids.
        made: one entry per view and copy, in the recipe's order.
    """

    source: pa.RecordBatch
    texts: pa.StringArray
    ids: pa.StringArray
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """All variants of a batch, ordered by source row, then view, then copy.

    Attributes:
        parent: ``(m,)`` int64, the place of each one's source row in the batch.
        view: ``(m,)`` dictionary<string>.
        copy: ``(m,)`` int32.
        variants: ``(m,)``, none of them null.
    """

    parent: pa.Array
    view: pa.DictionaryArray
    copy: pa.Array
    variants: Variants

    @classmethod
    def of(cls, made: Sequence[Made]) -> "Chosen":
        """Of the entries of one batch."""
        rows = [np.flatnonzero(m.variants.text.is_valid().to_numpy(False)) for m in made]
        parent = np.concatenate([np.zeros(0, np.int64), *rows])
        which = np.repeat(np.arange(len(made), dtype=np.int32), [len(r) for r in rows])
        order = np.argsort(parent, kind="stable")
        names = [*dict.fromkeys(m.view for m in made)]
        view = np.array([names.index(m.view) for m in made], np.int32)[which[order]]
        copy = np.array([m.copy for m in made], np.int32)[which[order]]
        return cls(
            pa.array(parent[order]),
            pa.DictionaryArray.from_arrays(pa.array(view), pa.array(names, pa.string())),
            pa.array(copy),
            stacked([m.variants.take(r) for m, r in zip(made, rows, strict=True)]).take(order),
        )


def stacked(parts: Sequence[Variants]) -> Variants:
    """Variants one below the other (at least one part); a note that a part lacks is null there."""
    kinds = {name: note.type for part in parts for name, note in part.notes.items()}
    return Variants(
        pa.concat_arrays([part.text for part in parts]),
        pa.concat_arrays([part.edits for part in parts]),
        {
            name: pa.concat_arrays([p.notes.get(name, pa.nulls(len(p), kind)) for p in parts])
            for name, kind in kinds.items()
        },
    )


def aug_ids(ids: pa.StringArray, views: pa.StringArray, copies: pa.Array) -> pa.StringArray:
    """``parent:view:copy``, which names a row of the output."""
    return pc.binary_join_element_wise(ids, views, copies.cast(pa.string()), ":")


def scores_column(variants: Variants) -> pa.ListArray:
    """The scores and counts of each row, as far as it has them; a count of nothing is none.

    Lists, such as the scores of single edits, are left out.
    """
    kinds = {name: note.type for name, note in variants.notes.items() if name != STEPS}
    names = [name for name, kind in kinds.items() if not pa.types.is_list(kind)]
    table = np.empty((len(variants), len(names)), np.float32)
    for i, name in enumerate(names):
        note = variants.notes[name]
        table[:, i] = note.to_numpy(zero_copy_only=False)
        if pa.types.is_integer(note.type):
            table[table[:, i] == 0, i] = np.nan
    there = ~np.isnan(table)
    offsets = np.append(0, np.cumsum(there.sum(axis=1))).astype(np.int32)
    keys = pa.array(names, pa.string()).take(pa.array(np.nonzero(there)[1]))
    values = pa.StructArray.from_arrays([keys, pa.array(table[there])], fields=list(SCORE))
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=SCORES)


def require_column(schema: pa.Schema, name: str, key: str) -> pa.Field:
    """The field of a column that the recipe names.

    Raises:
        DataError: there is none; the message lists the columns and the nearest.
    """
    if name not in schema.names:
        hint = nearest(name, schema.names)
        columns = ", ".join(schema.names) or "none"
        raise DataError(f"the input has no column {name!r} ({key}){hint}; columns: {columns}")
    return schema.field(name)


def require_text(schema: pa.Schema, name: str, key: str = "text") -> pa.Field:
    """The field of a column of strings that the recipe names.

    Raises:
        DataError: there is none, or it holds no strings.
    """
    field = require_column(schema, name, key)
    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise DataError(
            f"the column {name!r} ({key}) is {field.type}; "
            "accepted are string, large_string and dictionary<string>"
        )
    return field


def require_spans(schema: pa.Schema, name: str) -> pa.Field:
    """The field of a column of labelled spans that the recipe names.

    Raises:
        DataError: there is none, or it holds no spans.
    """
    field = require_column(schema, name, "spans")
    if bound_names(field.type) is None:
        raise DataError(
            f"the column {name!r} (spans) is {field.type}; accepted are list and large_list of a "
            "struct with the integers start and stop (or end)"
        )
    return field


def check_free(source: pa.Schema, names: Sequence[str]) -> None:
    """Make sure that the input has none of these columns.

    Raises:
        DataError: it has; the message names them.
    """
    taken = [name for name in dict.fromkeys(names) if name in source.names]
    if taken:
        raise DataError(
            f"the input has columns that augmill adds to the output: {', '.join(taken)}; "
            "rename or drop them"
        )


def check_distinct(layout: str, names: Sequence[str]) -> None:
    """Make sure that no two columns of a layout have the same name.

    Raises:
        DataError: they have; the message names them.
    """
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"the layout {layout} would have two columns {', '.join(twice)}")


def roomy(kind: pa.DataType) -> pa.DataType:
    """The text column's type; a dictionary gets 32-bit indices, to hold the variants as well."""
    if pa.types.is_dictionary(kind) and kind.index_type.bit_width < 32:
        return pa.dictionary(pa.int32(), kind.value_type, kind.ordered)
    return kind


def as_type(text: pa.StringArray, kind: pa.DataType) -> pa.Array:
    """Variants in the type of the text column."""
    if not pa.types.is_dictionary(kind):
        return text.cast(kind)
    coded = text.cast(kind.value_type).dictionary_encode()
    indices = coded.indices.cast(kind.index_type)
    return pa.DictionaryArray.from_arrays(indices, coded.dictionary, ordered=kind.ordered)
