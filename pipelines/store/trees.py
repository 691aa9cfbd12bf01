"""Folders of files that are objects: built aside, and renamed when they are whole."""

from collections.abc import Collection, Mapping
from pathlib import Path

from pipelines.store.files import link, remove, sync
from pipelines.store.place import Place

Files = Mapping[str, Path]
"""The files of a folder, by their names below it: what they are links to."""


def build(files: Files, folder: Path) -> Path:
    """Link files into a new folder, so that they and their names last.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    remove(folder)
    folders = dict.fromkeys([folder, *(parent for name in files for parent in _up(folder, name))])
    for inner in folders:
        inner.mkdir()
    for name, source in files.items():
        link(source, folder / name)
    for inner in folders:
        sync(inner)
    return folder


def _up(folder: Path, name: str) -> list[Path]:
    """The folders between a folder and a file below it, the outermost first."""
    return [folder / inner for inner in reversed(Path(name).parents[:-1])]


def mend(files: Files, folder: Path, place: Place) -> None:
    """Give every file that is not its object, or is gone, its object's bytes; one by one."""
    for name, source in files.items():
        path = folder / name
        if source.exists() and not _same(source, path):
            aside = place.aside()
            link(source, aside)
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.replace(path)
            sync(path.parent)


def _same(source: Path, path: Path) -> bool:
    """Whether a file is an object's link, or its copy: a copy has its time."""
    if not path.exists():
        return False
    first, second = source.stat(), path.stat()
    return (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino) or (
        (first.st_size, first.st_mtime_ns) == (second.st_size, second.st_mtime_ns)
    )


class Versions:
    """One folder per version, each of which appears whole.

    Args:
        name: of the folder that holds them, beside the output.
        place: the output's.
    """

    def __init__(self, name: str, place: Place) -> None:
        self._name, self._place = name, place
        self._ready: dict[int, Path] = {}

    @property
    def home(self) -> Path:
        """The folder that holds them."""
        return self._place[self._name]

    def path(self, version: int) -> Path:
        """The folder of a version."""
        return self.home / f"{version:06d}"

    def prepare(self, version: int, files: Files) -> None:
        """Do what may fail for lack of room; what is there under its number is no version's."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._discard(self.path(version))
        self._ready[version] = build(files, self._place.aside())

    def settle(self, version: int, files: Files) -> Path:
        """Make sure that the folder is there."""
        path = self.path(version)
        if not path.is_dir():
            if version not in self._ready:
                self.prepare(version, files)
            self._ready.pop(version).rename(path)
            sync(self.home)
        return path

    def mend(self, version: int, files: Files) -> None:
        """Make sure that its files are what they should be, if it is there."""
        if self.path(version).is_dir():
            mend(files, self.path(version), self._place)

    def forget(self, kept: Collection[int]) -> None:
        """Delete the folders of all other versions."""
        if not self.home.is_dir():
            return
        for path in sorted(self.home.iterdir()):
            if path.name.isdecimal() and int(path.name) not in kept:
                self._discard(path)

    def _discard(self, path: Path) -> None:
        if path.is_dir():
            aside = self._place.aside()
            # So that what is half deleted does not look like a version.
            path.rename(aside)
            remove(aside)
