"""The store in an object storage: nothing there can be locked, linked or renamed.

::

    <url>/manifest.json                    names the files of the last version, for readers
    <url>/log/<20 digits>.json             one entry per version; its being created is the commit
    <url>/objects/<key>-<12>.parquet       what was made of one shard; never changed
    <url>/objects/<key>-<12>.rejects.parquet  the rows of it that could not be used
    <url>/objects/<key>.json               its receipt: the object is there, whole
    <url>/oldest                           the first version whose objects are kept
    <url>/failed/                          rejects of a run that published nothing for them
    <url>/damaged/                         objects that were not what was written

Two runs may write at the same time; the storage lets one of them create the next version's entry,
the other publishes nothing. On one machine the second is told so before it starts.
"""

import shutil
from collections.abc import Iterable, Iterator
from typing import Self

import xxhash
from filelock import FileLock, Timeout

from augment.models.backends.converted import cache_folder
from pipelines.errors import DamagedError, LockedError, OutputError
from pipelines.store.bucket import Bucket
from pipelines.store.entry import Entry, Stored
from pipelines.store.kept import Kept, KeptPart
from pipelines.store.protocol import Objects, Verified
from pipelines.store.remote_log import MANIFEST, RemoteLog, as_kept
from pipelines.store.remote_objects import FOLDER, RemoteObjects, is_whole

_OLDEST = "oldest"
_OURS = frozenset({MANIFEST, _OLDEST, "log/", FOLDER, "failed/", "damaged/"})
_SHOWN = 3


