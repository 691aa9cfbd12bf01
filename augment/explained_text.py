"""An explanation for a terminal: marks say what colours say, so that it reads without them."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from augment.explaining import EditTrace, Explanation, StepTrace
from augment.tracing import Alternative, Considered
from augment.variant import Edit, finer

if TYPE_CHECKING:
    from rich.text import Text

SHOWN = 6
"""Alternatives that are shown of one place."""

_DROP, _ADD, _HEAD, _QUIET = "red", "green", "bold", "dim"


def lines(found: Explanation) -> "Text":
    """The whole explanation."""
    from rich.text import Text

    shown = Text()
    if found.text is None:
        shown.append(found.source).append("\n(no variant)\n", _QUIET)
    else:
        shown.append_text(numbered(found)).append("\n")
    for number, step in enumerate(found.steps, 1):
        shown.append("\n").append_text(step_lines(number, step, alone=len(found.steps) == 1))
    shown.rstrip()
    return shown


def numbered(found: Explanation) -> "Text":
    """The source with every edit, and the numbers of the steps behind it."""
    edits = finer(found.source, found.edits)
    labels = [",".join(str(n + 1) for n in found.steps_of(edit)) for edit in edits]
    return marked(found.source, edits, labels if len(found.steps) > 1 else ())


def marked(source: str, edits: Iterable[Edit | EditTrace], labels: Iterable[str] = ()) -> "Text":
    """A text with edits: ``[-what goes-]{+what comes+}``, and a label behind each.

    >>> marked("a big cat", [Edit(2, 5, "large")]).plain
    'a [-big-]{+large+} cat'
    """
    from rich.text import Text

    shown, cursor, names = Text(), 0, iter(labels)
    for edit in edits:
        shown.append(source[cursor : edit.start])
        if edit.stop > edit.start:
            shown.append(f"[-{source[edit.start : edit.stop]}-]", _DROP)
        if edit.text:
            shown.append(f"{{+{edit.text}+}}", _ADD)
        if label := next(names, ""):
            shown.append(f"({label})", _QUIET)
        cursor = edit.stop
    shown.append(source[cursor:])
    return shown


def step_lines(number: int, step: StepTrace, *, alone: bool) -> "Text":
    """A step: what it did to the text that it saw, place by place."""
    from rich.text import Text

    shown = Text()
    given = "".join(f" {name}={value}" for name, value in step.given.items())
    shown.append(f"{number}  {step.name}", _HEAD).append(given)
    if step.path:
        shown.append(f"  {step.path}", _QUIET)
    shown.append("" if step.outcome == "changed" else f"  {step.outcome}", _HEAD).append("\n")
    for remark in step.remarks:
        shown.append(f"   {remark}\n", _QUIET)
    if step.outcome == "changed" and not alone:
        shown.append("   ").append_text(marked(step.before, finer(step.before, step.edits))).append(
            "\n"
        )
    for considered in places(step):
        shown.append_text(_place(step.before, considered))
    if step.eligible:
        shown.append(f"   places to choose from: {_eligible(step)}\n", _QUIET)
    if told := _notes(step.notes):
        shown.append(f"   {told}\n", _QUIET)
    return shown


def places(step: StepTrace) -> list[Considered]:
    """Everything that a step considered, each once, in order of place."""
    found = [c for edit in step.edits for c in edit.considered]
    distinct = {id(c): c for c in (*found, *step.kept)}.values()
    return sorted(distinct, key=lambda c: (c.start, c.stop))


def _place(before: str, considered: Considered) -> "Text":
    from rich.text import Text

    old, new = before[considered.start : considered.stop], considered.chosen
    shown = Text("   ")
    if new is None:
        shown.append(f"{old!r} stayed")
    else:
        shown.append_text(marked(old, finer(old, [Edit(0, len(old), new)])))
    if considered.score is not None and new is not None:
        shown.append(f"  {considered.measure} {considered.score:.2f}")
    if considered.note:
        shown.append(f"  {considered.note}", _QUIET)
    others = [a for a in considered.alternatives if a.text != new]
    if others:
        more = f" · {len(others) - SHOWN} more" if len(others) > SHOWN else ""
        told = " · ".join(_alternative(a) for a in others[:SHOWN])
        shown.append(f"\n      instead of: {told}{more}", _QUIET)
    return shown.append("\n")


def _alternative(other: Alternative) -> str:
    score = "" if other.score is None else f" {other.score:.2f}"
    return f"{other.text}{score}" + (f" ({other.note})" if other.note else "")


def _eligible(step: StepTrace) -> str:
    words = [step.before[start:stop] for start, stop in step.eligible]
    more = f" and {len(words) - 2 * SHOWN} more" if len(words) > 2 * SHOWN else ""
    return ", ".join(words[: 2 * SHOWN]) + more


def _notes(notes: Mapping[str, Any]) -> str:
    """The scores and counts; what the places tell is left out."""
    return ", ".join(
        f"{name} {value:.2f}" if isinstance(value, float) else f"{name} {value}"
        for name, value in notes.items()
        if isinstance(value, int | float)
    )
