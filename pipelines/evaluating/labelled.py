"""Labelled rows to evaluate on: their texts, classes, and which of them must stay together."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import Keys, hash_strings
from augment.text.columns import Ints
from pipelines.corpus import Corpus
from pipelines.errors import DataError
from pipelines.parquet import read_batches
from pipelines.plan import Plan
from pipelines.preparing import opened
from pipelines.rows import require_column
from pipelines.sift import as_strings, sift

_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows of a corpus that have a usable text and a label.

    Attributes:
        rows: ``(n,)`` of the input, all columns.
        text: ``(n,)`` string.
        labels: ``(n,)`` int64, places in ``classes``.
        classes: the labels as text, sorted.
        keys: ``(n,)`` uint64; rows with the same text, but for letter case and space, share one.
        groups: ``(n,)`` int64; rows that share a text or a value of the ``by`` column, directly or
            through others, are of one group.
        unlabelled: rows left out because their label is null.
    """

    rows: pa.RecordBatch
    text: pa.StringArray
    labels: Ints
    classes: tuple[str, ...]
    keys: Keys
    groups: Ints
    unlabelled: int = 0

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: Ints) -> "Labelled":
        """The rows at these places; classes and the numbers of groups stay."""
        index = pa.array(places)
        rows, text = self.rows.take(index), self.text.take(index)
        chosen = self.labels[places], self.classes, self.keys[places], self.groups[places]
        return Labelled(rows, text, *chosen, self.unlabelled)


def read_labelled(plan: Plan, label: str, by: str | None = None) -> Labelled:
    """All usable rows of a plan's input, in memory.

    Args:
        plan: says where the input is and which column is the text.
        label: column of the labels, of any type that can be written as text.
        by: column whose equal values must not be both learnt from and tested on.

    Raises:
        InputMissingError, DataError: the input can't be read, lacks a column, has no row with a
            label, or only one class.
    """
    with TemporaryDirectory() as folder:
        corpus = opened(plan, None, Path(folder))
        for name, option in ((label, "--label"), (by, "--by")):
            if name is not None:
                require_column(corpus.schema, name, option)
        batches = list(_usable(plan, corpus))
    table = pa.Table.from_batches(batches, corpus.schema)
    given = pc.is_valid(table[label])
    kept = table.filter(given).combine_chunks()
    if not kept.num_rows:
        raise DataError(f"{plan.recipe.input}: no row has both a text and a label ({label!r})")
    return _labelled(plan, kept.to_batches()[0], label, by, table.num_rows - kept.num_rows)


def _usable(plan: Plan, corpus: Corpus) -> Iterator[pa.RecordBatch]:
    for shard in corpus.shards:
        for batch in read_batches(shard, plan.batch_rows, plan.recipe.text):
            yield sift(plan.recipe, batch).source


def _labelled(
    plan: Plan, rows: pa.RecordBatch, label: str, by: str | None, unlabelled: int
) -> Labelled:
    text = as_strings(rows.column(plan.recipe.text))
    values = _as_text(rows.column(label), label, "--label")
    classes = tuple(sorted(pc.unique(values).to_pylist()))
    if len(classes) < 2:
        raise DataError(f"the column {label!r} (--label) has one class alone: {classes[0]!r}")
    labels = np.asarray(pc.index_in(values, pa.array(classes)).to_numpy(), np.int64)
    keys = text_keys(text)
    groups = _groups(keys, None if by is None else _as_text(rows.column(by), by, "--by"))
    return Labelled(rows, text, labels, classes, keys, groups, unlabelled)


def _as_text(column: pa.Array, name: str, option: str) -> pa.StringArray:
    try:
        return as_strings(column)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError):
        message = f"the column {name!r} ({option}) of type {column.type} can't be written as text"
        raise DataError(message) from None


def text_keys(text: pa.StringArray) -> Keys:
    """``(n,)`` uint64: the same for texts that differ in letter case and space alone.

    >>> a, b = text_keys(pa.array(["A fine  film", "a fine film "]))
    >>> bool(a == b)
    True
    """
    return hash_strings([_SPACE.sub(" ", t).strip().casefold() for t in text.to_pylist()])


def _groups(keys: Keys, by: pa.StringArray | None) -> Ints:
    """``(n,)`` numbers of connected rows; a null in ``by`` connects nothing."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    _, text = np.unique(keys, return_inverse=True)
    if by is None:
        return np.asarray(text, np.int64)
    there = np.flatnonzero(by.is_valid().to_numpy(zero_copy_only=False))
    value = by.take(pa.array(there)).dictionary_encode().indices.to_numpy()
    ends = int(text.max()) + 1
    size = ends + int(value.max(initial=-1)) + 1
    links = coo_matrix((np.ones(len(there)), (text[there], ends + value)), shape=(size, size))
    _, component = connected_components(links, directed=False)
    found: npt.NDArray[np.int64] = np.asarray(component[text], np.int64)
    return found
