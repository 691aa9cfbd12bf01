"""What one view makes of rows and what the filters say of it, language by language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.batch import STEPS, TextBatch, Variants
from augment.filter import Filter, Verdicts
from augment.text.spans import broken
from pipelines.isolate import Failure, attempt, gathered
from pipelines.plan import PlannedView

WEIGHT = "weight"
"""The score that says how much a variant should count in training, where a filter weighs."""

BROKEN = "spans: broken"
"""The reason of a variant in which an edit broke a labelled span."""

_REJECTED = " rejected"
"""The note in which a rejected variant's reason travels; no score can have this name."""

Languages = Sequence[tuple[str, np.ndarray]]
"""Each language with the places of its rows."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One variant per row, those that were rejected among them.

    Attributes:
        variants: ``(n,)``, null where there is none: declined or failed. Its notes are
            :data:`augment.batch.STEPS`, scores (float32) and counts (int32).
        reasons: ``(n,)`` string: ``filter: reason`` where a variant was rejected.
        failures: rows on which a step or a filter raised an error.
        counts: what the steps counted, by the name of the note.
        retried: how often a variant was asked for again.
        recovered: how many of the variants that were kept are not the first that were made.
    """

    variants: Variants
    reasons: pa.StringArray
    failures: tuple[Failure, ...]
    counts: Mapping[str, int]
    retried: int = 0
    recovered: int = 0

    @property
    def kept(self) -> Variants:
        """Those that were not rejected; the others are null."""
        return self._where(self.reasons.is_null())

    @property
    def rejected(self) -> Variants:
        """Those that were; the others are null."""
        return self._where(self.reasons.is_valid())

    def _where(self, wanted: pa.BooleanArray) -> Variants:
        there = wanted.to_numpy(zero_copy_only=False)
        if there.all():
            return self.variants
        return self.variants.take(pa.array(np.arange(len(there)), mask=~there))


def judged(
    view: PlannedView,
    filters: Sequence[Filter],
    rows: TextBatch,
    languages: Languages,
    entities: pa.Array | None,
) -> Judged:
    """Make one variant per row and judge it.

    Args:
        view: whose steps make it.
        filters: judge in this order; one does not see what an earlier one rejected.
        rows: ``(n,)``, of any language.
        languages: which language each row has.
        entities: ``(n,)`` labelled spans, none of which may break; None if there are none.
    """
    parts: list[tuple[np.ndarray, Variants]] = []
    failures: list[Failure] = []
    for language, places in languages:
        batch = replace(rows if len(places) == len(rows) else rows.take(places), language=language)
        variants, failed = attempt(lambda b: _made(b, view, filters), batch)
        parts.append((places, variants))
        failures += [replace(f, row=int(places[f.row])) for f in failed]
    variants = gathered(parts, len(rows))
    notes = dict(variants.notes)
    reasons = notes.pop(_REJECTED, pa.nulls(len(rows), pa.string()))
    if entities is not None:
        lost = pa.array(broken(entities, variants.edits))
        reasons = pc.if_else(pc.and_(lost, reasons.is_null()), BROKEN, reasons)
    counts = {n: pc.sum(v).as_py() or 0 for n, v in notes.items() if pa.types.is_integer(v.type)}
    return Judged(replace(variants, notes=notes), reasons, tuple(failures), counts)


def _made(batch: TextBatch, view: PlannedView, filters: Sequence[Filter]) -> Variants:
    """The chain's variants; notes are steps, scores, weights and why a filter rejects it."""
    out = made = view.chain.apply(batch)
    scores = {
        name: note.cast(pa.int32() if pa.types.is_integer(note.type) else pa.float32())
        for name, note in out.notes.items()
        if pa.types.is_floating(note.type) or pa.types.is_integer(note.type)
    }
    steps = {STEPS: out.notes[STEPS]} if STEPS in out.notes else {}
    reasons = pa.nulls(len(batch), pa.string())
    weight: np.ndarray | None = None
    for judge in filters:
        verdicts = judge.judge(batch, out)
        scores[judge.name] = pa.array(verdicts.score, pa.float32(), mask=np.isnan(verdicts.score))
        if verdicts.weight is not None:
            weight = verdicts.weight if weight is None else weight * verdicts.weight
        dropped = pc.and_(out.text.is_valid(), pa.array(~verdicts.keep))
        reasons = pc.if_else(dropped, _why(judge, verdicts), reasons)
        out = out.take(pc.if_else(dropped, None, pa.array(np.arange(len(batch)))))
    if weight is not None:
        scores[WEIGHT] = pa.array(weight, pa.float32(), mask=np.isnan(weight))
    return replace(made, notes={**steps, **scores, _REJECTED: reasons})


def _why(judge: Filter, verdicts: Verdicts) -> pa.StringArray:
    why = pc.binary_join_element_wise(judge.name, verdicts.reason.cast(pa.string()), ": ")
    return pc.coalesce(why, judge.name)
