"""Find what an output has of one source row, reading little else.

The ids alone are read, of the row groups whose statistics do not exclude the one that is wanted;
then the rows. All that was made of a row is in one file.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset as ds
from rapidfuzz import fuzz, process

from pipelines.errors import InputMissingError
from pipelines.reading import read_dataset
from pipelines.recipe import ORIGINAL, Recipe
from pipelines.sift import text_hashes

_NEAREST = 3
"""Ids that an unknown one is answered with."""


@dataclass(frozen=True, slots=True)
class Name:
    """An ``aug_id`` taken apart; a source row's own id alone stands for its original.

    Attributes:
        parent, view, copy: of the row.
        given: what a user wrote, if it is a row's own id.
    """

    parent: str
    view: str = ORIGINAL
    copy: int = 0
    given: str = ""

    @classmethod
    def of(cls, aug_id: str, recipe: Recipe) -> "Name":
        """Of what a user writes; whatever is not ``parent:view:copy`` is a row's own id."""
        parent, _, rest = aug_id.rpartition(":")
        parent, _, view = parent.rpartition(":")
        if parent and rest.isdecimal() and view in (*recipe.views, ORIGINAL):
            return cls(parent, view, int(rest))
        return cls(aug_id, given=aug_id)

    def __str__(self) -> str:
        return f"{self.parent}:{self.view}:{self.copy}"


@dataclass(frozen=True, slots=True)
class Found:
    """What an output has of one source row.

    Attributes:
        rows: with the columns of the layout: long, the original and its variants; wide, one row;
            pairs, its variants. None at all, if a layout without originals has no variant of it.
        file: of the output, that they are in; empty if there are none.
    """

    rows: pa.Table
    file: str = ""


def find(output: str, version: int, recipe: Recipe, name: Name) -> Found:
    """The rows of one source row.

    Args:
        output: a published dataset.
        version: of it, still kept.
        recipe: of that version.
        name: of one of the rows.

    Raises:
        InputMissingError: there is no row of this parent, though originals are kept.
    """
    dataset = read_dataset(output, version)
    key = id_column(recipe)
    wanted = None if key is None else _equal(dataset.schema.field(key), name.parent)
    for fragment in dataset.get_fragments(wanted):
        parts = [
            _rows(part, dataset.schema, recipe, name.parent, wanted)
            for part in fragment.split_by_row_group(wanted)
        ]
        rows = pa.concat_tables(
            [part for part in parts if part is not None] or [dataset.schema.empty_table()]
        )
        if rows.num_rows:
            return Found(rows, fragment.path)
    if recipe.layout == "wide" or (recipe.layout == "long" and recipe.keep_original):
        raise unknown(output, version, recipe, name)
    return Found(dataset.schema.empty_table())


def unknown(output: str, version: int, recipe: Recipe, name: Name) -> InputMissingError:
    """The error of a row that there is not, which names those that there are.

    Args:
        output, version, recipe, name: see :func:`find`.
    """
    wrote = name.given or str(name)
    known = nearest_names(read_dataset(output, version), recipe, wrote)
    told = f"; the nearest are {', '.join(map(repr, known))}" if known else ""
    return InputMissingError(f"{output} has no row {wrote!r}{told}")


def id_column(recipe: Recipe) -> str | None:
    """The column that tells the source row of every row of an output; None if its text does."""
    if recipe.layout == "long":
        return "aug_parent"
    return recipe.id or ("id" if recipe.layout == "pairs" else None)


def _equal(field: pa.Field, wanted: str) -> Any:
    """The condition that the column is this id; of plain types row groups can be told by it."""
    here = ds.field(field.name)
    try:
        value = pa.scalar(wanted).cast(field.type)
        if not pa.types.is_dictionary(field.type) and value.cast(pa.string()).as_py() == wanted:
            return here == value
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        pass
    return here.cast(pa.string()) == wanted


def _rows(
    part: Any, schema: pa.Schema, recipe: Recipe, parent: str, wanted: Any
) -> pa.Table | None:
    """The rows of a row group that are of this parent; None if there are none."""
    if wanted is not None:
        if not part.count_rows(wanted):
            return None
        return part.to_table(schema=schema, filter=wanted)
    text = part.to_table(columns=[recipe.text])[recipe.text].cast(pa.string())
    same = pc.equal(text_hashes(pa.concat_arrays(text.chunks)), parent) if len(text) else None
    if same is None or not pc.any(same).as_py():
        return None
    return part.to_table(schema=schema).filter(same)


def nearest_names(dataset: Any, recipe: Recipe, wanted: str) -> list[str]:
    """The names of rows that are written most like one, the nearest first.

    Args:
        dataset: the output.
        recipe: of its version.
        wanted: what a user wrote.
    """
    key = id_column(recipe)
    # Of a mistaken view or copy, the part before them is an id all the same.
    asked = list(dict.fromkeys((wanted, wanted.rsplit(":", 2)[0])))
    best: set[tuple[float, str]] = set()
    for batch in dataset.to_batches(columns=[key or recipe.text]):
        column = batch.column(0).cast(pa.string())
        ids = pc.unique(column if key else text_hashes(column)).drop_null().to_pylist()
        for one in asked:
            found = process.extract(one, ids, scorer=fuzz.ratio, limit=_NEAREST, score_cutoff=60)
            best |= {(-score, near) for near, score, _ in found}
        best = {*sorted(best)[:_NEAREST]}
    names = [str(name) for _, parent in sorted(best) for name in names_of(parent, recipe)]
    return [
        name for name, _, _ in process.extract(wanted, names, scorer=fuzz.ratio, limit=_NEAREST)
    ]


def names_of(parent: str, recipe: Recipe) -> Iterator[Name]:
    """The original and everything that is asked for of a source row."""
    yield Name(parent)
    for view, told in recipe.views.items():
        for copy in range(told.copies):
            yield Name(parent, view, copy)
