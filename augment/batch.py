"""The values that flow through augmill: frozen columns, n rows in and n rows out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import Keys, derive, hash_strings, row_keys

SPAN = pa.struct([("start", pa.int32()), ("stop", pa.int32())])
SPANS = pa.list_(SPAN)
"""Spans of a row: sorted, not overlapping, in code points."""

EDIT = pa.struct([("start", pa.int32()), ("stop", pa.int32()), ("text", pa.string())])
EDITS = pa.list_(EDIT)
"""Edits of a row: ``text`` replaces the source's code points [start, stop)."""

STEPS = "steps"
"""The note that names the steps which changed a row: list<string>."""


@dataclass(frozen=True, slots=True)
class TextBatch:
    """Rows of text to augment.

    Attributes:
        text: ``(n,)`` string, no nulls.
        keys: ``(n,)`` uint64, one random key per row; the only source of randomness.
        language: BCP 47 tag, ``und`` if unknown.
        protected: ``(n,)`` list<struct<start: int32, stop: int32>> in code points, sorted and not
            overlapping; these characters are never edited.
        copy: which of the rows' copies is being made; copy k is the same however many are wanted.
        shared: ``(n,)`` uint64, one random key per row that is the same for all its copies; see
            :attr:`shared_keys`.
        labels: ``(n,)`` string, null where a row has none; None if the corpus is not labelled.
            Augmenters do not look at them, filters may.
        siblings: ``(n,)`` string each, null where there is none: other variants of the rows that
            are kept already. Augmenters do not look at them, filters may.
    """

    text: pa.StringArray
    keys: Keys
    language: str
    protected: pa.ListArray
    copy: int = 0
    shared: Keys | None = None
    labels: pa.StringArray | None = None
    siblings: tuple[pa.StringArray, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.text) == len(self.keys) == len(self.protected) == len(self.shared_keys):
            raise ValueError(
                f"columns differ in length: text {len(self.text)}, keys {len(self.keys)}, "
                f"protected {len(self.protected)}, shared {len(self.shared_keys)}"
            )
        if self.text.type != pa.string() or self.text.null_count:
            raise ValueError(f"text must be string without nulls, not {self.text.type}")
        if self.protected.type != SPANS:
            raise ValueError(f"protected must be {SPANS}, not {self.protected.type}")
        if self.labels is not None and len(self.labels) != len(self.text):
            raise ValueError(f"columns differ in length: {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.text)

    @property
    def shared_keys(self) -> Keys:
        """``(n,)`` keys that the copies of a row share; ``keys`` where there is but one copy."""
        return self.keys if self.shared is None else self.shared

    @classmethod
    def of(
        cls,
        texts: Iterable[str] | pa.Array,
        *,
        seed: int = 0,
        language: str = "und",
        protected: pa.ListArray | None = None,
    ) -> Self:
        """A batch whose row keys are made from the seed and each row's text.

        Args:
            texts: the rows; an Arrow string array is taken as it is.
            seed: any integer.
            language: BCP 47 tag.
            protected: spans never to be edited; none if left out.

        Raises:
            ValueError: a span ends behind its row.
        """
        column = texts if isinstance(texts, pa.Array) else pa.array(list(texts), pa.string())
        spans = no_spans(len(column)) if protected is None else protected
        made = cls(column, row_keys(seed, hash_strings(column)), language, spans)
        _check_inside(column, spans)
        return made

    def derived(self, label: str | int) -> Self:
        """The same rows with the keys of a sub-stream, as a step of a chain gets them."""
        shared = None if self.shared is None else derive(self.shared, label)
        return replace(self, keys=derive(self.keys, label), shared=shared)

    def take(self, rows: npt.NDArray[np.integer]) -> Self:
        """The batch of these rows, in this order."""
        index = pa.array(rows, pa.int64())
        return replace(
            self,
            text=self.text.take(index),
            keys=self.keys[rows],
            protected=self.protected.take(index),
            shared=None if self.shared is None else self.shared[rows],
            labels=None if self.labels is None else self.labels.take(index),
            siblings=tuple(other.take(index) for other in self.siblings),
        )

    def slice(self, start: int, stop: int) -> Self:
        """The batch of rows [start, stop)."""
        length = stop - start
        return replace(
            self,
            text=self.text.slice(start, length),
            keys=self.keys[start:stop],
            protected=self.protected.slice(start, length),
            shared=None if self.shared is None else self.shared[start:stop],
            labels=None if self.labels is None else self.labels.slice(start, length),
            siblings=tuple(other.slice(start, length) for other in self.siblings),
        )


@dataclass(frozen=True, slots=True)
class Variants:
    """What an augmenter made of a batch, row by row.

    Attributes:
        text: ``(n,)`` string; null where the augmenter declined (there was nothing to change).
        edits: ``(n,)`` list<struct<start: int32, stop: int32, text: string>> in code points of the
            source; replayed on it they give ``text``. Null where ``text`` is.
        notes: extra columns of length n: scores, pivot text, the names of the steps. Those of
            integers are counts of what happened, of rows that decline too: a run adds them up.
    """

    text: pa.StringArray
    edits: pa.ListArray
    notes: Mapping[str, pa.Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {"text": len(self.text), "edits": len(self.edits)}
        lengths.update({name: len(note) for name, note in self.notes.items()})
        if len(set(lengths.values())) > 1:
            raise ValueError(f"columns differ in length: {lengths}")

    def __len__(self) -> int:
        return len(self.text)

    @classmethod
    def declined(cls, count: int) -> Self:
        """Variants of ``count`` rows none of which was changed."""
        return cls(pa.nulls(count, pa.string()), pa.nulls(count, EDITS))

    def take(self, rows: pa.Array | npt.NDArray[np.integer]) -> Self:
        """These rows, in this order; a null index gives a declined row."""
        index = rows if isinstance(rows, pa.Array) else pa.array(rows, pa.int64())
        return replace(
            self,
            text=self.text.take(index),
            edits=self.edits.take(index),
            notes={name: note.take(index) for name, note in self.notes.items()},
        )

    def scatter(self, rows: npt.NDArray[np.integer], count: int) -> Self:
        """Spread over ``count`` rows: row i of these becomes row ``rows[i]``, others decline."""
        index = np.full(count, -1, np.int64)
        index[rows] = np.arange(len(rows))
        return self.take(pa.array(index, mask=index < 0))


def _check_inside(text: pa.StringArray, spans: pa.ListArray) -> None:
    counts = pc.fill_null(pc.list_value_length(spans), 0).to_numpy(zero_copy_only=False)
    lengths = np.repeat(pc.utf8_length(text).to_numpy(zero_copy_only=False), counts)
    stops = pc.struct_field(spans.flatten(), "stop").to_numpy(zero_copy_only=False)
    behind = np.flatnonzero(stops > lengths)
    if len(behind):
        row = int(np.repeat(np.arange(len(text)), counts)[behind[0]])
        raise ValueError(f"a protected span of row {row} ends behind the row's text")


def no_spans(count: int) -> pa.ListArray:
    """``count`` empty span lists."""
    return pa.ListArray.from_arrays(pa.array(np.zeros(count + 1, np.int32)), pa.array([], SPAN))


def spans_of(rows: Sequence[Sequence[tuple[int, int]]]) -> pa.ListArray:
    """A spans column from Python pairs, for small inputs and tests."""
    return pa.array([[{"start": a, "stop": b} for a, b in row] for row in rows], SPANS)
