"""Ways to lay out originals and variants in rows: long, wide, pairs."""

from collections.abc import Collection
from typing import Protocol

import pyarrow as pa

from pipelines.errors import DataError
from pipelines.layouts.long import Long
from pipelines.layouts.pairs import Pairs
from pipelines.layouts.wide import Wide
from pipelines.plan import Plan
from pipelines.recipe import Recipe
from pipelines.recipe_values import LanguageColumn
from pipelines.rejects import REJECTION
from pipelines.rows import (
    LINEAGE,
    Expanded,
    check_distinct,
    check_free,
    require_column,
    require_spans,
    require_text,
    roomy,
)
from pipelines.splitting import split_field


class Layout(Protocol):
    """How originals and variants are laid out in rows."""

    def schema(self) -> pa.Schema:
        """Of the output."""

    def first(self, rows: Expanded) -> pa.RecordBatch:
        """What is written as soon as the batch is done."""

    def later(self, rows: Expanded) -> pa.RecordBatch | None:
        """What comes after the whole shard's first rows."""


def layout(plan: Plan, source: pa.Schema, folders: Collection[str] = ()) -> Layout:
    """The layout that a plan asks for, of input columns that have been checked.

    Args:
        plan: which layout, and the columns that its recipe names.
        source: all columns of the input.
        folders: those whose values stand in folders' names, in the output too: not laid out.

    Raises:
        DataError: a column is missing, or has the name of one that augmill adds.
    """
    recipe = plan.recipe
    text = require_text(source, recipe.text)
    for key, column in _named_columns(recipe):
        require_column(source, column, key)
    if isinstance(recipe.language, LanguageColumn):
        require_text(source, recipe.language.column, "language")
    spans = None if recipe.spans is None else require_spans(source, recipe.spans.column).name
    if views := [f.name for f in source if _is_view(f.type)]:
        raise DataError(
            f"columns of view types can't be processed: {', '.join(views)}; "
            "store them as string or binary"
        )
    split = () if recipe.split is None else (recipe.split.name,)
    added = tuple(dict.fromkeys((*LINEAGE.names, *REJECTION.names)))
    check_distinct(recipe.layout, (*added, *split))
    check_free(source, (*added, *split))
    if recipe.text in folders:
        raise DataError(f"the column {recipe.text!r} (text) stands in folders' names, not in files")
    source = source.set(source.get_field_index(recipe.text), text.with_type(roomy(text.type)))
    source = without(source, folders)
    if recipe.split is not None:
        source = source.append(split_field(recipe.split))
    if recipe.layout == "long":
        return Long(source, recipe.text, spans, recipe.keep_original)
    if recipe.layout == "wide":
        return Wide.of(source, recipe.text, spans, plan.views)
    return Pairs.of(source, recipe)


def _is_view(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string_view(kind) or pa.types.is_binary_view(kind))


def without(schema: pa.Schema, columns: Collection[str]) -> pa.Schema:
    """The schema without some columns."""
    kept = [field for field in schema if field.name not in columns]
    return pa.schema(kept, metadata=schema.metadata)


def _named_columns(recipe: Recipe) -> list[tuple[str, str]]:
    """``(key, column)`` of the columns that a recipe names besides the text."""
    spoken = recipe.language.column if isinstance(recipe.language, LanguageColumn) else None
    group = None if recipe.split is None else recipe.split.by
    named = (
        *(("id", recipe.id), ("label", recipe.label), ("language", spoken)),
        ("split.by", group),
    )
    return [(key, column) for key, column in named if column is not None]
