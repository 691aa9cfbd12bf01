"""One source row expanded again, with a trace of every variant that was asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from augment.batch import STEPS, Variants
from augment.explaining import Explanation, explanation_of
from augment.tracing import Frame, tracing
from augment.variant import Edit
from pipelines.expand import Expansion
from pipelines.explaining.finding import Name
from pipelines.explaining.stored import Stored
from pipelines.plan import Plan
from pipelines.replay import replay
from pipelines.rows import Made


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of the variants that were asked for of a row.

    Attributes:
        aug_id: its.
        outcome: ``kept``; ``rejected``; ``declined``: there was nothing to change; ``failed``; or
            ``absent``: it is made here, but the output does not have it, as with duplicates in
            the dataset.
        text: None if there is none.
        edits: of the source.
        reason: why it was rejected, ``filter: reason``, or is absent; or how it failed.
        scores: of filters and methods, as far as the filters got.
        tries: what was made and rejected before it, where the recipe says ``retry``.
    """

    aug_id: str
    outcome: str
    text: str | None = None
    edits: tuple[Edit, ...] = ()
    reason: str | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    tries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Again:
    """A row, expanded again.

    Attributes:
        plan: that expanded it.
        expansion: of the one row.
        frames: of every chain that was applied to it.
    """

    plan: Plan
    expansion: Expansion
    frames: tuple[Frame, ...]

    @classmethod
    def of(cls, plan: Plan, row: pa.RecordBatch) -> "Again":
        """Expand a batch of one row.

        Raises:
            AugmillError: see :func:`pipelines.expand.expand`.
        """
        with tracing() as recorder:
            expansion = replay(plan, row)
        return cls(plan, expansion, tuple(f for f in recorder.frames if len(f.batch)))

    @property
    def source(self) -> str:
        """The row's text."""
        return str(self.expansion.rows.texts[0].as_py())

    def siblings(self, stored: Stored) -> dict[tuple[str, int], Sibling]:
        """Every variant that was asked for, by view and copy."""
        parent = self.expansion.rows.ids[0].as_py()
        failures = {
            (row["aug_view"], row["aug_copy"]): f"{row['aug_step']}: {row['aug_message']}"
            for row in self.expansion.rejects.to_pylist()
        }
        found = {}
        for made in self.expansion.rows.made:
            name = Name(parent, made.view, made.copy)
            told = _sibling(made, name, failures.get((made.view, made.copy)))
            if told.outcome == "kept" and stored.find(name, told.text) is None:
                told = replace(told, outcome="absent", reason=self._elsewhere)
            tries = [text for text in self._texts(name) if text not in (told.text, None)]
            found[made.view, made.copy] = replace(told, tries=tuple(tries))
        return found

    @property
    def _elsewhere(self) -> str | None:
        """What looked at the whole dataset and may have dropped a variant that the row keeps."""
        names = [judge.name for judge in self.plan.filters if judge.scope == "dataset"]
        return f"{', '.join(names)}: repeats another row of the dataset" if names else None

    def way(self, name: Name, text: str | None) -> Explanation | None:
        """How the variant of this name and text came about; of a declined one, how it did not."""
        frames = self._frames(name)
        same = [f for f in frames if f.made is not None and f.made.text[0].as_py() == text]
        return explanation_of((same or frames)[-1]) if frames else None

    def _frames(self, name: Name) -> list[Frame]:
        chain = next(view.chain for view in self.plan.views if view.name == name.view)
        return [f for f in self.frames if f.component is chain and f.batch.copy == name.copy]

    def _texts(self, name: Name) -> Iterator[str | None]:
        for frame in self._frames(name):
            yield None if frame.made is None else frame.made.text[0].as_py()


def _sibling(made: Made, name: Name, failure: str | None) -> Sibling:
    if made.variants.text[0].is_valid:
        return _of(made.variants, name, "kept", None)
    assert made.rejected is not None, "they are asked for"
    if made.rejected.variants.text[0].is_valid:
        reason = made.rejected.reasons[0].as_py()
        return _of(made.rejected.variants, name, "rejected", reason)
    if failure is not None:
        return Sibling(str(name), "failed", reason=failure)
    return Sibling(str(name), "declined")


def _of(variants: Variants, name: Name, outcome: str, reason: str | None) -> Sibling:
    notes = {note: column[0].as_py() for note, column in variants.notes.items() if note != STEPS}
    return Sibling(
        str(name),
        outcome,
        variants.text[0].as_py(),
        tuple(Edit(**edit) for edit in variants.edits[0].as_py() or ()),
        reason,
        {note: score for note, score in notes.items() if score},
    )
