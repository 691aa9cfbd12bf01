"""The row cache on disk: one SQLite file beside the output, shared by all workers of a run.

It speeds a run up and decides nothing: a run that is killed leaves what its workers had put there,
whole transactions of it, and a file that is damaged is begun anew.
"""

import sqlite3
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import xxhash

from augment.row_cache import caching
from pipelines.errors import OutputError
from pipelines.recipe_values import RowCacheBounds

NAME = "rows.sqlite"

_WAIT = 120.0
"""Seconds to wait for another worker's transaction."""

_SLICE = 500
"""Keys of one query; SQLite takes a bounded number of parameters."""

_SUM = 8
"""Bytes of the checksum before every value."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rows (
    age INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    value BLOB NOT NULL
)
"""


class SqliteStore:
    """Rows in a file; see :class:`augment.row_cache.RowStore`.

    Attributes:
        counts: ``hits`` and ``misses`` since it was opened.

    Args:
        path: of the file; made if it is not there.
        max_bytes: the oldest rows go once there are more bytes than these.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        self.counts: Counter[str] = Counter()
        self._path, self._max_bytes = path, max_bytes
        self._file = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
        self._file.execute("PRAGMA journal_mode = WAL")
        # A power failure may cost the last transactions, never the file.
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(_SCHEMA)

    def get(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What there is of these; a value that was tampered with is not."""
        found: dict[bytes, bytes] = {}
        with self._named():
            for start in range(0, len(keys), _SLICE):
                part = keys[start : start + _SLICE]
                marks = ", ".join("?" * len(part))
                query = f"SELECT key, value FROM rows WHERE key IN ({marks})"
                found.update(self._file.execute(query, part))
        return {
            key: value[_SUM:] for key, value in found.items() if value[:_SUM] == _sum(value[_SUM:])
        }

    def put(self, items: Mapping[bytes, bytes]) -> None:
        """Keep these, all or none; then make room, if there is too much."""
        rows = [(key, _sum(value) + value) for key, value in items.items()]
        with self._named(), self._transaction():
            # Replaced rows are young again: what all others refer to never grows old.
            self._file.executemany("INSERT OR REPLACE INTO rows (key, value) VALUES (?, ?)", rows)
            while self._used() > self._max_bytes and self._drop_oldest():
                pass

    def count(self, hits: int, misses: int) -> None:
        """Add them up."""
        self.counts.update(hits=hits, misses=misses)

    def close(self) -> None:
        """Done."""
        self._file.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._file.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):
                self._file.execute("ROLLBACK")
            raise
        self._file.execute("COMMIT")

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OutputError(
                f"the row cache {self._path} can't be used: {error}; "
                "delete it, or run with row_cache: false"
            ) from error

    def _used(self) -> int:
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (
            int(self._file.execute(f"PRAGMA {name}").fetchone()[0]) for name in names
        )
        return (pages - free) * size

    def _drop_oldest(self) -> bool:
        """Delete the oldest tenth; whether there was one."""
        least, most = self._file.execute("SELECT min(age), max(age) FROM rows").fetchone()
        if least is None:
            return False
        until = least + (most - least) // 10
        self._file.execute("DELETE FROM rows WHERE age <= ?", [until])
        return True


@contextmanager
def row_cache(path: Path | None, bounds: RowCacheBounds | None) -> Iterator[Counter[str]]:
    """Let the model steps that are applied inside use the file, if there are path and bounds.

    Yields:
        The counts of ``hits`` and ``misses``, as they grow.

    Raises:
        OutputError: the file can't be read or written.
    """
    if path is None or bounds is None:
        yield Counter()
        return
    try:
        store = SqliteStore(path, bounds.max_bytes)
    except sqlite3.Error as error:
        raise OutputError(f"the row cache {path} can't be opened: {error}") from error
    try:
        with caching(store):
            yield store.counts
    finally:
        store.close()


def prepare(path: Path, bounds: RowCacheBounds | None) -> None:
    """Make the file ready for the workers, if there are bounds; a damaged one is begun anew.

    To be called while nobody else uses the file.

    Raises:
        OutputError: the file can't be made.
    """
    if bounds is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        _check(path, bounds.max_bytes)
    except sqlite3.OperationalError as error:
        raise OutputError(f"the row cache {path} can't be opened: {error}") from error
    except sqlite3.DatabaseError as error:
        warnings.warn(f"the row cache {path} is damaged ({error}): begun anew", stacklevel=2)
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        _check(path, bounds.max_bytes)


def _check(path: Path, max_bytes: int) -> None:
    store = SqliteStore(path, max_bytes)
    try:
        # Reads every page: cheap beside the models whose work it keeps.
        (verdict,) = store._file.execute("PRAGMA quick_check(1)").fetchone()
    finally:
        store.close()
    if verdict != "ok":
        raise sqlite3.DatabaseError(verdict)


def _sum(value: bytes) -> bytes:
    return xxhash.xxh3_64_digest(value)
