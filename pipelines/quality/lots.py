"""A published dataset as sources and variants, whatever its layout; a few thousand rows at once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import EDITS
from augment.text.columns import Bools, Ints
from pipelines.recipe import ORIGINAL
from pipelines.recipe_values import LanguageColumn
from pipelines.rows import SCORES, STEP_NAMES

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

    from pipelines.recipe import Recipe

UNKNOWN = "und"
"""The language of rows of which the output does not tell it, as the layout pairs does not."""

_ROWS = 4096
"""Rows that are looked at together."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Texts of the corpus, and what is known of them.

    Attributes:
        text: ``(n,)`` string.
        labels: ``(n,)`` string, null where a row has none; None if the corpus has none.
        fresh: ``(n,)``: whether this is the first lot with this row.
    """

    text: pa.StringArray
    labels: pa.StringArray | None
    fresh: Bools

    def take(self, rows: Ints) -> Self:
        """These, in this order."""
        labels = None if self.labels is None else self.labels.take(pa.array(rows))
        return replace(
            self, text=self.text.take(pa.array(rows)), labels=labels, fresh=self.fresh[rows]
        )


@dataclass(frozen=True, slots=True)
class Made:
    """Variants, and what is told of each.

    Attributes:
        text: ``(m,)`` string.
        parent: ``(m,)`` index of each one's source; -1 where the output does not have it.
        view: ``(m,)`` string.
        labels: as in :class:`Sources`.
        ids, steps, edits, scores: ``(m,)``, as in the long layout; None in others.
    """

    text: pa.StringArray
    parent: Ints
    view: pa.StringArray
    labels: pa.StringArray | None
    ids: pa.StringArray | None = None
    steps: pa.ListArray | None = None
    edits: pa.ListArray | None = None
    scores: pa.ListArray | None = None

    def take(self, rows: Ints) -> Self:
        """These, in this order."""
        index = pa.array(rows)
        columns = ("text", "view", "labels", "ids", "steps", "edits", "scores")
        taken: dict[str, Any] = {
            name: None if (column := getattr(self, name)) is None else column.take(index)
            for name in columns
        }
        return replace(self, parent=self.parent[rows], **taken)


@dataclass(frozen=True, slots=True)
class Lot:
    """Some sources and some of their variants, all of one language."""

    language: str
    sources: Sources
    made: Made


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads lots of an output, in the order of its rows.

    Attributes:
        dataset: its files.
        recipe: that it was made by.
    """

    dataset: "Dataset"
    recipe: "Recipe"

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
            parts = [_strings(rows[name]) for name, _ in names]
            there = [np.flatnonzero(part.is_valid().to_numpy(False)) for part in parts]
            parent = np.concatenate([np.zeros(0, np.int64), *there])
            kept = [part.drop_null() for part in parts]
            tags = [pa.repeat(view, len(p)) for (_, view), p in zip(names, kept, strict=True)]
            order = np.argsort(parent, kind="stable")
            made = Made(_stacked(kept), parent, _stacked(tags), None).take(order)
            yield from self._spoken(rows, sources, _labelled(sources, made))

    def _pairs(self, variants: bool) -> Iterator[Lot]:
        identity = self.recipe.id or "id"
        last: tuple[Any, Any] | None = None
        for rows in self._rows(identity, "variant", "view"):
            ids, text = _strings(rows[identity]), _strings(rows[self.recipe.text])
            opens = np.ones(len(ids), np.bool_)
            same = [pc.equal(c[1:], c[:-1]).to_numpy(zero_copy_only=False) for c in (ids, text)]
            opens[1:] = ~(same[0] & same[1])
            fresh = opens.copy()
            fresh[:1] = (ids[0].as_py(), text[0].as_py()) != last
            last = ids[-1].as_py(), text[-1].as_py()
            first = np.flatnonzero(opens)
            sources = self._sources(rows, fresh).take(first)
            made = Made(
                _strings(rows["variant"]), np.cumsum(opens) - 1, _strings(rows["view"]), None
            )
            made = made if variants else made.take(np.zeros(0, np.int64))
            yield from self._spoken(rows.take(first), sources, _labelled(sources, made))

    def _long(self, variants: bool) -> Iterator[Lot]:
        for fragment in self.dataset.get_fragments():
            if self.recipe.keep_original:
                for rows in self._originals(fragment):
                    sources = self._sources(rows, np.ones(rows.num_rows, np.bool_))
                    yield from self._spoken(rows, sources, _labelled(sources, _NOTHING))
            if variants:
                yield from self._children(fragment)

    def _originals(self, fragment: Any) -> Iterator[pa.Table]:
        """The originals of a file, which are its first rows."""
        for rows in self._rows("aug_parent", "aug_view", fragment=fragment):
            originals = rows.filter(pc.equal(_strings(rows["aug_view"]), ORIGINAL))
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
            rows = rows.filter(pc.not_equal(_strings(rows["aug_view"]), ORIGINAL))
            if not rows.num_rows:
                continue
            wanted = _strings(rows["aug_parent"])
            parent = _places(wanted, window)
            while (parent < 0).any() and (more := next(originals, None)) is not None:
                window = more if window is None else pa.concat_tables([window, more])
                parent = _places(wanted, window)
            if window is None:
                sources = self._sources(rows, np.zeros(rows.num_rows, np.bool_)).take(_NO_ROWS)
            else:
                # What comes later is of no earlier source.
                first = int(parent[parent >= 0].min(initial=window.num_rows))
                window, parent = window.slice(first), np.where(parent < 0, -1, parent - first)
                sources = self._sources(window, np.zeros(window.num_rows, np.bool_))
                sources, parent = _used(sources, parent)
            text, view, ids = (
                _strings(rows[name]) for name in (self.recipe.text, "aug_view", "aug_id")
            )
            lists = [
                _array(rows[name]).cast(kind)
                for name, kind in (
                    ("aug_steps", STEP_NAMES),
                    ("aug_edits", EDITS),
                    ("aug_scores", SCORES),
                )
            ]
            made = Made(text, parent, view, self._labels(rows), ids, *lists)
            yield from self._spoken(None, sources, made, _tags(self.recipe, rows))

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
        return Sources(_strings(rows[self.recipe.text]), self._labels(rows), fresh)

    def _labels(self, rows: pa.Table) -> pa.StringArray | None:
        label = self.recipe.label
        if label is None or label not in rows.schema.names or not _plain(rows[label].type):
            return None
        return _strings(rows[label])

    def _spoken(
        self, rows: pa.Table | None, sources: Sources, made: Made, tags: Any = None
    ) -> Iterator[Lot]:
        """A lot for each language; tags are those of the sources, or else of the variants."""
        spoken = self.recipe.language
        if isinstance(spoken, str):
            yield Lot(spoken, sources, made)
            return
        if rows is not None:
            mine = _tags(self.recipe, rows)
            theirs = mine[made.parent] if len(made.parent) else mine[:0]
        else:
            theirs, mine = tags, np.full(len(sources.text), "", object)
            mine[made.parent[made.parent >= 0]] = theirs[made.parent >= 0]
        for tag in dict.fromkeys([*mine, *theirs]):
            picked, chosen = np.flatnonzero(mine == tag), np.flatnonzero(theirs == tag)
            part = made.take(chosen)
            place = np.full(len(mine) + 1, -1, np.int64)
            place[picked] = np.arange(len(picked))
            yield Lot(tag, sources.take(picked), replace(part, parent=place[part.parent]))


