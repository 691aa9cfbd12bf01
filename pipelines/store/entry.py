"""What a log entry says: the version of a dataset, file by file, and how it came about."""

from typing import Any

import xxhash
from pydantic import BaseModel, ConfigDict


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RejectedRows(_Told):
    """The file of a shard's rejects.

    Attributes:
        digest: XXH3-128 of the file, 32 hex digits.
        size: of the file, in bytes.
        rows: in it.
    """

    digest: str
    size: int
    rows: int


class Stored(_Told):
    """An object: what was made of one shard, under a key of all that decides it.

    Attributes:
        key: 32 hex digits.
        digest: XXH3-128 of the file, 32 hex digits.
        size: of the file, in bytes.
        rows: in it.
        stats: counts of what happened, see :meth:`pipelines.stats.Stats.told`.
        rejects: None if no row was rejected.
    """

    key: str
    digest: str
    size: int
    rows: int
    stats: dict[str, Any]
    rejects: RejectedRows | None = None

    @property
    def size_of_all(self) -> int:
        """Of both files, in bytes."""
        return self.size + (self.rejects.size if self.rejects is not None else 0)


class Part(_Told):
    """A file of the published dataset.

    Attributes:
        name: below the output, such as ``lang=en/part-00003.parquet``.
        stored: the object that it is.
        source: the file of the input that its rows come from, as the run named it.
        content: digest of these rows.
        origin: the shard's first object, if this one is that without variants which repeat others
            of the dataset; kept for the next run.
    """

    name: str
    stored: Stored
    source: str
    content: str
    origin: Stored | None = None

    @property
    def objects(self) -> tuple[Stored, ...]:
        """All that must be kept for it."""
        return (self.stored,) if self.origin is None else (self.stored, self.origin)


class Entry(_Told):
    """A version of a dataset.

    Attributes:
        version: 1, 2, … without gaps.
        created: when it was committed: UTC, ISO 8601.
        program: augmill's version.
        fingerprint: of the plan.
        identity: what the fingerprint stands for, to tell later what has changed.
        recipe: with every parameter written out.
        parts: in the order of their names' numbers.
        stats: counts of all parts together.
        seconds: that the run took.
        note: why there is this version, if not by a run: ``rollback to 3``.
    """

    version: int
    created: str
    program: str
    fingerprint: str
    identity: dict[str, Any]
    recipe: dict[str, Any]
    parts: tuple[Part, ...]
    stats: dict[str, Any]
    seconds: float = 0.0
    note: str = ""

    @property
    def digest(self) -> str:
        """32 hex digits over the names and contents of all files: equal datasets, equal digests."""
        lines = (f"{part.name} {part.stored.digest}\n" for part in self.parts)
        return xxhash.xxh3_128_hexdigest("".join(lines).encode())

    @property
    def rows(self) -> int:
        """Of all files together."""
        return sum(part.stored.rows for part in self.parts)
