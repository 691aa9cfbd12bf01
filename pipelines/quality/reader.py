"""Reads a published dataset as lots, whatever its layout; a few thousand rows at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import EDITS
from augment.text.columns import Bools
from pipelines.quality.columns import array, places, plain, stacked, strings, tags
from pipelines.quality.lots import NO_ROWS, NOTHING, Lot, Made, Sources, labelled, used
from pipelines.recipe import ORIGINAL, Recipe
from pipelines.recipe_values import LanguageColumn
from pipelines.rows import SCORES, STEP_NAMES

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

_ROWS = 4096
"""Rows that are looked at together."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads lots of an output, in the order of its rows.

    Attributes:
        dataset: its files.
        recipe: that it was made by.
    """

    dataset: "Dataset"
    recipe: Recipe

    @property
    def has_sources(self) -> bool:
        """Whether the output has the texts that its variants are of."""
        return self.recipe.layout != "long" or self.recipe.keep_original

    @property
    def has_languages(self) -> bool:
        """Whether it is known which language each text is in."""
        spoken = self.recipe.language
        return isinstance(spoken, str) or spoken.column in self.dataset.schema.names

    def lots(self, *, variants: bool = True) -> Iterator[Lot]:
        """All sources and variants; or every source once, and no variants."""
        reading = {"long": self._long, "wide": self._wide, "pairs": self._pairs}
        return reading[self.recipe.layout](variants)

    def _wide(self, variants: bool) -> Iterator[Lot]:
        views = self.recipe.views.items() if variants else ()
        names = [(f"{view}_{copy}", view) for view, v in views for copy in range(v.copies)]
        for rows in self._rows(*(name for name, _ in names)):
            sources = self._sources(rows, np.ones(rows.num_rows, np.bool_))
            parts = [strings(rows[name]) for name, _ in names]
            there = [np.flatnonzero(part.is_valid().to_numpy(False)) for part in parts]
            parent = np.concatenate([np.zeros(0, np.int64), *there])
            kept = [part.drop_null() for part in parts]
            named = [pa.repeat(view, len(p)) for (_, view), p in zip(names, kept, strict=True)]
            order = np.argsort(parent, kind="stable")
            made = Made(stacked(kept), parent, stacked(named), None).take(order)
            yield from self._spoken(rows, sources, labelled(sources, made))

    def _pairs(self, variants: bool) -> Iterator[Lot]:
        identity = self.recipe.id or "id"
        last: tuple[Any, Any] | None = None
        for rows in self._rows(identity, "variant", "view"):
            ids, text = strings(rows[identity]), strings(rows[self.recipe.text])
            opens = np.ones(len(ids), np.bool_)
            same = [pc.equal(c[1:], c[:-1]).to_numpy(zero_copy_only=False) for c in (ids, text)]
            opens[1:] = ~(same[0] & same[1])
            fresh = opens.copy()
            fresh[:1] = (ids[0].as_py(), text[0].as_py()) != last
            last = ids[-1].as_py(), text[-1].as_py()
            first = np.flatnonzero(opens)
            sources = self._sources(rows, fresh).take(first)
            made = Made(strings(rows["variant"]), np.cumsum(opens) - 1, strings(rows["view"]), None)
            made = made if variants else made.take(np.zeros(0, np.int64))
            yield from self._spoken(rows.take(first), sources, labelled(sources, made))

    def _long(self, variants: bool) -> Iterator[Lot]:
        for fragment in self.dataset.get_fragments():
            if self.recipe.keep_original:
                for rows in self._originals(fragment):
                    sources = self._sources(rows, np.ones(rows.num_rows, np.bool_))
                    yield from self._spoken(rows, sources, labelled(sources, NOTHING))
            if variants:
                yield from self._children(fragment)

    def _originals(self, fragment: Any) -> Iterator[pa.Table]:
        """The originals of a file, which are its first rows."""
        for rows in self._rows("aug_parent", "aug_view", fragment=fragment):
            originals = rows.filter(pc.equal(strings(rows["aug_view"]), ORIGINAL))
            if originals.num_rows:
                yield originals
            if originals.num_rows < rows.num_rows:
                return

    def _children(self, fragment: Any) -> Iterator[Lot]:
        """The variants of a file beside their sources; both come in the order of the input."""
        lineage = ("aug_id", "aug_parent", "aug_view", "aug_steps", "aug_edits", "aug_scores")
        originals = self._originals(fragment) if self.recipe.keep_original else iter(())
        window: pa.Table | None = None
        for rows in self._rows(*lineage, fragment=fragment):
            rows = rows.filter(pc.not_equal(strings(rows["aug_view"]), ORIGINAL))
            if not rows.num_rows:
                continue
            wanted = strings(rows["aug_parent"])
            parent = places(wanted, window)
            while (parent < 0).any() and (more := next(originals, None)) is not None:
                window = more if window is None else pa.concat_tables([window, more])
                parent = places(wanted, window)
            if window is None:
                sources = self._sources(rows, np.zeros(rows.num_rows, np.bool_)).take(NO_ROWS)
            else:
                # What comes later is of no earlier source.
                first = int(parent[parent >= 0].min(initial=window.num_rows))
                window, parent = window.slice(first), np.where(parent < 0, -1, parent - first)
                sources = self._sources(window, np.zeros(window.num_rows, np.bool_))
                sources, parent = used(sources, parent)
            text, view, ids = (
                strings(rows[name]) for name in (self.recipe.text, "aug_view", "aug_id")
            )
            lists = [
                array(rows[name]).cast(kind)
                for name, kind in (
                    ("aug_steps", STEP_NAMES),
                    ("aug_edits", EDITS),
                    ("aug_scores", SCORES),
                )
            ]
            made = Made(text, parent, view, self._labels(rows), ids, *lists)
            yield from self._spoken(None, sources, made, tags(self.recipe, rows))

    def _rows(self, *columns: str, fragment: Any = None) -> Iterator[pa.Table]:
        """The text, label and language of all rows, and these columns."""
        spoken = self.recipe.language
        language = spoken.column if isinstance(spoken, LanguageColumn) else None
        named = (self.recipe.text, self.recipe.label, language, *columns)
        schema = self.dataset.schema
        wanted = [n for n in dict.fromkeys(named) if n is not None and n in schema.names]
        for file in self.dataset.get_fragments() if fragment is None else [fragment]:
            for group in file.split_by_row_group():
                table = group.to_table(schema=schema, columns=wanted, use_threads=False)
                for start in range(0, table.num_rows, _ROWS):
                    yield table.slice(start, _ROWS)

    def _sources(self, rows: pa.Table, fresh: Bools) -> Sources:
        return Sources(strings(rows[self.recipe.text]), self._labels(rows), fresh)

    def _labels(self, rows: pa.Table) -> pa.StringArray | None:
        label = self.recipe.label
        if label is None or label not in rows.schema.names or not plain(rows[label].type):
            return None
        return strings(rows[label])

    def _spoken(
        self, rows: pa.Table | None, sources: Sources, made: Made, told: Any = None
    ) -> Iterator[Lot]:
        """A lot for each language: of the rows, which are the sources, or else told of variants."""
        spoken = self.recipe.language
        if isinstance(spoken, str):
            yield Lot(spoken, sources, made)
            return
        if rows is not None:
            mine = tags(self.recipe, rows)
            theirs = mine[made.parent] if len(made.parent) else mine[:0]
        else:
            theirs, mine = told, np.full(len(sources.text), "", object)
            mine[made.parent[made.parent >= 0]] = theirs[made.parent >= 0]
        for tag in dict.fromkeys([*mine, *theirs]):
            picked, chosen = np.flatnonzero(mine == tag), np.flatnonzero(theirs == tag)
            part = made.take(chosen)
            place = np.full(len(mine) + 1, -1, np.int64)
            place[picked] = np.arange(len(picked))
            yield Lot(tag, sources.take(picked), replace(part, parent=place[part.parent]))


def reader(output: str, version: int, recipe: Mapping[str, Any]) -> Reader:
    """Opens a version of an output.

    Args:
        output: a folder, or a URL.
        version: which one.
        recipe: of its entry in the log.

    Raises:
        InputMissingError: there is no such version any more.
    """
    from pipelines.reading import read_dataset
    from pipelines.recipe_source import expand_variables

    values = expand_variables(dict(recipe), "", [])
    return Reader(read_dataset(output, version), Recipe.model_validate(values))
