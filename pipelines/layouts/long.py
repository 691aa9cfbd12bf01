"""The long layout: originals first, then every variant, a row each, with lineage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from augment.batch import EDITS, STEPS
from augment.text.spans import carry
from pipelines.recipe import ORIGINAL
from pipelines.rows import (
    LINEAGE,
    SCORE,
    SCORES,
    STEP_NAMES,
    Chosen,
    Expanded,
    as_type,
    aug_ids,
    scores_column,
)


@dataclass(frozen=True, slots=True)
class Long:
    """One row per original and per variant, with lineage."""

    source: pa.Schema
    text: str
    spans: str | None
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
        return self._rows(source, {self.text: text}, lineage)

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
        source = rows.source.take(chosen.parent)
        changed = {self.text: as_type(made.text, self.source.field(self.text).type)}
        if self.spans is not None:
            changed[self.spans] = carry(source.column(self.spans), made.edits)
        return self._rows(source, changed, lineage)

    def _rows(
        self, source: pa.RecordBatch, changed: Mapping[str, pa.Array], lineage: Sequence[pa.Array]
    ) -> pa.RecordBatch:
        columns = [
            changed.get(name, column)
            for name, column in zip(source.schema.names, source.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays([*columns, *lineage], schema=self.schema())
