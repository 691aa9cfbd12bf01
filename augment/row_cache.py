"""Rows that a step made before, so that what a model said once of a text is not computed again.

A store is put in place by :func:`caching`; steps that run a model then look there first (see
:meth:`augment.augmenter.Augmenter.apply`). A row's key stands for everything that its variant
depends on: the step's fingerprint, augmill's version, the language, the number of the copy, the
text with its protected spans, and, unless the step draws nothing, the row's random keys. Only steps
that are exact may look: with others a row would depend on which rows happened to be there already.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from augment.batch import TextBatch, Variants

_FORMAT = b"1"
"""Part of every key: another way of writing values down must not meet those of this one."""

_DIGEST = 16
_TEXT, _EDITS, _NOTE = "text", "edits", "note:"
_ENDS = ("start", "stop")


class RowStore(Protocol):
    """Where rows are kept, as bytes under keys of 16 bytes."""

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What there is of these."""

    def put(self, items: Mapping[bytes, bytes]) -> None:
        """Keep these; of a key that is there already, either value will do."""

    def count(self, hits: int, misses: int) -> None:
        """So many rows were found, and so many were computed."""


class MemoryStore:
    """A store in this process's memory, without bound.

    Attributes:
        rows: key to value.
        counts: ``hits`` and ``misses``.
    """

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.counts: Counter[str] = Counter()

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What there is of these."""
        return {key: self.rows[key] for key in keys if key in self.rows}

    def put(self, items: Mapping[bytes, bytes]) -> None:
        """Keep these."""
        for key, value in items.items():
            self.rows.setdefault(key, value)

    def count(self, hits: int, misses: int) -> None:
        """Add them up."""
        self.counts.update(hits=hits, misses=misses)


_store: ContextVar[RowStore | None] = ContextVar("augment.row_cache", default=None)


@contextmanager
def caching(store: RowStore | None) -> Iterator[None]:
    """Let exact model steps that are applied inside keep their rows in a store; None keeps none."""
    token = _store.set(store)
    try:
        yield
    finally:
        _store.reset(token)


def active() -> RowStore | None:
    """The store in place."""
    return _store.get()


def through(
    store: RowStore,
    step: str,
    batch: TextBatch,
    draws: bool,
    make: Callable[[TextBatch], Variants],
) -> Variants:
    """The variants of a batch; only rows that the store lacks are made, and then kept.

    Args:
        store: where rows are kept.
        step: fingerprint of what makes them.
        batch: whose variants are wanted.
        draws: whether they depend on the rows' keys.
        make: makes the variants of a batch, row by row the same for any cut of it.
    """
    keys = _keys(step, batch, draws)
    found = _read(store, keys)
    missing = np.array([i for i, key in enumerate(keys) if key not in found], np.int64)
    store.count(len(keys) - len(missing), len(missing))
    if not found:
        made = make(batch)
        _write(store, keys, made)
        return made
    if len(missing):
        made = make(batch.take(missing))
        _write(store, [keys[i] for i in missing], made)
        tables = {keys[i]: table for i, table in zip(missing, _rows(made), strict=True)}
        found = {**found, **tables}
    return _variants([found[key] for key in keys])


def _keys(step: str, batch: TextBatch, draws: bool) -> list[bytes]:
    """``(n,)`` digests of what each row's variant depends on."""
    from augment import __version__

    parts = (step, __version__, batch.language, "")
    names = b"\0".join([_FORMAT, *(part.encode() for part in parts)])
    head = names + bytes([draws]) + batch.copy.to_bytes(8, "little")
    if draws:
        drawn = np.stack([batch.keys, batch.shared_keys], axis=1)
    else:
        drawn = np.zeros((len(batch), 0), np.uint64)
    counts = pc.fill_null(pc.list_value_length(batch.protected), 0)
    bounds = np.append(0, np.cumsum(counts.to_numpy(zero_copy_only=False)))
    flat = batch.protected.flatten()
    ends = [pc.struct_field(flat, name).to_numpy(zero_copy_only=False) for name in _ENDS]
    spans = np.stack(ends, axis=1).astype(np.int32)
    texts = batch.text.cast(pa.binary()).to_pylist()
    keys = []
    for row, text in enumerate(texts):
        state = xxhash.xxh3_128(head)
        state.update(drawn[row].tobytes())
        # Spans before the text, their number first: nothing can be read two ways.
        inside = spans[bounds[row] : bounds[row + 1]]
        state.update(len(inside).to_bytes(8, "little") + inside.tobytes() + text)
        keys.append(state.digest())
    return keys


def _rows(made: Variants) -> list[pa.RecordBatch]:
    """Each row as a batch of its own."""
    notes = {f"{_NOTE}{name}": note for name, note in made.notes.items()}
    columns = {_TEXT: made.text, _EDITS: made.edits, **notes}
    whole = pa.RecordBatch.from_pydict(columns)
    return [whole.slice(row, 1) for row in range(len(made))]


def _write(store: RowStore, keys: Sequence[bytes], made: Variants) -> None:
    """A row's value is the digest of its schema, which is kept once, and its message."""
    rows = _rows(made)
    schema = rows[0].schema.serialize().to_pybytes()
    name = _schema_key(schema)
    values = {key: name + row.serialize().to_pybytes() for key, row in zip(keys, rows, strict=True)}
    store.put({name: schema, **values})


def _schema_key(schema: bytes) -> bytes:
    return xxhash.xxh3_128_digest(_FORMAT + b"\0schema\0" + schema)


def _read(store: RowStore, keys: Sequence[bytes]) -> dict[bytes, pa.RecordBatch]:
    values = store.get(list(dict.fromkeys(keys)))
    names = sorted({value[:_DIGEST] for value in values.values()})
    schemas = {
        name: pa.ipc.read_schema(pa.py_buffer(schema)) for name, schema in store.get(names).items()
    }
    return {
        key: pa.ipc.read_record_batch(pa.py_buffer(value[_DIGEST:]), schemas[value[:_DIGEST]])
        for key, value in values.items()
        if value[:_DIGEST] in schemas
    }


def _variants(rows: Sequence[pa.RecordBatch]) -> Variants:
    """Rows, each with the columns of its own, as variants; a note that a row lacks is null."""
    # That of a row with all notes tells their order, which shows in the output.
    kinds = sorted(
        {tuple(row.schema) for row in rows},
        key=lambda fields: (-len(fields), [(field.name, str(field.type)) for field in fields]),
    )
    fields = {field.name: field for kind in kinds for field in kind}
    schema = pa.schema(list(fields.values()))
    table = pa.concat_tables(
        [pa.Table.from_batches([row]) for row in rows], promote_options="default"
    )
    columns = {f.name: _combined(table[f.name], f.type) for f in schema}
    notes = {
        name.removeprefix(_NOTE): column
        for name, column in columns.items()
        if name.startswith(_NOTE)
    }
    return Variants(columns[_TEXT], columns[_EDITS], notes)


def _combined(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    made = column.combine_chunks()
    whole = made if isinstance(made, pa.Array) else pa.concat_arrays(made.chunks)
    return whole if whole.type.equals(kind) else whole.cast(kind)
