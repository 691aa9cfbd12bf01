"""A draw of distinct labelled texts: the same for any order and any cut, in bounded memory.

All rows stand in one order, that of a hash of their texts; the first of them are drawn. What is
drawn of a whole is therefore what is drawn of that which was drawn of its parts.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from augment.randomness import derive, hash_strings

SCHEMA = pa.schema([("tag", pa.string()), ("label", pa.string()), ("text", pa.string())])

MOST_ROWS, MOST_BYTES, LONGEST = 50_000, 32 << 20, 1 << 20
"""Distinct rows that are drawn at the most, bytes of their texts, and of any one of them."""

_SLACK = 4
"""How many times the bounds may be held before what is beyond them is dropped."""


class Draw:
    """Draws of what is added to it."""

    def __init__(self) -> None:
        self._held: list[pa.Table] = [SCHEMA.empty_table()]

    def add(self, rows: pa.Table) -> None:
        """Add rows of :data:`SCHEMA`, none null."""
        self._held.append(rows.filter(pc.less_equal(pc.binary_length(rows["text"]), LONGEST)))
        held = sum(table.num_rows for table in self._held)
        if held > _SLACK * MOST_ROWS or sum(t.nbytes for t in self._held) > _SLACK * MOST_BYTES:
            self._held = [_first(pa.concat_tables(self._held))]

    def close(self) -> pa.Table:
        """What is drawn."""
        return _first(pa.concat_tables(self._held))

    def save(self, path: Path) -> Path:
        """Write what is drawn; the file."""
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, SCHEMA) as writer:
            writer.write_table(self.close())
        return path


def drawn(files: Sequence[Path]) -> pa.Table:
    """What is drawn of all that was written to files."""
    draw = Draw()
    for path in files:
        with pa.OSFile(str(path)) as source:
            draw.add(pa.ipc.open_file(source).read_all())
    return draw.close()


def _first(rows: pa.Table) -> pa.Table:
    """The first distinct rows, by the hash of the text, then language, then label."""
    if not rows.num_rows:
        return rows
    rows = rows.combine_chunks()
    hashes = derive(hash_strings(rows["text"].combine_chunks()), "draw")
    keys = pa.table([pa.array(hashes), rows["tag"], rows["label"]], names=["hash", "tag", "label"])
    order = pc.sort_indices(keys, [(name, "ascending") for name in keys.column_names])
    ordered = keys.take(order)
    same = np.ones(len(order) - 1, np.bool_)
    for name in ordered.column_names:
        column = ordered[name].combine_chunks()
        same &= pc.equal(column.slice(1), column.slice(0, len(order) - 1)).to_numpy(False)
    kept = order.to_numpy()[np.append(True, ~same)]
    lengths = pc.binary_length(rows["text"]).to_numpy()[kept]
    within = np.cumsum(lengths, dtype=np.int64) <= MOST_BYTES
    return rows.take(pa.array(kept[within][:MOST_ROWS])).combine_chunks()
