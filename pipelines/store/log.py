"""The log of versions: one file each, put there only if there is none; that is the commit."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from pipelines.errors import DamagedError, LockedError
from pipelines.store.entry import Entry
from pipelines.store.files import put, write

_NAME = re.compile(r"(\d{20})\.json")


@dataclass(frozen=True, slots=True)
class Log:
    """The entries of a folder."""

    folder: Path

    def versions(self) -> list[int]:
        """Of all entries, the newest first."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - a run of years has many
        except FileNotFoundError:
            return []
        found = (_NAME.fullmatch(name) for name in names)
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def read(self, version: int) -> Entry:
        """An entry.

        Raises:
            DamagedError: it is not what was written.
        """
        path = self._path(version)
        try:
            return Entry.model_validate_json(path.read_bytes())
        except (ValidationError, UnicodeDecodeError) as error:
            raise DamagedError(
                f"{path} is damaged ({str(error).splitlines()[0]}); restore it from a backup, or "
                "move it away to go on from the version before"
            ) from None

    def last(self) -> Entry | None:
        """The newest entry, if there is any."""
        return next(self.entries(), None)

    def entries(self) -> Iterator[Entry]:
        """All of them, the newest first; read one by one."""
        return (self.read(version) for version in self.versions())

    def commit(self, entry: Entry, aside: Path) -> None:
        """Put an entry there, by way of a file aside.

        Raises:
            LockedError: there is one of this version, or it is not the next one.
            OSError: it can't be written.
        """
        newest = max(self.versions(), default=0)
        if entry.version != newest + 1:
            raise LockedError(
                f"another run committed version {newest} of {self.folder.parent} in the meantime; "
                "try again later"
            )
        self.folder.mkdir(exist_ok=True)
        write(aside, entry.model_dump_json().encode() + b"\n")
        try:
            put(aside, self._path(entry.version))
        except FileExistsError:
            raise LockedError(
                f"another run committed version {entry.version} of {self.folder.parent}; try again "
                "later"
            ) from None

    def _path(self, version: int) -> Path:
        return self.folder / f"{version:020d}.json"
