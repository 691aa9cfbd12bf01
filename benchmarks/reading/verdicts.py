"""The tables of verdicts: a line for each place or round trip, without the sentences."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import Self, TypeVar

import xxhash

from benchmarks.reading.sentences import Sentence
from benchmarks.reading.systems import CASE, TORN, Variant

OK = "ok"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A replacement and what a reader says of it.

    Attributes:
        start: in code points of the sentence.
        verdict: one of the method's; empty until it is read.
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

    @property
    def damaged(self) -> bool:
        """Whether it is an error of form that nobody had to read."""
        return self.note in (TORN, CASE)


@dataclass(frozen=True, slots=True)
class TripVerdict:
    """A sentence that went to another language and back, and what a reader says of it.

    Attributes:
        made: 16 hex digits, the XXH3-64 of what came back in UTF-8.
        verdict: one of the method's; empty until it is read.
    """

    kind: str
    sentence: str
    made: str
    system: str
    verdict: str = ""
    note: str = ""

    @property
    def place(self) -> Self:
        """The round trip alone."""
        return replace(self, verdict="", note="")

    @property
    def damaged(self) -> bool:
        """What comes back is always read."""
        return False

    @classmethod
    def of(cls, sentence: Sentence, text: str, system: str) -> Self:
        """The line, not read yet, of what a system made of a sentence."""
        return cls(sentence.kind, sentence.id, xxhash.xxh3_64_hexdigest(text.encode()), system)


Row = TypeVar("Row", Verdict, TripVerdict)


def unread(variants: Iterable[Variant]) -> list[Verdict]:
    """A line for each place that was changed; damage that needs no reading is judged already."""
    return [
        Verdict(
            variant.sentence.kind,
            variant.sentence.id,
            change.start,
            change.word,
            change.new,
            variant.system,
            *(("form", change.damage) if change.damage else ()),
        )
        for variant in variants
        for change in variant.changes
    ]


def carried(lines: Iterable[Row], known: Iterable[Row]) -> list[Row]:
    """The lines with the verdicts that were given to the same before."""
    given = {verdict.place: verdict for verdict in known}
    return [given.get(line.place, line) for line in lines]


def without(rows: Iterable[Row], others: Iterable[Row]) -> list[Row]:
    """The rows that are not among the others, verdicts aside."""
    among = {row.place for row in others}
    return [row for row in rows if row.place not in among]


def read(path: Path, kind: type[Row], accepted: Sequence[str]) -> list[Row]:
    """The table of a file; empty if there is none.

    Raises:
        ValueError: a verdict is none of those accepted.
    """
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    numbers = {field.name for field in fields(kind) if field.type in (int, "int")}
    found = [kind(**{k: int(v) if k in numbers else v for k, v in row.items()}) for row in rows]
    for number, row in enumerate(found, 2):
        if row.verdict not in ("", *accepted):
            raise ValueError(f"{path}:{number}: {row.verdict!r} is none of {', '.join(accepted)}")
    return found


def write(path: Path, table: Sequence[Row], kind: type[Row]) -> None:
    """Write the table."""
    lines = ["\t".join(field.name for field in fields(kind))]
    lines += ["\t".join(map(str, astuple(verdict))) for verdict in table]
    path.write_text("\n".join(lines) + "\n", "utf-8")
