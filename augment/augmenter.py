"""The augmenter interface, and the face that it shows in a notebook."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment import row_cache, tracing
from augment.batch import STEPS, TextBatch, Variants, spans_of
from augment.component import Component, Probability, component, fingerprint
from augment.containers import Polars, column_of, held_as
from augment.errors import PluginError
from augment.randomness import derive, generator, hash_strings, row_keys, uniform
from augment.text.diff import edits_between
from augment.text.edits import covered, overlaps
from augment.text.protect import Protection
from augment.text.spans import united
from augment.variant import Edit, Origin, Variant, VariantList

if TYPE_CHECKING:
    import pandas as pd


@dataclasses.dataclass(frozen=True, kw_only=True)
class Augmenter(Component, ABC):
    """Base of all augmenters: :meth:`rewrite` is the one method to write.

    Called as a function it augments a string, a list of strings or a pandas Series, and returns
    the type that it was given; :meth:`variants` shows what was changed.

    Args:
        p: probability that the augmenter applies to a row; a row left out is declined.
    """

    batch_invariant: ClassVar[bool] = True
    """Whether the output is the same for any cut of the rows into batches. Model steps, whose
    floating point depends on the padding, say no; they are the same for the same batches."""

    drift: ClassVar[Mapping[str, float]] = {}
    """Of model steps: the measured share of rows that differ under another cut into batches, by
    backend and dtype (``onnx int8``)."""

    model_cost: ClassVar[bool] = False
    """Whether a row is worth keeping for the next time, because a model is run for it; a row cache
    (see :mod:`augment.row_cache`) keeps those of exact steps."""

    p: Probability = 1.0

    def draws(self, copy: int) -> bool:  # noqa: ARG002 - for those that override it
        """Whether the rows' variants of this copy depend on their keys."""
        return True

    @property
    def exact(self) -> bool:
        """Whether the output is the same for any cut into batches, as far as it was measured."""
        parts = [part for part in self.parts if isinstance(part, Augmenter)]
        return all(part.exact for part in parts) if parts else self.batch_invariant

    @abstractmethod
    def rewrite(self, batch: TextBatch) -> Variants:
        """One variant per row, aligned with the batch; a row with nothing to change declines.

        All randomness comes from ``batch.keys``; characters in ``batch.protected`` stay.
        """

    def apply(self, batch: TextBatch) -> Variants:
        """:meth:`rewrite` on the rows that ``p`` selects, checked, with the ``steps`` note set.

        Raises:
            PluginError: the rewritten columns are not aligned with the batch.
        """
        recorder = tracing.recorder()
        if recorder is None:
            return self._apply(batch)
        with recorder.frame(self, batch) as frame:
            frame.made = made = self._apply(batch)
        return made

    def _apply(self, batch: TextBatch) -> Variants:
        if self.p < 1.0:
            rows = np.flatnonzero(uniform(batch.keys, "apply") < self.p)
            if len(rows) < len(batch):
                return self._apply_all(batch.take(rows)).scatter(rows, len(batch))
        return self._apply_all(batch)

    def _apply_all(self, batch: TextBatch) -> Variants:
        frame = tracing.current()
        if not len(batch):
            if frame is not None:
                frame.skipped = True
            return Variants.declined(0)
        # A row that is kept tells nothing of how it came about.
        store = row_cache.active() if self.model_cost and frame is None else None
        if store is None or not self.exact:
            return self._made(batch)
        step = fingerprint(self.resolved())
        return row_cache.through(store, step, batch, self.draws(batch.copy), self._made)

    def _made(self, batch: TextBatch) -> Variants:
        out = self.rewrite(batch)
        if len(out) != len(batch):
            raise PluginError(f"{self.name} made {len(out)} rows of {len(batch)}")
        out = _decline_unchanged(batch, out)
        if STEPS in out.notes:
            return out
        changed = out.text.is_valid()
        step = pa.array([[self.name]], pa.list_(pa.string()))
        index = pa.array(np.zeros(len(out), np.int64), mask=~changed.to_numpy(zero_copy_only=False))
        return dataclasses.replace(out, notes={**out.notes, STEPS: step.take(index)})

    @overload
    def __call__(  # type: ignore[overload-overlap]  # a str is a Sequence[str] too
        self, texts: str, *, seed: int = 0, language: str = "en"
    ) -> str: ...
    @overload
    def __call__(  # type: ignore[overload-overlap]  # and a Series can be iterated over
        self, texts: "pd.Series[str]", *, seed: int = 0, language: str = "en"
    ) -> "pd.Series[str]": ...
    @overload
    def __call__(self, texts: Polars, *, seed: int = 0, language: str = "en") -> Polars: ...
    @overload
    def __call__(
        self, texts: Iterable[str], *, seed: int = 0, language: str = "en"
    ) -> list[str]: ...
    def __call__(self, texts: Any, *, seed: int = 0, language: str = "en") -> Any:
        """Augment texts; a text with nothing to change comes back as it is.

        Args:
            texts: a string, an iterable of strings (such as a column of a ``datasets`` dataset), a
                Series of pandas or Polars, or an Arrow column.
            seed: the same seed gives the same variants, whatever else is in the call.
            language: BCP 47 tag of the texts.

        Returns:
            The type that was given, a Series with the same name and index; of other iterables than
            these a ``list``.

        Raises:
            TypeError: something in it is no text, or it is a table.
        """
        column = column_of(texts)
        shared = row_keys(seed, hash_strings(column))
        spans = Protection().find(column)
        batch = TextBatch(column, derive(shared, 0), language, spans, shared=shared)
        return held_as(texts, pc.coalesce(self.apply(batch).text, column))

    def variants(
        self,
        text: str,
        n: int = 1,
        *,
        seed: int = 0,
        language: str = "en",
        protected: Sequence[tuple[int, int]] = (),
    ) -> VariantList:
        """``n`` variants of one text, each with its edits; variant k is the same for every n.

        Declined copies are left out. In a notebook and in a terminal the result is shown as a
        diff.

        Args:
            text: the source.
            n: how many.
            seed: any integer.
            language: BCP 47 tag of the text.
            protected: further spans (start, stop) of code points that stay as they are;
                :meth:`Variant.carry` says where they stand in a variant.

        Raises:
            ValueError: a span is none of the text's.
        """
        source = pa.array([text], pa.string())
        base = row_keys(seed, hash_strings([text]))
        spans = united(Protection().find(source), _spans(protected, text, 1))
        batch = TextBatch(source, base, language, spans, shared=base)
        copies = (dataclasses.replace(batch, keys=derive(base, k), copy=k) for k in range(n))
        made = ((self.apply(copy), copy) for copy in copies)
        return VariantList(
            text,
            tuple(
                Variant(
                    out.text[0].as_py(), _edits(out.edits[0]), _notes(out, 0), Origin(self, copy)
                )
                for out, copy in made
                if out.text[0].is_valid
            ),
        )


