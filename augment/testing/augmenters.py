"""What every augmenter keeps."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from augment.augmenter import Augmenter
from augment.batch import EDITS, STEPS, TextBatch, Variants, spans_of
from augment.component import shown
from augment.explaining import explained
from augment.testing.common import globals_kept, round_trip, unpickled
from augment.testing.texts import HARD_TEXTS
from augment.text.edits import replay
from augment.text.protect import Protection

_EXPLAINED = 12
"""Texts that are explained, each on its own."""


@dataclasses.dataclass(frozen=True)
class AugmenterCase:
    """An augmenter and the texts on which it is checked.

    Args:
        instance: the augmenter; parameters that make it change much make the checks sharper.
        texts: name → text.
        language: BCP 47 tag of the texts.
        stochastic: whether other keys give other variants.
    """

    instance: Augmenter
    texts: Mapping[str, str] = dataclasses.field(default_factory=lambda: HARD_TEXTS)
    language: str = "en"
    stochastic: bool = True

    @cached_property
    def batch(self) -> TextBatch:
        """The texts with everything protected that can be found."""
        return self.seeded(0)

    @cached_property
    def out(self) -> Variants:
        """What the augmenter makes of them."""
        return self.instance.apply(self.batch)

    def seeded(self, seed: int) -> TextBatch:
        """The same texts with the keys of a seed."""
        text = pa.array(list(self.texts.values()), pa.string())
        protected = Protection().find(text)
        return TextBatch.of(text, seed=seed, language=self.language, protected=protected)

    def rows(self) -> Iterator[tuple[str, str, str | None, list[dict[str, Any]] | None]]:
        """Per text: its name, itself, its variant and the edits."""
        out = self.out
        columns = out.text.to_pylist(), out.edits.to_pylist()
        for (name, source), text, edits in zip(self.texts.items(), *columns, strict=True):
            yield name, source, text, edits

    def fail(self, clause: str, name: str, found: str) -> AssertionError:
        """The error of a broken clause."""
        return AssertionError(
            f"{self.instance!r} breaks {clause!r} on the text {name!r} "
            f"({shown(self.texts.get(name, ''))}): {found}"
        )

    def same(self, clause: str, out: Variants, want: Variants) -> None:
        """Demand two equal results, notes included."""
        if names := sorted(set(out.notes) ^ set(want.notes)):
            raise self.fail(clause, "", f"the notes {names} come and go")
        columns = {"text": (out.text, want.text), "edits": (out.edits, want.edits)}
        columns.update({name: (note, want.notes[name]) for name, note in out.notes.items()})
        for column, (a, b) in columns.items():
            for name, x, y in zip(self.texts, a.to_pylist(), b.to_pylist(), strict=True):
                if x != y and not (x != x and y != y):
                    raise self.fail(clause, name, f"{column}: {shown(x)} here, {shown(y)} there")


AugmenterClause = Callable[[AugmenterCase], None]


def aligned(case: AugmenterCase) -> None:
    """As many rows out as in, of the right types; text, edits and steps are null together."""
    out = case.out
    types = (out.text.type, out.edits.type) == (pa.string(), EDITS)
    if len(out) != len(case.batch) or not types:
        raise case.fail("aligned", "", f"{len(out)} rows of {out.text.type} and {out.edits.type}")
    steps = out.notes[STEPS].to_pylist()
    for (name, _, text, edits), step in zip(case.rows(), steps, strict=True):
        if (text is None) != (edits is None) or (text is None) != (not step):
            raise case.fail("aligned", name, f"text {shown(text)}, edits {edits}, steps {step}")
    if len(case.instance.apply(case.batch.slice(0, 0))):
        raise case.fail("aligned", "", "no rows in, rows out")


def edits_ordered(case: AugmenterCase) -> None:
    """Edits are sorted, do not overlap, lie inside the text, and each changes something."""
    for name, source, _, edits in case.rows():
        cursor = 0
        for edit in edits or ():
            start, stop = edit["start"], edit["stop"]
            if not cursor <= start <= stop <= len(source) or source[start:stop] == edit["text"]:
                raise case.fail("edits ordered", name, f"{edit} after {cursor}")
            cursor = stop


def edits_replay(case: AugmenterCase) -> None:
    """Edits replayed on the source give the variant."""
    replayed = replay(case.batch.text, case.out.edits).to_pylist()
    for (name, _, text, _), again in zip(case.rows(), replayed, strict=True):
        if text != again:
            raise case.fail("edits replay", name, f"{shown(text)}, replayed {shown(again)}")


def unchanged_is_null(case: AugmenterCase) -> None:
    """A source is never presented as its own variant."""
    for name, source, text, _ in case.rows():
        if text == source:
            raise case.fail("unchanged is null", name, "the variant is the source")


def protected_survives(case: AugmenterCase) -> None:
    """No edit touches a protected span, whose text stands in the variant, in order."""
    protected = case.batch.protected.to_pylist()
    for (name, source, text, edits), spans in zip(case.rows(), protected, strict=True):
        for span in spans:
            for edit in edits or ():
                if edit["start"] < span["stop"] and edit["stop"] > span["start"]:
                    raise case.fail("protected survives", name, f"{edit} in {span}")
        found = 0
        for span in spans if text is not None else ():
            kept = source[span["start"] : span["stop"]]
            found = (text or "").find(kept, found) + len(kept)
            if found < len(kept):
                raise case.fail("protected survives", name, f"{kept!r} is lost: {shown(text)}")


def protected_whole_declines(case: AugmenterCase) -> None:
    """A row that is protected from end to end declines, whatever the method."""
    texts = {name: text for name, text in case.texts.items() if 0 < len(text) < 1000}
    spans = spans_of([[(0, len(text))] for text in texts.values()])
    batch = TextBatch.of(texts.values(), language=case.language, protected=spans)
    for name, made in zip(texts, case.instance.apply(batch).text.to_pylist(), strict=True):
        if made is not None:
            raise case.fail("protected whole declines", name, shown(made))


def same_for_any_cut(case: AugmenterCase) -> None:
    """Batches of other sizes, in another order, give the same rows; or the same batch does."""
    batch, clause = case.batch, "same for any cut"
    if not case.instance.batch_invariant:
        return case.same(clause, case.instance.apply(batch), case.out)
    order = np.random.default_rng(1).permutation(len(batch))
    shuffled = case.instance.apply(batch.take(order))
    case.same(f"{clause}: another order", shuffled.take(np.argsort(order)), case.out)
    rest = [i for i, text in enumerate(case.texts.values()) if len(text) < 50_000]
    for i in rest:
        one = case.instance.apply(batch.slice(i, i + 1))
        if _row(one, 0) != _row(case.out, i):
            raise case.fail(f"{clause}: alone", list(case.texts)[i], shown(one.text[0].as_py()))
    return None


def _row(out: Variants, row: int) -> tuple[Any, Any, dict[str, Any]]:
    """A row with its notes, those that are null left out."""
    notes = {name: note[row].as_py() for name, note in out.notes.items() if note[row].is_valid}
    return out.text[row], out.edits[row], notes


def only_keys_decide(case: AugmenterCase) -> None:
    """Other keys give another result somewhere, if the augmenter is said to be stochastic."""
    if not case.stochastic or case.out.text.null_count == len(case.out):
        return
    others = (case.instance.apply(case.seeded(seed)) for seed in range(1, 5))
    if all(other.text.equals(case.out.text) for other in others):
        raise case.fail("only keys decide", "", "five seeds give one result")


def p_decides(case: AugmenterCase) -> None:
    """``p=0`` declines every row, and ``p=0.5`` leaves rows out without changing the others."""
    never = dataclasses.replace(case.instance, p=0.0).apply(case.batch)
    if never.text.null_count != len(case.batch):
        raise case.fail("p decides", "", "p=0 changes rows")
    if not case.instance.batch_invariant or case.instance.p < 1.0:
        return
    half = dataclasses.replace(case.instance, p=0.5).apply(case.batch)
    for (name, _, text, _), made in zip(case.rows(), half.text.to_pylist(), strict=True):
        if made not in (None, text):
            raise case.fail("p decides", name, f"p=0.5 gives {shown(made)}, p=1 {shown(text)}")


def global_state_kept(case: AugmenterCase) -> None:
    """The global generators of Python, NumPy and torch are as before; so are the keys."""
    keys = case.batch.keys.copy()
    with globals_kept(case.instance):
        case.instance.apply(case.batch)
    if not np.array_equal(keys, case.batch.keys):
        raise case.fail("global state kept", "", "the batch's keys were changed")


def parameters_round_trip(case: AugmenterCase) -> None:
    """The recipe entry, through JSON, builds an equal component with the same fingerprint."""
    round_trip(case.instance, "augmenter")


def pickles_small(case: AugmenterCase) -> None:
    """After use it pickles to under 1 KB, and what is unpickled gives the same output."""
    assert len(case.out) == len(case.batch)
    case.same("pickles small", unpickled(case.instance).apply(case.batch), case.out)


def explains_itself(case: AugmenterCase) -> None:
    """Tracing a row changes nothing, and the steps that are told of lead to the variant."""
    short = [i for i, text in enumerate(case.texts.values()) if len(text) < 1000]
    for i in short[:_EXPLAINED]:
        row, name = case.batch.slice(i, i + 1), list(case.texts)[i]
        made = case.instance.apply(row).text[0].as_py()
        found = explained(case.instance, row)
        if found.text != made:
            raise case.fail("explains itself", name, f"{shown(found.text)}, not {shown(made)}")
        stands = found.source
        for step in found.steps:
            if step.before != stands:
                raise case.fail("explains itself", name, f"{step.name} saw {shown(step.before)}")
            stands = step.after
            places = [*step.kept, *(c for edit in step.edits for c in edit.considered)]
            if any(not 0 <= c.start <= c.stop <= len(step.before) for c in places):
                raise case.fail("explains itself", name, f"{step.name} looked outside the text")
        if stands != (found.source if made is None else made):
            raise case.fail("explains itself", name, f"the steps lead to {shown(stands)}")


AUGMENTER_CONTRACT: tuple[AugmenterClause, ...] = (
    aligned,
    edits_ordered,
    edits_replay,
    unchanged_is_null,
    protected_survives,
    protected_whole_declines,
    same_for_any_cut,
    only_keys_decide,
    p_decides,
    global_state_kept,
    parameters_round_trip,
    pickles_small,
    explains_itself,
)
"""What every augmenter keeps; each clause takes an :class:`AugmenterCase`."""


def check_augmenter(
    instance: Augmenter,
    texts: Mapping[str, str] | Sequence[str] = HARD_TEXTS,
    languages: Sequence[str] = ("en",),
    *,
    stochastic: bool = True,
) -> None:
    """Check every clause of the augmenter contract.

    Args:
        instance: the augmenter.
        texts: texts, or name → text.
        languages: BCP 47 tags under which the texts are sent.
        stochastic: whether other keys give other variants.

    Raises:
        AssertionError: naming the component, the clause and the text.
    """
    named = texts if isinstance(texts, Mapping) else {shown(text): text for text in texts}
    for language in languages:
        case = AugmenterCase(instance, named, language, stochastic)
        for clause in AUGMENTER_CONTRACT:
            clause(case)
