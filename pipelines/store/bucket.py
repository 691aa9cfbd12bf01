"""An object storage in the few verbs that a store needs; its errors say what failed, and where."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from augment.errors import MissingExtraError, Problem
from pipelines.errors import OutputError, RecipeError

if TYPE_CHECKING:
    from obstore.store import ObjectStore

SCHEMES = ("s3", "gs", "az")
"""Of the URLs that can be written to."""

_SETTINGS = ("AWS_", "GOOGLE_", "AZURE_")
"""How the environment variables begin that say where a storage is and who asks."""

_PARTS_AT_ONCE = 3
"""Of a large file, of 5 MiB each: what an upload holds in memory."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a listing says of an object.

    Attributes:
        size: in bytes.
        modified: when it was written, by the storage's clock.
    """

    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Blob:
    """A small object that was read.

    Attributes:
        data: its bytes.
        tag: the storage's name for these bytes.
        modified: when they were written, by the storage's clock.
    """

    data: bytes
    tag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """All objects below a URL; small to pickle, and opened where it is used.

    Attributes:
        url: such as ``s3://bucket/corpora/reviews``.
    """

    url: str

    def __post_init__(self) -> None:
        scheme, found, rest = self.url.partition("://")
        if scheme not in SCHEMES or not found or not rest.strip("/"):
            known = ", ".join(f"{known}://" for known in SCHEMES)
            message = f"{self.url!r} is no URL that can be written to; it begins with {known}"
            raise RecipeError([Problem("output", f"{message} and names a bucket")])

    @property
    def client(self) -> "ObjectStore":
        """What talks to the storage.

        Raises:
            MissingExtraError: obstore is not installed.
            OutputError: the environment's settings can't be used.
        """
        settings = sorted((k, v) for k, v in os.environ.items() if k.startswith(_SETTINGS))
        with self._told("opened", ""):
            return _client(self.url.rstrip("/"), tuple(settings))

    def read(self, path: str) -> Blob | None:
        """An object's bytes; None if it is not there."""
        import obstore

        with self._told("read", path):
            try:
                got = obstore.get(self.client, path)
            except FileNotFoundError:
                return None
            meta = got.meta
            return Blob(bytes(got.bytes()), meta["e_tag"] or "", meta["last_modified"])

    def chunks(self, path: str) -> Iterator[bytes]:
        """An object's bytes, in pieces.

        Raises:
            FileNotFoundError: it is not there.
        """
        import obstore

        with self._told("read", path):
            for chunk in obstore.get(self.client, path).stream():
                yield bytes(chunk)

    def size(self, path: str) -> int | None:
        """Of an object; None if it is not there."""
        import obstore

        with self._told("read", path):
            try:
                return obstore.head(self.client, path)["size"]
            except FileNotFoundError:
                return None

    def listing(self, folder: str) -> dict[str, Found]:
        """All objects whose path begins with a folder's name."""
        import obstore

        with self._told("listed", folder):
            listed = obstore.list(self.client, prefix=folder)
            return {
                o["path"]: Found(o["size"], o["last_modified"]) for pack in listed for o in pack
            }

    def top(self) -> list[str]:
        """The names right below the URL; folders end with a slash."""
        import obstore

        with self._told("listed", ""):
            found = obstore.list_with_delimiter(self.client)
        folders = [f"{name.rstrip('/')}/" for name in found["common_prefixes"]]
        return sorted([*folders, *(o["path"] for o in found["objects"])])

    def write(self, path: str, data: bytes | Path) -> None:
        """Put an object there, whole, whatever was there."""
        import obstore

        with self._told("written", path):
            obstore.put(self.client, path, data, max_concurrency=_PARTS_AT_ONCE)

    def write_if(self, path: str, data: bytes, tag: str | None) -> bool:
        """Put an object there if what is there has this tag; if nothing is there, for None.

        Of several that try at once, one does.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._told("written", path):
            try:
                obstore.put(
                    self.client, path, data, mode="create" if tag is None else {"e_tag": tag}
                )
            except (AlreadyExistsError, PreconditionError):
                return False
        return True

    def copy(self, source: str, target: str) -> None:
        """Copy an object inside the storage."""
        import obstore

        with self._told("copied", source):
            obstore.copy(self.client, source, target)

    def delete(self, paths: Iterable[str]) -> None:
        """Delete objects, those that are there."""
        import obstore

        if given := list(paths):
            with self._told("deleted", given[0]):
                obstore.delete(self.client, given)

    @contextmanager
    def _told(self, what: str, path: str) -> Iterator[None]:
        """Say what of the storage failed, in one line."""
        try:
            from obstore.exceptions import BaseError
        except ImportError:
            raise MissingExtraError("output to object storage", "obstore", "remote") from None
        try:
            yield
        except FileNotFoundError as error:
            if what == "read":
                raise
            raise OutputError(f"{self._place(path)} can't be {what}: {_line(error)}") from None
        except (BaseError, ValueError) as error:
            raise OutputError(f"{self._place(path)} can't be {what}: {_line(error)}") from None

    def _place(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/{path}".rstrip("/")


@lru_cache(maxsize=8)
def _client(url: str, settings: tuple[tuple[str, str], ...]) -> "ObjectStore":  # noqa: ARG001
    """One for each process and its settings, which obstore takes from the environment."""
    from obstore.store import from_url

    return from_url(url)


def _line(error: Exception) -> str:
    """What the storage answered, without the layers below that repeat it."""
    return " ".join(str(error).split("\n\nDebug source:")[0].split())


Listing = Mapping[str, Found]
