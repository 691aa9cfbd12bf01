"""Every lexical step beside its peers: same sentences, one process, one core; medians and ratios.

Run from the root: ``python -m benchmarks.lexical [STEP …] [--rate 0.1] [--runs 7]``.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from augment import Protection, TextBatch, registry
from augment.augmenter import Augmenter
from augment.text.columns import Utf8
from augment.text.languages import language
from benchmarks.cases import CHINESE, ENGLISH, Case
from benchmarks.data import chinese, rotten_tomatoes
from benchmarks.timing import Work, interleave, pin


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured, in rows a second; ``peers`` by library."""

    step: str
    ours: float
    floor: float
    peers: dict[str, float]


def floor(column: pa.StringArray, tag: str) -> pa.StringArray:
    """The least that any columnar method does: segment, encode the distinct pieces, take them
    back, cut the rows out again. It makes no decision, no edit and no lineage."""
    text = Utf8.of(column)
    segments = language(tag).segment(text)
    encoded = segments.distinct
    taken = Utf8.of(encoded.dictionary.take(encoded.indices))
    first = np.searchsorted(segments.starts, text.offsets)
    # A row without text has no piece: it ends where it begins.
    offsets = pa.py_buffer(taken.offsets[first].astype(np.int32))
    return pa.StringArray.from_buffers(len(column), offsets, pa.py_buffer(taken.data))


def measure(case: Case, texts: list[str], tag: str, rate: float, runs: int) -> Row | None:
    """One line of the table; None if augmill has no such step."""
    if case.step not in registry.names():
        return None
    ours = registry.build({"use": case.step, **case.params(rate, texts)})
    assert isinstance(ours, Augmenter)
    column = pa.array(texts, pa.string())
    works: dict[str, Work] = {
        "floor": lambda: floor(column, tag),
        "augmill": lambda: augmill(ours, column, tag),
    }
    rows = dict.fromkeys(works, len(texts))
    for peer in case.peers:
        augment = peer.ready(rate, texts)
        if augment is not None:
            part = spread(texts, peer.rows)
            works[peer.library] = bound(augment, part)
            rows[peer.library] = len(part)
    seconds = interleave(works, runs)
    rates = {name: rows[name] / seconds[name] for name in works}
    own, least = rates.pop("augmill"), rates.pop("floor")
    return Row(case.step, own, least, rates)


def augmill(ours: Augmenter, column: pa.StringArray, tag: str) -> object:
    """Protected spans, row keys, variants, edits."""
    protected = Protection().find(column)
    return ours.apply(TextBatch.of(column, language=tag, protected=protected))


def bound(augment: Callable[[list[str]], object], texts: list[str]) -> Work:
    """The peer's work on its part of the texts."""
    return lambda: augment(texts)


def spread(texts: list[str], count: int) -> list[str]:
    """At most so many texts, evenly from the whole."""
    places = np.linspace(0, len(texts) - 1, min(count, len(texts))).astype(int)
    return [texts[i] for i in places]


def show(rows: Sequence[Row], libraries: Sequence[str]) -> None:
    """Print a Markdown table."""
    columns = "".join(f" {name} rows/s | ratio |" for name in libraries)
    print(f"| step | augmill rows/s | of the floor |{columns}")
    print("|---|---:|---:|" + "---:|---:|" * len(libraries))
    for row in rows:
        cells = "".join(_against(row, name) for name in libraries)
        print(f"| `{row.step}` | {row.ours:,.0f} | {row.ours / row.floor:.2f} |{cells}")
    if rows:
        print(f"\nFloor: {np.median([row.floor for row in rows]):,.0f} rows/s.\n")


def _against(row: Row, library: str) -> str:
    if library not in row.peers:
        return " – | – |"
    return f" {row.peers[library]:,.0f} | {row.ours / row.peers[library]:,.1f} |"


def table(
    cases: Sequence[Case], texts: list[str], tag: str, asked: argparse.Namespace
) -> list[Row]:
    """Measure the cases that were asked for; say which steps there are not."""
    chosen = [case for case in cases if not asked.steps or case.step in asked.steps]
    rows = []
    for case in chosen:
        row = measure(case, texts, tag, asked.rate, asked.runs)
        if row is None:
            print(f"not registered: {case.step}\n")
            continue
        rows.append(row)
    return rows


def main() -> None:
    """Print a table for English and one for Chinese."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lexical", description=__doc__)
    parser.add_argument("steps", nargs="*", help="only these")
    parser.add_argument("--rate", type=float, default=0.1, help="share of words edited")
    parser.add_argument("--runs", type=int, default=7)
    asked = parser.parse_args()
    known = dict.fromkeys(case.step for case in (*ENGLISH, *CHINESE))
    if unknown := set(asked.steps) - set(known):
        parser.error(f"no such step: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    core = pin()
    english, han = rotten_tomatoes(), chinese()
    print(f"One process on core {core}; medians of {asked.runs} runs; rate {asked.rate}.")
    print(f"\nEnglish: {len(english):,} sentences of film reviews.\n")
    show(table(ENGLISH, english, "en", asked), ("nlpaug", "textaugment", "fast-aug"))
    print(f"Chinese: {len(han):,} texts of data/chinese.parquet.\n")
    show(table(CHINESE, han, "zh", asked), ("nlpcda",))
    for case in (*ENGLISH, *CHINESE):
        if case.peers and (not asked.steps or case.step in asked.steps):
            print(f"`{case.step}`: " + ", ".join(f"{p.library} `{p.what}`" for p in case.peers))


if __name__ == "__main__":
    main()
