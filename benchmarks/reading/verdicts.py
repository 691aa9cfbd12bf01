"""The table of verdicts: one line per place, with no more of the sentence than the word there."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Self

from benchmarks.reading.systems import OURS, Variant

OK = "ok"
VERDICTS = (OK, "word", "form", "sense")
TORN = "torn apart"
"""The note of places that are errors of form without being read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A replacement and what a reader says of it.

    Attributes:
        verdict: ``ok``; ``word``: no word that fits there in any sense, or one that must not be
            replaced; ``form``: the right word in a wrong form, or damage to the text; ``sense``:
            a synonym in another sense than the one meant. Empty until it is read.
    """

    kind: str
    sentence: str
    start: int
    word: str
    replacement: str
    system: str
    verdict: str = ""
    note: str = ""

    @property
    def place(self) -> Self:
        """The replacement alone."""
        return replace(self, verdict="", note="")


def unread(variants: Iterable[Variant]) -> list[Verdict]:
    """A line for each place that was changed; what is torn apart needs no reading."""
    return [
        Verdict(
            variant.sentence.kind,
            variant.sentence.id,
            change.start,
            change.word,
            change.new,
            variant.system,
            *(("form", TORN) if change.torn else ()),
        )
        for variant in variants
        for change in variant.changes
    ]


def carried(lines: Iterable[Verdict], known: Iterable[Verdict]) -> list[Verdict]:
    """The lines with the verdicts that were given to the same replacements before."""
    given = {verdict.place: verdict for verdict in known}
    return [given.get(line.place, line) for line in lines]


def read(path: Path) -> list[Verdict]:
    """The table of a file; empty if there is none.

    Raises:
        ValueError: a verdict is none of the four.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    found = [Verdict(**{**row, "start": int(row["start"])}) for row in rows]
    for number, row in enumerate(found, 2):
        if row.verdict not in ("", *VERDICTS):
            raise ValueError(f"{path}:{number}: {row.verdict!r} is none of {', '.join(VERDICTS)}")
    return found


def write(path: Path, table: Sequence[Verdict]) -> None:
    """Write the table."""
    lines = ["\t".join(field.name for field in fields(Verdict))]
    lines += ["\t".join(map(str, astuple(verdict))) for verdict in table]
    path.write_text("\n".join(lines) + "\n", "utf-8")


def shares(table: Sequence[Verdict]) -> str:
    """Per kind and system how many replacements there are, and how they were judged: Markdown.

    The share is of all places, torn ones among them; the last column leaves these out.
    """
    lines = [
        "| kind | system | places | word | form | sense | torn apart | acceptable | without torn |",
        "|---|---|" + "---:|" * 7,
    ]
    kinds = list(dict.fromkeys(row.kind for row in table))
    groups = [(kind, {kind}) for kind in kinds]
    groups += [("English", {*kinds} - {"chinese"}), ("all", {*kinds})]
    for name, members in groups:
        part = [row for row in table if row.kind in members]
        if name == "all":
            part = [row if row.system == OURS else replace(row, system="peers") for row in part]
        for system in dict.fromkeys(row.system for row in part):
            lines.append(_line(name, system, [row for row in part if row.system == system]))
    return "\n".join(lines)


def _line(name: str, system: str, rows: Sequence[Verdict]) -> str:
    torn = sum(row.note == TORN for row in rows)
    good, word, form, sense = (sum(row.verdict == v for row in rows) for v in VERDICTS)
    read_ones = max(1, len(rows) - torn)
    return (
        f"| {name} | {system} | {len(rows)} | {word} | {form - torn} | {sense} | {torn} "
        f"| {good / len(rows):.1%} | {good / read_ones:.1%} |"
    )
