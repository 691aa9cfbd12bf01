"""The wide layout: variants as columns beside their source."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from augment.text.spans import carry
from pipelines.plan import PlannedView
from pipelines.rows import Expanded, Made, as_type, check_distinct, check_free


@dataclass(frozen=True, slots=True)
class Wide:
    """One row per source row; each view and copy is a column, null where there is no variant."""

    source: pa.Schema
    text: str
    spans: str | None
    columns: tuple[str, ...]

    @classmethod
    def of(
        cls, source: pa.Schema, text: str, spans: str | None, views: Sequence[PlannedView]
    ) -> "Wide":
        """Of the input's columns.

        Raises:
            DataError: two columns would have the same name.
        """
        made = cls(
            source, text, spans, tuple(f"{v.name}_{k}" for v in views for k in range(v.copies))
        )
        added = [field.name for field in made._added()]
        check_free(source, added)
        check_distinct("wide", added)
        return made

    def schema(self) -> pa.Schema:
        """The input's columns and metadata, and those of every view and copy.

        They are ``<view>_<copy>`` and, with spans, ``<view>_<copy>_<spans>``.
        """
        return pa.schema([*self.source, *self._added()], metadata=self.source.metadata)

    def _added(self) -> Iterator[pa.Field]:
        for name in self.columns:
            yield pa.field(name, self.source.field(self.text).type)
            if self.spans is not None:
                yield pa.field(f"{name}_{self.spans}", self.source.field(self.spans).type)

    def first(self, rows: Expanded) -> pa.RecordBatch:
        """All of it."""
        kind = self.source.field(self.text).type
        added = [column for made in rows.made for column in self._columns(made, rows.source)]
        source = [
            column.cast(kind) if name == self.text else column
            for name, column in zip(rows.source.schema.names, rows.source.columns, strict=True)
        ]
        return pa.RecordBatch.from_arrays([*source, *added], schema=self.schema())

    def _columns(self, made: Made, source: pa.RecordBatch) -> Iterator[pa.Array]:
        text = made.variants.text
        yield as_type(text, self.source.field(self.text).type)
        if self.spans is not None:
            absent = text.is_null().to_numpy(zero_copy_only=False)
            carried = carry(source.column(self.spans), made.variants.edits)
            yield carried.take(pa.array(np.arange(len(text)), mask=absent))

    def later(self, rows: Expanded) -> None:
        """Nothing."""
