"""Which versions' objects are kept: those not older than a mark that only moves forward."""

from pipelines.store.files import sync, write
from pipelines.store.log import Log
from pipelines.store.place import Place


class Retention:
    """The mark of an output, ``oldest``: without it, an object that a deleted version needed could
    not be told from one that was lost.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._log = Log(place["log"])

    def kept(self) -> tuple[int, ...]:
        """The versions whose objects are kept, the newest first."""
        oldest = self._oldest()
        return tuple(version for version in self._log.versions() if version >= oldest)

    def _oldest(self) -> int:
        try:
            return int(self._place["oldest"].read_text())
        except FileNotFoundError:
            return 1

    def narrow(self, versions: int) -> tuple[int, ...]:
        """Keep only the newest versions from now on; what was deleted before stays so.

        Returns:
            Which are kept, the newest first.
        """
        if versions < 1:
            raise ValueError(f"versions to keep: {versions}; at least 1")
        kept = self.kept()[:versions]
        if kept and kept[-1] > self._oldest():
            aside = self._place.aside()
            write(aside, str(kept[-1]).encode())
            aside.replace(self._place["oldest"])
            sync(self._place.home)
        return kept
