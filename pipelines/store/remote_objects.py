"""Objects in an object storage, where runs that know nothing of each other may write at once."""

import shutil
import tempfile
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.errors import LockedError
from pipelines.store.bucket import Bucket, Listing
from pipelines.store.entry import Stored
from pipelines.store.kept import Kept
from pipelines.store.protocol import Draft, Fetched

FOLDER = "objects/"
_PART, _REJECTS, _RECEIPT = ".parquet", ".rejects.parquet", ".json"

REUSED = timedelta(days=1)
"""How old an object may be that no version needs, for a run to use it."""

DELETED = timedelta(days=2)
"""How old it must be to be deleted. What lies between is the time that a run may take: one that
found an object young enough has published it before another run may delete it."""

_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class RemoteObjects:
    """The objects of an output, see :class:`pipelines.store.protocol.Objects`.

    ``objects/<key>.json`` is an object's receipt: written last, it says what and where it is.

    Attributes:
        bucket: where they lie.
        drafts: a local folder for those in the making.
        needed: those of the versions that are kept, by key; not told to the workers.
    """

    bucket: Bucket
    drafts: Path
    needed: dict[str, Kept] = field(default_factory=dict)

    def __reduce__(self) -> tuple[type["RemoteObjects"], tuple[Bucket, Path]]:
        return type(self), (self.bucket, self.drafts)

    def find(self, keys: Iterable[str], known: Mapping[str, Stored]) -> dict[str, Stored]:
        """Those that are there, whole; of what is ``known`` only the size is checked."""
        wanted = dict.fromkeys(keys)
        there = self.bucket.listing(FOLDER)
        found: dict[str, Kept] = {}
        for key in wanted:
            stored = known.get(key, self.needed.get(key))
            if isinstance(stored, Kept) and is_whole(stored, there):
                found[key] = stored
        others = [key for key in wanted if key not in found and _is_young(_receipt(key), there)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for told in pool.map(self._told, others):
                if told is not None and is_whole(told[0], there):
                    found[told[0].key] = told[0]
        return {key: found[key] for key in wanted if key in found}

    def _told(self, key: str) -> tuple[Kept, str, datetime] | None:
        """What an object's receipt says, its tag and time; None if there is no good one."""
        blob = self.bucket.read(_receipt(key))
        if blob is None:
            return None
        try:
            return Kept.model_validate_json(blob.data), blob.tag, blob.modified
        except ValueError:
            self.bucket.delete([_receipt(key)])
            return None

    @contextmanager
    def draft(self, key: str) -> Iterator[Draft]:
        """A context in which an object is made; putting the same object twice does no harm.

        Raises (on leaving):
            OutputError: the files can't be uploaded.
            LockedError: another run makes the same object at the same time, and was not done.
        """
        self.drafts.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(dir=self.drafts))
        try:
            draft = Draft(scratch / "part.parquet", scratch / "rejects.parquet", scratch)
            yield draft
            draft.stored = self._put(key, draft)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def fetched(self, stored: Stored, folder: Path) -> Fetched:
        """An object's files, copied to a local folder.

        Raises:
            LockedError: another run deleted them in the meantime.
        """
        assert isinstance(stored, Kept), "an object of an object storage knows where it lies"
        local = Fetched(folder / f"fetched{_PART}", folder / f"fetched{_REJECTS}")
        for path in stored.sizes:
            target = local.part if path == stored.path else local.rejects
            try:
                with target.open("wb") as file:
                    file.writelines(self.bucket.chunks(path))
            except FileNotFoundError:
                gone = f"another run deleted {self.bucket.url}/{path} in the meantime"
                raise LockedError(f"{gone}; try again later") from None
        return local

    def _put(self, key: str, draft: Draft) -> Kept:
        told = self._told(key)
        if told is None:
            return self._upload(key, draft, _new(key), None)
        before, tag, modified = told
        if not self._is_whole(before):
            # Where it was, so that the versions which name it are whole again.
            return self._upload(key, draft, before.path.removesuffix(_PART), tag)
        if _is_recent(modified):
            return before
        return self._upload(key, draft, _new(key), tag)

    def _is_whole(self, kept: Kept) -> bool:
        return all(self.bucket.size(path) == size for path, size in kept.sizes.items())

    def _upload(self, key: str, draft: Draft, name: str, tag: str | None) -> Kept:
        from pipelines.store.description import described

        made = described(key, draft.part, draft.rejects)
        assert made is not None, "only a check finds damage"
        rejects = f"{name}{_REJECTS}" if made.rejects is not None else ""
        kept = Kept(**dict(made), path=f"{name}{_PART}", rejects_path=rejects)
        if rejects:
            self.bucket.write(rejects, draft.rejects)
        self.bucket.write(kept.path, draft.part)
        if self.bucket.write_if(_receipt(key), kept.model_dump_json().encode(), tag):
            return kept
        return self._theirs(kept)

    def _theirs(self, ours: Kept) -> Kept:
        """The object of a run that made the same one, and was faster."""
        told = self._told(ours.key)
        if told is None or not self._is_whole(told[0]):
            raise LockedError(
                f"another run is writing {self.bucket.url} (object {ours.key}); try again later"
            )
        self.bucket.delete(path for path in ours.sizes if path not in told[0].sizes)
        return told[0]

    def retain(self, needed: Collection[Kept]) -> int:
        """Delete what is old and no part of these; tells how many bytes that were."""
        paths = {path for kept in needed for path in (*kept.sizes, _receipt(kept.key))}
        there = self.bucket.listing(FOLDER)
        before = datetime.now(UTC) - DELETED
        old = [path for path, found in there.items() if found.modified < before]
        doomed = [path for path in old if path not in paths]
        # What has no receipt is not found: the receipts go first.
        self.bucket.delete(path for path in doomed if path.endswith(_RECEIPT))
        self.bucket.delete(path for path in doomed if not path.endswith(_RECEIPT))
        return sum(there[path].size for path in doomed)


def is_whole(kept: Kept, there: Listing) -> bool:
    """Whether an object's files are in a listing, with their sizes."""
    return all(path in there and there[path].size == size for path, size in kept.sizes.items())


def _is_young(path: str, there: Listing) -> bool:
    return path in there and _is_recent(there[path].modified)


def _is_recent(modified: datetime) -> bool:
    # A storage answers nobody whose clock differs from its own by a quarter of an hour.
    return datetime.now(UTC) - modified < REUSED


def _receipt(key: str) -> str:
    return f"{FOLDER}{key}{_RECEIPT}"


def _new(key: str) -> str:
    """A name that nobody had."""
    return f"{FOLDER}{key}-{uuid.uuid4().hex[:12]}"
