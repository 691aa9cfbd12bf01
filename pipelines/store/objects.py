"""Objects in a local folder: each appears under its key at once, whole, and is never changed."""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import scandir
from pathlib import Path

import xxhash

from pipelines.store.entry import Stored
from pipelines.store.files import sync
from pipelines.store.place import Place
from pipelines.store.protocol import Draft, Fetched

_PART, _REJECTS = ".parquet", ".rejects.parquet"
_KEY_LENGTH = xxhash.xxh3_128().digest_size * 2


@dataclass(frozen=True, slots=True)
class LocalObjects:
    """The objects of an output, see :class:`pipelines.store.protocol.Objects`."""

    place: Place

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.place["objects"]

    def part(self, key: str) -> Path:
        """The file of an object."""
        return self.folder / f"{key}{_PART}"

    def rejects(self, key: str) -> Path:
        """The file of its rejects."""
        return self.folder / f"{key}{_REJECTS}"

    def find(self, keys: Iterable[str], known: Mapping[str, Stored]) -> dict[str, Stored]:
        """Those that are there, whole; of what is ``known`` only the size is checked."""
        wanted = dict.fromkeys(keys)
        names = {f"{key}{ending}" for key in wanted for ending in (_PART, _REJECTS)}
        sizes = self._sizes(names)
        found: dict[str, Stored] = {}
        for key in wanted:
            stored = known.get(key)
            if stored is None or not _fits(stored, sizes):
                stored = self._read(key) if f"{key}{_PART}" in sizes else None
            if stored is not None:
                found[key] = stored
        return found

    def _sizes(self, names: Collection[str]) -> dict[str, int]:
        """Of those files that are there."""
        try:
            with scandir(self.folder) as entries:
                return {e.name: e.stat().st_size for e in entries if e.name in names}
        except FileNotFoundError:
            return {}

    def _read(self, key: str) -> Stored | None:
        """An object that no entry of the log tells of, such as a killed run's; None if damaged."""
        from pipelines.store.description import described

        return described(key, self.part(key), self.rejects(key), checked=True)

    @contextmanager
    def draft(self, key: str) -> Iterator[Draft]:
        """A context in which an object is made; putting the same object twice does no harm.

        Raises (on leaving):
            OSError: the files can't be written.
        """
        scratch = self.place.aside()
        scratch.mkdir()
        try:
            draft = Draft(scratch / "part.parquet", scratch / "rejects.parquet", scratch)
            yield draft
            draft.stored = self._put(key, draft)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _put(self, key: str, draft: Draft) -> Stored:
        from pipelines.store.description import described

        stored = described(key, draft.part, draft.rejects)
        assert stored is not None, "only a check finds damage"
        self.folder.mkdir(parents=True, exist_ok=True)
        # An object that is there has its rejects there: they come first, and go last.
        if stored.rejects is not None:
            sync(draft.rejects)
            draft.rejects.replace(self.rejects(key))
        else:
            self.rejects(key).unlink(missing_ok=True)
        sync(draft.part)
        draft.part.replace(self.part(key))
        return stored

    def settle(self) -> None:
        """Make all that was put last through a power failure, before anything tells of it."""
        if self.folder.is_dir():
            sync(self.folder)

    def fetched(self, stored: Stored, folder: Path) -> Fetched:  # noqa: ARG002
        """An object's files, where they are."""
        return Fetched(self.part(stored.key), self.rejects(stored.key))

    def retain(self, keys: Collection[str]) -> int:
        """Delete all others; tells how many bytes that were."""
        if not self.folder.is_dir():
            return 0
        with scandir(self.folder) as entries:
            others = [e for e in entries if _is_ours(e.name) and e.name[:_KEY_LENGTH] not in keys]
        freed = 0
        for entry in sorted(others, key=lambda e: (e.name.endswith(_REJECTS), e.name)):
            freed += entry.stat().st_size
            Path(entry.path).unlink()
        return freed


def _fits(stored: Stored, sizes: Mapping[str, int]) -> bool:
    rejects = stored.rejects
    return sizes.get(f"{stored.key}{_PART}") == stored.size and (
        rejects is None or sizes.get(f"{stored.key}{_REJECTS}") == rejects.size
    )


def _is_ours(name: str) -> bool:
    key, ending = name[:_KEY_LENGTH], name[_KEY_LENGTH:]
    return ending in (_PART, _REJECTS) and not set(key) - set("0123456789abcdef")
