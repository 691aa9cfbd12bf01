"""What an output's log tells, and going back to what it was."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from augment import __version__
from pipelines.errors import InputMissingError
from pipelines.store.entry import Entry
from pipelines.store.protocol import Store

KEPT = 5
"""Versions kept where the recipe does not say."""


@dataclass(frozen=True, slots=True)
class Status:
    """An output as it is.

    Attributes:
        entry: the published version.
        kept: the versions whose objects are kept, the newest first.
        size: of the published files, in bytes.
        objects: kept.
        objects_size: of these, their rejects included.
    """

    entry: Entry
    kept: tuple[int, ...]
    size: int
    objects: int
    objects_size: int


def status(store: Store) -> Status:
    """An output as its log tells; nothing is written.

    Raises:
        InputMissingError: there is no version of it.
    """
    entry, kept = published(store), store.kept()
    parts = [part for entry in _entries(store, kept) for part in entry.parts]
    stored = {one.key: one for part in parts for one in part.objects}
    return Status(
        entry,
        kept,
        sum(part.stored.size for part in entry.parts),
        len(stored),
        sum(one.size_of_all for one in stored.values()),
    )


def _entries(store: Store, versions: tuple[int, ...]) -> Iterator[Entry]:
    """Those of these versions, which are the newest ones; no more are read."""
    return (entry for entry, _ in zip(store.entries(), versions, strict=False))


def published(store: Store) -> Entry:
    """The version that readers see.

    Raises:
        InputMissingError: there is none.
    """
    entry = store.last()
    if entry is None:
        raise InputMissingError(f"{store.output} is no dataset that augmill published")
    return entry


def rollback(store: Store, to: int | None = None) -> Entry:
    """Publish a new version that has the files of an older one.

    Args:
        store: locked, inside its context.
        to: the older version; the one before the published one if not given.

    Raises:
        InputMissingError: there is no such version, or its objects are not kept.
        LockedError, OutputError, OSError: as for :meth:`Store.publish`.
    """
    last = published(store)
    target = last.version - 1 if to is None else to
    old = next((entry for entry in store.entries() if entry.version == target), None)
    keys = [part.stored.key for part in old.parts] if old is not None else []
    known = {part.stored.key: part.stored for part in old.parts} if old is not None else {}
    found = store.objects.find(keys, known)
    if old is None or not set(keys) <= set(found):
        kept = ", ".join(str(version) for version in store.kept())
        raise InputMissingError(
            f"{store.output} has no version {target} to go back to; kept: {kept}"
        )
    entry = old.model_copy(
        update={
            "version": last.version + 1,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "program": __version__,
            "parts": tuple(p.model_copy(update={"stored": found[p.stored.key]}) for p in old.parts),
            "seconds": 0.0,
            "note": f"rollback to {target}",
        }
    )
    store.publish(entry)
    return entry


def versions_to_keep(entry: Entry) -> int:
    """As the recipe of a version says."""
    return int(entry.recipe.get("keep_versions", KEPT))