class RemoteStore:
    """An output and its history below a URL.

    Attributes:
        output: the URL.
        bucket: the storage.
        objects: the immutable files.
        log: the versions.
        cache: a local folder that outlives the run.
        scratch: a local folder for this run alone.
    """

    def __init__(self, output: str) -> None:
        self.output = output.rstrip("/")
        self.bucket = Bucket(self.output)
        self._home = cache_folder() / "outputs" / xxhash.xxh3_128_hexdigest(self.output.encode())
        self._objects = RemoteObjects(self.bucket, self._home / "tmp")
        self.objects: Objects = self._objects
        self.log = RemoteLog(self.bucket)
        self.cache = self._home / "cache"
        self.scratch = self._home / "tmp" / "scratch"
        self._lock = FileLock(self._home / "lock", timeout=0)

    def __enter__(self) -> Self:
        """Lock out other runs of this machine, and finish what a killed run left.

        Raises:
            OutputError: the storage can't be reached, or holds what augmill did not write.
            LockedError: another run of this machine is writing the same output.
            DamagedError: an entry of the log can't be read.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise LockedError(f"another run is writing {self.output}; try again later") from None
        try:
            self._recover()
        except BaseException:
            self._lock.release()
            raise
        return self

    def _recover(self) -> None:
        shutil.rmtree(self._home / "tmp", ignore_errors=True)
        for folder in (self.cache, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
        entries = [self.log.read(version) for version in self.kept()]
        if not entries:
            self._check_empty()
            return
        # Of an object that was made again the newest entry knows.
        for entry in reversed(entries):
            self._objects.needed.update({one.key: one for p in entry.parts for one in p.objects})
        self.log.show(entries[0])

    def _check_empty(self) -> None:
        foreign = [name for name in self.bucket.top() if name not in _OURS]
        if foreign:
            shown = ", ".join(foreign[:_SHOWN]) + (", …" if len(foreign) > _SHOWN else "")
            raise OutputError(
                f"below the output {self.output} lies what augmill did not write ({shown}); choose "
                "another place or move it away"
            )

    def __exit__(self, *_: object) -> None:
        """Let other runs of this machine in."""
        shutil.rmtree(self._home / "tmp", ignore_errors=True)
        self._lock.release()

    def last(self) -> Entry | None:
        """The published version, if there is one."""
        return next(self.log.entries(), None)

    def entries(self) -> Iterator[Entry]:
        """All versions, the newest first."""
        return self.log.entries()

    def publish(self, entry: Entry) -> None:
        """Make an entry, whose version is the last one's plus 1, what readers see: all or nothing.

        Raises:
            LockedError: somebody else committed this version, or deleted what it needs.
            OutputError: it can't be written; readers still see the last version.
        """
        kept = as_kept(entry)
        there = self.bucket.listing(FOLDER)
        for part in kept.parts:
            if not is_whole(part.stored, there):
                raise LockedError(
                    f"another run deleted {self.output}/{part.stored.path} in the meantime; try "
                    "again later"
                )
        self.log.commit(kept)
        self.log.show(kept)
        self.bucket.delete(self.bucket.listing("failed/"))

    def ensure(self) -> None:
        """Make sure that readers see the last version's files, if one was recomputed."""
        last = next(self.log.entries(), None)
        if last is not None:
            self.log.show(last)

    def give_up(self, found: Iterable[Stored]) -> str:
        """Keep the rejects of a run that publishes nothing, for a look at them; tells where."""
        self.bucket.delete(self.bucket.listing("failed/"))
        for number, stored in enumerate(found):
            if isinstance(stored, Kept) and stored.rejects_path:
                self.bucket.copy(stored.rejects_path, f"failed/part-{number:05d}.parquet")
        return f"{self.output}/failed"

    def kept(self) -> tuple[int, ...]:
        """The versions whose objects are kept, the newest first."""
        oldest = self.bucket.read(_OLDEST)
        first = 1 if oldest is None else int(oldest.data)
        return tuple(version for version in self.log.versions() if version >= first)

    def retain(self, versions: int) -> int:
        """Keep what the newest versions need, and the log; delete all other objects.

        Only those that are two days old: another run may have made or found the others.

        Returns:
            How many bytes the deleted objects had.
        """
        if versions < 1:
            raise ValueError(f"versions to keep: {versions}; at least 1")
        kept = self.kept()[:versions]
        if kept:
            self._narrow(kept[-1])
        entries = [self.log.read(version) for version in kept]
        parts = [part for entry in entries for part in entry.parts]
        return self._objects.retain([stored for part in parts for stored in part.objects])

    def _narrow(self, oldest: int) -> None:
        """Move the mark of the first version that is kept; it only moves forward."""
        while True:
            there = self.bucket.read(_OLDEST)
            if int(there.data if there else 1) >= oldest:
                return
            if self.bucket.write_if(_OLDEST, str(oldest).encode(), there.tag if there else None):
                return

    def verify(self) -> Verified:
        """Recompute the digests of all objects kept; damaged ones are put aside.

        Raises:
            DamagedError: naming each object that is damaged or missing, and what it belongs to.
        """
        entries = [self.log.read(version) for version in self.kept()]
        parts: dict[str, tuple[int, KeptPart, Kept]] = {}
        for entry in entries:
            for part in entry.parts:
                for kept in part.objects:
                    parts.setdefault(kept.path, (entry.version, part, kept))
        problems = [
            f"{part.name} of version {version}, made from {part.source}: {problem}"
            for version, part, kept in parts.values()
            for problem in self._problems(kept)
        ]
        if problems:
            count = f"{len(problems)} {'files are' if len(problems) > 1 else 'file is'}"
            head = f"{count} not what was written; the next run of the recipe makes the published"
            raise DamagedError("\n  ".join([f"{head} ones again", *problems]))
        size = sum(kept.size for _, _, kept in parts.values())
        return Verified(tuple(entry.version for entry in entries), len(parts), size)

    def _problems(self, kept: Kept) -> Iterator[str]:
        for path, digest in kept.digests.items():
            state = xxhash.xxh3_128()
            try:
                for chunk in self.bucket.chunks(path):
                    state.update(chunk)
            except FileNotFoundError:
                yield f"{self.output}/{path} is missing"
                continue
            if state.hexdigest() != digest:
                self.bucket.copy(path, f"damaged/{path.removeprefix(FOLDER)}")
                self.bucket.delete([path])
                yield f"{self.output}/{path} is damaged, now in damaged/"
