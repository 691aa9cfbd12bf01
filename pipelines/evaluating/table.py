"""The lines of a comparison, for a terminal and for Markdown."""

from collections.abc import Iterable, Iterator, Sequence

from pipelines.evaluating.comparing import Line

HEADS = ("N", "regularisation", "learnt from", "variants", "accuracy", "lift", "wins", "p", "p (W)")
"""What the columns are called; the last two are of the paired t-test and of Wilcoxon's."""


def cells(line: Line) -> tuple[str, ...]:
    """A line as text, column by column."""
    accuracy = f"{line.accuracy:.2f} ± {line.accuracy_se:.2f}"
    head = f"{line.size:,}", line.regularisation, line.arm, f"{line.variants:.1f}", accuracy
    if line.lift is None or line.lift_se is None or line.wins is None:
        return (*head, "", "", "", "")
    lift = f"{line.lift:+.2f} ± {line.lift_se:.2f}"
    wins = f"{line.wins:g}/{line.seeds}"
    return (*head, lift, wins, probability(line.t_p), probability(line.wilcoxon_p))


def probability(p: float | None) -> str:
    """As it is written in tables.

    >>> probability(0.0312), probability(0.00001), probability(1.0)
    ('.031', '< .001', '1')
    """
    if p is None:
        return ""
    if p < 0.001:
        return "< .001"
    return f"{p:.3f}".removeprefix("0") if p < 0.9995 else "1"


def aligned(lines: Iterable[Line]) -> Iterator[str]:
    """For a terminal; an empty line between sizes."""
    rows = [HEADS, *map(cells, lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    before = ""
    for row in rows:
        if before not in {"", HEADS[0], row[0]}:
            yield ""
        before = row[0]
        yield "  ".join(_padded(row, widths)).rstrip()


def _padded(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if i in {1, 2} else cell.rjust(width)


def markdown(lines: Iterable[Line]) -> Iterator[str]:
    """A table for a document; what is significant (p < .05 by the t-test) and positive is bold."""
    yield "| " + " | ".join(HEADS) + " |"
    yield "|" + "|".join("---" if i in {1, 2} else "---:" for i in range(len(HEADS))) + "|"
    for line in lines:
        row = list(cells(line))
        if line.lift is not None and line.t_p is not None and line.lift > 0 and line.t_p < 0.05:
            row[5] = f"**{row[5]}**"
        yield "| " + " | ".join(row) + " |"
