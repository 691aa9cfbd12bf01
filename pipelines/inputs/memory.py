"""What is remembered of input files from run to run, so that an untouched file is not read again.

A note is believed only as long as the file's stamp is the one that it was made under. A file
that was written just before the note might be written once more within the same tick of the file
system's clock, with no trace of it in the stamp: such a note is not believed, as in git.
"""

import json
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

from pipelines.errors import OutputError
from pipelines.inputs.source import Stamp

_WAIT = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notes (
    topic TEXT NOT NULL,
    name TEXT NOT NULL,
    stamp TEXT NOT NULL,
    noted_ns INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (topic, name)
)
"""


class Memory:
    """Notes on files, in a SQLite file that may be deleted at any time.

    Args:
        path: of the file; made if it is not there, begun anew if it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file = self._opened()
        except sqlite3.OperationalError:
            # Locked, or the disk is full.
            raise
        except sqlite3.DatabaseError:
            path.unlink()
            self._file = self._opened()

    def _opened(self) -> sqlite3.Connection:
        file = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)
        try:
            # Nothing is lost with it: a power failure may cost it all.
            file.execute("PRAGMA synchronous = OFF")
            file.execute(_SCHEMA)
            file.execute("SELECT topic, name, stamp, noted_ns, value FROM notes LIMIT 1")
            if file.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("damaged")
        except BaseException:
            file.close()
            raise
        return file

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, topic: str, name: str, stamp: Stamp) -> Any:
        """What was noted of a file that is still as it was; None if there is no such note."""
        query = "SELECT stamp, noted_ns, value FROM notes WHERE topic = ? AND name = ?"
        found = self._file.execute(query, (topic, name)).fetchone()
        if found is None or found[0] != _written(stamp) or not stamp.settled(found[1]):
            return None
        with suppress(ValueError):
            return json.loads(found[2])
        return None

    def put(self, topic: str, name: str, stamp: Stamp, noted_ns: int, value: Any) -> None:
        """Note something.

        Args:
            topic: what it is about.
            name: of the file.
            stamp: as it was before the file was read.
            noted_ns: when reading it began.
            value: plain lists, dictionaries, strings and numbers.
        """
        row = (topic, name, _written(stamp), noted_ns, json.dumps(value))
        self._file.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?, ?, ?)", row)

    def forget_all_but(self, names: Collection[str]) -> None:
        """Forget the files that are not among these."""
        rows = self._file.execute("SELECT DISTINCT name FROM notes").fetchall()
        gone = [(name,) for (name,) in rows if name not in names]
        self._file.executemany("DELETE FROM notes WHERE name = ?", gone)


@contextmanager
def remembering(path: Path) -> Iterator[Memory]:
    """The memory in a file, closed in the end.

    Raises:
        OutputError: it can't be read or written.
    """
    try:
        with closing(Memory(path)) as memory:
            yield memory
    except sqlite3.Error as error:
        raise OutputError(
            f"{path} can't be used: {error}; it only saves time and may be deleted"
        ) from None


def now_ns() -> int:
    """The time that notes are dated by."""
    return time.time_ns()


def _written(stamp: Stamp) -> str:
    return json.dumps(astuple(stamp))
