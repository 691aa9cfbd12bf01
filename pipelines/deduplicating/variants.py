"""The variants that an object holds, in whatever layout."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.corpus import Shard
from pipelines.plan import Plan
from pipelines.recipe import ORIGINAL
from pipelines.sift import as_strings, text_hashes


@dataclass(frozen=True, slots=True)
class Found:
    """Variants of an object, some of them.

    Attributes:
        place: ``(n,)`` int64: the row; in the layout wide, row times number of columns of variants
            plus the number of the column.
        parent: ``(n,)`` string, the source rows' ids.
        view: ``(n,)`` string.
        text: ``(n,)`` string, no nulls.
    """

    place: npt.NDArray[np.int64]
    parent: pa.StringArray
    view: pa.StringArray
    text: pa.StringArray

    def __len__(self) -> int:
        return len(self.place)


def variants_in(path: Path, plan: Plan, shard: Shard) -> Iterator[Found]:
    """All variants of an object, row group by row group.

    Args:
        path: of the object.
        plan: that it was made by.
        shard: that it was made of.
    """
    read = {"long": _long, "wide": _wide, "pairs": _pairs}[plan.recipe.layout]
    with pq.ParquetFile(path) as file:
        first = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            yield from read(_Group(file, group, first, plan, shard))
            first += rows


def view_columns(plan: Plan) -> list[tuple[str, str]]:
    """``(column, view)`` of the variants in the layout wide."""
    return [
        (f"{view.name}_{copy}", view.name) for view in plan.views for copy in range(view.copies)
    ]


@dataclass(frozen=True, slots=True)
class _Group:
    """A row group of an object, of which ``first`` rows come before it."""

    file: pq.ParquetFile
    number: int
    first: int
    plan: Plan
    shard: Shard

    def columns(self, *names: str) -> list[pa.Array]:
        """Some columns, as strings."""
        table = self.file.read_row_group(self.number, columns=[*names])
        return [as_strings(table[name].combine_chunks()) for name in names]

    def ids(self, text: pa.StringArray) -> pa.StringArray:
        """Of rows that are in the file with their text."""
        column = self.plan.recipe.id
        if column is None:
            return text_hashes(text)
        if column in self.shard.partition:
            return pa.repeat(pa.scalar(str(self.shard.partition[column])), len(text))
        return self.columns(column)[0]

    def found(
        self,
        rows: npt.NDArray[np.int64],
        parent: pa.StringArray,
        view: pa.StringArray,
        text: pa.StringArray,
    ) -> Found:
        """Those of some rows of the group."""
        index = pa.array(rows)
        return Found(rows + self.first, parent.take(index), view.take(index), text.take(index))


def _long(group: _Group) -> Iterator[Found]:
    text, parent, view = group.columns(group.plan.recipe.text, "aug_parent", "aug_view")
    made = pc.not_equal(view, ORIGINAL).to_numpy(zero_copy_only=False)
    yield group.found(np.flatnonzero(made), parent, view, text)


def _pairs(group: _Group) -> Iterator[Found]:
    recipe = group.plan.recipe
    parent, text, view = group.columns(recipe.id or "id", "variant", "view")
    yield group.found(np.arange(len(text)), parent, view, text)


def _wide(group: _Group) -> Iterator[Found]:
    columns = view_columns(group.plan)
    source, *texts = group.columns(group.plan.recipe.text, *(name for name, _ in columns))
    parent = group.ids(source)
    for number, (text, (_, name)) in enumerate(zip(texts, columns, strict=True)):
        rows = np.flatnonzero(text.is_valid().to_numpy(zero_copy_only=False))
        view = pa.repeat(pa.scalar(name), len(text))
        found = group.found(rows, parent, view, text)
        place = found.place * len(columns) + number
        yield Found(place, found.parent, found.view, found.text)
