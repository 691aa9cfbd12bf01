"""The pairs layout: every variant in a row with its source text."""

from dataclasses import dataclass

import pyarrow as pa

from augment.text.spans import carry
from pipelines.recipe import Recipe
from pipelines.rows import VIEW, Chosen, Expanded, as_type, check_distinct


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row per variant: id, source text, variant, view, and label, spans and split if any."""

    text: str
    kept: tuple[str, ...]
    spans: str | None
    fields: pa.Schema

    @classmethod
    def of(cls, source: pa.Schema, recipe: Recipe) -> "Pairs":
        """Of the input's columns.

        Raises:
            DataError: two columns would have the same name.
        """
        text = source.field(recipe.text)
        spans = None if recipe.spans is None else recipe.spans.column
        # The spans may be the label, and the label may stand in folders' names.
        split = None if recipe.split is None else recipe.split.name
        named = dict.fromkeys(name for name in (recipe.label, spans, split) if name is not None)
        kept = tuple(name for name in named if name in source.names)
        fields = [
            pa.field(recipe.id or "id", pa.string()),
            text,
            pa.field("variant", text.type),
            pa.field("view", VIEW),
            *(source.field(name) for name in kept),
        ]
        if spans is not None:
            fields.append(pa.field(f"variant_{spans}", source.field(spans).type))
        check_distinct("pairs", [field.name for field in fields])
        return cls(recipe.text, kept, spans, pa.schema(fields))

    def schema(self) -> pa.Schema:
        """``id, text, variant, view``, label, spans, split and ``variant_<spans>``.

        Id, text, label and spans have the names that they have in the input.
        """
        return self.fields

    def first(self, rows: Expanded) -> pa.RecordBatch:
        """All of it."""
        chosen = Chosen.of(rows.made)
        kind = self.fields.field(self.text).type
        columns = [
            rows.ids.take(chosen.parent),
            rows.source.column(self.text).cast(kind).take(chosen.parent),
            as_type(chosen.variants.text, kind),
            chosen.view,
            *(rows.source.column(name).take(chosen.parent) for name in self.kept),
        ]
        if self.spans is not None:
            spans = rows.source.column(self.spans).take(chosen.parent)
            columns.append(carry(spans, chosen.variants.edits))
        return pa.RecordBatch.from_arrays(columns, schema=self.fields)

    def later(self, rows: Expanded) -> None:
        """Nothing."""