def _decline_unchanged(batch: TextBatch, out: Variants) -> Variants:
    """Null out rows whose variant equals the source."""
    changed = pc.fill_null(pc.not_equal(out.text, batch.text), False)
    if pc.all(pc.equal(changed, out.text.is_valid())).as_py() is not False:
        return out
    kept = pc.if_else(changed, pa.array(np.arange(len(out))), None)
    notes = {name: note.take(kept) if name == STEPS else note for name, note in out.notes.items()}
    return Variants(out.text.take(kept), out.edits.take(kept), notes)


def _spans(pairs: Sequence[tuple[int, int]], text: str, count: int) -> pa.ListArray:
    for start, stop in pairs:
        if not 0 <= start <= stop <= len(text):
            raise ValueError(f"({start}, {stop}) is no span of a text of {len(text)} code points")
    return spans_of([pairs] * count)


def _edits(row: pa.ListScalar) -> tuple[Edit, ...]:
    return tuple(Edit(e["start"], e["stop"], e["text"]) for e in row.as_py())


def _notes(out: Variants, row: int) -> dict[str, Any]:
    notes = {name: column[row].as_py() for name, column in out.notes.items()}
    return {name: value for name, value in notes.items() if value is not None}


@dataclasses.dataclass(frozen=True, kw_only=True)
class FunctionAugmenter(Augmenter):
    """Base of what :func:`augmenter` makes of a function."""

    function: ClassVar[Callable[[str, np.random.Generator], str | None]]

    def rewrite(self, batch: TextBatch) -> Variants:
        """What the function makes of each row with the row's own generator."""
        function = type(self).function
        rows = zip(batch.text.to_pylist(), batch.keys, strict=True)
        made = [function(text, generator(key)) for text, key in rows]
        return variants_of_texts(batch, made)


def augmenter(name: str) -> Callable[[Callable[[str, np.random.Generator], str | None]], type]:
    """Make an augmenter class of a function ``(text, rng) -> str | None``.

    ``None`` or an unchanged text declines. A result that breaks a protected span is declined.

    >>> @augmenter("shout")
    ... def shout(text, rng):
    ...     return text.upper()
    >>> shout()("quiet please")
    'QUIET PLEASE'
    """

    def decorate(function: Callable[[str, np.random.Generator], str | None]) -> type:
        body = {
            "function": staticmethod(function),
            "__doc__": function.__doc__,
            "__module__": function.__module__,
            "__qualname__": function.__qualname__,
        }
        return component(name)(type(function.__name__, (FunctionAugmenter,), body))

    return decorate


def variants_of_texts(batch: TextBatch, made: Sequence[str | None]) -> Variants:
    """Variants of whole rewritten texts: edits found by diff, protected spans enforced.

    For code that returns texts rather than edits. A row whose protected characters an edit would
    touch is declined, and so is one that is protected from end to end.
    """
    edits = edits_between(batch.text.to_pylist(), list(made))
    kept = ~(overlaps(edits, batch.protected) | covered(batch.text, batch.protected))
    index = pa.array(np.arange(len(batch)), mask=~kept)
    return Variants(pa.array(made, pa.string()), edits).take(index)
