"""What a run needs of the place where its output lies, be it a folder or an object storage."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from pipelines.store.entry import Entry, Stored


@dataclass(slots=True)
class Draft:
    """An object in the making: local files that become the object when its context ends well.

    Attributes:
        part: to be written, a whole Parquet file whose footer has the stats.
        rejects: to be written if there are any, likewise.
        scratch: a folder for what is needed meanwhile.
        stored: what became of it; None before.
    """

    part: Path
    rejects: Path
    scratch: Path
    stored: Stored | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An object's files, to be read.

    Attributes:
        part: its rows.
        rejects: its rejects, if it has any.
    """

    part: Path
    rejects: Path


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found to be what was written.

    Attributes:
        versions: whose objects were looked at, the newest first.
        objects: how many.
        size: of all of them, in bytes.
    """

    versions: tuple[int, ...]
    objects: int
    size: int


class Objects(Protocol):
    """The immutable files, by key; small to pickle, since every worker has it."""

    def find(self, keys: Iterable[str], known: Mapping[str, Stored]) -> dict[str, Stored]:
        """Those that are there, whole; of what is ``known`` only the size is checked."""

    def draft(self, key: str) -> AbstractContextManager[Draft]:
        """A context in which an object is made; putting the same object twice does no harm.

        Raises (on leaving):
            OSError: the files can't be written.
        """

    def fetched(self, stored: Stored, folder: Path) -> Fetched:
        """An object's files, in a local folder if they are not local themselves.

        Raises:
            LockedError: another run deleted them in the meantime.
        """


class Store(Protocol):
    """An output with its history, locked while its context lasts.

    Attributes:
        output: where readers look.
        objects: see :class:`Objects`.
        cache: a local folder that outlives the run.
        scratch: a local folder for this run alone.
    """

    output: str
    objects: Objects
    cache: Path
    scratch: Path

    def __enter__(self) -> Self:
        """Lock, and finish or sweep what a killed run left.

        Raises:
            LockedError: another run is writing the same output.
            OutputError: what stands in the output's place is nothing that augmill wrote.
        """

    def __exit__(self, *_: object) -> None:
        """Unlock."""

    def last(self) -> Entry | None:
        """The published version, if there is one."""

    def entries(self) -> Iterator[Entry]:
        """All versions, the newest first."""

    def publish(self, entry: Entry) -> None:
        """Make an entry, whose version is the last one's plus 1, what readers see: all or nothing.

        Raises:
            LockedError: somebody else committed this version.
            OSError: it can't be written; readers still see the last version.
        """

    def ensure(self) -> None:
        """Make sure that readers see the last version's files, if one was recomputed."""

    def give_up(self, found: Iterable[Stored]) -> str:
        """Keep the rejects of a run that publishes nothing, for a look at them; tells where."""

    def kept(self) -> tuple[int, ...]:
        """The versions whose objects are kept, the newest first."""

    def retain(self, versions: int) -> int:
        """Keep what the newest versions need, and the log; delete all other objects.

        Returns:
            How many bytes the deleted objects had.
        """

    def verify(self) -> Verified:
        """Recompute the digests of all objects kept; damaged ones are put aside.

        Raises:
            DamagedError: naming each object that is damaged or missing, and what it belongs to.
        """
