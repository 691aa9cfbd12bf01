"""Which shards of a corpus must be computed, and why: those whose key the store does not have."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xxhash

from pipelines.corpus import Corpus, Shard
from pipelines.layouts import layout
from pipelines.parquet import COMPRESSION, ROW_GROUP_BYTES, ROW_GROUP_ROWS
from pipelines.plan import Plan
from pipelines.shard import Task
from pipelines.store.entry import Entry, Stored
from pipelines.store.protocol import Objects

NEW, CHANGED, LOST = "new input", "changed input", "its object is lost"
COLUMNS = "changed columns of the input"

_WRITER = (ROW_GROUP_ROWS, ROW_GROUP_BYTES, COMPRESSION)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The shards of a corpus, by what there is of them.

    Attributes:
        tasks: all of them, in order.
        found: what the store has, by key.
        reasons: why each of the other keys must be computed.
    """

    tasks: tuple[Task, ...]
    found: Mapping[str, Stored]
    reasons: Mapping[str, str]

    @property
    def missing(self) -> list[Task]:
        """What must be computed, each key once."""
        return [*{t.key: t for t in self.tasks if t.key not in self.found}.values()]

    @property
    def why(self) -> dict[str, int]:
        """How many shards must be computed for each reason, the most frequent first."""
        counts: dict[str, int] = {}
        for task in self.missing:
            reason = self.reasons[task.key]
            counts[reason] = counts.get(reason, 0) + 1
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def schedule(plan: Plan, corpus: Corpus, objects: Objects, last: Entry | None) -> Schedule:
    """Look every shard's key up.

    Args:
        plan: fitted, if it needs statistics.
        corpus: with contents, see :func:`pipelines.corpus.with_contents`.
        objects: the store's.
        last: the published version, if any.
    """
    folders = corpus.shards[0].partition
    schema = layout(plan, corpus.schema, folders).schema().serialize().to_pybytes()
    tasks = tuple(Task(_key(plan, schema, shard), shard) for shard in corpus.shards)
    objects_known = () if last is None else (one for part in last.parts for one in part.objects)
    known = {stored.key: stored for stored in objects_known}
    found = objects.find([task.key for task in tasks], known)
    explain = _Reasons(plan, last)
    reasons = {t.key: explain(t) for t in tasks if t.key not in found}
    return Schedule(tasks, found, reasons)


def _key(plan: Plan, schema: bytes, shard: Shard) -> str:
    told = [plan.fingerprint, shard.content, dict(shard.partition), _WRITER]
    state = xxhash.xxh3_128(json.dumps(told, sort_keys=True, default=str).encode())
    state.update(schema)
    return state.hexdigest()


class _Reasons:
    """Tells why a key is not there, by what the last version was made of."""

    def __init__(self, plan: Plan, last: Entry | None) -> None:
        parts = () if last is None else last.parts
        self._contents = {part.content for part in parts}
        self._sources = {part.source for part in parts}
        self._keys = {stored.key for part in parts for stored in part.objects}
        self._plan = COLUMNS
        if last is not None and last.fingerprint != plan.fingerprint:
            told = "; ".join(changes(last.identity, plan.identity))
            self._plan = told or "changed recipe: order of views"

    def __call__(self, task: Task) -> str:
        if task.key in self._keys:
            return LOST
        if task.shard.content in self._contents:
            return self._plan
        return CHANGED if task.shard.source.name in self._sources else NEW


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """What differs between two plans, as ``changed recipe: views.weak.steps[0].rate 0.1 → 0.2``.

    Of a component that came, went or is another one, no more is told than its name.
    """
    before, after = dict(_flat(old, "")), dict(_flat(new, ""))
    told: list[str] = []
    for path in dict.fromkeys((*before, *after)):
        then, now = before.get(path, _ABSENT), after.get(path, _ABSENT)
        if then == now or any(path.startswith(whole) for whole in told):
            continue
        whole = _component(path, before, after)
        if whole is None:
            yield _change(path, then, now)
        else:
            told.append(f"{whole}.")
            names = (held.get(f"{whole}.use", _ABSENT) for held in (before, after))
            yield _change(whole, *names)


def _component(path: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """The path of the outermost component around a place, if two plans have another one there."""
    parts = path.split(".")
    places = (".".join(parts[:end]) for end in range(1, len(parts)))
    return next((p for p in places if before.get(f"{p}.use") != after.get(f"{p}.use")), None)


_ABSENT = "–"


def _change(path: str, then: Any, now: Any) -> str:
    head, _, name = path.rpartition(".")
    if path.startswith("program."):
        return f"changed program: {name} {then} → {now}"
    if head.endswith("assets"):
        return f"changed file of {head.removesuffix('.assets')}: {name}"
    return f"changed recipe: {path} {then} → {now}"


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """``(path, value)`` of everything inside that holds nothing itself."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{place}]")
    else:
        yield path, value
