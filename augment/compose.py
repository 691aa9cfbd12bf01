"""Augmenters made of augmenters: in sequence, one of several, some of several, now and then.

Edits of consecutive steps are composed, so that lineage always refers to the original text, and
protected spans move along with the text.
"""

import dataclasses
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, InstanceOf, model_validator

from augment import tracing
from augment.augmenter import Augmenter
from augment.batch import STEPS, TextBatch, Variants
from augment.component import Probability, component
from augment.randomness import uniform
from augment.text.columns import parents
from augment.text.composition import compose
from augment.text.edits import shift_spans

Augmenters = Annotated[tuple[InstanceOf[Augmenter], ...], Field(min_length=1)]


class _State:
    """The text as it stands after some steps, and how it came about."""

    def __init__(self, batch: TextBatch, field: str = "steps") -> None:
        self.batch = batch
        self.field = field
        self.made = Variants.declined(len(batch))
        self.protected = batch.protected
        self._last: pa.ListArray | None = None
        """Edits of the last step, behind which the protected spans have yet to be moved."""

    def step(self, augmenter: Augmenter, place: int, rows: npt.NDArray[np.int64] | None) -> None:
        """Apply a step to some rows (all if None); its place in the sequence keys its numbers."""
        if self._last is not None:
            self.protected, self._last = shift_spans(self.protected, self._last), None
        current = pc.coalesce(self.made.text, self.batch.text)
        now = dataclasses.replace(self.batch.derived(place), text=current, protected=self.protected)
        _trace_place(f"{self.field}[{place}]")
        if rows is None:
            out = augmenter.apply(now)
        else:
            out = augmenter.apply(now.take(rows)).scatter(rows, len(now))
        if out.text.null_count == len(out):
            # What was noted of declined rows must not depend on their batch mates.
            self.made = dataclasses.replace(self.made, notes=_merged(self.made, out))
        else:
            self._absorb(current, out)

    def _absorb(self, current: pa.StringArray, out: Variants) -> None:
        text = pc.coalesce(out.text, self.made.text)
        if self.made.text.null_count == len(text):
            edits = out.edits
        else:
            edits = compose(self.batch.text, current, self.made.edits, out.edits)
        self._last = out.edits
        self.made = Variants(text, edits, _merged(self.made, out))

    def result(self) -> Variants:
        """The variants; a row whose edits cancelled out declines."""
        undone = pc.and_(self.made.text.is_valid(), pc.is_null(self.made.edits))
        if not pc.any(undone).as_py():
            return self.made
        return self.made.take(pc.if_else(undone, None, pa.array(np.arange(len(self.batch)))))


def _trace_place(place: str) -> None:
    recorder = tracing.recorder()
    if recorder is not None:
        recorder.going(place)


def _trace_choice(chosen: npt.NDArray[np.bool_], parts: tuple[Augmenter, ...]) -> None:
    """Report which of the parts one row got."""
    frame = tracing.current()
    if frame is not None and len(chosen):
        names = [part.name for part, taken in zip(parts, chosen[0], strict=True) if taken]
        known = ", ".join(part.name for part in parts)
        frame.remarks.append(f"drew {', '.join(names) or 'none'} of: {known}")


def _merged(before: Variants, after: Variants) -> dict[str, pa.Array]:
    """Notes of both; counts add up, of other things that both note the later step is believed."""
    notes = dict(before.notes)
    for name, column in after.notes.items():
        if name not in notes:
            notes[name] = column
        elif name == STEPS:
            notes[name] = _concatenated(notes[name], column)
        elif pa.types.is_integer(column.type):
            sums = pc.add(pc.fill_null(notes[name], 0), pc.fill_null(column, 0))
            counted = pc.or_(notes[name].is_valid(), column.is_valid())
            notes[name] = pc.if_else(counted, sums, None)
        else:
            notes[name] = pc.coalesce(column, notes[name])
    return notes


def _concatenated(first: pa.ListArray, second: pa.ListArray) -> pa.ListArray:
    """Row-wise concatenation of two lists; null where both are."""
    rows = np.concatenate([parents(first), parents(second)])
    order = np.argsort(rows, kind="stable")
    values = pa.concat_arrays([first.flatten(), second.flatten()]).take(pa.array(order))
    offsets = np.searchsorted(rows[order], np.arange(len(first) + 1))
    absent = pc.and_(first.is_null(), second.is_null())
    return pa.ListArray.from_arrays(
        pa.array(offsets, pa.int32()), values, type=first.type, mask=absent
    )


