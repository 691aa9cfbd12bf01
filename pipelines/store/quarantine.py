"""Where a user finds the rows that could not be used: of a version, or of a run that failed."""

from collections.abc import Collection, Iterable
from pathlib import Path

from pipelines.store.entry import Entry, Stored
from pipelines.store.files import point, remove
from pipelines.store.objects import LocalObjects
from pipelines.store.place import Place
from pipelines.store.trees import Files, Versions, build


class Quarantine:
    """A folder of rejects for every version that has any, and a link to the last one's."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._objects = LocalObjects(place)
        self._versions = Versions("quarantine", place)

    def _files(self, entry: Entry) -> Files:
        return {
            part.name: self._objects.rejects(part.stored.key)
            for part in entry.parts
            if part.stored.rejects is not None
        }

    def prepare(self, entry: Entry) -> None:
        """Do what may fail for lack of room."""
        if files := self._files(entry):
            self._versions.prepare(entry.version, files)

    def settle(self, entry: Entry) -> None:
        """Make sure that the version's folder is there."""
        if files := self._files(entry):
            self._versions.settle(entry.version, files)

    def point(self, entry: Entry) -> None:
        """Link ``rejects`` to the version's folder, where there can be a link."""
        rejects = self._place["rejects"]
        if rejects.is_dir() and not rejects.is_symlink():
            self._adopt(rejects)
        if not self._files(entry):
            remove(rejects)
        elif self._place.output.is_symlink():
            folder = self._versions.path(entry.version)
            target = folder.relative_to(self._place.home).as_posix()
            point(rejects, target, self._place.aside())

    def _adopt(self, rejects: Path) -> None:
        """An earlier program had a folder there."""
        folder = self._versions.path(0)
        remove(folder)
        folder.parent.mkdir(exist_ok=True)
        rejects.rename(folder)

    def mend(self, entry: Entry) -> None:
        """Link its files anew where they are not the objects."""
        if files := self._files(entry):
            self._versions.mend(entry.version, files)

    def forget(self, kept: Collection[int]) -> None:
        """Delete the folders of all other versions."""
        self._versions.forget(kept)


def keep_failed(place: Place, found: Iterable[Stored]) -> Path:
    """Keep the rejects of a run that publishes nothing; tells where."""
    objects, folder = LocalObjects(place), place["failed"]
    files = {
        f"part-{number:05d}.parquet": objects.rejects(stored.key)
        for number, stored in enumerate(found)
        if stored.rejects is not None
    }
    built = build(files, place.aside())
    remove(folder)
    built.rename(folder)
    return folder
