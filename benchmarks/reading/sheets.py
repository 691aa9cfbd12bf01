"""The sheets that readers fill in: shuffled lines, the program's name not among them."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import xxhash

from benchmarks.reading.methods import Item
from benchmarks.reading.verdicts import Row, TripVerdict, Verdict

KEY = "key.tsv"
"""The table's lines in the order of their numbers, for :func:`answered`; not for readers."""
_COLUMNS = ("number", "kind", "before", "after", "word", "replacement", "verdict", "note")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader wrote on a line."""

    number: int
    verdict: str
    note: str


def order(items: Iterable[Item]) -> list[Item]:
    """Shuffled by hash, so that systems and sentences are mixed, and always in the same way."""
    return sorted(items, key=lambda item: _hash(item.row))


def write(folder: Path, items: Sequence[Item], readers: int) -> list[Path]:
    """Write the lines that nobody has read, over as many sheets as there are readers.

    Args:
        folder: where to.
        items: all of them; a line's number is its place among these.
        readers: how many sheets.

    Returns:
        The sheets.
    """
    left = [(n, item) for n, item in enumerate(items, 1) if not item.row.verdict]
    paths = []
    for reader in range(readers):
        lines = ["\t".join(_COLUMNS)]
        lines += ["\t".join(_cells(number, item)) for number, item in left[reader::readers]]
        path = folder / f"sheet-{reader + 1}.tsv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
        paths.append(path)
    return paths


def answers(folder: Path, accepted: Sequence[str]) -> Iterator[Answer]:
    """What readers wrote, sheet by sheet; lines without a verdict are left out.

    Raises:
        ValueError: a verdict is none of those accepted.
    """
    for path in sorted(folder.glob("sheet-*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
        for row in rows:
            verdict = (row["verdict"] or "").strip()
            if verdict and verdict not in accepted:
                number = row["number"]
                raise ValueError(f"{path}: {number}: {verdict!r} is none of {', '.join(accepted)}")
            if verdict:
                yield Answer(int(row["number"]), verdict, " ".join((row["note"] or "").split()))


def answered(table: Sequence[Row], given: Iterable[Answer]) -> list[Row]:
    """The lines of the key with what readers wrote under their numbers."""
    made = list(table)
    for answer in given:
        row = made[answer.number - 1]
        made[answer.number - 1] = replace(row, verdict=answer.verdict, note=answer.note)
    return made


def _cells(number: int, item: Item) -> list[str]:
    row, before, word, new = item.row, item.before, "", ""
    if isinstance(row, Verdict):
        word, new = row.word, row.replacement
        stop = row.start + len(word)
        before = f"{before[: row.start]}[{word} → {new}]{before[stop:]}"
    cells = [str(number), row.kind, before, item.after, word, new, "", ""]
    return [" ".join(cell.split()) for cell in cells]


def _hash(row: Verdict | TripVerdict) -> int:
    return xxhash.xxh3_64_intdigest("\t".join(map(str, astuple(row.place))).encode())
