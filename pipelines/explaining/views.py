"""An explained row of an output, for a terminal and for a notebook."""

import html
from collections.abc import Mapping
from typing import TYPE_CHECKING

from augment.explained_html import body
from augment.explained_text import lines as explanation_lines
from augment.explained_text import marked
from augment.markup import boxed, diffed
from augment.variant import finer, parts
from pipelines.explaining.again import Sibling
from pipelines.explaining.explained import Explained

if TYPE_CHECKING:
    from rich.text import Text

_HEAD, _QUIET, _WARN = "bold", "dim", "yellow"


def lines(found: Explained) -> "Text":
    """For a terminal: what is stored, how it came about, and its siblings."""
    from rich.text import Text

    shown = Text()
    shown.append(found.aug_id, _HEAD).append(f"  {_where(found)}\n", _QUIET)
    for doubt in found.doubts:
        shown.append(f"! {doubt}\n", _WARN)
    if found.doubts and found.stored is not None:
        shown.append("stored:\n", _HEAD).append_text(_stored(found)).append("\n")
    if found.way is not None:
        if found.doubts:
            shown.append("\nmade here:\n", _HEAD)
        shown.append_text(explanation_lines(found.way)).append("\n")
    elif found.source is not None and found.stored is None:
        shown.append(f"{found.source}\n")
    if found.siblings:
        shown.append("\nasked for of this row:\n", _HEAD)
        for sibling in found.siblings:
            shown.append_text(_sibling(found, sibling)).append("\n")
    shown.rstrip()
    return shown


def _where(found: Explained) -> str:
    outcome = "" if found.made is None else f", {_outcome(found.made)}"
    return f"{found.output}, version {found.version}{outcome}"


def _outcome(made: Sibling) -> str:
    reason = f" ({made.reason}{_score(made)})" if made.reason else ""
    return f"{made.outcome}{reason}"


def _score(made: Sibling) -> str:
    """What the filter measured that rejected it."""
    name = (made.reason or "").partition(":")[0]
    return f" {made.scores[name]:.3g}" if made.scores.get(name) is not None else ""


def _stored(found: Explained) -> "Text":
    from rich.text import Text

    kept = found.stored
    assert kept is not None
    if found.source is None or kept.edits is None:
        shown = Text(kept.text)
    else:
        shown = marked(found.source, finer(found.source, kept.edits))
    told = ", ".join((*kept.steps, *_scores(kept.scores)))
    return shown.append(f"\n{told}" if told else "", _QUIET)


def _scores(scores: Mapping[str, float]) -> list[str]:
    return [f"{name} {score:.3g}" for name, score in scores.items()]


def _sibling(found: Explained, made: Sibling) -> "Text":
    from rich.text import Text

    shown = Text(f"  {made.aug_id}  ").append(_outcome(made), _HEAD)
    if made.text is not None and found.source is not None:
        shown.append("\n    ").append_text(marked(found.source, finer(found.source, made.edits)))
    if made.scores:
        shown.append(f"\n    {', '.join(_scores(made.scores))}", _QUIET)
    for text in made.tries:
        shown.append(f"\n    tried before: {text}", _QUIET)
    return shown


def page(found: Explained) -> str:
    """For a notebook, with its style."""
    doubts = "".join(f"<p>⚠ {html.escape(doubt)}</p>" for doubt in found.doubts)
    shown = [f"<p><strong>{html.escape(found.aug_id)}</strong> {_quiet(_where(found))}</p>{doubts}"]
    if found.doubts and found.stored is not None:
        shown.append(f'<p>stored:</p><p class="text">{_stored_html(found)}</p>')
    if found.way is not None:
        shown.append(("<p>made here:</p>" if found.doubts else "") + body(found.way))
    elif found.source is not None and found.stored is None:
        shown.append(f'<p class="text">{html.escape(found.source)}</p>')
    if found.siblings:
        rows = "".join(_sibling_html(found, sibling) for sibling in found.siblings)
        heads = "".join(f"<th>{name}</th>" for name in ("asked for of this row", "", "text"))
        shown.append(f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>")
    return boxed("".join(shown))


def _stored_html(found: Explained) -> str:
    kept = found.stored
    assert kept is not None
    told = ", ".join((*kept.steps, *_scores(kept.scores)))
    if found.source is None or kept.edits is None:
        return f"{html.escape(kept.text)}<br>{_quiet(told)}"
    shown = diffed(parts(found.source, finer(found.source, kept.edits)))
    return f"{shown}<br>{_quiet(told)}"


def _sibling_html(found: Explained, made: Sibling) -> str:
    text = ""
    if made.text is not None and found.source is not None:
        text = diffed(parts(found.source, finer(found.source, made.edits)))
    told = "".join(f"<br>{_quiet(f'tried before: {one}')}" for one in made.tries)
    if made.scores:
        told = f"<br>{_quiet(', '.join(_scores(made.scores)))}" + told
    outcome = html.escape(_outcome(made))
    return (
        f"<tr><td>{html.escape(made.aug_id)}</td><td>{outcome}</td>"
        f'<td class="text">{text}{told}</td></tr>'
    )


def _quiet(text: str) -> str:
    return f'<span class="quiet">{html.escape(text)}</span>'