def _batch_invariant(steps: tuple[Augmenter, ...]) -> bool:
    return all(step.batch_invariant for step in steps)


@component("chain")
class Chain(Augmenter):
    """Every step in order, each on what the one before it made.

    Args:
        steps: augmenters; a step that declines a row passes it on as it is.
    """

    nested = ("steps",)

    steps: Augmenters

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether all steps are."""
        return _batch_invariant(self.steps)

    def rewrite(self, batch: TextBatch) -> Variants:
        """The steps' edits, composed."""
        state = _State(batch)
        for place, step in enumerate(self.steps):
            state.step(step, place, None)
        return state.result()


@component("one_of")
class OneOf(Augmenter):
    """One of the options for each row, drawn by weight.

    Args:
        options: augmenters.
        weights: one number per option, not negative, not all zero; equal if left out.
    """

    nested = ("options",)

    options: Augmenters
    weights: tuple[Annotated[float, Field(ge=0)], ...] | None = None

    @model_validator(mode="after")
    def _check_weights(self) -> "OneOf":
        if self.weights is not None and (
            len(self.weights) != len(self.options) or sum(self.weights) <= 0
        ):
            raise ValueError(
                f"weights are {len(self.options)} numbers, one per option, with a positive sum"
            )
        return self

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether all options are."""
        return _batch_invariant(self.options)

    def rewrite(self, batch: TextBatch) -> Variants:
        """Each row's edits are those of its option."""
        shares = np.cumsum(np.asarray(self.weights or [1.0] * len(self.options), np.float64))
        drawn = uniform(batch.keys, "option") * shares[-1]
        chosen = np.minimum(np.searchsorted(shares, drawn, side="right"), len(shares) - 1)
        _trace_choice(chosen[:, None] == np.arange(len(shares)), self.options)
        state = _State(batch, "options")
        for place, option in enumerate(self.options):
            rows = np.flatnonzero(chosen == place)
            if len(rows):
                state.step(option, place, rows)
        return state.result()


@component("some_of")
class SomeOf(Augmenter):
    """A random subset of the steps for each row, in the order in which they are given.

    Args:
        steps: augmenters.
        least, most: bounds of the number of steps per row, both included; each number is equally
            likely, and each subset of that size. ``most`` is all of them if left out.
    """

    nested = ("steps",)

    steps: Augmenters
    least: Annotated[int, Field(ge=0)] = 1
    most: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _check_bounds(self) -> "SomeOf":
        most = len(self.steps) if self.most is None else self.most
        if not self.least <= most <= len(self.steps):
            raise ValueError(f"0 ≤ least ≤ most ≤ {len(self.steps)} steps is required")
        return self

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether all steps are."""
        return _batch_invariant(self.steps)

    def rewrite(self, batch: TextBatch) -> Variants:
        """The chosen steps' edits, composed."""
        most = len(self.steps) if self.most is None else self.most
        size = self.least + (uniform(batch.keys, "size") * (most - self.least + 1)).astype(int)
        counters = np.arange(len(self.steps))[None, :]
        draws = uniform(batch.keys[:, None], "subset", counters)
        rank = draws.argsort(axis=1).argsort(axis=1)
        chosen = rank < size[:, None]
        _trace_choice(chosen, self.steps)
        state = _State(batch)
        for place, step in enumerate(self.steps):
            rows = np.flatnonzero(chosen[:, place])
            if len(rows):
                state.step(step, place, rows)
        return state.result()


@component("sometimes")
class Sometimes(Augmenter):
    """A step for a share of the rows: the same as the step's own ``p``, for steps made elsewhere.

    Args:
        step: an augmenter.
        p: probability that the step applies to a row.
    """

    nested = ("step",)

    step: InstanceOf[Augmenter]
    p: Probability = 0.5

    @property
    def batch_invariant(self) -> bool:  # type: ignore[override]
        """Whether the step is."""
        return self.step.batch_invariant

    def rewrite(self, batch: TextBatch) -> Variants:
        """The step's own variants."""
        _trace_place("step")
        return self.step.apply(batch.derived(0))
