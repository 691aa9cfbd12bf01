"""A file of the input: where it lies, how it is opened, and whether it is still what it was."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import xxhash

from pipelines.errors import InputChangedError
from pipelines.inputs.content import file_digest

READ_BUFFER = 1 << 20
"""Bytes that are read at once of every column; whole row groups are never held."""

_RACY_NS = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the storage says of a file; as long as it is the same, nobody touched the file.

    Attributes:
        size: in bytes.
        modified_ns, changed_ns, inode: of a local file, as ``stat`` has them; 0 where unknown.
        tag: what a remote storage calls the version, such as the ETag; empty where unknown.
    """

    size: int
    modified_ns: int
    changed_ns: int = 0
    inode: int = 0
    tag: str = ""

    def settled(self, at_ns: int) -> bool:
        """Whether any change after a time would show; clocks of file systems are coarse."""
        touched = self.changed_ns or self.modified_ns
        return bool(self.tag) or 0 < touched < at_ns - _RACY_NS


@dataclass(frozen=True, slots=True)
class File:
    """A file, wherever it lies.

    Attributes:
        name: as the user knows it; has no password.
        path: in the file system.
        filesystem: a pyarrow filesystem; None is the local one.
    """

    name: str
    path: str
    filesystem: Any = None

    def stamp(self) -> Stamp:
        """What the storage says of it now.

        Raises:
            FileNotFoundError: it is gone.
        """
        if self.filesystem is not None:
            return _remote_stamp(self)
        found = Path(self.path).stat()
        # Windows has the time of creation there, which says nothing of changes.
        changed = 0 if hasattr(found, "st_birthtime_ns") else found.st_ctime_ns
        return Stamp(found.st_size, found.st_mtime_ns, changed, found.st_ino)

    def opened(self) -> pa.NativeFile:
        """For reading at any place."""
        if self.filesystem is None:
            return pa.OSFile(self.path)
        return self.filesystem.open_input_file(self.path)

    def streamed(self) -> pa.NativeFile:
        """For reading from the start; decompressed, if the suffix says that it is compressed."""
        if self.filesystem is None:
            return pa.input_stream(self.path, compression="detect")
        return self.filesystem.open_input_stream(self.path, compression="detect")

    def bytes_digest(self) -> str:
        """Of all bytes, as they lie there."""
        state = xxhash.xxh3_128()
        with self.opened() as file:
            while piece := file.read(READ_BUFFER):
                state.update(piece)
        return state.hexdigest()


def _remote_stamp(file: File) -> Stamp:
    info = file.filesystem.get_file_info(file.path)
    if info.type != pyarrow.fs.FileType.File:
        raise FileNotFoundError(f"{file.name} is not there")
    handler = getattr(file.filesystem, "handler", None)
    if handler is not None:
        tag = str(handler.fs.ukey(file.path))
    else:
        with file.filesystem.open_input_stream(file.path) as stream:
            tag = (stream.metadata() or {}).get("ETag", b"").decode()
    return Stamp(info.size, info.mtime_ns or 0, tag=tag)


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the input; small to pickle.

    Attributes:
        name: path or URL as the user knows it.
        stamp: what the storage said of it before it was read.
        location: of the Parquet file to read: itself, or what it was converted to.
        filesystem: a pyarrow filesystem for the location; None is the local one.
        original: the file, if it was converted.
        columns: digest of its schema.
        rows: in it.
        digest: of what it holds; empty as long as that was not asked for.
        groups: how many row groups the digest is of, the first ones.
    """

    name: str
    stamp: Stamp
    location: str
    filesystem: Any = None
    original: File | None = None
    columns: str = ""
    rows: int = 0
    digest: str = ""
    groups: int = 0

    @property
    def parquet(self) -> File:
        """The Parquet file."""
        return File(self.name, self.location, self.filesystem)

    @contextmanager
    def opened(self) -> Iterator[pq.ParquetFile]:
        """The Parquet file, to be read in bounded memory.

        Raises (on entering):
            InputChangedError: it is gone.
            ArrowInvalid, OSError: it can't be read.
        """
        try:
            raw = self.parquet.opened()
        except FileNotFoundError:
            raise InputChangedError(f"{self.name} was removed while the input was read") from None
        with raw, pq.ParquetFile(raw, pre_buffer=False, buffer_size=READ_BUFFER) as file:
            yield file

    def check_unchanged(self) -> None:
        """Make sure that the file holds what it held; being touched or replaced by a copy is fine.

        Raises:
            InputChangedError: it does not, or is gone.
        """
        file = self.original or self.parquet
        with suppress(FileNotFoundError):
            if file.stamp() == self.stamp or (self.digest and self._digest_now() == self.digest):
                return
        raise InputChangedError(
            f"{self.name} changed while it was read; nothing was published, run again"
        )

    def _digest_now(self) -> str:
        if self.original is not None:
            return self.original.bytes_digest()
        try:
            with self.parquet.opened() as raw:
                return file_digest(raw, self.groups)
        except (pa.ArrowException, OSError) as error:
            return f"unreadable: {error}"
