"""``python -m benchmarks.reading draw|collect|check``: from sentences to judged replacements."""

import argparse
import sys
from dataclasses import astuple
from pathlib import Path

from benchmarks.reading import sheets, verdicts
from benchmarks.reading.methods import METHODS, Item, Method
from benchmarks.reading.shares import shares
from benchmarks.reading.systems import OURS

SDISTS = Path("build/sdists")


def draw(method: Method, output: Path, sdists: Path, readers: int, peer_python: Path | None) -> int:
    """Write what readers need: sheets of what nobody has read, and what a verdict means."""
    output.mkdir(parents=True, exist_ok=True)
    sentences = method.draw(sdists)
    variants = [*method.ours(sentences), *method.peers(sentences, peer_python)]
    items = method.items(variants)
    known = verdicts.read(method.table, method.row, list(method.verdicts))
    given = verdicts.carried([item.row for item in items], known)
    items = [Item(row, i.before, i.after) for row, i in zip(given, items, strict=True)]
    # What was read of a peer stays, where the peer itself can't be run.
    ran = {OURS, *(variant.system for variant in variants)}
    items += [Item(row, "", "") for row in known if row.system not in ran]
    items = sheets.order(items)
    verdicts.write(output / sheets.KEY, [item.row for item in items], method.row)
    paths = sheets.write(output, items, readers)
    meaning = [f"{verdict}\t{meant}" for verdict, meant in method.verdicts.items()]
    (output / "verdicts.txt").write_text("\n".join(meaning) + "\n", "utf-8")
    left = sum(not item.row.verdict for item in items)
    changed = len({v.sentence.id for v in variants if v.system == OURS and v.changes})
    print(f"{len(sentences)} sentences, {changed} changed by {OURS}; {len(items)} lines in all")
    print(f"{left} to be read: {', '.join(map(str, paths))}")
    return 0


def collect(method: Method, folder: Path) -> int:
    """Take what readers wrote into the committed table.

    Returns:
        1 if a verdict is missing.
    """
    accepted = list(method.verdicts)
    key = verdicts.read(folder / sheets.KEY, method.row, accepted)
    table = sheets.answered(key, sheets.answers(folder, accepted))
    ordered = sorted(table, key=lambda row: (row.kind, row.system, row.sentence, astuple(row)))
    verdicts.write(method.table, ordered, method.row)
    missing = sum(not row.verdict for row in table)
    print(f"{len(table)} lines in {method.table}, {missing} of them without a verdict")
    return int(missing > 0)


def check(method: Method, sdists: Path) -> int:
    """Hold the committed verdicts against what the code does now; print the shares.

    Returns:
        1 if augmill makes something that was not read, or a verdict is missing.
    """
    accepted = list(method.verdicts)
    table = verdicts.read(method.table, method.row, accepted)
    read = [row for row in table if row.system == OURS]
    now = [item.row for item in method.items(method.ours(method.draw(sdists)))]
    gone, new = verdicts.without(read, now), verdicts.without(now, read)
    for label, rows in (("no longer made", gone), ("not yet read", new)):
        for row in rows:
            print(f"{label}: {row}", file=sys.stderr)
    missing = sum(not row.verdict for row in table)
    if missing:
        print(f"{missing} of {len(table)} verdicts are missing", file=sys.stderr)
    print(shares(table, accepted))
    return int(bool(gone or new or missing or not table))


def main(arguments: list[str] | None = None) -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reading", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, does in (("draw", draw), ("collect", collect), ("check", check)):
        one = commands.add_parser(name, help=(does.__doc__ or "").splitlines()[0])
        one.add_argument("--method", choices=METHODS, default="synonym")
        if name != "collect":
            one.add_argument("--sdists", type=Path, default=SDISTS, help="see the README")
    drawing, collecting = commands.choices["draw"], commands.choices["collect"]
    drawing.add_argument("--output", type=Path, required=True, help="a folder, not in the checkout")
    drawing.add_argument("--readers", type=int, default=1, help="how many sheets")
    drawing.add_argument("--peer-python", type=Path, help="of the environment where nlpaug runs")
    collecting.add_argument("folder", type=Path, help="what draw wrote, filled in")
    asked = vars(parser.parse_args(arguments))
    asked["method"] = METHODS[asked["method"]]
    does = {"draw": draw, "collect": collect, "check": check}[asked.pop("command")]
    return does(**asked)


if __name__ == "__main__":
    sys.exit(main())
