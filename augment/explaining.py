"""How a variant came about: every step with its edits and what else it might have done.

Nothing of this is stored with a variant. It is made once more, from the same row and keys, and
what the steps report on the way is put together here (see :mod:`augment.tracing`).
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from augment.batch import EDITS, STEPS, TextBatch
from augment.component import Component, params_of
from augment.errors import ParameterError, Problem
from augment.text.composition import compose
from augment.tracing import Alternative, Considered, Frame, tracing
from augment.variant import Edit, Maker, Variant

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class EditTrace:
    """One edit of a step.

    Attributes:
        start, stop: code points of the text that the step saw.
        old, text: what stood there, and what the step put there.
        source: the code points of the source (start, stop) that it changes, or into which it
            writes, by way of the steps before.
        considered: what the step looked at there; of a word of several items, item by item.
    """

    start: int
    stop: int
    old: str
    text: str
    source: Span
    considered: tuple[Considered, ...] = ()

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """What else might have been put there, the best first; empty if the step tells of none."""
        return self.considered[-1].alternatives if self.considered else ()

    @property
    def score(self) -> float | None:
        """Of what was put there; its kind is :attr:`Considered.measure`."""
        return self.considered[-1].score if self.considered else None


@dataclass(frozen=True, slots=True)
class StepTrace:
    """One step.

    Attributes:
        name: the step's registered name.
        path: its place in the whole augmenter, such as ``steps[0].options[1]``; empty if it is all
            of it.
        params: its parameters, as a recipe would have them.
        given: those of them that are not at their default.
        outcome: ``changed``; ``declined``: it had nothing to change; ``left out``: by its ``p``.
        before, after: the text that it saw, and the text behind it.
        edits: of ``before``.
        composed: the edits of the source that all steps so far amount to.
        kept: what it considered and let stand.
        eligible: the places among which it chose, in code points of ``before``; empty if it chose
            among none, or does not tell.
        notes: scores and counts, such as ``probability``.
        remarks: what was decided on the way to it, such as which option was drawn.
    """

    name: str
    path: str
    params: Mapping[str, Any]
    given: Mapping[str, Any]
    outcome: str
    before: str
    after: str
    edits: tuple[EditTrace, ...] = ()
    composed: tuple[Edit, ...] = ()
    kept: tuple[Considered, ...] = ()
    eligible: tuple[Span, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explanation:
    """A variant, step by step.

    Attributes:
        source, text: what was given, and what was made of it; None if nothing was.
        edits: of the source; replayed on it they give the text.
        steps: in the order in which they were applied, those that changed nothing too.
    """

    source: str
    text: str | None
    edits: tuple[Edit, ...]
    steps: tuple[StepTrace, ...]

    def steps_of(self, edit: Edit) -> tuple[int, ...]:
        """Which of :attr:`steps` had a hand in one of :attr:`edits`."""
        return tuple(
            number
            for number, step in enumerate(self.steps)
            if any(e.source[0] <= edit.stop and edit.start <= e.source[1] for e in step.edits)
        )

    def told(self) -> dict[str, Any]:
        """All of it as JSON-able values."""
        return dataclasses.asdict(self)

    def _repr_html_(self) -> str:
        from augment.explained_html import page

        return page(self)

    def __str__(self) -> str:
        from augment.explained_text import lines

        return lines(self).plain

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ARG002 - IPython's
        printer.text(str(self))

    def __rich__(self) -> Any:
        from augment.explained_text import lines

        return lines(self)


def explain(variant: Variant) -> Explanation:
    """How a variant came about: it is made again, and what the steps considered is kept.

    >>> from augment import RandomSwap, explain
    >>> (variant,) = RandomSwap(rate=0.4).variants("one two three four five")
    >>> [(edit.old, edit.text) for edit in explain(variant).steps[0].edits]
    [('one', 'three'), ('three', 'one')]

    Args:
        variant: as :meth:`Augmenter.variants` gives them.

    Raises:
        ParameterError: the variant does not know its augmenter, or the augmenter makes another
            text now: a model or file that it reads has changed.
    """
    if variant.origin is None:
        raise ParameterError(
            [Problem("variant", "comes from no augmenter's variants(…), so nothing tells its way")]
        )
    found = explained(variant.origin.maker, variant.origin.batch)
    if found.text != variant.text:
        raise ParameterError(
            [Problem("variant", f"is made otherwise now: {found.text!r}, not {variant.text!r}")]
        )
    return found


def explained(augmenter: Maker, row: TextBatch) -> Explanation:
    """What an augmenter makes of a row, and how.

    Args:
        augmenter: any.
        row: a batch of one row.
    """
    with tracing() as recorder:
        augmenter.apply(row)
    return explanation_of(recorder.frames[0])


def explanation_of(frame: Frame) -> Explanation:
    """What a frame of :func:`augment.tracing.tracing` tells."""
    source = frame.batch.text
    steps, composed, current = [], pa.nulls(1, EDITS), source
    for leaf, path, remarks in _leaves(frame, "", ()):
        before = leaf.batch.text
        made = None if leaf.made is None or not leaf.made.text[0].is_valid else leaf.made
        earlier = _edits(composed)
        if made is not None:
            composed = compose(source, current, composed, made.edits)
            current = made.text
        steps.append(_step(leaf, path, remarks, before[0].as_py(), earlier, _edits(composed)))
    made = frame.made
    there = made is not None and made.text[0].is_valid
    return Explanation(
        source[0].as_py(),
        made.text[0].as_py() if there else None,
        _edits(made.edits) if there else (),
        tuple(steps),
    )


def _leaves(
    frame: Frame, path: str, remarks: tuple[str, ...]
) -> Iterator[tuple[Frame, str, tuple[str, ...]]]:
    """The augmenters that hold no others, or applied none, in order."""
    path = f"{path}.{frame.place}" if path and frame.place else path or frame.place
    remarks = (*remarks, *frame.remarks)
    inner = [part for part in frame.inner if len(part.batch)]
    if not inner:
        yield frame, path, remarks
    for number, part in enumerate(inner):
        # What was decided for several steps is told once, with the first.
        yield from _leaves(part, path, remarks if not number else ())


def _step(
    frame: Frame,
    path: str,
    remarks: tuple[str, ...],
    before: str,
    earlier: tuple[Edit, ...],
    composed: tuple[Edit, ...],
) -> StepTrace:
    changed = frame.made is not None and frame.made.text[0].is_valid
    edits = _edits(frame.made.edits) if changed else ()
    considered = [[c for c in frame.considered if _meets(c, edit)] for edit in edits]
    used = {id(c) for found in considered for c in found}
    notes = {} if frame.made is None else frame.made.notes
    return StepTrace(
        name=frame.component.name,
        path=path,
        params=params_of(frame.component),
        given=_given(frame.component),
        outcome="changed" if changed else "left out" if frame.skipped else "declined",
        before=before,
        after=frame.made.text[0].as_py() if changed else before,
        edits=tuple(
            EditTrace(
                edit.start,
                edit.stop,
                before[edit.start : edit.stop],
                edit.text,
                carried_back(earlier, edit.start, edit.stop),
                tuple(found),
            )
            for edit, found in zip(edits, considered, strict=True)
        ),
        composed=composed,
        kept=tuple(c for c in frame.considered if id(c) not in used),
        eligible=tuple(frame.eligible),
        notes={
            name: note[0].as_py()
            for name, note in notes.items()
            if name != STEPS and note[0].is_valid and note[0].as_py() not in (0, [])
        },
        remarks=remarks,
    )


def _given(instance: Component) -> dict[str, Any]:
    defaults = {f.name: f.default for f in dataclasses.fields(instance)}
    told = params_of(instance)
    return {name: told[name] for name in told if getattr(instance, name) != defaults[name]}


def _meets(considered: Considered, edit: Edit) -> bool:
    """Whether what was considered became this edit: a word's place, or a part of a sentence."""
    if considered.chosen is None:
        return False
    start, stop = considered.start, considered.stop
    if (start, stop) == (edit.start, edit.stop):
        return True
    if edit.start == edit.stop:
        return start < stop and start <= edit.start <= stop
    return start < edit.stop and edit.start < stop


def carried_back(edits: tuple[Edit, ...], start: int, stop: int) -> Span:
    """The code points of a source from which [start, stop) of its edited text come.

    >>> carried_back((Edit(2, 5, "large"),), 8, 11)  # "a big cat" → "a large cat"
    (6, 9)
    """
    first = last = None
    grown = 0
    for edit in edits:
        begin, end = edit.start + grown, edit.start + grown + len(edit.text)
        if first is None and start < end:
            first = edit.start if start > begin else start - grown
        if last is None and stop <= end:
            last = stop - grown if stop <= begin else edit.stop
        grown += len(edit.text) - (edit.stop - edit.start)
    first = start - grown if first is None else first
    last = stop - grown if last is None else last
    return first, max(first, last)


def _edits(column: pa.ListArray) -> tuple[Edit, ...]:
    return tuple(Edit(**edit) for edit in column[0].as_py() or ())