_NO_ROWS = np.zeros(0, np.int64)
_NO_STRINGS = pa.array([], pa.string())
_NOTHING = Made(_NO_STRINGS, _NO_ROWS, _NO_STRINGS, None)


def _labelled(sources: Sources, made: Made) -> Made:
    """With the labels of their sources."""
    if sources.labels is None:
        return made
    return replace(made, labels=sources.labels.take(pa.array(made.parent, pa.int64())))


def _used(sources: Sources, parent: Ints) -> tuple[Sources, Ints]:
    """Only those sources that have a variant here."""
    rows = np.unique(parent[parent >= 0])
    place = np.searchsorted(rows, parent)
    return sources.take(rows), np.where(parent < 0, -1, place)


def _places(wanted: pa.StringArray, window: pa.Table | None) -> Ints:
    """Where each one's source stands in a window; -1 if it does not."""
    if window is None:
        return np.full(len(wanted), -1, np.int64)
    found = pc.index_in(wanted, value_set=_strings(window["aug_parent"]))
    return np.asarray(pc.fill_null(found, -1).to_numpy(zero_copy_only=False), np.int64)


def _tags(recipe: "Recipe", rows: pa.Table) -> Any:
    """``(n,)`` object: the language of each row."""
    spoken = recipe.language
    if isinstance(spoken, str) or spoken.column not in rows.schema.names:
        tag = spoken if isinstance(spoken, str) else UNKNOWN
        return np.full(rows.num_rows, tag, object)
    tags = pc.fill_null(_strings(rows[spoken.column]), UNKNOWN)
    return tags.to_numpy(zero_copy_only=False).astype(object)


def _plain(kind: pa.DataType) -> bool:
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    nested = pa.types.is_nested(kind)
    return not nested and not pa.types.is_binary(kind) and not pa.types.is_large_binary(kind)


def _array(column: pa.ChunkedArray) -> pa.Array:
    chunks = column.chunks
    return pa.concat_arrays(chunks) if chunks else pa.array([], column.type)


def _strings(column: pa.ChunkedArray) -> pa.StringArray:
    """As one array of strings, whatever the type."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return _array(column.cast(pa.string()))


def _stacked(parts: list[pa.StringArray]) -> pa.StringArray:
    return pa.concat_arrays([_NO_STRINGS, *parts])


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
    from pipelines.recipe import Recipe
    from pipelines.recipe_source import expand_variables

    values = expand_variables(dict(recipe), "", [])
    return Reader(read_dataset(output, version), Recipe.model_validate(values))
