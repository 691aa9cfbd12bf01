"""An explanation for a notebook: HTML that reads without colours, by ear, and on a dark page."""

import html
from typing import Any

from augment.explained_text import places
from augment.explaining import Explanation, StepTrace
from augment.markup import boxed, diffed
from augment.tracing import Alternative, Considered
from augment.variant import Edit, finer, parts

_BAR = 6.0
"""Width of a bar that stands for 1, in em."""


def page(found: Explanation) -> str:
    """The whole explanation, with its style."""
    return boxed(body(found))


def body(found: Explanation) -> str:
    """The whole explanation."""
    head = numbered(found) if found.text is not None else html.escape(found.source)
    none = "" if found.text is not None else '<p class="quiet">(no variant)</p>'
    steps = "".join(
        f"<li>{step_html(step, alone=len(found.steps) == 1)}</li>" for step in found.steps
    )
    return f'<p class="text">{head}</p>{none}<ol class="steps">{steps}</ol>'


def numbered(found: Explanation) -> str:
    """The source with every edit, and the numbers of the steps behind it."""
    shown, cursor = [], 0
    for edit in finer(found.source, found.edits):
        shown.append(html.escape(found.source[cursor : edit.start]))
        shown.append(_edit(found, edit))
        cursor = edit.stop
    return "".join(shown) + html.escape(found.source[cursor:])


def _edit(found: Explanation, edit: Edit) -> str:
    moved = Edit(0, edit.stop - edit.start, edit.text)
    shown = diffed(parts(found.source[edit.start : edit.stop], (moved,)))
    if len(found.steps) < 2:
        return shown
    steps = found.steps_of(edit)
    names = ", ".join(found.steps[number].name for number in steps)
    numbers = ",".join(str(number + 1) for number in steps)
    return f'{shown}<sup title="{html.escape(names)}">{numbers}</sup>'


def step_html(step: StepTrace, *, alone: bool) -> str:
    """A step: what it did to the text that it saw, place by place."""
    given = "".join(f" <code>{_text(n)}={_text(v)}</code>" for n, v in step.given.items())
    path = f' <span class="quiet">{_text(step.path)}</span>' if step.path else ""
    outcome = "" if step.outcome == "changed" else f" <em>{_text(step.outcome)}</em>"
    shown = [f"<strong>{_text(step.name)}</strong>{given}{path}{outcome}"]
    shown += [f'<div class="quiet">{_text(remark)}</div>' for remark in step.remarks]
    if step.outcome == "changed" and not alone:
        edits = finer(step.before, step.edits)
        shown.append(f'<div class="text">{diffed(parts(step.before, edits))}</div>')
    shown += [_place(step.before, considered) for considered in places(step)]
    if step.eligible:
        words = (step.before[start:stop] for start, stop in step.eligible)
        shown.append(_quiet(f"places to choose from: {', '.join(words)}"))
    numbers = {n: v for n, v in step.notes.items() if isinstance(v, int | float)}
    if numbers:
        shown.append(_quiet(", ".join(f"{n} {_number(v)}" for n, v in numbers.items())))
    return "".join(shown)


def _place(before: str, considered: Considered) -> str:
    old, new = before[considered.start : considered.stop], considered.chosen
    if new is None:
        head = f"<span>{_text(old)}</span> stayed"
    else:
        head = diffed(parts(old, finer(old, [Edit(0, len(old), new)])))
    if considered.score is not None and new is not None:
        head += f" {_text(considered.measure)} {_number(considered.score)}"
    if considered.note:
        head += f' <span class="quiet">{_text(considered.note)}</span>'
    return f'<div class="text">{head}</div>{_table(considered)}'


def _table(considered: Considered) -> str:
    """The alternatives; nothing where there was no choice."""
    others = considered.alternatives
    if not any(other.text != considered.chosen for other in others):
        return ""
    scored = any(other.score is not None for other in others)
    measure = f'<th colspan="2">{_text(considered.measure)}</th>' if scored else ""
    rows = "".join(_row(other, considered.chosen, scored) for other in others)
    return (
        f"<table><thead><tr><th>considered</th>{measure}<th></th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _row(other: Alternative, chosen: str | None, scored: bool) -> str:
    taken = other.text == chosen
    note = "; ".join(part for part in ("chosen" if taken else "", other.note) if part)
    score = ""
    if scored:
        value = other.score or 0.0
        bar = f'<span class="bar" style="width:{min(value, 1.0) * _BAR:.2f}em"></span>'
        score = f'<td class="number">{_number(value)}</td><td>{bar}</td>'
    style = ' class="chosen"' if taken else ""
    return f"<tr{style}><td>{_text(other.text)}</td>{score}<td>{_text(note)}</td></tr>"


def _quiet(text: str) -> str:
    return f'<div class="quiet">{_text(text)}</div>'


def _number(value: float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else f"{value:,}"


def _text(value: Any) -> str:
    return html.escape(str(value))
