"""Objects of an object storage: like any others, but they know where they lie."""

from pipelines.store.entry import Entry, Part, Stored


class Kept(Stored):
    """An object, and where it lies.

    No two attempts at an object write to the same path. So one that nobody needs any more can be
    deleted while somebody makes it anew.

    Attributes:
        path: of its file, below the output's URL.
        rejects_path: of the file of its rejects, if there are any.
    """

    path: str
    rejects_path: str = ""

    @property
    def sizes(self) -> dict[str, int]:
        """Of its files, by their paths."""
        sizes = {self.path: self.size}
        if self.rejects is not None:
            sizes[self.rejects_path] = self.rejects.size
        return sizes

    @property
    def digests(self) -> dict[str, str]:
        """Of its files, by their paths."""
        digests = {self.path: self.digest}
        if self.rejects is not None:
            digests[self.rejects_path] = self.rejects.digest
        return digests


class KeptPart(Part):
    """A file of the published dataset, and where it lies."""

    stored: Kept
    origin: Kept | None = None

    @property
    def objects(self) -> tuple[Kept, ...]:
        """All that must be kept for it."""
        return (self.stored,) if self.origin is None else (self.stored, self.origin)


class KeptEntry(Entry):
    """A version of a dataset, and where its files lie."""

    parts: tuple[KeptPart, ...]
