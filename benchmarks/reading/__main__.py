"""``python -m benchmarks.reading sample|enter|check``: from sentences to judged replacements."""

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.reading import verdicts
from benchmarks.reading.sentences import draw
from benchmarks.reading.systems import OURS, Variant, ours, peers

TABLE = Path(__file__).parent / "verdicts.tsv"
SDISTS = Path("build/sdists")


def sample(folder: Path, sdists: Path) -> int:
    """Write what readers need: ``work.txt``, and ``verdicts.tsv`` with a line per number in it."""
    folder.mkdir(parents=True, exist_ok=True)
    sentences = draw(sdists)
    variants = [*ours(sentences), *peers(sentences)]
    table = verdicts.carried(verdicts.unread(variants), verdicts.read(TABLE))
    verdicts.write(folder / "verdicts.tsv", table)
    (folder / "work.txt").write_text(_work(variants, table), "utf-8")
    left = sum(not row.verdict for row in table)
    print(
        f"{len(sentences)} sentences, {len(table)} places, {left} to be read in {folder}/work.txt"
    )
    return 0


def _work(variants: Sequence[Variant], table: Sequence[verdicts.Verdict]) -> str:
    lines = []
    numbers = itertools.count(1)
    for variant in variants:
        if not variant.changes:
            continue
        lines += [
            f"# {variant.sentence.kind} {variant.sentence.id} {variant.system}",
            f"before: {variant.sentence.text}",
            f"after:  {variant.text}",
        ]
        for number in itertools.islice(numbers, len(variant.changes)):
            row = table[number - 1]
            known = f"   [{row.verdict}]" if row.verdict else ""
            lines.append(f"{number}. {row.word} -> {row.replacement}{known}")
        lines.append("")
    return "\n".join(lines)


def enter(folder: Path) -> int:
    """Enter the answers of readers: lines ``NUMBER VERDICT NOTE`` in ``answers*.txt``."""
    table = verdicts.read(folder / "verdicts.tsv")
    for path in sorted(folder.glob("answers*.txt")):
        for line in filter(str.strip, path.read_text("utf-8").splitlines()):
            number, verdict, *note = line.split(maxsplit=2)
            if verdict not in verdicts.VERDICTS:
                raise ValueError(f"{path}: {line!r}: {verdict!r} is none of {verdicts.VERDICTS}")
            place = table[int(number.rstrip(".")) - 1].place
            table[int(number.rstrip(".")) - 1] = replace(
                place, verdict=verdict, note=" ".join(note).replace("\t", " ")
            )
    verdicts.write(folder / "verdicts.tsv", table)
    print(f"{sum(not row.verdict for row in table)} places left to read")
    return 0


def check(sdists: Path) -> int:
    """Hold the committed verdicts against what the code does now; print the shares.

    Returns:
        1 if augmill replaces otherwise than was read, or a verdict is missing.
    """
    table = verdicts.read(TABLE)
    read = [row.place for row in table if row.system == OURS]
    now = [row.place for row in verdicts.unread(ours(draw(sdists)))]
    gone, new = without(read, now), without(now, read)
    for label, rows in (("no longer made", gone), ("not yet read", new)):
        for row in rows:
            what = f"{row.word} -> {row.replacement}"
            print(f"{label}: {row.kind} {row.sentence} {row.start} {what}", file=sys.stderr)
    missing = sum(not row.verdict for row in table)
    if missing:
        print(f"{missing} of {len(table)} verdicts are missing", file=sys.stderr)
    print(verdicts.shares(table))
    return int(bool(gone or new or missing or not table))


def without(
    rows: Sequence[verdicts.Verdict], others: Sequence[verdicts.Verdict]
) -> list[verdicts.Verdict]:
    """The rows that are not among the others."""
    among = set(others)
    return [row for row in rows if row not in among]


def main() -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (("sample", sample), ("enter", enter), ("check", check)):
        one = commands.add_parser(name, help=(does.__doc__ or "").splitlines()[0])
        if name != "check":
            one.add_argument("folder", type=Path)
        if name != "enter":
            one.add_argument("--sdists", type=Path, default=SDISTS, help="see the README")
    asked = vars(parser.parse_args())
    return {"sample": sample, "enter": enter, "check": check}[asked.pop("command")](**asked)


if __name__ == "__main__":
    sys.exit(main())
