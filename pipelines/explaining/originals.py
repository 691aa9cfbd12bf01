"""A source row as the input has it: from the output itself, or else from the input."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.corpus import Shard
from pipelines.errors import InputMissingError
from pipelines.explaining.finding import Found
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.preparing import opened
from pipelines.recipe import ORIGINAL, Recipe
from pipelines.recipe_values import LanguageColumn
from pipelines.rows import LINEAGE
from pipelines.sift import sift


def original(plan: Plan, found: Found, parent: str, source: str) -> pa.RecordBatch:
    """A batch of one row with the columns that the recipe names; others may come along.

    Args:
        plan: of the version.
        found: what the output has of the row.
        parent: its id.
        source: the input's file that it was in, which is looked through first.

    Raises:
        InputMissingError: neither the output nor the input has the row.
    """
    kept = from_output(plan.recipe, found.rows)
    if kept is not None:
        return kept
    with TemporaryDirectory() as folder:
        for shard in _shards(plan, source, Path(folder)):
            for batch in read_batches(shard, plan.batch_rows, plan.recipe.text):
                usable = sift(plan.recipe, batch)
                at = pc.index(usable.ids, parent).as_py()
                if at >= 0:
                    return usable.source.slice(at, 1)
    raise InputMissingError(
        f"the source row {parent!r} is not in the output, and no longer in {plan.recipe.input}"
    )


def from_output(recipe: Recipe, rows: pa.Table) -> pa.RecordBatch | None:
    """The source row, if what the output has of it tells all that the recipe reads."""
    if recipe.layout == "long":
        rows = rows.filter(pc.equal(rows["aug_view"].cast(pa.string()), ORIGINAL))
        rows = rows.drop_columns(LINEAGE.names)
    if not rows.num_rows or not set(_read(recipe)) <= set(rows.column_names):
        return None
    return rows.slice(0, 1).combine_chunks().to_batches()[0]


def _read(recipe: Recipe) -> Iterator[str]:
    """The columns that expanding a row reads."""
    yield recipe.text
    if recipe.id is not None:
        yield recipe.id
    if recipe.label is not None:
        yield recipe.label
    if isinstance(recipe.language, LanguageColumn):
        yield recipe.language.column
    if recipe.spans is not None:
        yield recipe.spans.column


def _shards(plan: Plan, source: str, folder: Path) -> list[Shard]:
    shards = opened(plan, None, folder).shards
    return sorted(shards, key=lambda shard: shard.source.name != source)
