"""Ways to lay out originals and variants in rows: long, wide, pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from augment.batch import EDITS, STEPS
from pipelines.errors import DataError
from pipelines.plan import Plan
from pipelines.recipe import ORIGINAL, Recipe
from pipelines.recipe_values import LanguageColumn
from pipelines.rejects import REJECTION
from pipelines.rows import (
    LINEAGE,
    SCORE,
    SCORES,
    STEP_NAMES,
    VIEW,
    Chosen,
    Expanded,
    as_type,
    aug_ids,
    check_free,
    require_column,
    require_text,
    roomy,
    scores_column,
)


class Layout(Protocol):
    """How originals and variants are laid out in rows."""

    def schema(self) -> pa.Schema:
        """Of the output."""

    def first(self, rows: Expanded) -> pa.RecordBatch:
        """What is written as soon as the batch is done."""

    def later(self, rows: Expanded) -> pa.RecordBatch | None:
        """What comes after the whole shard's first rows."""


@dataclass(frozen=True, slots=True)
class Long:
    """One row per original and per variant, with lineage."""

    source: pa.Schema
    text: str
    keep_original: bool

    def schema(self) -> pa.Schema:
        """The input's columns and metadata, and :data:`LINEAGE`."""
        fields = [*self.source, *LINEAGE]
        return pa.schema(fields, metadata=self.source.metadata)

    def first(self, rows: Expanded) -> pa.RecordBatch:
        """The originals, or no row if they are not kept."""
        count = len(rows.ids) if self.keep_original else 0
        source, ids = rows.source.slice(0, count), rows.ids.slice(0, count)
        zeros = pa.array(np.zeros(count, np.int32))
        empty = pa.array(np.zeros(count + 1, np.int32))
        lineage = [
            aug_ids(ids, pa.repeat(pa.scalar(ORIGINAL), count), zeros),
            ids,
            pa.DictionaryArray.from_arrays(zeros, pa.array([ORIGINAL])),
            zeros,
            pa.ListArray.from_arrays(empty, pa.array([], pa.string())),
            pa.nulls(count, EDITS),
            pa.ListArray.from_arrays(empty, pa.array([], SCORE), type=SCORES),
        ]
        text = source.column(self.text).cast(self.source.field(self.text).type)
        return self._rows(source, text, lineage)

    def later(self, rows: Expanded) -> pa.RecordBatch:
        """The variants."""
        chosen = Chosen.of(rows.made)
        made, ids = chosen.variants, rows.ids.take(chosen.parent)
        steps = made.notes.get(STEPS, pa.nulls(len(made), STEP_NAMES))
        lineage = [
            aug_ids(ids, chosen.view.cast(pa.string()), chosen.copy),
            ids,
            chosen.view,
            chosen.copy,
            steps,
            made.edits,
            scores_column(made),
        ]
        text = as_type(made.text, self.source.field(self.text).type)
        return self._rows(rows.source.take(chosen.parent), text, lineage)

    def _rows(
        self, source: pa.RecordBatch, text: pa.Array, lineage: Sequence[pa.Array]
    ) -> pa.RecordBatch:
        columns = [
            text if name == self.text else column
            for name, column in zip(source.schema.names, source.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays([*columns, *lineage], schema=self.schema())


@dataclass(frozen=True, slots=True)
class Wide:
    """One row per source row; each view and copy is a column, null where there is no variant."""

    source: pa.Schema
    text: str
    columns: tuple[str, ...]

    def schema(self) -> pa.Schema:
        """The input's columns and metadata, and one column per view and copy."""
        kind = self.source.field(self.text).type
        added = [pa.field(name, kind) for name in self.columns]
        return pa.schema([*self.source, *added], metadata=self.source.metadata)

    def first(self, rows: Expanded) -> pa.RecordBatch:
        """All of it."""
        kind = self.source.field(self.text).type
        variants = [as_type(made.variants.text, kind) for made in rows.made]
        source = [
            column.cast(kind) if name == self.text else column
            for name, column in zip(rows.source.schema.names, rows.source.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays([*source, *variants], schema=self.schema())

    def later(self, rows: Expanded) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row per variant: id, source text, variant, view, and the label if there is one."""

    names: tuple[str, str, str | None]
    fields: pa.Schema

    @classmethod
    def of(cls, source: pa.Schema, text: str, row_id: str | None, label: str | None) -> "Pairs":
        """Of the input's columns.

        Raises:
            DataError: two columns would have the same name.
        """
        kept = source.field(text)
        fields = [
            pa.field(row_id or "id", pa.string()),
            kept,
            pa.field("variant", kept.type),
            pa.field("view", VIEW),
            *([source.field(label)] if label else []),
        ]
        names = [field.name for field in fields]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"the layout pairs would have two columns {', '.join(twice)}")
        return cls((row_id or "id", text, label), pa.schema(fields))

    def schema(self) -> pa.Schema:
        """``id, text, variant, view`` and the label; id, text and label under their own names."""
        return self.fields

    def first(self, rows: Expanded) -> pa.RecordBatch:
        """All of it."""
        chosen = Chosen.of(rows.made)
        _, text, label = self.names
        kind = self.fields.field(text).type
        columns = [
            rows.ids.take(chosen.parent),
            rows.source.column(text).cast(kind).take(chosen.parent),
            as_type(chosen.variants.text, kind),
            chosen.view,
            *([rows.source.column(label).take(chosen.parent)] if label else []),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=self.fields)

    def later(self, rows: Expanded) -> None:
        """Nothing."""


def layout(plan: Plan, source: pa.Schema) -> Layout:
    """The layout that a plan asks for, of input columns that have been checked.

    Raises:
        DataError: a column is missing, or has the name of one that augmill adds.
    """
    recipe = plan.recipe
    text = require_text(source, recipe.text)
    for key, column in _named_columns(recipe):
        require_column(source, column, key)
    if isinstance(recipe.language, LanguageColumn):
        require_text(source, recipe.language.column, "language")
    if views := [f.name for f in source if f.type in {pa.string_view(), pa.binary_view()}]:
        raise DataError(
            f"columns of view types can't be processed: {', '.join(views)}; "
            "store them as string or binary"
        )
    check_free(source, (*LINEAGE.names, *REJECTION.names))
    source = source.set(source.get_field_index(recipe.text), text.with_type(roomy(text.type)))
    if recipe.layout == "long":
        return Long(source, recipe.text, recipe.keep_original)
    if recipe.layout == "wide":
        columns = tuple(f"{v.name}_{k}" for v in plan.views for k in range(v.copies))
        check_free(source, columns)
        return Wide(source, recipe.text, columns)
    return Pairs.of(source, recipe.text, recipe.id, recipe.label)


def _named_columns(recipe: Recipe) -> list[tuple[str, str]]:
    """``(key, column)`` of the columns that a recipe names besides the text."""
    spoken = recipe.language.column if isinstance(recipe.language, LanguageColumn) else None
    named = (("id", recipe.id), ("label", recipe.label), ("language", spoken))
    return [(key, column) for key, column in named if column is not None]
