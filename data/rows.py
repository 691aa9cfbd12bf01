"""Passages and rows of a corpus: which are chosen, in which order, and how they are written.

Choice and order depend on a hash of the text alone, so that the same packages always give the
same file, and a text keeps its place when others around it come or go.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP = 1_000
ALIKE = 0.4
"""Passages of one label that share more of their letter triples than this are not both kept."""

SCHEMA = pa.schema(
    [
        pa.field("doc_id", pa.string()),
        pa.field("text", pa.string()),
        pa.field("label", pa.dictionary(pa.int32(), pa.string())),
        pa.field("source", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A text with its class and origin; `group` is what the choice is spread over."""

    text: str
    label: str
    group: str
    source: str


def digest(passage: Passage, purpose: bytes) -> bytes:
    """Hash of the text, another one for every purpose."""
    return hashlib.blake2b(passage.text.encode(), digest_size=16, person=purpose).digest()


def choose(passages: Iterable[Passage], per_label: int) -> list[Passage]:
    """At most `per_label` passages of every label, spread over its groups, labels mixed."""
    labels: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        labels[passage.label].append(passage)
    chosen = chain.from_iterable(spread(found, per_label) for found in labels.values())
    return sorted(chosen, key=lambda passage: digest(passage, b"order"))


def spread(passages: list[Passage], count: int) -> list[Passage]:
    """The first `count` passages in turns over the groups, one per source, none like another."""
    chosen: list[Passage] = []
    sources: set[str] = set()
    seen: list[frozenset[str]] = []
    for passage in turns(passages):
        if len(chosen) == count:
            break
        letters = triples(passage.text)
        if passage.source in sources or any(overlap(letters, other) > ALIKE for other in seen):
            continue
        chosen.append(passage)
        sources.add(passage.source)
        seen.append(letters)
    return chosen


def turns(passages: list[Passage]) -> Iterator[Passage]:
    """Passages in the order of a hash, the groups taking turns."""
    groups: dict[str, list[Passage]] = defaultdict(list)
    for passage in sorted(passages, key=lambda passage: digest(passage, b"choice")):
        groups[passage.group].append(passage)
    for turn in zip_longest(*(groups[name] for name in sorted(groups))):
        yield from (passage for passage in turn if passage is not None)


def triples(text: str) -> frozenset[str]:
    """The distinct runs of three letters, case, spaces and signs aside."""
    letters = re.sub(r"[\W\d_]+", "", text).lower()
    return frozenset(letters[i : i + 3] for i in range(len(letters) - 2))


def overlap(a: frozenset[str], b: frozenset[str]) -> float:
    """Jaccard similarity."""
    shared = len(a & b)
    return shared / max(1, len(a) + len(b) - shared)


def write(passages: list[Passage], prefix: str, path: Path) -> None:
    """Write the rows, each with an id made of prefix, label and number within the label."""
    numbers: dict[str, int] = defaultdict(int)
    ids = []
    for passage in passages:
        numbers[passage.label] += 1
        ids.append(f"{prefix}-{passage.label}-{numbers[passage.label]:04}")
    columns = {"doc_id": ids} | {
        name: [getattr(passage, name) for passage in passages] for name in SCHEMA.names[1:]
    }
    table = pa.table(columns, schema=SCHEMA)
    pq.write_table(table, path, compression="zstd", row_group_size=ROW_GROUP)
    print(f"{path}: {len(ids):,} rows; {dict(sorted(numbers.items()))}")
