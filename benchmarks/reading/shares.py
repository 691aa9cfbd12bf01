"""How the places or round trips of each kind and system were judged, as Markdown."""

from collections.abc import Sequence
from dataclasses import replace

from benchmarks.reading.systems import OURS
from benchmarks.reading.verdicts import OK, Row


def shares(table: Sequence[Row], accepted: Sequence[str]) -> str:
    """A line per kind and system, one for all English, and one for all.

    The share is of all places, those damaged without being read among them; the last column
    leaves these out.

    Args:
        table: the verdicts.
        accepted: the verdicts that there are; ``ok`` is one of them.
    """
    errors = [verdict for verdict in accepted if verdict != OK]
    titles = ["kind", "system", "read", *errors, "damaged", "acceptable", "without damaged"]
    lines = [f"| {' | '.join(titles)} |", "|---|---|" + "---:|" * (len(titles) - 2)]
    kinds = list(dict.fromkeys(row.kind for row in table))
    groups = [(kind, {kind}) for kind in kinds]
    groups += [("English", {*kinds} - {"chinese"})] if "chinese" in kinds else []
    for name, members in [*groups, ("all", {*kinds})]:
        part = [row for row in table if row.kind in members]
        if name == "all":
            part = [row if row.system == OURS else replace(row, system="peers") for row in part]
        for system in dict.fromkeys(row.system for row in part):
            rows = [row for row in part if row.system == system]
            lines.append(_line(name, system, rows, errors))
    return "\n".join(lines)


def _line(name: str, system: str, rows: Sequence[Row], errors: Sequence[str]) -> str:
    damaged = [row for row in rows if row.damaged]
    counts = [sum(row.verdict == e for row in rows if not row.damaged) for e in errors]
    good = sum(row.verdict == OK for row in rows)
    cells = [name, system, str(len(rows)), *map(str, counts), str(len(damaged))]
    read = max(1, len(rows) - len(damaged))
    cells += [f"{good / len(rows):.1%}", f"{good / read:.1%}"]
    return f"| {' | '.join(cells)} |"
