"""What readers look at: a link to the folder of the last version, or a folder that is replaced."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from pipelines.store import tables
from pipelines.store.files import exchange, point, remove, symlinks_work, sync, write
from pipelines.store.place import Place
from pipelines.store.trees import Files, Versions, build, mend


class Front(Protocol):
    """How readers get to see a version."""

    def prepare(self, version: int, files: Files) -> None:
        """Do what may fail for lack of room; before the version is committed."""

    def show(self, version: int, files: Files) -> None:
        """Make a committed version what readers see; again, if a killed run did not get so far."""

    def mend(self, version: int, files: Files) -> None:
        """Make sure that readers see the objects of the version that is shown."""

    def forget(self, kept: Collection[int]) -> None:
        """Delete what only other versions need."""


def front(place: Place) -> Front:
    """How readers see an output: as they did, or by a link if there can be one."""
    if place["live"].is_file():
        return Folder(place)
    if place.output.is_symlink() or symlinks_work(place.tmp):
        return Link(place)
    return Folder(place)


class Link:
    """``OUT`` is a symbolic link, ``snapshots/`` has the folders it may point to."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._snapshots = Versions("snapshots", place)

    def prepare(self, version: int, files: Files) -> None:
        """Build the snapshot aside."""
        self._adopt()
        self._snapshots.prepare(version, files)

    def show(self, version: int, files: Files) -> None:
        """Point the link to the snapshot."""
        self._adopt()
        self._snapshots.settle(version, files)
        point(self._place.output, self._target(version), self._place.aside())

    def _target(self, version: int) -> str:
        """Relative, so that both can be moved together."""
        path = self._snapshots.path(version)
        return path.relative_to(self._place.home.parent).as_posix()

    def mend(self, version: int, files: Files) -> None:
        """Link the snapshot's files anew where they are not the objects."""
        self._snapshots.mend(version, files)

    def forget(self, kept: Collection[int]) -> None:
        """Delete other snapshots, and tables from when the output was one."""
        self._snapshots.forget(kept)
        tables.forget(self._place, kept)

    def _adopt(self) -> None:
        """Put a link to the same files in the place of a folder that an earlier program made."""
        output = self._place.output
        if output.is_symlink() or not output.is_dir():
            return
        if not any(output.iterdir()):
            output.rmdir()
            return
        found = sorted(path for path in output.rglob("*") if path.is_file())
        remove(self._snapshots.path(0))
        self._snapshots.settle(0, {path.relative_to(output).as_posix(): path for path in found})
        link = self._place.aside()
        link.symlink_to(self._target(0))
        replace_folder(self._place, link)


class Folder:
    """``OUT`` is a folder, replaced by renaming; ``live`` says which version it holds."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._ready: tuple[int, Path] | None = None

    def prepare(self, version: int, files: Files) -> None:
        """Build the folder aside."""
        if not self._place["live"].is_file():
            self._note(0)
        self._ready = version, build(files, self._place.aside())

    def show(self, version: int, files: Files) -> None:
        """Put the folder in the output's place."""
        output = self._place.output
        if output.is_dir() and self._live() == version:
            return
        if self._ready is None or self._ready[0] != version:
            self.prepare(version, files)
        assert self._ready is not None, "prepared above"
        built, self._ready = self._ready[1], None
        if output.is_dir():
            replace_folder(self._place, built)
        else:
            built.rename(output)
            sync(output.parent)
        self._note(version)

    def mend(self, version: int, files: Files) -> None:
        """Link or copy anew the files of the output that are not the objects."""
        self.show(version, files)
        mend(files, self._place.output, self._place)

    def forget(self, kept: Collection[int]) -> None:
        """Nothing: there is but one."""

    def _live(self) -> int:
        return int(self._place["live"].read_text())

    def _note(self, version: int) -> None:
        aside = self._place.aside()
        write(aside, str(version).encode())
        aside.replace(self._place["live"])
        sync(self._place.home)


def replace_folder(place: Place, new: Path) -> None:
    """Put something in the place of a folder; at once where the system can, else by two renames."""
    if exchange(new, place.output):
        old = new
    else:
        old = place["previous"]
        place.output.rename(old)
        new.rename(place.output)
    sync(place.output.parent)
    remove(old)


def restore(place: Place) -> None:
    """Undo what was killed between these two renames."""
    previous = place["previous"]
    if previous.is_dir():
        if place.output.is_symlink() or place.output.exists():
            remove(previous)
        else:
            previous.rename(place.output)
