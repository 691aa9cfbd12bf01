"""Variants that filters rejected: some rows are expanded again to see them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import STEPS
from augment.errors import AugmillError
from pipelines.quality.distances import Weights
from pipelines.quality.lots import Lot, Made, Sources
from pipelines.quality.measuring import measured
from pipelines.quality.reader import Reader
from pipelines.quality.samples import Example, examples_of
from pipelines.quality.words import Tokens
from pipelines.recipe import ORIGINAL
from pipelines.recipe_values import LanguageColumn
from pipelines.replay import differences, plan_of, replay
from pipelines.rows import Expanded, scores_column
from pipelines.store.entry import Entry
from pipelines.store.protocol import Store

_MOST = 120
"""Rejected variants that are shown."""
_LINEAGE = "aug_"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What was found.

    Attributes:
        examples: rejected variants.
        rows: source rows that were expanded again.
        note: why nothing could be shown; empty if there was nothing in the way.
    """

    examples: tuple[Example, ...] = ()
    rows: int = 0
    note: str = ""


def replayed(
    store: Store, entry: Entry, reader: Reader, weights: Weights | None, rows: int
) -> Replayed:
    """Rejected variants of the first rows of an output.

    Args:
        store: of the output.
        entry: of the version.
        reader: of the version.
        weights: by which similarities are computed, if they are.
        rows: how many source rows to expand, at most.
    """
    if missing := _missing(reader):
        return Replayed(note=missing)
    try:
        plan = plan_of(store, entry)
        if changed := differences(entry, plan):
            return Replayed(note=f"this installation would not make the same: {'; '.join(changed)}")
        found: list[Example] = []
        seen = 0
        for batch in _originals(reader, min(plan.batch_rows, rows)):
            batch = batch.slice(0, rows - seen)
            expanded = replay(plan, batch).rows
            for lot, reasons in _lots(expanded, reader):
                values = measured(lot, _tokens(lot), weights)
                picked = np.arange(len(lot.made.text))
                for example, why in zip(
                    examples_of(lot, values, picked, ""), reasons.to_pylist(), strict=True
                ):
                    found.append(replace(example, kept=False, reason=why))
            seen += batch.num_rows
            if seen >= rows or len(found) >= _MOST:
                break
    except AugmillError as error:
        return Replayed(note=str(error))
    return Replayed(_mixed(found), seen)


def _missing(reader: Reader) -> str:
    """What stands in the way."""
    recipe = reader.recipe
    if not reader.has_sources:
        return "the output has no originals (keep_original: false)"
    spoken = recipe.language
    column = spoken.column if isinstance(spoken, LanguageColumn) else None
    named = (recipe.text, recipe.id, recipe.label, column, recipe.spans and recipe.spans.column)
    gone = [n for n in named if n is not None and n not in reader.dataset.schema.names]
    return f"the layout {recipe.layout} does not keep the column {gone[0]!r}" if gone else ""


def _originals(reader: Reader, rows: int) -> Iterator[pa.RecordBatch]:
    """The output's sources with the columns of the input, in batches."""
    names = [n for n in reader.dataset.schema.names if not n.startswith(_LINEAGE)]
    long = reader.recipe.layout == "long"
    for fragment in reader.dataset.get_fragments():
        for group in fragment.split_by_row_group():
            wanted = [*names, "aug_view"] if long else names
            table = group.to_table(schema=reader.dataset.schema, columns=wanted)
            if long:
                view = table["aug_view"].cast(pa.string())
                table = table.filter(pc.equal(view, ORIGINAL)).drop_columns("aug_view")
            if reader.recipe.layout == "pairs":
                table = _once(table, reader.recipe.text)
            for batch in table.combine_chunks().to_batches(max_chunksize=rows):
                if batch.num_rows:
                    yield batch


def _once(table: pa.Table, text: str) -> pa.Table:
    """Every source of the layout ``pairs`` once."""
    column = table[text].cast(pa.string()).combine_chunks()
    opens = np.append(True, pc.not_equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False))
    return table.filter(pa.array(opens[: table.num_rows]))


def _lots(rows: Expanded, reader: Reader) -> Iterator[tuple[Lot, pa.StringArray]]:
    """The rejected variants of each view and copy beside their sources, with the reasons."""
    recipe, spoken = reader.recipe, reader.recipe.language
    labels = None if recipe.label is None else rows.source.column(recipe.label).cast(pa.string())
    fresh = np.zeros(len(rows.texts), np.bool_)
    for made in rows.made:
        if made.rejected is None:
            continue
        there = np.flatnonzero(made.rejected.reasons.is_valid().to_numpy(zero_copy_only=False))
        chosen = made.rejected.variants.take(there)
        one = Made(
            chosen.text,
            there,
            pa.array([made.view] * len(there), pa.string()),
            None if labels is None else labels.take(pa.array(there)),
            None,
            chosen.notes.get(STEPS),
            chosen.edits,
            scores_column(chosen),
        )
        tags = (
            np.full(len(rows.texts), spoken, object)
            if isinstance(spoken, str)
            else np.array(
                [t or "und" for t in rows.source.column(spoken.column).to_pylist()], object
            )
        )
        for tag in dict.fromkeys(tags[there].tolist()):
            picked = np.flatnonzero(tags[there] == tag)
            lot = Lot(tag, Sources(rows.texts, labels, fresh), one.take(picked))
            yield lot, made.rejected.reasons.take(pa.array(there[picked]))


def _tokens(lot: Lot) -> Tokens:
    return Tokens.of(pa.concat_arrays([lot.sources.text, lot.made.text]), lot.language)


def _mixed(found: list[Example]) -> tuple[Example, ...]:
    """Of each view and reason as many as of any other, as far as there are; in their order."""
    places: dict[tuple[str, str], int] = {}
    ranked: list[tuple[int, int]] = []
    for i, example in enumerate(found):
        key = (example.view, example.reason)
        places[key] = places.get(key, 0) + 1
        ranked.append((places[key], i))
    chosen = sorted(i for _, i in sorted(ranked)[:_MOST])
    return tuple(found[i] for i in chosen)
