"""The log of versions in an object storage, and the manifest that names the last one's files."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from pipelines.errors import DamagedError, LockedError
from pipelines.store.bucket import Bucket
from pipelines.store.entry import Entry
from pipelines.store.kept import KeptEntry

MANIFEST = "manifest.json"

_NAME = re.compile(r"log/(\d{20})\.json")


@dataclass(frozen=True, slots=True)
class RemoteLog:
    """The entries below a URL."""

    bucket: Bucket

    def versions(self) -> list[int]:
        """Of all entries, the newest first."""
        found = (_NAME.fullmatch(path) for path in self.bucket.listing("log/"))
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def read(self, version: int) -> KeptEntry:
        """An entry.

        Raises:
            DamagedError: it is not what was written.
        """
        path = _path(version)
        blob = self.bucket.read(path)
        try:
            return KeptEntry.model_validate_json(b"" if blob is None else blob.data)
        except (ValidationError, UnicodeDecodeError) as error:
            raise DamagedError(
                f"{self.bucket.url}/{path} is damaged ({str(error).splitlines()[0]}); restore it "
                "from a backup, or move it away to go on from the version before"
            ) from None

    def entries(self) -> Iterator[KeptEntry]:
        """All of them, the newest first; read one by one."""
        return (self.read(version) for version in self.versions())

    def commit(self, entry: KeptEntry) -> None:
        """Put an entry there.

        Raises:
            LockedError: there is one of this version, or it is not the next one.
            OutputError: it can't be written.
        """
        newest = max(self.versions(), default=0)
        data = entry.model_dump_json().encode() + b"\n"
        if entry.version == newest + 1:
            if self.bucket.write_if(_path(entry.version), data, None):
                return
            # The storage may have done it, and the answer was lost: then it was asked again.
            there = self.bucket.read(_path(entry.version))
            if there is not None and there.data == data:
                return
        raise LockedError(
            f"another run committed version {max(newest, entry.version)} of {self.bucket.url} in "
            "the meantime; try again later"
        )

    def show(self, entry: KeptEntry) -> None:
        """Name the files of a version in the manifest, unless it names a later one's."""
        data = json.dumps(_manifest(entry), indent=1).encode() + b"\n"
        while True:
            there = self.bucket.read(MANIFEST)
            if there is not None and (there.data == data or _shown(there.data) > entry.version):
                return
            if self.bucket.write_if(MANIFEST, data, None if there is None else there.tag):
                return


def _path(version: int) -> str:
    return f"log/{version:020d}.json"


def _manifest(entry: KeptEntry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "created": entry.created,
        "digest": entry.digest,
        "rows": entry.rows,
        "files": [
            {
                "name": part.name,
                "path": part.stored.path,
                "rows": part.stored.rows,
                "size": part.stored.size,
                "digest": part.stored.digest,
                **({"rejects": part.stored.rejects_path} if part.stored.rejects else {}),
            }
            for part in entry.parts
        ],
    }


def _shown(data: bytes) -> int:
    """The version of a manifest; 0 if it is damaged."""
    try:
        return int(json.loads(data)["version"])
    except (ValueError, KeyError, TypeError):
        return 0


def as_kept(entry: Entry) -> KeptEntry:
    """An entry all of whose objects know where they lie."""
    return KeptEntry.model_validate(dict(entry) | {"parts": [dict(part) for part in entry.parts]})
