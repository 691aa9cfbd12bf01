"""The store in a local folder: objects, a log of versions, and what readers see of the last one."""

import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from filelock import FileLock, Timeout

from pipelines.errors import LockedError
from pipelines.logs import warn
from pipelines.store.claims import check
from pipelines.store.entry import Entry, Stored
from pipelines.store.files import remove
from pipelines.store.fronts import Front, front, restore
from pipelines.store.log import Log
from pipelines.store.objects import LocalObjects
from pipelines.store.place import Place
from pipelines.store.protocol import Objects, Verified
from pipelines.store.quarantine import Quarantine, keep_failed
from pipelines.store.retention import Retention
from pipelines.store.trees import Files, Versions
from pipelines.store.verifying import verified

_STAGING = re.compile(r"staging-[0-9a-f]{32}")
"""What a killed run of an earlier program left."""


class LocalStore:
    """An output and its history in local folders, see :mod:`pipelines.store.place`.

    Attributes:
        output: where readers look.
        place: where everything lies.
        objects: the immutable files.
        log: the versions.
        cache: a folder that outlives the run.
        scratch: a folder for this run alone.

    Args:
        output: see above.
        front: makes what readers look at of the place; called when the lock is held.
        check: raises an OutputError unless the output may be replaced; told whether it has a
            version in the log.
    """

    def __init__(
        self,
        output: str,
        *,
        front: Callable[[Place], Front] = front,
        check: Callable[[Place, bool], None] = check,
    ) -> None:
        self.output = output
        self.place = Place.of(output)
        self._objects = LocalObjects(self.place)
        self.objects: Objects = self._objects
        self.log = Log(self.place["log"])
        self.cache = self.place["cache"]
        self.scratch = self.place.tmp / "scratch"
        self._snapshots = Versions("snapshots", self.place)
        self._quarantine = Quarantine(self.place)
        self._retention = Retention(self.place)
        self._lock = FileLock(self.place["lock"], timeout=0)
        self._make_front, self._check_output = front, check
        self._front: Front | None = None

    def __enter__(self) -> Self:
        """Lock, and finish or sweep what a killed run left.

        Raises:
            OutputError: what stands in the output's place is nothing that augmill wrote.
            LockedError: another run is writing the same output.
            DamagedError: the last entry of the log can't be read.
            OSError: what was left can't be finished.
        """
        self._check()
        self.place.home.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise LockedError(f"another run is writing {self.output}; try again later") from None
        try:
            self._recover()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _check(self) -> None:
        self._check_output(self.place, bool(self.log.versions()))

    def _recover(self) -> None:
        restore(self.place)
        self._check()
        self._sweep()
        for folder in (self.cache, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
        self._front = self._make_front(self.place)
        last = self.last()
        if last is not None:
            try:
                self._show(last)
            except FileNotFoundError as error:
                message = (
                    f"version {last.version} of {self.output} is not shown before a run makes its "
                    f"objects again: {error}"
                )
                warn("not_shown", message, output=self.output, version=last.version)

    def _sweep(self) -> None:
        for path in sorted(self.place.home.iterdir()):
            if _STAGING.fullmatch(path.name):
                remove(path)
        remove(self.place.tmp)

    def __exit__(self, *_: object) -> None:
        """Unlock; what was not finished is swept."""
        try:
            shutil.rmtree(self.place.tmp, ignore_errors=True)
        finally:
            self._front = None
            self._lock.release()

    def last(self) -> Entry | None:
        """The published version, if there is one."""
        return self.log.last()

    def entries(self) -> Iterator[Entry]:
        """All versions, the newest first."""
        return self.log.entries()

    def publish(self, entry: Entry) -> None:
        """Make an entry, whose version is the last one's plus 1, what readers see: all or nothing.

        Raises:
            LockedError: somebody else committed this version.
            OutputError: somebody put something else in the output's place in the meantime.
            OSError: it can't be written; readers still see the last version.
        """
        self._check()
        self._objects.settle()
        self._shown.prepare(entry.version, self._parts(entry))
        self._quarantine.prepare(entry)
        self.log.commit(entry, self.place.aside())
        self._show(entry)
        remove(self.place["failed"])

    def _show(self, entry: Entry) -> None:
        """All that follows a commit; done again, it does nothing."""
        self._quarantine.settle(entry)
        self._shown.show(entry.version, self._parts(entry))
        self._quarantine.point(entry)

    @property
    def _shown(self) -> Front:
        assert self._front is not None, "a store is written to inside its context"
        return self._front

    def _parts(self, entry: Entry) -> Files:
        return {part.name: self._objects.part(part.stored.key) for part in entry.parts}

    def ensure(self) -> None:
        """Make sure that readers see the last version's files, if one was recomputed.

        Older versions that are kept, too: they may share it.
        """
        last = self.last()
        if last is None:
            return
        self._objects.settle()
        self._show(last)
        self._shown.mend(last.version, self._parts(last))
        for version in self.kept():
            entry = self.log.read(version)
            self._snapshots.mend(version, self._parts(entry))
            self._quarantine.mend(entry)

    def give_up(self, found: Iterable[Stored]) -> str:
        """Keep the rejects of a run that publishes nothing, for a look at them; tells where."""
        return str(keep_failed(self.place, found))

    def kept(self) -> tuple[int, ...]:
        """The versions whose objects are kept, the newest first."""
        return self._retention.kept()

    def retain(self, versions: int) -> int:
        """Keep what the newest versions need, and the log; delete all other objects.

        Returns:
            How many bytes the deleted objects had.
        """
        kept = self._retention.narrow(versions)
        if not kept:
            return self._objects.retain(())
        freed = self._objects.retain(
            {
                stored.key
                for version in kept
                for part in self.log.read(version).parts
                for stored in part.objects
            }
        )
        # A reader may still be in the middle of the one before.
        readable = {*kept, kept[0] - 1}
        self._shown.forget(readable)
        self._quarantine.forget(readable)
        return freed

    def verify(self) -> Verified:
        """Recompute the digests of all objects kept; damaged ones are put aside.

        If none is, readers see these very files from now on, should they have seen others.

        Raises:
            DamagedError: naming each object that is damaged or missing, and what it belongs to.
        """
        found = verified(self.place, [self.log.read(version) for version in self.kept()])
        self.ensure()
        return found
